"""Another pace at the same pitch, for voices that have no speed of their own: WSOLA."""

from __future__ import annotations

import numpy as np
from scipy import signal  # type: ignore[import-untyped]

WINDOW_S = 0.030
"""Two to six periods of a voice's pitch: longer smears consonants, shorter roughens low voices."""
SEARCH_S = 0.010
"""How far a piece may lie from its place: a period of the lowest voices (100 Hz)."""


def stretched(samples: np.ndarray, rate_hz: int, speed: float) -> np.ndarray:
    """`samples` (samples,) float32, spoken `speed` times as fast, at their own pitch.

    Waveform similarity overlap-add: W. Verhelst, M. Roelands, "An overlap-add technique based on
    waveform similarity (WSOLA) for high quality time-scale modification of speech", ICASSP 1993.
    The result has round(samples / speed) samples; a moment t of the sound lies at t / speed,
    within `SEARCH_S`.
    """
    if speed == 1.0 or not len(samples):
        return samples
    hop = round(WINDOW_S * rate_hz / 2)
    reach = round(SEARCH_S * rate_hz)
    window = signal.windows.hann(2 * hop, sym=False)
    length = round(len(samples) / speed)
    count = length // hop + 2
    margin = reach + hop
    source = np.pad(samples.astype(np.float64), (margin, margin + 4 * hop + reach))
    out = np.zeros((count + 1) * hop)
    at = margin - hop  # of the last piece
    for piece in range(count):
        wanted = margin - hop + round(piece * hop * speed)
        wanted = min(wanted, len(source) - 3 * hop - reach)
        if piece:
            natural = source[at + hop : at + 3 * hop]  # what followed the last piece
            at = _most_alike(source, natural, wanted, reach)
        else:
            at = wanted
        out[piece * hop : (piece + 2) * hop] += window * source[at : at + 2 * hop]
    return out[hop : hop + length].astype(np.float32)


def _most_alike(source: np.ndarray, natural: np.ndarray, wanted: int, reach: int) -> int:
    """Where, within `reach` of `wanted`, the sound is most like `natural`: by the normalised
    cross-correlation, and of equals the nearest."""
    first = max(wanted - reach, 0)
    area = source[first : wanted + reach + len(natural)]
    dots = signal.correlate(area, natural, mode="valid", method="fft")
    sums = np.cumsum(np.r_[0.0, area * area])
    energy = sums[len(natural) :] - sums[: -len(natural)]
    scores = dots / np.sqrt(np.maximum(energy, 1e-9))
    near = 1e-6 * np.abs(np.arange(len(scores)) - (wanted - first))
    return first + int(np.argmax(scores / (np.abs(scores).max() + 1e-12) - near))
