"""Lip-sync in numbers: how open a mouth should be, how open it is in pixels, and the offset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

VISEMES = (
    "sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U",
)  # fmt: skip
"""The fifteen mouth shapes of the set known from Oculus/OVR."""

ARPABET_TO_VISEME: Mapping[str, str] = {
    "SIL": "sil", "P": "PP", "B": "PP", "M": "PP", "F": "FF", "V": "FF", "TH": "TH", "DH": "TH",
    "T": "DD", "D": "DD", "K": "kk", "G": "kk", "NG": "kk", "HH": "kk", "CH": "CH", "JH": "CH",
    "SH": "CH", "ZH": "CH", "S": "SS", "Z": "SS", "N": "nn", "L": "nn", "R": "RR", "ER": "RR",
    "AA": "aa", "AE": "aa", "AH": "aa", "AY": "aa", "AW": "aa", "EH": "E", "EY": "E", "IY": "I",
    "IH": "I", "Y": "I", "AO": "O", "OW": "O", "OY": "O", "UW": "U", "UH": "U", "W": "U",
}  # fmt: skip
"""The shape a sound starts with; `GLIDES` has where a diphthong ends."""

GLIDES: Mapping[str, str] = {"AY": "I", "EY": "I", "OY": "I", "AW": "U", "OW": "U"}

OPENNESS: Mapping[str, float] = {
    "sil": 0.0, "PP": 0.0, "FF": 0.15, "TH": 0.4, "DD": 0.45, "kk": 0.4, "CH": 0.45, "SS": 0.45,
    "nn": 0.3, "RR": 0.4, "aa": 1.0, "E": 0.7, "I": 0.6, "O": 0.8, "U": 0.15,
}  # fmt: skip
"""How far the lips part in each shape, 1 being the widest; teeth seen between them count."""

REACH_MS = 500.0
"""Offsets are looked for this far to either side."""
SHORTEST = 12
"""Frames that must overlap for a correlation to mean something: half a second."""
_ELSEWHERE_MS = 160.0
_STEP_S = 0.005
_LIPS_S = 0.032
"""Standard deviation of the smoothing that stands for the inertia of lips and jaw."""


def expected_openness(phonemes: Sequence[Mapping[str, Any]], times_s: np.ndarray) -> np.ndarray:
    """How open a mouth that says `phonemes` (PHONEME structs) is at the times: float32 (n,), 0..1.

    Built from the phonemes alone, never from what drove the picture, so that it may judge any
    engine. Closures keep their depth: they are smoothed less than vowels.
    """
    times = np.asarray(times_s, np.float64)
    if len(times) == 0:
        return np.zeros(0, np.float32)
    begin_s, end_s = float(times.min()) - 0.3, float(times.max()) + 0.3
    grid = np.arange(begin_s, end_s, _STEP_S)
    open_, shut = np.zeros(len(grid)), np.zeros(len(grid))
    for phoneme in phonemes:
        symbol = phoneme["symbol"]
        viseme = ARPABET_TO_VISEME.get(symbol, "sil")
        first, last = np.searchsorted(grid, (phoneme["start_s"], phoneme["end_s"]))
        value = OPENNESS[viseme]
        if symbol == "AH" and not phoneme["stress"]:
            value = OPENNESS["E"]
        open_[first:last] = value
        if symbol in GLIDES:
            turn = first + round(0.6 * (last - first))
            open_[turn:last] = OPENNESS[GLIDES[symbol]]
        if viseme in ("PP", "FF"):
            shut[first:last] = 1.0 - value
    smooth = _blurred(open_, _LIPS_S) * (1.0 - 0.8 * _blurred(shut, 0.4 * _LIPS_S))
    return np.interp(times, grid, smooth).astype(np.float32)


def mouth_openness(frames_of_mouth_crop: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """How open the mouth is in crops around the lips, uint8 RGB (n, h, w, 3): float32 (n,), 0..1.

    Lips and skin are redder than green by an amount of their own; teeth and the dark behind
    them are not. What falls below two thirds of the crop's usual redness, or is much darker than
    the crop, counts as opening. 0 and 1 are the crop's own closed and widest (2nd and 98th
    percentile); a mouth that never moves gives zeros.
    """
    area = np.array([_opening(frame) for frame in frames_of_mouth_crop], np.float64)
    if len(area) == 0:
        return np.zeros(0, np.float32)
    low, high = np.percentile(area, (2, 98))
    if high - low < 0.004:  # of the crop's area: noise, not speech
        return np.zeros(len(area), np.float32)
    return np.clip((area - low) / (high - low), 0.0, 1.0).astype(np.float32)


@dataclass(frozen=True)
class LipOffset:
    """How late a mouth is (positive), Pearson's r there, and how sure that is, 0 to 1.

    The confidence is how much better r is there than anywhere 160 ms and more away: 0 where
    another offset would do as well, as it does for a mouth that moves evenly.
    """

    offset_ms: float
    r: float
    confidence: float


def lip_offset(
    expected: np.ndarray, measured: np.ndarray, fps: float, reach_ms: float = REACH_MS
) -> tuple[float, float]:
    """Offset of the mouth in ms (positive: it is late) and the correlation r there.

    See `pooled_lip_offset`, of one stretch. Raises `ValueError` for unequal lengths.
    """
    found = pooled_lip_offset([(expected, measured)], fps, reach_ms)
    return found.offset_ms, found.r


def pooled_lip_offset(
    stretches: Sequence[tuple[np.ndarray, np.ndarray]], fps: float, reach_ms: float = REACH_MS
) -> LipOffset:
    """The one offset that suits all stretches (expected and measured openness, (n,) each) best.

    At every whole-frame shift within `reach_ms` Pearson's r of the overlapping parts, averaged
    over the stretches by their overlap, of 12 frames and more: no frame is compared across a cut.
    A parabola through the best three gives the fraction of a frame. All zeros where nothing moves
    or no stretch is long enough. Raises `ValueError` for unequal lengths.
    """
    pairs = [(np.asarray(a, np.float64), np.asarray(b, np.float64)) for a, b in stretches]
    for a, b in pairs:
        if len(a) != len(b):
            raise ValueError(f"expected has {len(a)} frames, measured {len(b)}; they must be equal")
    pairs = [(a, b) for a, b in pairs if len(a) >= SHORTEST and min(a.std(), b.std()) >= 1e-4]
    if not pairs:
        return LipOffset(0.0, 0.0, 0.0)
    reach = min(round(reach_ms * fps / 1000.0), max(len(a) for a, _ in pairs) - SHORTEST)
    scores = np.array([_pooled_r(pairs, shift) for shift in range(-reach, reach + 1)])
    best = int(scores.argmax())
    peak, top = float(best), float(scores[best])
    if 0 < best < len(scores) - 1:
        left, right = scores[best - 1], scores[best + 1]
        bend = left - 2 * top + right
        if bend < 0:
            step = 0.5 * (left - right) / bend
            peak += step
            top = float(top - 0.25 * (left - right) * step)
    top = min(1.0, top)
    away = np.abs(np.arange(len(scores)) - best) * 1000.0 / fps >= _ELSEWHERE_MS
    other = max(0.0, float(scores[away].max(initial=0.0)))
    confidence = max(0.0, 1.0 - other / top) if top > 0 else 0.0
    return LipOffset(float((peak - reach) * 1000.0 / fps), top, confidence)


def _pooled_r(pairs: Sequence[tuple[np.ndarray, np.ndarray]], shift: int) -> float:
    """Mean r at a shift, by the frames that overlap; a stretch that hardly does has no say."""
    overlaps = np.array([len(a) - abs(shift) for a, _ in pairs], np.float64)
    overlaps[overlaps < SHORTEST] = 0.0
    if not overlaps.any():
        return 0.0
    found = [
        _shifted_r(a, b, shift) if n else 0.0 for (a, b), n in zip(pairs, overlaps, strict=True)
    ]
    return float(np.average(found, weights=overlaps))


def _shifted_r(expected: np.ndarray, measured: np.ndarray, shift: int) -> float:
    """Pearson's r of `expected` and `measured` taken `shift` frames later."""
    n = len(expected)
    a = expected[max(0, -shift) : n - max(0, shift)]
    b = measured[max(0, shift) : n - max(0, -shift)]
    a, b = a - a.mean(), b - b.mean()
    power = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / power if power > 1e-9 else 0.0


def _opening(frame: np.ndarray) -> float:
    """Fraction of a crop's area that is neither lip nor skin, soft at the threshold."""
    pixels = cv2.GaussianBlur(np.asarray(frame), (0, 0), 0.8).astype(np.float32)
    redness = pixels[..., 0] - pixels[..., 1]
    light = pixels.max(axis=2)
    usual, bright = float(np.median(redness)), float(np.median(light))
    pale = np.clip((0.66 * usual - redness) / (0.2 * usual + 1.0) + 0.5, 0.0, 1.0)
    dark = np.clip((0.62 * bright - light) / (0.1 * bright + 1.0) + 0.5, 0.0, 1.0)
    return float(np.maximum(pale, dark).mean())


def _blurred(values: np.ndarray, sigma_s: float) -> np.ndarray:
    """A Gaussian of `sigma_s` over samples `_STEP_S` apart, edges repeated."""
    reach = int(4 * sigma_s / _STEP_S)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * _STEP_S / sigma_s) ** 2)
    return np.convolve(np.pad(values, reach, mode="edge"), kernel / kernel.sum(), mode="valid")
