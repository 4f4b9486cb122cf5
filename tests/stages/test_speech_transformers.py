"""The engine for transformers' text-to-speech models, with tiny random checkpoints on a CPU.

Random weights speak noise, so no times can be true here: what is checked is how models are loaded,
called, seeded, paced and refused, and that what cannot be known is said.
"""

from __future__ import annotations

import dataclasses
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.media import MediaStore, asset
from stages.shared.sound import write_flac
from stages.speech import Speech, TransformersVoice
from stages.speech.engine import SpokenWord, Unspeakable, VoiceFault
from stages.speech.models.family import ModelRefused
from stages.speech.voice_presets import load_voice_preset
from tests.stages.tiny_voices import tiny_bark, tiny_csm, tiny_dia, tiny_speecht5, tiny_vits

SENTENCE = (
    SpokenWord("Meet"),
    SpokenWord("Kelvoro", phonemes=("K", "EH1", "L", "V", "AO0", "R", "OW0"), pause=","),
    SpokenWord("forty-five"),
    SpokenWord("today", pause="."),
)
RANDOM: dict[str, Any] = {"seconds_per_phoneme": None}
"""How long noise takes says nothing."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A checkpoint of each family, saved as real ones are."""
    root = tmp_path_factory.mktemp("voices")
    return {
        "vits": tiny_vits(root / "vits"),
        "bark": tiny_bark(root / "bark", voice="v2_en_1"),
        "speecht5": tiny_speecht5(root / "speecht5"),
        "dia": tiny_dia(root / "dia"),
        "csm": tiny_csm(root / "csm"),
    }


def folder(path: Path) -> Any:
    """The asset of a folder."""
    return asset(f"{path}/")


def engine(name: str, folders: dict[str, Path], **more: Any) -> TransformersVoice:
    """The engine with the checkpoint of that family, by its shipped preset."""
    root = folders[name]
    if name == "vits":
        made = {"preset": load_voice_preset("mms-en", RANDOM), "model": folder(root)}
    elif name == "bark":
        over = {**RANDOM, "voices": {"arg": "voice_preset", "default": "v2_{language}_1"}}
        made = {"preset": load_voice_preset("bark", over), "model": folder(root)}
    elif name == "speecht5":
        over = {**RANDOM, "call": {"maxlenratio": 4.0}}
        made = {
            "preset": load_voice_preset("speecht5", over), "model": folder(root / "model"),
            "codec": folder(root / "vocoder"), "speaker": asset(str(root / "speaker.npy")),
        }  # fmt: skip
    elif name == "csm":
        over = {**RANDOM, "call": {"max_new_tokens": 12}}
        made = {"preset": load_voice_preset("csm", over), "model": folder(root)}
    else:
        over = {**RANDOM, "call": {"max_new_tokens": 60}}
        made = {
            "preset": load_voice_preset("dia", over), "model": folder(root / "model"),
            "codec": folder(root / "codec"),
        }  # fmt: skip
    return TransformersVoice(**{**made, **more})


def ready(voice: TransformersVoice) -> TransformersVoice:
    """The engine, loaded as the stage does it."""
    voice.prepare()
    voice.load()
    voice.receive({name: Path(found.uri.rstrip("/")) for name, found in voice.assets.items()})
    return voice


@pytest.mark.parametrize(
    ("name", "rate_hz", "timing"),
    [
        ("vits", 16_000, "own"),
        ("bark", 24_000, "estimated"),
        ("speecht5", 16_000, "estimated"),
        ("dia", 16_000, "estimated"),
        ("csm", 24_000, "estimated"),
    ],
)
def test_a_checkpoint_speaks(
    name: str, rate_hz: int, timing: str, folders: dict[str, Path]
) -> None:
    """Would catch a family that no longer loads, a rate that is not its own, a speed that is
    ignored, chance, and noise whose times are called true."""
    voice = ready(engine(name, folders))
    said = voice.speak(SENTENCE, 1.0)
    assert said.samples.dtype == np.float32 and said.samples.ndim == 1
    assert 0.003 < np.abs(said.samples).max() <= 1.0
    assert said.rate_hz == rate_hz and said.timing == timing
    assert [[p.symbol for p in word][:4] for word in said.words][1] == ["K", "EH", "L", "V"]
    flat = [phoneme for word in said.words for phoneme in word]
    assert all(p.end_s > p.start_s for p in flat)
    assert all(b.start_s >= a.end_s - 1e-6 for a, b in pairwise(flat))
    assert flat[-1].end_s <= len(said.samples) / rate_hz + 1e-6
    fast = voice.speak(SENTENCE, 1.25)
    assert len(fast.samples) / len(said.samples) == pytest.approx(1 / 1.25, abs=0.1)
    voice.speak([SpokenWord("Something"), SpokenWord("else", pause="!")], 1.0)
    fresh = ready(dataclasses.replace(voice))
    again = fresh.speak(SENTENCE, 1.0)
    assert np.array_equal(again.samples, said.samples) and again.words == said.words


