"""The reader of the video mark: finds where the grid lies, and reads the bits there.

The mark is the same in every frame, so a mean of what is fine in the frames is all that is kept of
a video. In that one picture the synchronisation sequence is looked for: where it was put; then, at
half the size, at all scales and small rotations, mirrored or not; then finely around what was best.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from scipy import fft  # type: ignore[import-untyped]

from stages.shared.watermark import bch
from stages.shared.watermark.matching import matched_z
from stages.shared.watermark.spread_spectrum import (
    GRID_HEIGHT,
    GRID_WIDTH,
    band_passed,
    decoded,
    key_of,
)

SYNC_Z = 7.0
"""Sync peak from which a place counts as found: the highest of a million by chance is about 5."""

MOST_TRIALS = 4
"""Places that bits are read at, at the most."""

_COARSE = 2
_SCALES = np.arange(1.04, 0.765, -0.007)
_ROTATIONS_DEG = np.arange(-3.2, 3.21, 0.4)


@dataclass(frozen=True)
class Place:
    """How a copy lies on the grid: mirrored, turned, and the part of the width that a crop left."""

    scale: float = 1.0
    rotation_deg: float = 0.0
    mirrored: bool = False


@dataclass(frozen=True)
class Detection:
    """What was read from a video.

    `payload` is None where no intact word was found, and `errors_corrected` then too. `sync_z` and
    `matched_z` (of the expected payload; None if none was expected) are in standard deviations of
    an unmarked video. `soft_bits`, shape (trials, 127), are the correlations with each bit at each
    place that was tried, for `matching.match` over the ids that were issued.
    """

    payload: int | None
    errors_corrected: int | None
    sync_z: float
    matched_z: float | None
    place: Place
    soft_bits: np.ndarray

    @property
    def scale(self) -> float:
        """The part of the frame's width that a crop left."""
        return self.place.scale


def detect(frames: Iterable[np.ndarray], *, secret: str, expected: int | None = None) -> Detection:
    """Read the mark from grey frames (uint8, any one size; 5 per second of video are enough).

    The chance that an unmarked video gives a payload is below 1e-8 (`matching.blind_chance`).
    Raises `ValueError` when there are no frames.
    """
    return detect_in(mean_residual(frames), secret=secret, expected=expected)


def detect_in(
    residual: np.ndarray, *, secret: str, expected: int | None = None, search: bool = True
) -> Detection:  # fmt: skip
    """Like `detect`, from what `mean_residual` made of the frames. Without `search` it is looked
    for at its own size alone, upright."""
    trials: list[np.ndarray] = []
    best: tuple[float, Place] = (0.0, Place())
    found: tuple[int, int] | None = None
    for z, place, soft in _trials(residual, secret, search):
        trials.append(soft)
        best = max(best, (z, place), key=lambda one: one[0])
        found = decoded(soft)
        if found is not None:
            best = (z, place)
            break
    soft_bits = np.stack(trials)
    matched = None if expected is None else float(matched_z(soft_bits, [expected]).max())
    payload, errors = found or (None, None)
    return Detection(payload, errors, float(best[0]), matched, best[1], soft_bits)


def _trials(
    residual: np.ndarray, secret: str, search: bool
) -> Iterator[tuple[float, Place, np.ndarray]]:
    """(sync peak, place, soft bits), the likeliest first, `MOST_TRIALS` at the most."""
    z, placed = _synchronised(residual, secret)
    yield z, Place(), _soft_bits(placed if z >= SYNC_Z else residual, secret)
    if z >= 2 * SYNC_Z or not search:
        return  # it lies here for certain: no other place reads better
    tried = 1
    for place in _likely(residual, secret):
        z, placed = _synchronised(_laid(residual, place), secret)
        yield z, place, _soft_bits(placed, secret)
        tried += 1
        if z >= SYNC_Z or tried == MOST_TRIALS:
            return


def mean_residual(frames: Iterable[np.ndarray]) -> np.ndarray:
    """Mean over frames of what is fine in them, in units of its local spread, so that no textured
    place and no bright frame outweighs the others: float32 (480, 270)."""
    total, count = np.zeros((GRID_HEIGHT, GRID_WIDTH), np.float32), 0
    for frame in frames:
        grey = frame
        if frame.shape != total.shape:
            grey = cv2.resize(frame, (GRID_WIDTH, GRID_HEIGHT), interpolation=cv2.INTER_AREA)
        grey = grey.astype(np.float32)
        fine = grey - cv2.GaussianBlur(grey, (0, 0), 3.0)
        spread = np.sqrt(cv2.GaussianBlur(fine * fine, (0, 0), 3.0)) + 0.7
        total += np.clip(fine / spread, -2.5, 2.5)
        count += 1
    if count == 0:
        raise ValueError("no frames to read a watermark from")
    return _whitened(_levelled(total / count))


