"""Voices of a campaign: what is refused before anything is spent, and what its keys hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
import yaml
from typer.testing import CliRunner

from jobs.voices import voices
from pipeline.campaign_file import read_campaign
from pipeline.keys import digest
from pipeline.recipes import load_recipe
from schemas.campaign import Campaign, parse_campaign
from schemas.config_error import ConfigError
from stages.align import Align
from stages.speech import HibariVoice, Speech, TransformersVoice
from stages.speech.voice_presets import load_voice_preset, shipped_voice_presets

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CONSENT = {"given_by": "the narrator", "given_on": "2026-01-05", "scope": "all our ads",
           "record": "archive 12"}  # fmt: skip


def campaign(language: str = "en-US", **voice: Any) -> Campaign:
    """A campaign with that voice."""
    raw = {"name": "T", "feed": "f.tsv", "brand": {"name": "S"}, "voice": voice}
    return parse_campaign({**raw, "language": language}, "campaign.yaml")


def speech(language: str = "en-US", **voice: Any) -> Speech:
    """The laptop recipe's stage that speaks."""
    stages = load_recipe("laptop", campaign(language, **voice))
    return next(stage for stage in stages if isinstance(stage, Speech))


def model(preset: str = "bark", **voice: Any) -> dict[str, Any]:
    """A voice of transformers."""
    return {"engine": "transformers", "preset": preset, **voice}


@pytest.mark.parametrize("name", shipped_voice_presets())
def test_shipped_presets_are_whole(name: str) -> None:
    """Would catch a preset whose class does not exist, or that says nothing of its licence."""
    import transformers

    preset = load_voice_preset(name)
    assert preset.name == name and preset.title and preset.sources
    assert preset.is_hub_id and preset.revision is None, "a commit is the campaign's to name"
    assert preset.licence.url and preset.licence.note
    assert preset.class_ is None or hasattr(transformers, preset.class_)


@pytest.mark.parametrize(
    ("voice", "said"),
    [
        (model("barque"), "voice.preset: barque: did you mean bark"),
        (model(), r"voice.revision: not set: suno/bark is on the hub"),
        (model(revision=COMMIT), r"voice.licence_accepted: false: read the licence of suno/bark"),
        (model(revision=COMMIT, licence_accepted=True, settings={"pitch": 1}), "pitch: 1: there"),
        (model(model="./not-there/", licence_accepted=True), "voice.model: .*no such folder"),
        (model("speecht5", revision=COMMIT, licence_accepted=True), "voice.speaker: not set: "),
        (model("dia", revision=COMMIT, licence_accepted=True), r"settings.codec: .*name its com"),
        ({"engine": "kokoro", "name": "ef_dora"}, "voice.name: ef_dora: it does not speak en-US"),
        ({"engine": "kokoro", "name": "af_bella"}, "af_bella: with Spotmill come af_heart"),
        ({"engine": "kokoro", "name": "heart"}, "voice.name: heart: .*none of Kokoro's"),
        ({"engine": "kokoro", "model": "./gone.onnx"}, "voice.model: ./gone.onnx: .*no such file"),
        ({"engine": "kokoro", "settings": {"pitch": 1}}, "voice.settings: pitch: with kokoro"),
    ],
)
def test_what_cannot_be_loaded_is_refused_at_once(voice: dict[str, Any], said: str) -> None:
    """Would catch a campaign whose first GPU hour ends in a missing file."""
    with pytest.raises(ConfigError, match=said):
        speech(**voice)


def test_another_aligner_is_a_model_whose_terms_were_read(tmp_path: Path) -> None:
    """Would catch words that are found by a model that may change, or that nobody may use."""

    def align(**aligner: Any) -> Align:
        raw = {"name": "T", "feed": "f.tsv", "brand": {"name": "S"}, "aligner": aligner}
        stages = load_recipe("laptop", parse_campaign(raw, "campaign.yaml"))
        return next(stage for stage in stages if isinstance(stage, Align))

    with pytest.raises(ConfigError, match=r"aligner.licence_accepted: .*read the terms"):
        align(model="owner/name", revision=COMMIT)
    with pytest.raises(ConfigError, match=r"aligner.revision: not set: owner/name is on the hub"):
        align(model="owner/name", licence_accepted=True)
    with pytest.raises(ConfigError, match=r"aligner.model: ./gone/: .*no such folder"):
        align(model="./gone/", licence_accepted=True)
    hub = align(model="owner/name", revision=COMMIT, licence_accepted=True)
    assert hub.engine_name == "ctc" and hub.hardware.memory_gb > Align().hardware.memory_gb
    (tmp_path / "model.safetensors").write_bytes(b"numbers")
    folder = align(model=f"{tmp_path}/", licence_accepted=True)
    assert len({digest(hub), digest(folder), digest(Align())}) == 3


def test_a_speaker_must_be_of_the_models_kind(tmp_path: Path) -> None:
    """Would catch a recording for a model that wants a vector, or without its words."""
    (tmp_path / "jo.wav").write_bytes(b"RIFF")
    ready = {"revision": COMMIT, "licence_accepted": True, "consent": CONSENT,
             "speaker": str(tmp_path / "jo.wav")}  # fmt: skip
    with pytest.raises(ConfigError, match=r"takes a speaker vector: .npy, .safetensors"):
        speech(**model("speecht5", **ready))
    with pytest.raises(ConfigError, match=r"voice.speaker_text: not set"):
        speech(**model("csm", **ready))
    with pytest.raises(ConfigError, match="has voices of its own only"):
        speech(**model("bark", **ready))
    stage = speech(**model("csm", **ready, speaker_text="Hello there."))
    assert stage.engine.cloned and "given by the narrator" in str(stage.consent)


