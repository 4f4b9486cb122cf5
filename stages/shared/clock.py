"""Two clocks that should be one: offset and drift of a whole track, found and taken out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy import signal, stats  # type: ignore[import-untyped]

MOST_DRIFT = 0.005
"""Largest drift that is resampled away, as a fraction: 0.5 % is 9 cents of pitch, which nobody
hears in speech; what drifts more was made at another rate and is to be made again."""
LEAST_DRIFT = 0.0002
"""A smaller drift is left alone: 3 ms at the end of a spot."""
ENOUGH = 10
"""Points needed to speak of a drift."""
SHORTEST_S = 4.0
"""Time that the points must span to speak of a drift."""
_OUTLIER_MS = 15.0


@dataclass(frozen=True)
class Clock:
    """How one track runs against another: its times are `offset + (1 + drift) * time`.

    A positive offset is a track that is late at time 0, a positive drift one that runs slow, so
    that it gets later. `spread_ms` is the 95th percentile of what the fit leaves over on the points
    that it rests on, `inliers` their part, 0 to 1.
    """

    offset_ms: float
    drift: float
    spread_ms: float
    inliers: float

    @property
    def drift_ppm(self) -> float:
        """Drift in parts per million; 1000 ppm are 15 ms over a spot."""
        return self.drift * 1e6

    def at_ms(self, time_s: float) -> float:
        """How late the track is at a time of the reference, in ms."""
        return self.offset_ms + 1000.0 * self.drift * time_s

    def worst_ms(self, length_s: float) -> float:
        """The largest lateness, with its sign, from 0 to `length_s`."""
        ends = (self.at_ms(0.0), self.at_ms(length_s))
        return max(ends, key=abs)


class DriftTooLarge(ValueError):
    """The drift is beyond what may be resampled away; `clock` has the figures."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(
            f"the track drifts by {clock.drift:+.2%} ({clock.drift * 15000:+.0f} ms over 15 s); up"
            f" to {MOST_DRIFT:.1%} is resampled, more means that it was made at another rate"
        )
        self.clock = clock


def fit_clock(reference_s: Sequence[float], measured_s: Sequence[float]) -> Clock:
    """The clock of points that were measured, against where the reference has them.

    Theil-Sen (Sen, 1968) first, which three in ten wrong points don't move; then a least-squares
    line through the points within three scaled median deviations (15 ms at least) of it. Under
    `ENOUGH` points or `SHORTEST_S` seconds the drift is 0 and the offset a median. Raises
    `ValueError` without points, or for unequal numbers of them.
    """
    at, heard = np.asarray(reference_s, np.float64), np.asarray(measured_s, np.float64)
    if len(at) != len(heard) or len(at) == 0:
        raise ValueError(f"{len(at)} and {len(heard)} points cannot be compared")
    late = heard - at
    if len(at) < ENOUGH or np.ptp(at) < SHORTEST_S:
        drift, offset = 0.0, float(np.median(late))
        kept = _near(late - offset)
    else:
        drift = float(stats.theilslopes(late, at)[0])
        offset = float(np.median(late - drift * at))
        kept = _near(late - offset - drift * at)
        if kept.sum() >= ENOUGH and np.ptp(at[kept]) >= SHORTEST_S:
            drift, offset = (float(v) for v in np.polyfit(at[kept], late[kept], 1))
    left = np.abs(late - offset - drift * at)[kept]
    return Clock(1000 * offset, drift, 1000 * float(np.percentile(left, 95)), float(kept.mean()))


def set_right(samples: np.ndarray, rate_hz: int, clock: Clock) -> np.ndarray:
    """Sound (samples,) or (samples, channels) moved onto the reference, resampled if it drifts.

    The length stays. Raises `DriftTooLarge` beyond `MOST_DRIFT`. Resampling is polyphase with a
    Kaiser window of 90 dB, by the nearest ratio of numbers up to 5000 (10 ppm).
    """
    if abs(clock.drift) > MOST_DRIFT:
        raise DriftTooLarge(clock)
    sound = np.asarray(samples, np.float32)
    if abs(clock.drift) >= LEAST_DRIFT:
        ratio = Fraction(1.0 / (1.0 + clock.drift)).limit_denominator(5000)
        sound = signal.resample_poly(
            sound, ratio.numerator, ratio.denominator, axis=0, window=("kaiser", 9.0)
        ).astype(np.float32)
    # Time t of the reference is at offset + (1 + drift) t: once resampled, offset / (1 + drift).
    first = round(clock.offset_ms / 1000 / (1 + clock.drift) * rate_hz)
    return moved(sound, first, len(samples))


def moved(samples: np.ndarray, first: int, count: int) -> np.ndarray:
    """`count` samples from sample `first` on, which may lie before the start; zeros outside."""
    result = np.zeros((count, *samples.shape[1:]), np.float32)
    begin, end = max(0, -first), min(count, len(samples) - first)
    if end > begin:
        result[begin:end] = samples[first + begin : first + end]
    return result


def _near(left_s: np.ndarray) -> np.ndarray:
    scale = 1.4826 * float(np.median(np.abs(left_s)))
    kept: np.ndarray = np.abs(left_s) <= max(3 * scale, _OUTLIER_MS / 1000)
    return kept
