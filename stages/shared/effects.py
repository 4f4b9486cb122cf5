"""Sound effects: where one begins, where its accent lies, and when it is heard in a mix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, signal  # type: ignore[import-untyped]

RATE_HZ = 48_000
_HOP = RATE_HZ // 200
_LOW_HZ, _HIGH_HZ = 150.0, 9000.0


def onset_s(effect: np.ndarray) -> float:
    """When an effect begins to be heard: its level (10 ms) first reaches a quarter of its peak.

    `effect` is (samples, channels) at `RATE_HZ`.
    """
    level = _level(effect)
    return float(np.argmax(level >= level.max() * 0.25) * _HOP / RATE_HZ) if len(level) else 0.0


def accent_s(effect: np.ndarray) -> float:
    """From an effect's onset to its loudest 50 ms, in seconds: a whoosh passes then."""
    level = _level(effect)
    if not len(level):
        return 0.0
    loudest = float(ndimage.uniform_filter1d(level**2, 10).argmax() * _HOP / RATE_HZ)
    return max(0.0, loudest - onset_s(effect))


@dataclass(frozen=True)
class Heard:
    """When an effect's onset is heard in a mix, and how far that stands out: 1 is not at all."""

    time_s: float
    height: float


def heard_at(mix: np.ndarray, effect: np.ndarray, around_s: float, reach_s: float) -> Heard | None:
    """When in a mono mix (samples,) the onset of an effect (samples, channels) is heard, within
    `reach_s` of `around_s`.

    Both at `RATE_HZ`. The peak of their cross-correlation, both whitened over time and frequency
    (generalised cross-correlation, Knapp and Carter, 1976): music and voice, which the effect
    lacks, only add noise. `height` is that peak against the highest one 50 ms and more away. None
    if either is silent there.
    """
    begin_s = onset_s(effect)
    sound = effect[: round(2.0 * RATE_HZ)].mean(axis=1)
    first = round((around_s - reach_s - begin_s) * RATE_HZ)
    span = round(2 * reach_s * RATE_HZ)
    part = mix[max(0, first) : max(0, first + span + len(sound))]
    part = np.pad(part, (max(0, -first), 0))
    if not np.any(part) or not np.any(sound):
        return None
    size = 1 << (len(part) + len(sound)).bit_length()
    cross = np.fft.rfft(part, size) * np.conj(np.fft.rfft(sound, size))
    bins = np.fft.rfftfreq(size, 1 / RATE_HZ)
    cross *= (bins > _LOW_HZ) & (bins < _HIGH_HZ)
    weight = np.sqrt(np.abs(cross))  # half way to the phase transform: the band that it sounds in
    together = np.fft.irfft(cross / (weight + 1e-3 * weight.max() + 1e-12), size)
    near = np.abs(signal.hilbert(together[: span + 1]))
    best = int(near.argmax())
    away = np.abs(np.arange(len(near)) - best) > 0.05 * RATE_HZ
    height = float(near[best] / max(float(near[away].max(initial=0.0)), 1e-12))
    return Heard(around_s - reach_s + best / RATE_HZ, height)


def _level(effect: np.ndarray) -> np.ndarray:
    """RMS of 10 ms, every 5 ms."""
    count = len(effect) // _HOP
    if count == 0:
        return np.zeros(0)
    square = np.square(np.asarray(effect[: count * _HOP], np.float64))
    power = square.mean(axis=1).reshape(count, _HOP).mean(axis=1)
    # In digital silence a running sum may end a hair below zero.
    level: np.ndarray = np.sqrt(np.maximum(ndimage.uniform_filter1d(power, 2, origin=-1), 0.0))
    return level
