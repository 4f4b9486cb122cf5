"""The reader of the sound's mark: finds where its pattern lies in time, and reads bits there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import fft, ndimage  # type: ignore[import-untyped]

from stages.shared.watermark import audio, bch
from stages.shared.watermark.audio import BAND_BINS, BANDS, FIRST_BIN, PERIOD, RATE_HZ, WINDOW
from stages.shared.watermark.matching import matched_z
from stages.shared.watermark.spread_spectrum import decoded

MOST_SOUND_TRIALS = 4
"""Places in time that bits are read at, at the most."""

_FLOOR = 1e-5
"""Of the loudest cell: below that, codecs leave holes whose depth says nothing."""
_FINE = 2
"""Frames are read this many times as densely as they were written."""
_TEMPOS = np.concatenate([[1.0], *[[1 + n * 0.00125, 1 - n * 0.00125] for n in range(1, 25)]])


@dataclass(frozen=True)
class SoundDetection:
    """What was read from a sound; see `detector.Detection`. `tempo` is how much faster than the
    original it plays."""

    payload: int | None
    errors_corrected: int | None
    sync_z: float
    matched_z: float | None
    tempo: float
    soft_bits: np.ndarray


def detect_sound(
    sound: np.ndarray, *, secret: str, expected: int | None = None
) -> SoundDetection:  # fmt: skip
    """Read the mark from a wave at 48 kHz, float32 (samples,) or (samples, channels).

    Raises `ValueError` where it is silent or shorter than a second: nothing can be read there.
    """
    return detect_in_bands(band_levels(sound), secret=secret, expected=expected)


def detect_in_bands(
    levels: np.ndarray, *, secret: str, expected: int | None = None
) -> SoundDetection:  # fmt: skip
    """Like `detect_sound`, from what `band_levels` made of the sound."""
    places = []
    for tempo in _TEMPOS:
        folded = _folded(levels, float(tempo))
        fit = _sync_fit(folded, secret)
        at = int(fit.argmax())
        places.append((float(fit[at] / (fit.std() or 1.0)), float(tempo), at, folded))
    places.sort(key=lambda one: -one[0])
    trials, found, best = [], None, places[0]
    for place in places[:MOST_SOUND_TRIALS]:
        soft = _soft_bits(place[3], place[2], secret)
        trials.append(soft)
        found = decoded(soft)
        if found is not None:
            best = place
            break
    soft_bits = np.stack(trials)
    matched = None if expected is None else float(matched_z(soft_bits, [expected]).max())
    payload, errors = found or (None, None)
    return SoundDetection(payload, errors, best[0], matched, best[1], soft_bits)


def band_levels(sound: np.ndarray) -> np.ndarray:
    """What loudness in the bands does beside what the sound does: float32 (40, frames), whitened.

    Raises `ValueError` as `detect_sound`.
    """
    mono = sound if sound.ndim == 1 else sound.mean(axis=1)
    if len(mono) < RATE_HZ or not np.any(mono):
        raise ValueError("the sound is silent or too short to carry a watermark")
    window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    padded = np.pad(mono.astype(np.float32), (WINDOW // 2, WINDOW))
    hop = audio.HOP // _FINE
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::hop]
    power = np.empty((BANDS, len(frames)), np.float32)
    used = slice(FIRST_BIN, FIRST_BIN + BANDS * BAND_BINS)
    for start in range(0, len(frames), 512):
        part = np.fft.rfft(frames[start : start + 512] * window, axis=1)[:, used]
        squares = np.square(np.abs(part)).reshape(len(part), BANDS, BAND_BINS)
        power[:, start : start + len(part)] = squares.mean(axis=2).T
    return _whitened(10 * np.log10(power + _FLOOR * power.max() + 1e-12))


def _whitened(levels: np.ndarray) -> np.ndarray:
    """Without what lasts longer than a cell or reaches over bands, in units of its local spread;
    then its waves equally strong."""
    cell = audio.CELL_FRAMES * _FINE
    fine = levels - ndimage.uniform_filter1d(levels, cell + 1, axis=1)
    fine -= ndimage.uniform_filter1d(fine, 5, axis=0)
    # In float64: running sums of float32 end below zero behind a loud stretch.
    power = ndimage.uniform_filter(np.square(fine.astype(np.float64)), (5, 2 * cell + 1))
    spread = np.sqrt(np.maximum(power, 0.0)) + 0.3
    even = np.clip(fine / spread, -2.0, 2.0).astype(np.float64)
    spectrum = fft.rfft2(even)
    power = ndimage.uniform_filter(np.square(np.abs(spectrum)), (5, 65), mode="wrap")
    level = np.sqrt(np.maximum(power, 0.0) + 0.3 * power.mean() + 1e-12)
    return fft.irfft2(spectrum / level, s=even.shape).astype(np.float32)


def _folded(levels: np.ndarray, tempo: float) -> np.ndarray:
    """Mean over the periods, (40, 2 * PERIOD), of a sound that plays `tempo` times as fast."""
    count = int(levels.shape[1] * tempo)
    whole = -(-count // (_FINE * PERIOD)) * _FINE * PERIOD
    laid = np.zeros((BANDS, whole), np.float32)
    if tempo == 1.0:
        laid[:, :count] = levels
    else:
        at = np.arange(count) / tempo
        low = np.minimum(at.astype(int), levels.shape[1] - 2)
        share = (at - low).astype(np.float32)
        laid[:, :count] = levels[:, low] * (1 - share) + levels[:, low + 1] * share
    return laid.reshape(BANDS, -1, _FINE * PERIOD).sum(axis=1)


_HALVES = np.repeat(np.array([1, 1, -1, -1], np.float32), _FINE)


@lru_cache(maxsize=4)
def _sync_template(secret: str) -> np.ndarray:
    """Spectrum over time of the sync sequence, per band, conjugated."""
    key = audio.sound_key(secret)
    cells = np.where(key.owner == bch.LENGTH, key.chips, 0)
    return np.conj(fft.rfft((cells[:, :, None] * _HALVES).reshape(BANDS, -1), axis=1))


def _sync_fit(folded: np.ndarray, secret: str) -> np.ndarray:
    """How well the sync sequence fits from each frame on, (2 * PERIOD,)."""
    product = (fft.rfft(folded, axis=1) * _sync_template(secret)).sum(axis=0)
    return np.asarray(fft.irfft(product, n=folded.shape[1]))


def _soft_bits(folded: np.ndarray, at: int, secret: str) -> np.ndarray:
    key = audio.sound_key(secret)
    placed = np.roll(folded, -at, axis=1).reshape(BANDS, audio.CELLS, len(_HALVES))
    fits = (placed @ _HALVES) * key.chips
    return np.bincount(key.owner.ravel(), fits.ravel(), bch.LENGTH + 1)[: bch.LENGTH]
