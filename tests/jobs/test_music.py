"""`python -m jobs.music`: beds made by models through the path that real weights take."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from jobs.music import make as making
from jobs.music import packages
from jobs.music.__main__ import app
from jobs.music.make import LOUDNESS_LUFS, finished, make_bed
from schemas.config_error import ConfigError
from schemas.music_bed import parse_bed
from stages.shared.sound import loudness_lufs, true_peak_dbtp
from tests.jobs.tiny_music import tiny_musicgen, tiny_stable_audio

RATE_HZ = 48_000
BEDS = Path(__file__).parents[2] / "examples" / "demo" / "audio"
TINY = {"musicgen": tiny_musicgen, "stable_audio": tiny_stable_audio}
COMMIT = "0" * 40


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both models, as `save_pretrained` writes them."""
    return {name: make(tmp_path_factory.mktemp(name)) for name, make in TINY.items()}


def _bed(engine: str, folder: Path | str, /, **more: Any) -> dict[str, Any]:
    return {"engine": engine, "model": str(folder), "prompt": "warm guitar, 96 bpm", "seed": 3,
            "length_s": 2.0, "steps": 3, "licence_accepted": True} | more  # fmt: skip


@pytest.mark.parametrize("engine", TINY)
def test_a_bed_is_made_and_says_what_of(
    engine: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    """Would catch a wrong rate or length, mono on one side, a level that differs by model, and a
    file of which nobody can tell what it was made from or on which terms."""
    out = tmp_path / "audio" / "bed.flac"
    told = make_bed(parse_bed(_bed(engine, folders[engine])), out)
    sound, rate_hz = soundfile.read(out, dtype="float32")
    assert rate_hz == RATE_HZ and sound.shape == (2 * RATE_HZ, 2)
    assert loudness_lufs(sound, RATE_HZ) == pytest.approx(LOUDNESS_LUFS, abs=0.5)
    assert true_peak_dbtp(sound) <= -1.4 and np.abs(sound).max(axis=0).min() > 0.01
    written = json.loads((tmp_path / "audio" / "bed.json").read_text())
    assert written == {key: value for key, value in told.items() if key != "made"}
    assert written["request"]["prompt"] == "warm guitar, 96 bpm" and written["request"]["seed"] == 3
    assert len(written["request"]["model_sha256"]) == 64 and "/" not in written["request"].values()
    assert written["licence"]["commercial"] == "unknown" and written["licence_accepted"] is True
    assert set(written["software"]) >= {"torch", "transformers"}


@pytest.mark.parametrize("engine", TINY)
def test_prompt_and_seed_decide(engine: str, folders: dict[str, Path], tmp_path: Path) -> None:
    """Would catch a seed or a prompt that reaches nobody, and noise that comes from elsewhere: the
    same again is the same file."""
    sounds = {}
    for name, more in {
        "first": {}, "same": {}, "seed": {"seed": 4}, "prompt": {"prompt": "loud drums"},
    }.items():  # fmt: skip
        out = tmp_path / f"{name}.flac"
        make_bed(parse_bed(_bed(engine, folders[engine], **more)), out)
        sounds[name] = soundfile.read(out)[0]
    assert np.array_equal(sounds["first"], sounds["same"])
    assert np.abs(sounds["first"] - sounds["seed"]).max() > 0.001
    assert np.abs(sounds["first"] - sounds["prompt"]).max() > 0.001


def test_it_is_made_once(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch a model that runs again for a bed that is there, and a bed that another request
    or a damaged file is taken for."""
    out, bed = tmp_path / "bed.flac", parse_bed(_bed("stable_audio", folders["stable_audio"]))
    assert make_bed(bed, out)["made"] is True
    generate = making.ENGINES["stable_audio"].generate
    monkeypatch.setattr(making.ENGINES["stable_audio"], "generate", lambda *_: 1 / 0)
    assert make_bed(bed, out)["made"] is False
    other = bed.model_copy(update={"seed": 9})
    with pytest.raises(ConfigError, match="--replace"):
        make_bed(other, out)
    monkeypatch.setattr(making.ENGINES["stable_audio"], "generate", generate)
    assert make_bed(other, out, replace=True)["made"] is True
    out.write_bytes(out.read_bytes()[:-100])
    with pytest.raises(ConfigError, match="made from something else"):
        make_bed(other, out)


def test_terms_must_be_accepted_by_name_of_the_model() -> None:
    """Would catch weights under non-commercial terms that anybody gets by default."""
    hub = {"engine": "musicgen", "model": "facebook/musicgen-small", "revision": COMMIT,
           "prompt": "calm piano"}  # fmt: skip
    with pytest.raises(ConfigError, match=r"licence_accepted: false: .*CC-BY-NC-4.0.*commercial"):
        parse_bed(hub)
    assert parse_bed({**hub, "licence_accepted": True}).licence.commercial == "no"
    stable = {**hub, "engine": "stable_audio", "model": "stabilityai/stable-audio-open-1.0"}
    with pytest.raises(ConfigError, match="Stability AI Community License"):
        parse_bed(stable)
    with pytest.raises(ConfigError, match="licence_accepted"):
        parse_bed({**hub, "model": "./mine/", "revision": None})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"engine": "suno"}, "engine: 'suno'"),
        ({"model": "facebook/musicgen-small"}, "revision: not set"),
        ({"model": "facebook/musicgen-small", "revision": "main"}, "commit, 40 hex digits"),
        ({"length_s": 40.0}, "length_s: 40: musicgen makes 30 s at most"),
        ({"prompt": ""}, "prompt: ''"),
        ({"negative_prompt": "drums"}, "negative_prompt: musicgen takes none"),
        ({"seed": -1}, "seed: -1"),
    ],
)
def test_bad_requests_are_refused_with_key_and_fix(wrong: dict[str, Any], said: str) -> None:
    """Would catch an hour of a GPU for a request that could never be right."""
    with pytest.raises(ConfigError) as caught:
        parse_bed(_bed("musicgen", "./folder/", **wrong))
    assert said in str(caught.value)


def test_weights_that_do_not_fit_are_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    """Would catch a traceback from deep inside, and pickles that are loaded."""
    swapped = parse_bed(_bed("musicgen", folders["stable_audio"]))
    with pytest.raises(ConfigError, match="musicgen cannot be run from it"):
        make_bed(swapped, tmp_path / "a.flac")
    swapped = parse_bed(_bed("stable_audio", folders["musicgen"]))
    with pytest.raises(ConfigError, match="no Stable Audio"):
        make_bed(swapped, tmp_path / "a.flac")
    pickled = parse_bed(_bed("musicgen", tiny_musicgen(tmp_path / "pickled", safe=False)))
    with pytest.raises(ConfigError, match="safetensors only"):
        make_bed(pickled, tmp_path / "a.flac")
    with pytest.raises(ConfigError, match="no such folder"):
        make_bed(parse_bed(_bed("musicgen", tmp_path / "gone")), tmp_path / "a.flac")
    with pytest.raises(ConfigError, match=r"\.flac"):
        make_bed(parse_bed(_bed("musicgen", folders["musicgen"])), tmp_path / "a.mp3")
    assert not (tmp_path / "a.flac").exists() and not (tmp_path / "a.json").exists()


@pytest.mark.parametrize(
    ("sound", "said"),
    [
        (np.zeros((48_000, 1)), "silence"),
        (np.full((48_000, 1), np.nan), "none"),
        (np.ones((100, 1)), "0.01 s of sound"),
    ],
)
def test_what_is_no_music_is_refused(sound: np.ndarray, said: str) -> None:
    """Would catch silence turned up to -16 LUFS, and NaN in a file that every spot reads."""
    with pytest.raises(ConfigError, match=said):
        finished(sound.astype(np.float32), 8000, 2.0)


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a bare ModuleNotFoundError, after the weights were fetched."""
    monkeypatch.setitem(sys.modules, "torchsde", None)
    with pytest.raises(ImportError, match=r"spotmill\[gpu\]"):
        packages.package("torchsde")


def test_the_command(folders: dict[str, Path], tmp_path: Path) -> None:
    """Would catch options that do not arrive, refusals as tracebacks, and a bed without its terms
    said aloud."""
    out = tmp_path / "bed.flac"
    asked = ["make", "--engine", "musicgen", "--model", str(folders["musicgen"]), "--prompt",
             "calm piano", "--length-s", "1.5", "--out", str(out)]  # fmt: skip
    refused = CliRunner().invoke(app, asked)
    assert refused.exit_code == 2 and "licence_accepted" in refused.output and not out.exists()
    made = CliRunner().invoke(app, [*asked, "--licence-accepted"])
    assert made.exit_code == 0 and "licence" in made.output and out.exists(), made.output
    again = CliRunner().invoke(app, [*asked, "--licence-accepted"])
    assert "nothing made" in again.output


def test_show_says_how_a_bed_will_lie() -> None:
    """Would catch figures that are not those of the mix."""
    shown = CliRunner().invoke(app, ["show", str(BEDS / "bed_upbeat.ogg"), "--length-s", "30"])
    assert shown.exit_code == 0, shown.output
    assert "120.0" in shown.output and "joins by itself" in shown.output
    none = CliRunner().invoke(app, ["show", str(BEDS / "bed_none.ogg")])
    assert none.exit_code == 2 and "cannot be played" in none.output
