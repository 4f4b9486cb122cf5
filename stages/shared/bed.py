"""A music bed as it lies under a spot: cut, or looped where it repeats itself best; and its beats.

Whoever mixes the bed and whoever cuts to it call these, so that both hear the same music at the
same moment. The bed begins with the spot.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stages.shared import beats
from stages.shared.beats import Beats, find_beats, mel_levels
from stages.shared.sound import resample

RATE_HZ = 48_000
_FADE_S = 0.06
"""Crossfade at the seam: shorter may click, longer doubles what is struck there."""
_BEFORE_BEAT_S = 0.012
"""The crossfade ends so long before the beat, whose attack is then heard whole."""
_BAR_BEATS = 4
"""Four to the bar: with three, the loop is still whole beats."""
_ALIGN_S = 0.008
"""How far the waveforms are shifted against each other to fit: no ear hears it as rhythm."""
_IN_TIME_S = 0.03
"""How far a bed's length may be from whole beats if it is to be repeated as it is."""
_GRID_S = 0.25
"""Where there is no beat, a loop may begin and end on such a grid."""
_TAIL_S = 4.0
"""How much of a longer bed than the spot is looked at behind the spot's end, for its beats."""
_QUIET_DB = 10.0
"""A point whose surroundings are so much fainter than the bed lies in a fade or an ending."""


@dataclass(frozen=True)
class Loop:
    """What is repeated: samples `start` up to `end` at `RATE_HZ`. The last `fade` samples before
    `end` become those before `start`; with no fade the bed joins by itself.
    """

    start: int
    end: int
    fade: int


def lay_bed(sound: np.ndarray, count: int) -> np.ndarray:
    """The bed's first `count` samples under a spot: float32, shape (count, 2).

    `sound` is the whole bed at `RATE_HZ`, shape (samples, 2). One that is long enough is cut as it
    is, a shorter one goes on at the loop that `loop_of` finds. Nothing at all gives silence.
    """
    if not len(sound):
        return np.zeros((count, 2), np.float32)
    if len(sound) >= count:
        return np.ascontiguousarray(sound[:count], np.float32)
    loop = loop_of(sound)
    laid = np.empty((count, 2), np.float32)
    for at, source, length in _pieces(loop, count):
        laid[at : at + length] = sound[source : source + length]
    if loop.fade:
        joined = _crossfaded(sound, loop)
        for at in _seams(loop, count):
            stop = min(at, count)
            laid[at - loop.fade : stop] = joined[: stop - (at - loop.fade)]
    return laid


def beats_under(sound: np.ndarray, length_s: float) -> Beats:
    """Beats of a bed on the clock of a spot of `length_s` seconds, as `lay_bed` lays it."""
    count = round(length_s * RATE_HZ)
    if len(sound) >= count:
        found = find_beats(_mono(sound[: count + round(_TAIL_S * RATE_HZ)]))
        heard = tuple(time_s for time_s in found.times_s if time_s < length_s)
        return Beats(found.tempo_bpm, heard, found.steadiness)
    if not len(sound):
        return Beats(0.0, (), 0.0)
    found, loop = find_beats(_mono(sound)), loop_of(sound)
    times: list[float] = []
    for at, source, length in _pieces(loop, count):
        first_s, last_s = source / RATE_HZ, (source + length) / RATE_HZ
        for beat_s in found.times_s:
            time_s = at / RATE_HZ + beat_s - first_s
            apart = not times or (time_s - times[-1]) * found.tempo_bpm > 30  # half a beat
            if first_s <= beat_s < last_s and apart:
                times.append(time_s)
    return Beats(found.tempo_bpm, tuple(times), found.steadiness)


