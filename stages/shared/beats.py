"""Tempo and beats of music, from its sound alone.

Ellis: Beat tracking by dynamic programming, Journal of New Music Research 36 (2007): onset
strength by the rise of a mel spectrogram, one tempo from its autocorrelation, and the sequence of
beats that best follows both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, signal  # type: ignore[import-untyped]

RATE_HZ = 16_000
HOP_S = 0.01
_HOP, _WINDOW = 160, 512
_BANDS, _LOWEST_HZ, _HIGHEST_HZ = 40, 40.0, 7600.0
_FLOOR_DB = 60.0
"""What is fainter than this below the loudest band is no onset."""
_ATTACK_S = 0.005
"""How long before an attack its spectrum begins to rise, the window being 32 ms: measured on
clicks and plucked notes of known times."""
_SLOWEST_S, _FASTEST_S = 60 / 45, 60 / 220
_USUAL_S, _SPREAD_OCTAVES = 0.5, 0.9
"""Prior of the tempo: 120 beats a minute, less likely by the octave (Ellis, section 3)."""
_TIGHTNESS = 120.0
"""What a beat off the tempo costs against onset strength: larger keeps time more strictly."""
_STEADY = 0.2
"""Least autocorrelation of onsets at the beat, of 1: noise has 0.05, a voice up to 0.12, the
shipped beds 0.72 to 0.76."""
_AT_START_S = 0.03
"""An attack so soon behind the first sample cannot be told from the sample itself."""


@dataclass(frozen=True)
class Beats:
    """Beats of a piece of music: tempo in beats per minute, times in seconds, in order.

    `steadiness` is how much of the onsets returns after a beat, 0 to 1. Where it is too little for
    a beat (a drone, noise, speech) there are no times and the tempo is 0.
    """

    tempo_bpm: float
    times_s: tuple[float, ...]
    steadiness: float


def find_beats(sound: np.ndarray) -> Beats:
    """Beats of mono sound at `RATE_HZ`, float32 (samples,), full scale 1.0."""
    onsets = onset_strength(sound)
    period, steadiness = _period(onsets)
    if steadiness < _STEADY:
        return Beats(0.0, (), steadiness)
    times = [_sharpened(onsets, frame) * HOP_S + _ATTACK_S for frame in _tracked(onsets, period)]
    beat_s = float(np.polyfit(np.arange(len(times)), times, 1)[0])
    times = _to_the_ends(times, beat_s, len(sound) / RATE_HZ)
    return Beats(60 / beat_s, tuple(times), steadiness)


def mel_levels(sound: np.ndarray) -> np.ndarray:
    """Level of each mel band every `HOP_S`, in dB above a floor: shape (frames, bands), >= 0.

    Frame n is about the moment n * `HOP_S`. The floor lies 60 dB below the loudest.
    """
    count = 1 + len(sound) // _HOP
    padded = np.pad(sound.astype(np.float64), (_WINDOW // 2, _WINDOW // 2 + _HOP))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP][:count]
    power = np.abs(np.fft.rfft(frames * np.hanning(_WINDOW), 1024, axis=1)) ** 2
    bands = power @ _mel_filters().T
    top = bands.max(initial=0.0)
    if top <= 0:
        return np.zeros((count, _BANDS))
    return 10 * np.log10(np.maximum(bands / top, 10 ** (-_FLOOR_DB / 10))) + _FLOOR_DB


def onset_strength(sound: np.ndarray) -> np.ndarray:
    """How much starts every `HOP_S`: mean rise of the mel bands in dB, without its slow part."""
    rise = np.maximum(np.diff(mel_levels(sound), axis=0, prepend=0.0), 0).mean(axis=1)
    rise[:3] = 0.0  # a sound that is there from the start is no onset
    slow = ndimage.uniform_filter1d(rise, round(1.0 / HOP_S))
    return np.maximum(ndimage.gaussian_filter1d(rise, 1.0) - slow, 0.0)


def _mel_filters() -> np.ndarray:
    """Triangles over FFT bins, evenly spaced in mel (2595 log10(1 + f / 700)), each of area 1."""
    low, high = (2595 * np.log10(1 + f / 700) for f in (_LOWEST_HZ, _HIGHEST_HZ))
    corners = 700 * (10 ** (np.linspace(low, high, _BANDS + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(1024, 1 / RATE_HZ)
    rising = (bins - corners[:-2, None]) / np.diff(corners)[:-1, None]
    falling = (corners[2:, None] - bins) / np.diff(corners)[1:, None]
    triangles = np.clip(np.minimum(rising, falling), 0, None)
    return np.asarray(triangles / np.maximum(triangles.sum(axis=1, keepdims=True), 1e-9))


def _period(onsets: np.ndarray) -> tuple[float, float]:
    """(frames per beat, steadiness). Twice and three times the beat speak for it as well."""
    slowest = round(_SLOWEST_S / HOP_S)
    centred = onsets - onsets.mean()
    if len(onsets) < 3 * slowest or not np.any(onsets):
        return 1.0, 0.0
    full = signal.correlate(centred, centred, method="fft")[len(onsets) - 1 :]
    # Each lag by the number of frames that it is a sum over: long beats are not at a disadvantage.
    strength = full / np.arange(len(onsets), 0, -1) * len(onsets) / full[0]
    lags = np.arange(round(_FASTEST_S / HOP_S), slowest + 1)
    wide = ndimage.maximum_filter1d(strength, 3)
    twice = np.where(2 * lags < len(wide), wide[np.minimum(2 * lags, len(wide) - 1)], 0)
    weight = np.exp(-0.5 * (np.log2(lags * HOP_S / _USUAL_S) / _SPREAD_OCTAVES) ** 2)
    score = weight * (strength[lags] + 0.5 * twice)
    lag = int(lags[score.argmax()])
    before, here, after = strength[lag - 1 : lag + 2]
    bend = before - 2 * here + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return lag + float(np.clip(shift, -0.5, 0.5)), float(max(strength[lag], 0.0))


def _tracked(onsets: np.ndarray, period: float) -> list[int]:
    """Frames of the best sequence of beats, from the first frame to the last."""
    strength = onsets / max(onsets.std(), 1e-9)
    steps = np.arange(round(period / 2), round(2 * period) + 1)
    cost = -_TIGHTNESS * np.log(steps / period) ** 2
    best, came_from = strength.copy(), np.full(len(onsets), -1)
    for frame in range(int(steps[0]), len(onsets)):
        earlier = frame - steps
        usable = earlier >= 0
        scores = cost[usable] + best[earlier[usable]]
        pick = int(scores.argmax())
        if scores[pick] > 0:
            best[frame] += scores[pick]
            came_from[frame] = earlier[usable][pick]
    tail = max(0, len(onsets) - round(1.5 * period))
    frame = tail + int(best[tail:].argmax())
    found = []
    while frame >= 0:
        found.append(frame)
        frame = int(came_from[frame])
    return found[::-1]


def _to_the_ends(times: list[float], beat_s: float, length_s: float) -> list[float]:
    """The beats go on where nothing marks them; one within `_AT_START_S` of the start is there."""
    while times[0] - beat_s > -_AT_START_S:
        times.insert(0, max(times[0] - beat_s, 0.0))
    while times[-1] + beat_s < length_s:
        times.append(times[-1] + beat_s)
    return [time_s for time_s in times if time_s < length_s]


def _sharpened(onsets: np.ndarray, frame: int) -> float:
    """The summit of the onset at a beat, between frames; the beat itself where nothing starts."""
    low, high = max(frame - 2, 1), min(frame + 3, len(onsets) - 1)
    if high <= low or not onsets[low:high].any():
        return float(frame)
    top = low + int(onsets[low:high].argmax())
    before, here, after = onsets[top - 1 : top + 2]
    bend = before - 2 * here + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return top + float(np.clip(shift, -0.5, 0.5))
