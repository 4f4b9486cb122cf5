"""LSE-D and LSE-C: how near mouth and sound are in SyncNet's space, and at which offset most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

REACH = 15
"""Frames, of 40 ms, that sound and mouth are held against each other within, either way."""
FRAME_MS = 40.0


@dataclass(frozen=True)
class LipDistance:
    """`lse_d`, the least mean distance, smaller is better; `lse_c`, how far the median over all
    offsets lies above it, larger is better; the offset there, positive where the sound is late."""

    lse_d: float
    lse_c: float
    offset_ms: float


def distances(
    mouths: np.ndarray, places: Sequence[int] | np.ndarray, sounds: np.ndarray
) -> np.ndarray:
    """Mean Euclidean distance, (31,), of mouths (n, width) to the sounds (m, width) that come -15
    to 15 frames after them; `places` (n,) are the mouths' own frames, the sounds' are 0 to m - 1.

    Where a mouth has no sound so early or late it is left out; NaN where none has. (The published
    code cuts the sound at the film's ends and takes zeros instead: its curve rises there.)
    """
    at = np.asarray(places)
    curve = np.full(2 * REACH + 1, np.nan)
    for number, later in enumerate(range(-REACH, REACH + 1)):
        heard = at + later
        known = (heard >= 0) & (heard < len(sounds))
        if known.any():
            apart = mouths[known].astype(np.float64) - sounds[heard[known]]
            curve[number] = np.linalg.norm(apart, axis=1).mean()
    return curve


def offset_of(curve: np.ndarray) -> LipDistance:
    """What a curve of `distances` says (Chung and Zisserman, 2016, section 4; Prajwal et al., 2020,
    "A lip sync expert is all you need", named them LSE). Raises `ValueError` for one that is all
    NaN."""
    if np.isnan(curve).all():
        raise ValueError("there is no offset at which mouth and sound could be compared")
    best = int(np.nanargmin(curve))
    least = float(curve[best])
    return LipDistance(least, float(np.nanmedian(curve)) - least, FRAME_MS * (best - REACH))
