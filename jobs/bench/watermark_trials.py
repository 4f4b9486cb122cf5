"""Trials without a mark, or under a wrong key: nothing must be found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jobs.bench.watermark import Found, Told, issued
from stages.shared.watermark import (
    band_levels,
    detect_in,
    detect_in_bands,
    match,
    mean_residual,
)

SEARCHED = 8
"""In one of so many trials of pictures all crops, rotations and mirrorings are searched; in the
others the mark is looked for where it is put. A whole search takes 0.4 s."""
TRIED_IDS = 10_000


def try_pictures(found: Found, films: Sequence[np.ndarray], count: int, told: Told) -> None:
    """`films` are stacks of grey frames, of which some may be marked; each is read under many keys,
    none of them its own."""
    residuals = [mean_residual(film) for film in films]
    told(f"{count} trials of pictures ...")
    read_blind = fitted = 0
    highest_sync = highest_z = 0.0
    ids = issued()[:TRIED_IDS]
    for number in range(count):
        read = detect_in(
            residuals[number % len(residuals)],
            secret=f"not the key {number}",
            search=number % SEARCHED == 0,
        )
        fit = match(read.soft_bits, ids)
        assert fit is not None
        read_blind += read.payload is not None
        fitted += fit.sure
        highest_sync, highest_z = max(highest_sync, read.sync_z), max(highest_z, fit.z)
    _note(found, "unmarked, or another's key", "picture", count, read_blind,
          fitted, highest_sync, highest_z)  # fmt: skip


def try_sounds(found: Found, sounds: Sequence[np.ndarray], count: int, told: Told) -> None:
    """Sounds without a mark, float32 (samples, 2), under many keys."""
    told(f"{count} trials of sounds ...")
    levels = [band_levels(sound) for sound in sounds]
    read_blind = fitted = 0
    highest_sync = highest_z = 0.0
    ids = issued()[:TRIED_IDS]
    for number in range(count):
        read = detect_in_bands(levels[number % len(levels)], secret=f"not the key {number}")
        fit = match(read.soft_bits, ids)
        assert fit is not None
        read_blind += read.payload is not None
        fitted += fit.sure
        highest_sync, highest_z = max(highest_sync, read.sync_z), max(highest_z, fit.z)
    _note(found, "unmarked", "sound", count, read_blind, fitted, highest_sync, highest_z)


def _note(
    found: Found, of: str, kind: str, count: int, read_blind: int, fitted: int,
    highest_sync: float, highest_z: float,
) -> None:  # fmt: skip
    found.trials.append(
        {
            "of": of, "kind": kind, "trials": count, "read_blind": read_blind, "matched": fitted,
            "highest_sync_z": highest_sync, "highest_z": highest_z, "ids": TRIED_IDS,
        }
    )  # fmt: skip