def test_vits_tells_its_own_durations(folders: dict[str, Path]) -> None:
    """Would catch durations that are read from another tensor: the words would not fill the sound,
    or a longer word would take no longer."""
    voice = ready(engine("vits", folders))
    words = [SpokenWord("a"), SpokenWord("extraordinarily"), SpokenWord("b", pause=".")]
    said = voice.speak(words, 1.0)
    lengths = [word[-1].end_s - word[0].start_s for word in said.words]
    assert lengths[1] > 4 * max(lengths[0], lengths[2])
    assert said.words[0][-1].end_s == pytest.approx(said.words[1][0].start_s)
    frames = np.array([said.words[1][0].start_s, said.words[1][-1].end_s]) * 16_000 / 256
    assert np.allclose(2 * frames, np.round(2 * frames), atol=1e-3), "half frames are shared out"


def test_several_speakers_and_barks_voices_are_told_apart(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    """Would catch a voice's name that is ignored: every campaign would have the same speaker."""
    many = {"vits": tiny_vits(tmp_path / "many", speakers=3)}
    first, second = (ready(engine("vits", many, voice=n)).speak(SENTENCE, 1.0) for n in "02")
    assert not np.array_equal(first.samples, second.samples)
    with pytest.raises(ModelRefused, match=r"voice.name: '7' is no speaker .* it has 0 to 2"):
        ready(engine("vits", many, voice="7"))
    with pytest.raises(ModelRefused, match=r"voice.name: 'v2_en_9' .* there are v2_en_1"):
        ready(engine("bark", folders, voice="v2_en_9"))


def test_a_recording_is_spoken_on_from(folders: dict[str, Path], tmp_path: Path) -> None:
    """Would catch a reference that is left out of the prompt: its owner gave consent for nothing,
    and a recording too short to hold a voice."""
    tone = 0.2 * np.sin(2 * np.pi * 150 * np.arange(3 * 24_000) / 24_000)
    write_flac(tmp_path / "narrator.flac", tone, 24_000)
    write_flac(tmp_path / "short.flac", tone[:24_000], 24_000)
    speaker = asset(str(tmp_path / "narrator.flac"))
    alone = ready(engine("csm", folders)).speak(SENTENCE, 1.0)
    voice = ready(engine("csm", folders, speaker=speaker, speaker_text="hello there"))
    cloned = voice.speak(SENTENCE, 1.0)
    assert voice.cloned and not np.array_equal(cloned.samples, alone.samples)
    other = ready(engine("csm", folders, speaker=speaker, speaker_text="good evening"))
    assert not np.array_equal(other.speak(SENTENCE, 1.0).samples, cloned.samples)
    with pytest.raises(ModelRefused, match=r"short.flac lasts 1.0 s; give 2 to 30 s"):
        ready(engine("csm", folders, speaker=asset(str(tmp_path / "short.flac"))))


def test_letters_it_does_not_know_are_named(folders: dict[str, Path]) -> None:
    """Would catch a word that is silently missing from an ad."""
    for name in ("vits", "bark", "speecht5"):
        voice = ready(engine(name, folders))
        with pytest.raises(Unspeakable, match="Привет"):
            voice.speak([SpokenWord("Say"), SpokenWord("Привет", pause=".")], 1.0)


def test_it_works_in_the_stage_and_says_that_times_are_a_guess(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    """Would catch a voice without times that passes for one with, and a crash where the aligner
    finds nothing in noise."""
    stage = Speech(engine=engine("bark", folders))
    stage.prepare()
    stage.load()
    spot = {"script": "Meet our new mug. Buy it today.", "language": "en-US"}
    with MediaStore(str(tmp_path / "out")).workspace() as media:
        row = stage.run(spot, media)
    assert row["metrics"]["voice_times_estimated"] == 1.0
    (verdict,) = row["verdicts"]
    assert (verdict.rule, verdict.verdict) == ("phoneme_times", "review")
    assert "100 % of its sentences" in verdict.evidence
    assert [word["text"] for word in row["words"]] == [
        "Meet",
        "our",
        "new",
        "mug.",
        "Buy",
        "it",
        "today.",
    ]


def test_a_clone_needs_consent(folders: dict[str, Path]) -> None:
    """Would catch a speaker file, or a model of one person, that speaks without leave."""
    cloned = engine("speecht5", folders)
    assert cloned.cloned and not engine("vits", folders).cloned
    with pytest.raises(ValueError, match="cloned from a person; give `consent`"):
        Speech(engine=cloned)
    with pytest.raises(ValueError, match="cloned from a person"):
        Speech(engine=engine("vits", folders, of_person=True))
    assert Speech(engine=cloned, consent="given by the narrator").consent


def test_pickles_are_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    """Would catch weights that run code when they are loaded."""
    import torch

    held = tmp_path / "pickled"
    held.mkdir()
    for path in folders["vits"].iterdir():
        if path.suffix != ".safetensors":
            (held / path.name).write_bytes(path.read_bytes())
    torch.save({"weight": torch.zeros(2)}, held / "pytorch_model.bin")
    voice = engine("vits", {"vits": held})
    with pytest.raises(ModelRefused, match=r"only pytorch_model.bin; pickles are not loaded"):
        ready(voice)
    (held / "pytorch_model.bin").unlink()
    with pytest.raises(ModelRefused, match=r"only pytorch_model.bin"):
        voice.receive({"model": held})  # for every spot alike, and at no cost


def test_a_speaker_file_that_is_none_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    """Would catch a pickle in a .npy, a vector of another model, and a speaker of zeros."""
    for name, held, said in [
        ("pickle.npy", np.array([{"a": 1}], object), "no plain .npy file"),
        ("short.npy", np.ones(5, np.float32), "has 5 numbers, the model wants 12"),
        ("zeros.npy", np.zeros(12, np.float32), "holds no voice"),
    ]:
        np.save(tmp_path / name, held, allow_pickle=True)
        voice = engine("speecht5", folders, speaker=asset(str(tmp_path / name)))
        with pytest.raises(ModelRefused, match=said):
            ready(voice)


def test_what_does_not_fit_the_model_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    """Would catch a preset that fails each spot with words that nobody understands."""
    dia = engine("dia", folders, codec=None)
    with pytest.raises(ModelRefused, match=r"wants .*codec as its codec, at no fixed commit"):
        ready(dia)
    odd = load_voice_preset("mms-en", {"call": {"pitch": 2}})
    with pytest.raises(ModelRefused, match=r"call.pitch: VITS has noise_scale"):
        ready(engine("vits", folders, preset=odd))
    odd = load_voice_preset("mms-en", {"class": "VitsModle"})
    with pytest.raises(ModelRefused, match=r"class: 'VitsModle' is none of transformers"):
        ready(engine("vits", folders, preset=odd))
    with pytest.raises(ValueError, match="speaks en, not 'de'"):
        engine("vits", folders, language="de")
    with pytest.raises(ValueError, match="give the commit as `revision`"):
        engine("vits", folders, model="owner/name")


def test_noise_that_is_no_speech_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    """Would catch weights of NaN, and a model that runs on, whose minutes end up in an ad."""
    from transformers import VitsModel

    broken = tiny_vits(tmp_path / "broken")
    model = VitsModel.from_pretrained(broken)
    model.decoder.conv_post.weight.data.fill_(float("nan"))
    model.save_pretrained(broken)
    with pytest.raises(VoiceFault, match="samples are no numbers"):
        ready(engine("vits", {"vits": broken})).speak(SENTENCE, 1.0)
    short = load_voice_preset("bark", {"voices": None, "seconds_per_phoneme": [0.05, 0.3]})
    with pytest.raises(VoiceFault, match="ran on, or left words out"):
        ready(engine("bark", folders, preset=short)).speak(SENTENCE, 1.0)


def test_a_hub_id_is_loaded_from_the_nodes_cache(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch a worker that loads another revision than was named, or asks the network."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    commit = "0123456789abcdef0123456789abcdef01234567"
    shutil.copytree(folders["vits"], tmp_path / "models--shop--tiny" / "snapshots" / commit)
    voice = engine("vits", folders, model="shop/tiny", revision=commit)
    voice.prepare()
    voice.load()
    said = voice.speak(SENTENCE, 1.0)
    assert np.array_equal(said.samples, ready(engine("vits", folders)).speak(SENTENCE, 1.0).samples)


def test_weights_that_are_not_here_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a worker without a hub that fails with a network error."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    voice = TransformersVoice(
        preset=load_voice_preset("mms-en"), model="owner/name", revision="0" * 40
    )
    with pytest.raises(FileNotFoundError, match="copy it to a folder"):
        voice.prepare()