def loop_of(sound: np.ndarray) -> Loop:
    """Where a bed (samples, 2) is best repeated.

    A bed that already joins its own beginning is repeated whole. Else of all pairs of beats that
    are whole bars apart (without a beat: of a grid) the one whose surroundings, two beats to
    either side, differ least in their mel spectrum is taken, longer loops before shorter ones.
    """
    mono = _mono(sound)
    found, levels = find_beats(mono), mel_levels(mono)
    if _joins_itself(mono, levels, found):
        return Loop(0, len(sound), 0)
    fade = min(round(_FADE_S * RATE_HZ), len(sound) // 4)
    pair = _best_pair(levels, found, len(mono) / beats.RATE_HZ)
    if pair is None:
        return Loop(fade, len(sound), fade)
    start, end = (round((time_s - _BEFORE_BEAT_S) * RATE_HZ) for time_s in pair)
    start += _aligned(sound, start, end)
    return Loop(start, end, min(fade, start))


def _pieces(loop: Loop, count: int) -> Iterator[tuple[int, int, int]]:
    """(sample of the spot, sample of the bed, length) of each stretch, without crossfades."""
    at, source = 0, 0
    while at < count:
        length = min(loop.end - source, count - at)
        yield at, source, length
        at, source = at + length, loop.start


def _seams(loop: Loop, count: int) -> range:
    """Samples of the spot at which a repetition begins; the fade before it may still be heard."""
    return range(loop.end, count + loop.fade, loop.end - loop.start)


def _crossfaded(sound: np.ndarray, loop: Loop) -> np.ndarray:
    """The seam, shape (fade, 2): of equal power, whatever the two sides have in common.

    The gains cos and sin keep the power of sounds that have nothing in common; what they have in
    common would swell by up to 3 dB, so they are divided by sqrt(1 + 2 r cos sin).
    """
    old = sound[loop.end - loop.fade : loop.end].astype(np.float64)
    new = sound[loop.start - loop.fade : loop.start].astype(np.float64)
    power = np.sqrt(np.square(old).sum() * np.square(new).sum())
    alike = max(float((old * new).sum() / power), 0.0) if power > 0 else 0.0
    angle = (np.arange(loop.fade) + 0.5)[:, None] / loop.fade * np.pi / 2
    down, up = np.cos(angle), np.sin(angle)
    return np.asarray((old * down + new * up) / np.sqrt(1 + 2 * alike * down * up), np.float32)


def _joins_itself(mono: np.ndarray, levels: np.ndarray, found: Beats) -> bool:
    """Whether the end goes over into the beginning: no step in the spectrum beyond those that the
    bed has anyway, no fade or silence at the end, and the beat goes on."""
    if len(levels) < 20:
        return True
    half = min(len(mono) // 2, beats.RATE_HZ)
    joined = mel_levels(np.concatenate([mono[-half:], mono[:half]]))
    at = round(half / beats.RATE_HZ / beats.HOP_S)
    inside = _steps(levels)[3:-6]
    if _steps(joined)[at - 2 : at + 4].max() > inside.max(initial=0.0) * 1.05:
        return False
    power = np.square(mono.astype(np.float64))
    last = power[-round(0.25 * beats.RATE_HZ) :].mean()
    if last < power.mean() * 10 ** (-2 * _QUIET_DB / 10):
        return False
    if not found.times_s:
        return True
    beat_s, length_s = 60 / found.tempo_bpm, len(mono) / beats.RATE_HZ
    return abs(length_s - beat_s * round(length_s / beat_s)) < _IN_TIME_S


def _steps(levels: np.ndarray) -> np.ndarray:
    """How much the spectrum changes from frame to frame, up or down, in dB: (frames - 1,)."""
    return np.asarray(np.abs(np.diff(levels, axis=0)).mean(axis=1))


def _best_pair(levels: np.ndarray, found: Beats, length_s: float) -> tuple[float, float] | None:
    """(start, end) in seconds, or None for a bed that is too short or has no two like places."""
    beat_s = 60 / found.tempo_bpm if found.times_s else 2 * _GRID_S
    points = np.array(found.times_s) if found.times_s else np.arange(0, length_s, _GRID_S)
    step = _BAR_BEATS if found.times_s else 1
    reach = round(2 * beat_s / beats.HOP_S)
    frames = np.rint(points / beats.HOP_S).astype(int)
    loud = levels.mean(axis=1)
    usable = [
        i for i, frame in enumerate(frames)
        if frame * beats.HOP_S > _FADE_S + _BEFORE_BEAT_S + _ALIGN_S
        and frame + reach // 4 <= len(levels)
        and loud[max(frame - reach // 2, 0) : frame + reach // 2].mean() > loud.mean() - _QUIET_DB
    ]  # fmt: skip
    best: tuple[float, int, int] | None = None
    for i in usable:
        for j in usable:
            if j - i < 2 * step or (j - i) % step or (j - i) * beat_s < 0.25 * length_s:
                continue
            before, after = min(reach, frames[i]), min(reach, len(levels) - frames[j])
            apart = np.abs(
                levels[frames[i] - before : frames[i] + after]
                - levels[frames[j] - before : frames[j] + after]
            ).mean()
            score = float(apart - 2.0 * (points[j] - points[i]) / length_s)
            if best is None or score < best[0]:
                best = (score, i, j)
    return None if best is None else (float(points[best[1]]), float(points[best[2]]))


def _aligned(sound: np.ndarray, start: int, end: int) -> int:
    """Samples by which `start` is moved so that the waveforms before it and before `end` fit."""
    reach, length = round(_ALIGN_S * RATE_HZ), round(_FADE_S * RATE_HZ)
    if start - length - reach < 0 or start + reach > len(sound):
        return 0
    old = sound[end - length : end].mean(axis=1).astype(np.float64)
    near = sound[start - length - reach : start + reach].mean(axis=1).astype(np.float64)
    dots = np.correlate(near, old, mode="valid")
    energy = np.convolve(np.square(near), np.ones(length), mode="valid")
    return int(np.argmax(dots / np.sqrt(energy + 1e-9))) - reach


def _mono(sound: np.ndarray) -> np.ndarray:
    return resample(sound.mean(axis=1), RATE_HZ, beats.RATE_HZ)
