"""Onsets of sounds, by log-spectral flux: moments at which bands grow louder together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stages.shared.onsets import Event, pick_onsets
from stages.shared.sound import resample

RATE_HZ = 16_000
HOP_S = 0.005
BANDS = 32
LEAST_DB = 2.5
"""Mean rise over all bands within 10 ms that is an onset. Beats of a bed lie at 1 to 4 dB under
a voice-over's level, a bang at 8 and more."""
USUAL_S = 0.4
APART_S = 0.03
AT_ONCE_S, HEARD_S = 0.04, 0.25
"""A bang is loud at once, as a beat is, and lasts longer."""
LEAST_STEP = 0.1
STARTING_S = 0.03
"""A sound cut off at its first sample seems to begin there."""

_WINDOW = 256  # 16 ms: an onset spreads over three hops, not more
_BELOW_PEAK_DB = 60.0
_BACK = 2  # hops between which a rise is taken


def audio_onsets(samples: np.ndarray, rate_hz: int) -> list[Event]:
    """Onsets in mono sound, float32 (samples,), of kind "sound".

    The strength is how much louder it is behind the onset than before it, at once and for as long
    as a bang lasts (the geometric mean over `AT_ONCE_S` and `HEARD_S`), against the loudest such
    step of the sound (0 to 1): flux finds the moment, but in decibels a beat out of silence rises
    as far as a bang over music. The sound's own beginning is no onset.
    """
    found = pick_onsets(
        spectral_flux(samples, rate_hz), HOP_S, "sound",
        least=LEAST_DB, usual_s=USUAL_S, apart_s=APART_S,
    )  # fmt: skip
    power = np.concatenate([[0.0], np.cumsum(np.square(np.asarray(samples, np.float64)))])
    steps = [
        float(
            np.sqrt(np.prod([_step(power, one.time_s, s, rate_hz) for s in (AT_ONCE_S, HEARD_S)]))
        )
        for one in found
    ]
    most = max(steps, default=0.0)
    return [
        replace(event, strength=step / most)
        for event, step in zip(found, steps, strict=True)
        if step > LEAST_STEP * most and event.time_s > STARTING_S
    ]


def _step(power: np.ndarray, time_s: float, reach_s: float, rate_hz: int) -> float:
    """RMS of `reach_s` behind `time_s` less that of as much before it, at least 0."""
    at, reach = round(time_s * rate_hz), round(reach_s * rate_hz)
    last = len(power) - 1
    behind, before = min(at + reach, last), max(at - reach, 0)
    after = (power[behind] - power[min(at, last)]) / max(1, reach)
    ahead = (power[min(at, last)] - power[before]) / max(1, at - before)
    return float(max(0.0, np.sqrt(max(0.0, after)) - np.sqrt(max(0.0, ahead))))


def spectral_flux(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """Mean rise of the bands' levels in dB within 10 ms, every 5 ms: float64 (hops,).

    The level of a band is taken over a floor 60 dB below the loudest, so that changes of what
    nobody hears count nothing (half-wave rectified log flux, after Dixon, "Onset detection
    revisited", 2006). Value i stands for the time i * 5 ms: its window, of 16 ms, ends 7 ms behind
    it, which is where a sound is in it with enough weight to show.
    """
    sound = resample(np.asarray(samples, np.float32), rate_hz, RATE_HZ)
    hop = round(HOP_S * RATE_HZ)
    count = len(sound) // hop
    if count < 2 or not np.any(sound):
        return np.zeros(max(count, 0))
    behind = round(0.007 * RATE_HZ)
    padded = np.pad(sound, (_WINDOW - behind, _WINDOW))
    framed = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::hop][:count]
    power = np.abs(np.fft.rfft(framed * np.hanning(_WINDOW), axis=1)) ** 2
    banded = power @ _bands().T
    level = 10 * np.log10(banded + banded.max() * 10 ** (-_BELOW_PEAK_DB / 10) + 1e-12)
    rise = level.copy()
    rise[_BACK:] -= level[:-_BACK]
    rise[:_BACK] = 0.0
    return np.maximum(rise, 0.0).mean(axis=1)


def _bands() -> np.ndarray:
    """Triangles, evenly spaced on the mel scale from 60 Hz to 7.6 kHz: (BANDS, bins)."""
    low_mel, high_mel = (float(2595 * np.log10(1 + f / 700)) for f in (60.0, 7600.0))
    mel = np.linspace(low_mel, high_mel, BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    bins = np.fft.rfftfreq(_WINDOW, 1 / RATE_HZ)
    width = bins[1]
    low, mid, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    up, down = (
        (bins - low) / np.maximum(mid - low, width),
        (high - bins) / np.maximum(high - mid, width),
    )
    weights: np.ndarray = np.maximum(0.0, np.minimum(up, down))
    return weights
