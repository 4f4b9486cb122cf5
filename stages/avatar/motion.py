"""Plans how a presenter moves besides her lips: blinks, and a head that follows what she says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_STEP_S = 0.01
BLINK_GAP_S = (2.2, 4.8)
"""Shortest and longest time between two blinks; people who talk blink every 2 to 5 s."""
BLINK_CLOSING_S, BLINK_SHUT_S, BLINK_OPENING_S = 0.10, 0.05, 0.17
"""Lids fall faster than they rise; at 24 fps a blink is seen in 6 or 7 steps."""
ACCENT_GAP_S = 0.55
"""Least time between two nods for emphasis: one per phrase, not one per syllable."""


@dataclass(frozen=True)
class Motion:
    """Where head and lids are, one number per frame (float32).

    `turn` (to her left is positive) and `nod` (down is positive) are fractions of the rig's turned
    and nodding poses, `tilt_deg` rolls the head about the neck, `sway_px` and `breath_px` shift
    the shoulders to the right and up, in pixels of the rig's canvas, `lids` is 0 open to 1 shut.
    """

    turn: np.ndarray
    nod: np.ndarray
    tilt_deg: np.ndarray
    sway_px: np.ndarray
    breath_px: np.ndarray
    lids: np.ndarray


def plan_motion(
    phonemes: Sequence[Mapping[str, Any]],
    sentences: Sequence[Mapping[str, Any]],
    times_s: np.ndarray,
    seed: int,
) -> Motion:
    """Motion at the times (n,) in s. The same inputs give the same motion, whatever the span asked.

    The head is a damped spring pulled by the phrasing (a small lift and turn where a sentence
    begins, a nod on its strongest stresses, a settling where it ends) on top of slow drift.
    """
    rng = np.random.default_rng((seed, 0x4D07))
    clock = np.arange(0.0, max(16.0, float(times_s.max(initial=0.0)) + 1.0), _STEP_S)
    turn, nod, tilt = np.zeros(len(clock)), np.zeros(len(clock)), np.zeros(len(clock))
    side = 1.0 if rng.random() < 0.5 else -1.0
    for sentence in sentences:
        side = -side
        size = rng.uniform(0.7, 1.0)
        _hold(turn, clock, sentence["start_s"] - 0.12, sentence["end_s"] + 0.1, 0.16 * side * size)
        _hold(tilt, clock, sentence["start_s"] - 0.05, sentence["end_s"], -0.7 * side * size)
        _bump(nod, clock, sentence["start_s"] - 0.06, 0.20, -0.16 * size)
        _bump(nod, clock, sentence["end_s"] - 0.10, 0.24, 0.14 * size)
    for time_s, strength in accents(phonemes, sentences):
        _bump(nod, clock, time_s - 0.03, 0.11, strength * rng.uniform(0.30, 0.42))
        _bump(turn, clock, time_s, 0.16, strength * rng.uniform(-0.07, 0.07))
        _bump(tilt, clock, time_s, 0.18, strength * rng.uniform(-0.35, 0.35))
    turn = _spring(turn, 1.5) + 0.050 * _drift(rng, clock, 1.1)
    nod = _spring(nod, 2.6) + 0.045 * _drift(rng, clock, 0.9)
    tilt = _spring(tilt, 1.3) + 0.22 * _drift(rng, clock, 1.3)
    sway = 1.2 * _drift(rng, clock, 1.6) + 3.0 * _spring(turn, 0.8)
    pace = 2 * np.pi * np.cumsum(0.24 + 0.03 * _drift(rng, clock, 2.0)) * _STEP_S
    breath = 0.9 * (1.0 - np.cos(pace + rng.uniform(0, 6.28)))
    lids = _lids(rng, clock, sentences)
    pick = [np.interp(times_s, clock, c) for c in (turn, nod, tilt, sway, breath, lids)]
    return Motion(*(p.astype(np.float32) for p in pick))


def accents(
    phonemes: Sequence[Mapping[str, Any]], sentences: Sequence[Mapping[str, Any]]
) -> list[tuple[float, float]]:
    """The stresses worth a nod: (time in s, strength 0..1), in order, `ACCENT_GAP_S` apart.

    The stronger a stressed vowel, the longer it is beside the others; the last of a sentence, which
    carries its point, counts half as much again.
    """
    vowels = [p for p in phonemes if p["stress"] == 1 and p["end_s"] > p["start_s"]]
    if not vowels:
        return []
    usual_s = float(np.median([p["end_s"] - p["start_s"] for p in vowels]))
    last = {
        max((p["start_s"] for p in vowels if s["start_s"] <= p["start_s"] < s["end_s"]), default=-1)
        for s in sentences
    }
    ranked = sorted(
        (
            ((p["end_s"] - p["start_s"]) * (1.5 if p["start_s"] in last else 1.0), p["start_s"])
            for p in vowels
        ),
        reverse=True,
    )
    chosen: list[tuple[float, float]] = []
    for weight_s, start_s in ranked:
        if all(abs(start_s - other_s) >= ACCENT_GAP_S for other_s, _ in chosen):
            chosen.append((start_s, float(np.clip(0.6 * weight_s / usual_s, 0.35, 1.0))))
    return sorted(chosen)


def _hold(track: np.ndarray, clock: np.ndarray, start_s: float, end_s: float, to: float) -> None:
    track[(clock >= start_s) & (clock < end_s)] += to


def _bump(track: np.ndarray, clock: np.ndarray, at_s: float, width_s: float, to: float) -> None:
    track += to * np.exp(-0.5 * ((clock - at_s) / width_s) ** 2)


def _spring(goal: np.ndarray, hertz: float) -> np.ndarray:
    """`goal` as a critically damped spring of that natural frequency follows it."""
    omega = 2 * np.pi * hertz
    place, speed = float(goal[0]), 0.0
    path = np.empty(len(goal))
    for i, target in enumerate(goal):
        speed += (omega * omega * (target - place) - 2 * omega * speed) * _STEP_S
        place += speed * _STEP_S
        path[i] = place
    return path


def _drift(rng: np.random.Generator, clock: np.ndarray, scale_s: float) -> np.ndarray:
    """Smooth noise of unit deviation that changes over about `scale_s` seconds."""
    knots = rng.standard_normal(int(clock[-1] / scale_s) + 6)
    at = clock / scale_s + 2.0
    path = np.zeros(len(clock))
    for i, knot in enumerate(knots):
        path += knot * np.exp(-0.5 * ((at - i) / 0.6) ** 2)
    return path / 1.03  # root of the mean of the sum of squared kernels


def _lids(
    rng: np.random.Generator, clock: np.ndarray, sentences: Sequence[Mapping[str, Any]]
) -> np.ndarray:
    """Closure of the lids over time; blinks like to fall on the gaps between sentences."""
    gaps_s = [s["end_s"] + 0.08 for s in sentences]
    lids = np.zeros(len(clock))
    next_s = rng.uniform(0.9, 2.4)
    while next_s < clock[-1]:
        near = [g for g in gaps_s if abs(g - next_s) < 0.7]
        at_s = near[0] if near else next_s
        lids = np.maximum(lids, _blink(clock - at_s))
        next_s = at_s + rng.uniform(*BLINK_GAP_S)
    return lids


def _blink(since_s: np.ndarray) -> np.ndarray:
    falling = np.clip(since_s / BLINK_CLOSING_S, 0.0, 1.0)
    rising = np.clip((since_s - BLINK_CLOSING_S - BLINK_SHUT_S) / BLINK_OPENING_S, 0.0, 1.0)
    return (0.5 - 0.5 * np.cos(np.pi * falling)) * (0.5 + 0.5 * np.cos(np.pi * rising))