def _levelled(residual: np.ndarray) -> np.ndarray:
    """In units of its local spread once more: what stands still all along (a label, a texture) has
    not averaged out."""
    spread = np.sqrt(cv2.GaussianBlur(residual * residual, (0, 0), 6.0)) + 0.25 * residual.std()
    return np.clip(residual / np.maximum(spread, 1e-9), -2.5, 2.5)


def _whitened(residual: np.ndarray) -> np.ndarray:
    """Its waves equally strong, as the best filter for a known pattern in coloured noise has
    them; measured: a fifth of the wrong bits less."""
    spectrum = fft.rfft2(residual)
    power = cv2.GaussianBlur(np.square(np.abs(spectrum)), (0, 0), 9.0)
    level = np.sqrt(power + 0.02 * power.mean() + 1e-12)
    return fft.irfft2(spectrum / level, s=residual.shape).astype(np.float32)


def _likely(residual: np.ndarray, secret: str) -> Iterator[Place]:
    """The likeliest places, refined."""
    coarse = _coarse(residual, secret)
    for place in coarse[: MOST_TRIALS - 1]:
        around = place
        for step, turn in ((0.0025, 0.12), (0.001, 0.05)):
            near = [
                Place(around.scale + i * step, around.rotation_deg + j * turn, around.mirrored)
                for i in (-1, 0, 1)
                for j in (-1, 0, 1)
            ]
            around = max(near, key=lambda one: _synchronised(_laid(residual, one), secret)[0])
        yield around


def _coarse(residual: np.ndarray, secret: str) -> list[Place]:
    """All places at half the size, the likeliest first, no two beside each other."""
    size = (GRID_WIDTH // _COARSE, GRID_HEIGHT // _COARSE)
    small = cv2.resize(residual, size, interpolation=cv2.INTER_AREA)
    found = []
    for turn in _ROTATIONS_DEG:
        for scale in _SCALES:
            spectrum = fft.rfft2(_laid(small, Place(float(scale), float(turn))))
            for mirrored, template in enumerate(_coarse_templates(secret)):
                fit = fft.irfft2(spectrum * template, s=small.shape)
                own = -turn if mirrored else turn  # as seen once the mirroring is undone
                place = Place(float(scale), float(own), bool(mirrored))
                found.append((float(fit.max() / (fit.std() or 1.0)), place))
    found.sort(key=lambda one: -one[0])
    kept: list[Place] = []
    for _, place in found[:60]:
        if all(_apart(place, other) for other in kept):
            kept.append(place)
    return kept


def _apart(one: Place, other: Place) -> bool:
    return (
        one.mirrored != other.mirrored
        or abs(one.scale - other.scale) > 0.011
        or abs(one.rotation_deg - other.rotation_deg) > 0.6
    )


@lru_cache(maxsize=4)
def _coarse_templates(secret: str) -> tuple[np.ndarray, np.ndarray]:
    """Spectra of the halved sync sequence, as it is and mirrored, conjugated."""
    size = (GRID_WIDTH // _COARSE, GRID_HEIGHT // _COARSE)
    small = cv2.resize(band_passed(key_of(secret).sync), size, interpolation=cv2.INTER_AREA)
    plain, mirrored = np.conj(fft.rfft2(small)), np.conj(fft.rfft2(small[:, ::-1]))
    return plain.astype(np.complex64), mirrored.astype(np.complex64)


def _laid(residual: np.ndarray, place: Place) -> np.ndarray:
    """The residual scaled down and turned about its middle: undoes a crop and a rotation."""
    height, width = residual.shape
    upright = np.ascontiguousarray(residual[:, ::-1]) if place.mirrored else residual
    centre = ((width - 1) / 2, (height - 1) / 2)
    to = cv2.getRotationMatrix2D(centre, place.rotation_deg, place.scale)
    return cv2.warpAffine(upright, to, (width, height), flags=cv2.INTER_LINEAR)


def _synchronised(residual: np.ndarray, secret: str) -> tuple[float, np.ndarray]:
    """(height of the sync peak in standard deviations, the residual moved to where it fits)."""
    fit = fft.irfft2(fft.rfft2(residual) * key_of(secret).template, s=residual.shape)
    down, across = np.unravel_index(int(fit.argmax()), fit.shape)
    return float(fit.max() / (fit.std() or 1.0)), np.roll(residual, (-down, -across), (0, 1))


def _soft_bits(residual: np.ndarray, secret: str) -> np.ndarray:
    key = key_of(secret)
    fits = (band_passed(residual) * key.chips).ravel()
    return np.bincount(key.owner.ravel(), fits, bch.LENGTH)
