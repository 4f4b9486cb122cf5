"""Mel-frequency cepstra as SyncNet was trained on: 13 of them, a hundred times a second."""

from __future__ import annotations

import numpy as np
from scipy import fft  # type: ignore[import-untyped]

RATE_HZ = 16_000
WINDOW, HOP, POINTS = 400, 160, 512
"""25 ms every 10 ms, in samples; of a transform of 512 points."""
BANDS, CEPSTRA, LIFTER = 26, 13, 22
EMPHASIS = 0.97
FULL_SCALE = 32768.0
"""They were taken of 16-bit integers, and their logarithms know it."""


def mfcc(samples: np.ndarray) -> np.ndarray:
    """Cepstra, float32 (13, frames), of mono sound (samples,) at `RATE_HZ`, full scale 1.0.

    Frame n is of the 25 ms from n * 10 ms on, zeros behind the end. Triangular bands on the mel
    scale (2595 log10(1 + f / 700)) from 0 to 8 kHz with edges on whole bins, logarithm, orthonormal
    cosine transform, sinusoidal lifter; the first one is the logarithm of the frame's energy. All
    as by Davis and Mermelstein (1980) and HTK's conventions, with rectangular windows.
    """
    sound = np.asarray(samples, np.float64) * FULL_SCALE
    if not len(sound):
        return np.zeros((CEPSTRA, 0), np.float32)
    sound = np.concatenate([sound[:1], sound[1:] - EMPHASIS * sound[:-1]])
    count = 1 + max(0, -(-(len(sound) - WINDOW) // HOP))
    sound = np.pad(sound, (0, max(0, (count - 1) * HOP + WINDOW - len(sound))))
    framed = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP][:count]
    power = np.abs(np.fft.rfft(framed, POINTS, axis=1)) ** 2 / POINTS
    tiny = np.finfo(np.float64).eps
    banded = np.maximum(power @ mel_bands().T, tiny)
    cepstra = fft.dct(np.log(banded), type=2, axis=1, norm="ortho")[:, :CEPSTRA]
    cepstra *= 1 + LIFTER / 2 * np.sin(np.pi * np.arange(CEPSTRA) / LIFTER)
    cepstra[:, 0] = np.log(np.maximum(power.sum(axis=1), tiny))
    return np.ascontiguousarray(cepstra.T, np.float32)


def mel_bands() -> np.ndarray:
    """Weights of the bands, float64 (26, 257): each rises from its neighbour's middle to its own
    and falls to the next one's."""
    top_mel = 2595 * np.log10(1 + RATE_HZ / 2 / 700)
    hertz = 700 * (10 ** (np.linspace(0, top_mel, BANDS + 2) / 2595) - 1)
    edges = np.floor((POINTS + 1) * hertz / RATE_HZ)
    bins = np.arange(POINTS // 2 + 1)
    low, middle, high = (edges[n : n + BANDS, None] for n in range(3))
    with np.errstate(divide="ignore", invalid="ignore"):
        rising = np.where((bins >= low) & (bins < middle), (bins - low) / (middle - low), 0.0)
        falling = np.where((bins >= middle) & (bins < high), (high - bins) / (high - middle), 0.0)
    return np.asarray(rising + falling)
