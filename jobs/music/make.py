"""Makes a bed as a file, with its provenance beside it; what is there already stays."""

from __future__ import annotations

import json
import math
import tempfile
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from jobs.music import musicgen, stable_audio
from jobs.music.packages import package
from pipeline import storage
from pipeline.media import MediaStore, asset
from schemas.config_error import ConfigError, Refusal
from schemas.music_bed import MusicBed
from stages.composite.mix import RATE_HZ, master
from stages.shared.bed import beats_under
from stages.shared.diffusion.weights import fetched
from stages.shared.sound import (
    SILENCE_DB,
    high_pass,
    loudness_lufs,
    resample,
    true_peak_dbtp,
    write_flac,
)

ENGINES: dict[str, ModuleType] = {"musicgen": musicgen, "stable_audio": stable_audio}
LOUDNESS_LUFS, CEILING_DBTP = -16.0, -1.5
"""As the shipped beds; the mix sets its own level from what it measures."""
_RUMBLE_HZ = 25.0
"""Below it no speaker plays; what a decoder leaves there only costs level."""


def provenance_path(out: Path) -> Path:
    """bed.flac -> bed.json."""
    return out.with_suffix(".json")


def make_bed(bed: MusicBed, out: Path, *, replace: bool = False) -> dict[str, Any]:
    """Write the bed (48 kHz stereo FLAC) and its provenance; returns that, with "made" for whether
    anything was.

    A file that was made from the same is left alone. Raises `ConfigError` for a file that was
    made from something else (unless `replace`), weights that are not there or of another kind,
    and a model that made silence.
    """
    if out.suffix != ".flac":
        fix = "name a .flac file: what is mixed later should not have been compressed"
        raise ConfigError("the music bed", [Refusal("out", str(out), fix)])
    for name in ENGINES[bed.engine].PACKAGES:
        package(name)
    folder, weights = _weights(bed)
    request = {**bed.model_dump(mode="json", exclude={"licence_accepted", "model"}), **weights}
    before = _read(provenance_path(out))
    if out.exists() and not replace:
        if before.get("request") == request and before.get("sha256") == _digest(out):
            return {**before, "made": False}
        fix = "was made from something else; name another file, or say --replace"
        raise ConfigError("the music bed", [Refusal("out", str(out), fix)])
    sound = finished(*_generated(bed, folder), bed.length_s)
    out.parent.mkdir(parents=True, exist_ok=True)
    provenance_path(out).unlink(missing_ok=True)  # never beside a file that it does not describe
    write_flac(out, sound, RATE_HZ)
    told = {
        "request": request,
        "sha256": _digest(out),
        "licence": bed.licence.model_dump(mode="json"),
        "licence_accepted": bed.licence_accepted,
        "software": {name: version(name) for name in ENGINES[bed.engine].PACKAGES},
        "measured": _measured(sound, bed.length_s),
    }
    provenance_path(out).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return {**told, "made": True}


def finished(sound: np.ndarray, rate_hz: int, length_s: float) -> np.ndarray:
    """A model's sound (samples, channels) as a bed: float32 (samples, 2) at `RATE_HZ`, exactly
    `length_s`, at `LOUDNESS_LUFS`. Raises `ConfigError` for silence and for what is no sound."""
    count = round(length_s * RATE_HZ)
    if not np.isfinite(sound).all() or len(sound) < math.floor(length_s * rate_hz):
        short = f"{len(sound) / rate_hz:.2f} s of sound, or numbers that are none"
        fix = f"the model made {short}; are its weights whole?"
        raise ConfigError("the music bed", [Refusal("model", "", fix)])
    both = sound[:, [0, -1]]  # one channel twice, or the two
    sides = [resample(both[:, side], rate_hz, RATE_HZ) for side in (0, 1)]
    level = np.stack([high_pass(side, RATE_HZ, _RUMBLE_HZ) for side in sides], axis=1)
    level = np.pad(level, ((0, max(count - len(level), 0)), (0, 0)))[:count]
    if loudness_lufs(level, RATE_HZ) <= max(SILENCE_DB, -70.0):
        fix = "the model made silence of it; try another seed or prompt"
        raise ConfigError("the music bed", [Refusal("prompt", "", fix)])
    return master(level, LOUDNESS_LUFS, CEILING_DBTP)


def _generated(bed: MusicBed, folder: Path) -> tuple[np.ndarray, int]:
    try:
        made: tuple[np.ndarray, int] = ENGINES[bed.engine].generate(bed, folder)
        return made
    except (OSError, ValueError) as error:
        fix = f"{bed.engine} cannot be run from it ({error}); safetensors only, no pickles"
        raise ConfigError("the music bed", [Refusal("model", bed.model, fix)]) from error


def _weights(bed: MusicBed) -> tuple[Path, dict[str, str]]:
    """The local folder of the weights, and what names them in the provenance: content, no place."""
    if bed.is_hub_id:
        folder = fetched(bed.model, bed.revision, ENGINES[bed.engine].FILES)
        return folder, {"model": bed.model}
    where = storage.absolute(bed.model).rstrip("/") + "/"
    try:
        found = asset(where)
    except FileNotFoundError:
        fix = "there is no such folder; give one as save_pretrained writes it, or owner/name"
        raise ConfigError("the music bed", [Refusal("model", bed.model, fix)]) from None
    # A store opens folders of object storage, too; nothing is written to its own output.
    local = MediaStore(tempfile.gettempdir()).open(found)
    return local, {"model_sha256": found.sha256}


def _measured(sound: np.ndarray, length_s: float) -> dict[str, float]:
    return {
        "length_s": length_s,
        "loudness_lufs": round(loudness_lufs(sound, RATE_HZ), 2),
        "true_peak_dbtp": round(true_peak_dbtp(sound), 2),
        "tempo_bpm": round(beats_under(sound, length_s).tempo_bpm, 2),
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _digest(path: Path) -> str:
    return storage.sha256_file(path)
