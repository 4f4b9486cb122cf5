"""Pitch of a voice over time, by YIN."""

from __future__ import annotations

import numpy as np
from scipy import fft  # type: ignore[import-untyped]

LOWEST_HZ, HIGHEST_HZ = 60.0, 420.0
"""A low male voice to a lively female one."""
HOP_S = 0.01
_WINDOW_S = 0.032
_APERIODIC = 0.15
"""YIN's absolute threshold: the part of the power that a period may leave unexplained. Larger
takes in hoarse frames and with them errors by an octave. 0.1 to 0.15 in the paper."""
_BELOW_PEAK_DB = 35.0
"""Frames that are fainter, against the loudest, have no pitch: breath, room, reverberation."""


def pitch_hz(sound: np.ndarray, rate_hz: int) -> np.ndarray:
    """Fundamental frequency every `HOP_S` seconds, shape (frames,), NaN where nothing is voiced.

    `sound` is mono, float32 (samples,). YIN: de Cheveigné and Kawahara, A fundamental frequency
    estimator for speech and music, JASA 111 (2002), steps 1 to 5: the cumulative mean normalised
    difference function, its first dip below the threshold, a parabola through it.
    """
    window, longest = round(_WINDOW_S * rate_hz), int(rate_hz / LOWEST_HZ) + 2
    shortest, hop = int(rate_hz / HIGHEST_HZ), round(HOP_S * rate_hz)
    span = window + longest
    if len(sound) < span:
        return np.full(0, np.nan)
    frames = np.lib.stride_tricks.sliding_window_view(sound.astype(np.float64), span)[::hop]
    power = np.square(frames).mean(axis=1)
    loud = power > max(power.max() * 10 ** (-_BELOW_PEAK_DB / 10), 1e-10)
    found = np.full(len(frames), np.nan)
    if loud.any():
        dips = _normalised_difference(frames[loud], window, longest)
        found[loud] = [_first_dip(row, shortest, rate_hz) for row in dips]
    return found


def _normalised_difference(frames: np.ndarray, window: int, longest: int) -> np.ndarray:
    """YIN's d' of each frame for lags 0 to `longest` - 1, by FFT: shape (frames, longest)."""
    size = fft.next_fast_len(frames.shape[1] + window, real=True)
    spectrum = fft.rfft(frames, size)
    head = fft.rfft(frames[:, :window], size)
    product = fft.irfft(spectrum * head.conj(), size)[:, :longest]
    squares = np.cumsum(np.pad(np.square(frames), ((0, 0), (1, 0))), axis=1)
    energy = squares[:, window : window + longest] - squares[:, :longest]
    difference = np.maximum(energy[:, :1] + energy - 2 * product, 0.0)
    mean = np.cumsum(difference[:, 1:], axis=1) / np.arange(1, longest)
    normal = np.ones_like(difference)
    normal[:, 1:] = difference[:, 1:] / np.maximum(mean, 1e-12)
    return normal


def _first_dip(normal: np.ndarray, shortest: int, rate_hz: int) -> float:
    """The pitch at the bottom of the first dip that is deep enough, or NaN."""
    below = np.flatnonzero(normal[shortest:-1] < _APERIODIC)
    if not len(below):
        return float("nan")
    lag = shortest + int(below[0])
    while lag + 2 < len(normal) and normal[lag + 1] < normal[lag]:
        lag += 1
    before, here, after = normal[lag - 1 : lag + 2]
    bend = before - 2 * here + after
    shift = 0.5 * (before - after) / bend if bend > 0 else 0.0
    return rate_hz / (lag + float(np.clip(shift, -0.5, 0.5)))
