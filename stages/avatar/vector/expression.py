"""Plans what eyes and brows do while a host talks: brows with the stresses, glances between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stages.avatar.motion import accents

GLANCE_GAP_S = (0.7, 2.4)
"""Shortest and longest time between two small movements of the eyes."""


@dataclass(frozen=True)
class Expression:
    """One number per frame, float32: `brows` 0 to 1 raised; the gaze in units right and down."""

    brows: np.ndarray
    gaze_x: np.ndarray
    gaze_y: np.ndarray


def plan_expression(
    phonemes: Sequence[Mapping[str, Any]],
    sentences: Sequence[Mapping[str, Any]],
    times_s: np.ndarray,
    seed: int,
) -> Expression:
    """Expression at the times (n,) in s; the same inputs give the same, whatever span is asked.

    Brows rise where a sentence begins and with its accents, a little before the sound. Eyes jump:
    a glance takes 40 ms and stays until the next.
    """
    rng = np.random.default_rng((seed, 0xE7E5))
    brows = np.zeros(len(times_s))
    for sentence in sentences:
        brows += _bump(times_s, sentence["start_s"] - 0.02, 0.24, rng.uniform(0.35, 0.6))
    for time_s, strength in accents(phonemes, sentences):
        brows += _bump(times_s, time_s - 0.05, 0.13, strength * rng.uniform(0.25, 0.6))
    brows += 0.06 + 0.05 * np.sin(2 * np.pi * (0.11 * times_s + rng.random()))
    last_s = max(16.0, float(times_s.max(initial=0.0)) + 1.0)
    at_s, where = [0.0], [rng.normal(0, 0.4, 2)]
    while at_s[-1] < last_s:
        at_s.append(at_s[-1] + rng.uniform(*GLANCE_GAP_S))
        away = rng.random() < 0.25
        where.append(rng.normal(0, 2.6 if away else 0.7, 2) * [1.0, 0.5])
    knots_s = np.repeat(at_s, 2) + np.tile([0.0, 0.04], len(at_s))
    held = np.concatenate([np.repeat(where[:1], 1, axis=0), np.repeat(where, 2, axis=0)[:-1]])
    gaze = [np.interp(times_s, knots_s, np.clip(held[:, i], -3.6, 3.6)) for i in (0, 1)]
    return Expression(*(v.astype(np.float32) for v in (np.clip(brows, 0.0, 1.0), *gaze)))


def _bump(times_s: np.ndarray, at_s: float, width_s: float, height: float) -> np.ndarray:
    return np.asarray(height * np.exp(-0.5 * ((times_s - at_s) / width_s) ** 2))
