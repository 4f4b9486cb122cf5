"""Music of known times, made for the tests."""

from __future__ import annotations

import numpy as np


def struck(
    times_s: np.ndarray, length_s: float, rate_hz: int, *, kind: str = "click", level: float = 0.5
) -> np.ndarray:
    """Clicks (noise that dies in 30 ms) or plucked notes at the given times: mono (samples,)."""
    random = np.random.default_rng(5)
    sound = np.zeros(round(length_s * rate_hz))
    clock = np.arange(round(0.25 * rate_hz)) / rate_hz
    for number, time_s in enumerate(times_s):
        if kind == "click":
            stroke = random.standard_normal(len(clock)) * np.exp(-clock * 80)
        else:
            hertz = 220 * 2 ** ((0, 4, 7, 12)[number % 4] / 12)
            stroke = sum(np.sin(2 * np.pi * k * hertz * clock) / k for k in (1, 2, 3))
            stroke = (
                stroke * np.exp(-clock * 12) * np.minimum(1, clock / 0.003) * (1 - clock / 0.25)
            )
        at = round(time_s * rate_hz)
        end = min(at + len(stroke), len(sound))
        if end > at:
            sound[at:end] += level * stroke[: end - at]
    return sound.astype(np.float32)


def band(bpm: float, length_s: float, rate_hz: int, *, first_s: float = 0.0) -> np.ndarray:
    """A small band in four-four over a bar of four chords: stereo (samples, 2), peak below 1."""
    beat_s = 60 / bpm
    beats = np.arange(first_s, length_s, beat_s)
    time_s = np.arange(round(length_s * rate_hz)) / rate_hz
    bar = ((time_s - first_s) / (4 * beat_s)) % 4
    chords = (
        (220.0, 277.2, 329.6),
        (196.0, 246.9, 293.7),
        (174.6, 220.0, 261.6),
        (246.9, 293.7, 370),
    )
    pad = np.zeros(len(time_s))
    for number, chord in enumerate(chords):
        inside = (bar.astype(int) % 4) == number
        pad += inside * sum(np.sin(2 * np.pi * hertz * time_s) for hertz in chord)
    drums = struck(beats, length_s, rate_hz, level=0.25)
    hats = struck(beats + beat_s / 2, length_s, rate_hz, level=0.08)
    bass = struck(beats[::2], length_s, rate_hz, kind="note", level=0.2)
    left, right = 0.05 * pad + drums + bass, 0.05 * pad + hats + drums + bass
    return np.stack([left, right], axis=1).astype(np.float32)