def test_a_language_that_nobody_reads_is_refused() -> None:
    """Would catch a Spanish script whose prices are read in English."""
    with pytest.raises(ConfigError, match=r"language: .*scripts can be in"):
        speech("xh-ZA", **model(revision=COMMIT, licence_accepted=True))
    with pytest.raises(ConfigError, match=r"language: es-ES: hibari speaks en; take .*kokoro"):
        speech("es-ES")
    with pytest.raises(ConfigError, match="language: en: preset mms-es speaks es"):
        speech(**model("mms-es", revision=COMMIT, licence_accepted=True))


def test_kokoro_speaks_the_campaigns_language_by_its_first_speaker() -> None:
    """Would catch a Spanish script read by an English speaker, and two speakers of one key."""
    found = {
        language: getattr(speech(language, engine="kokoro").engine, "speaker", "")
        for language in ("en-US", "en-GB", "es-MX", "fr-FR", "it-IT", "pt-BR")
    }
    assert [name[:1] for name in found.values()] == list("abefip")
    keys = {digest(speech(engine="kokoro", name=name)) for name in ("af_heart", "am_michael")}
    assert len(keys) == 2
    assert speech(engine="kokoro").hardware.memory_gb > Speech().hardware.memory_gb


def test_kokoro_says_what_must_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a campaign that ends at its first word for want of a package."""
    monkeypatch.setattr("stages.speech.kokoro.find_spec", lambda name: None)
    with pytest.raises(
        ConfigError, match=r"gruut_lang_fr, pycrfsuite: pip install -e '.\[kokoro\]'"
    ):
        speech("fr-FR", engine="kokoro")


def test_the_key_holds_what_changes_a_sample_and_nothing_else(tmp_path: Path) -> None:
    """Would catch speech that is not made again for other weights, or is for a note."""
    folders = [tmp_path / "a", tmp_path / "b", tmp_path / "c"]
    for folder, content in zip(folders, (b"one", b"one", b"two"), strict=True):
        folder.mkdir()
        (folder / "model.safetensors").write_bytes(content)

    def key(folder: Path, **voice: Any) -> str:
        return digest(speech(**model(model=f"{folder}/", licence_accepted=True, **voice)))

    same, moved, other = (key(folder) for folder in folders)
    assert same == moved != other
    settings = [
        {"memory_gb": 9, "gpus": 0.5},
        {"call": {"do_sample": False}},
        {"seconds_per_phoneme": None},
    ]
    keys = [key(folders[0], settings=one) for one in settings]
    assert keys[0] == same and len({same, *keys[1:]}) == 3
    assert key(folders[0], name="v2/en_speaker_1") != same
    stage = speech(**model(model=f"{folders[0]}/", licence_accepted=True))
    assert isinstance(stage.engine, TransformersVoice) and stage.hardware.memory_gb == 14
    assert digest(speech()) == digest(Speech()) and isinstance(speech().engine, HibariVoice)


def test_consent_is_part_of_the_key() -> None:
    """Would catch last year's consent in the verdicts of this year's spots."""
    service = {"engine": "http", "url": "https://x.example", "name": "x", "model": "y"}
    keys = [
        digest(speech(**service, cloned=True, consent={**CONSENT, "record": record}))
        for record in ("archive 12", "archive 13")
    ]
    assert keys[0] != keys[1]


def test_places_are_relative_to_the_campaign_file(tmp_path: Path) -> None:
    """Would catch a speaker that is looked for where the command was started."""
    np.save(tmp_path / "jo.npy", np.ones(4, np.float32))
    (tmp_path / "feed.tsv").write_text("id\n")
    (tmp_path / "weights").mkdir()
    (tmp_path / "mine.yaml").write_text("name: mine\n")
    voice = model("mine.yaml", model="weights/", speaker="jo.npy", consent=CONSENT)
    raw = {"name": "T", "feed": "feed.tsv", "brand": {"name": "S"}, "voice": voice}
    (tmp_path / "campaign.yaml").write_text(yaml.safe_dump(raw))
    found = read_campaign(str(tmp_path / "campaign.yaml")).voice
    assert found.speaker == str(tmp_path / "jo.npy")
    assert found.model == f"{tmp_path}/weights/" and found.preset == str(tmp_path / "mine.yaml")
    with pytest.raises(ConfigError, match=r"voice.speaker: away.npy: .* is not there"):
        read_campaign(str(tmp_path / "campaign.yaml"), ["voice.speaker=away.npy"])


def test_voices_are_listed_with_their_licences() -> None:
    """Would catch a preset that nobody can find, or whose terms are not shown."""
    app = typer.Typer()
    app.command()(voices)
    run = CliRunner(env={"COLUMNS": "160"})
    listed = run.invoke(app, []).output
    for name in ("hibari", "http", *shipped_voice_presets()):
        assert name in listed
    assert "CC-BY-NC-4.0" in listed and "no?" in listed
    assert "class: BarkModel" in run.invoke(app, ["bark"]).output
    assert "did you mean bark" in run.invoke(app, ["barq"]).output
