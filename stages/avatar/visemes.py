"""Phonemes to mouth shapes: fifteen visemes, weighted in time as neighbouring sounds blend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from stages.shared.lip_sync import ARPABET_TO_VISEME, GLIDES, VISEMES

DOMINANCE: Mapping[str, float] = {
    "sil": 0.7, "PP": 8.0, "FF": 4.0, "TH": 0.8, "DD": 0.45, "kk": 0.4, "CH": 1.0, "SS": 0.8,
    "nn": 0.45, "RR": 0.7, "aa": 1.0, "E": 0.9, "I": 0.9, "O": 1.1, "U": 1.3,
}  # fmt: skip
"""How much a shape resists its neighbours. Lips that must meet (PP, FF) win over any vowel, rounded
lips (O, U) over spread ones, and what only the tongue does (DD, kk, nn) yields, after the dominance
model of Cohen and Massaro (1993); the values were set by eye on rendered speech."""

CLOSURE_S = 0.028
"""Least time that a closure is held to either side of its middle: more than half a frame at 24 fps,
so that every P, B and M is caught shut by a frame."""

SEALED = (0.30, 0.62)
"""Weight of PP or FF from which it wins over its partner, and at which it is alone."""

AT_REST = 0.14
"""Pull of the closed mouth at all times. More mumbles, 0 shows every vowel as wide as it goes."""

EXPOSURE_S = (-0.021, -0.014, -0.007, 0.0, 0.007, 0.014, 0.021)
"""A frame shows the mean of these moments around its own, as a shutter would: lips glide."""


def viseme_weights(
    phonemes: Sequence[Mapping[str, Any]],
    times_s: np.ndarray,
    mapping: Mapping[str, str] = ARPABET_TO_VISEME,
) -> np.ndarray:
    """Weights of the shapes `VISEMES` at the times (n,): float32 (n, 15), rows that sum to 1.

    At most two shapes of a row are above 0: the third strongest weight is taken off all, so that
    a partner comes and goes at weight 0 and the mouth never jumps.
    """
    aims = targets(phonemes, mapping)
    moments = [_two_strongest(_dominance(aims, times_s + shift_s)) for shift_s in EXPOSURE_S]
    return _sealed(_two_strongest(np.mean(moments, axis=0))).astype(np.float32)


def _sealed(weights: np.ndarray) -> np.ndarray:
    """Weights (n, 15) with PP and FF whole from `SEALED` on: a mean with a vowel leaves lips ajar,
    and teeth that should lie on the lip above a gap.
    """
    low, high = SEALED
    for shape in ("PP", "FF"):
        column = VISEMES.index(shape)
        t = np.clip((weights[:, column] - low) / (high - low), 0.0, 1.0)
        share = (t * t * (3.0 - 2.0 * t))[:, None]
        whole = np.zeros_like(weights)
        whole[:, column] = 1.0
        weights = weights + (whole - weights) * share
    return weights


def _two_strongest(total: np.ndarray) -> np.ndarray:
    """Weights (n, 15) less the third strongest of their row, 0 where below it; rows sum to 1."""
    ranked = np.sort(total, axis=1)
    kept = np.maximum(total - ranked[:, -3:-2], 0.0)
    kept += 1e-9 * (total == ranked[:, -1:])
    return kept / kept.sum(axis=1, keepdims=True)


def _dominance(aims: Sequence[tuple[str, float, float]], times_s: np.ndarray) -> np.ndarray:
    """How strongly each shape pulls at the times: float64 (n, 15)."""
    total = np.zeros((len(times_s), len(VISEMES)))
    total[:, 0] = AT_REST
    for viseme, start_s, end_s in aims:
        column = VISEMES.index(viseme)
        total[:, column] = np.maximum(total[:, column], _pull(viseme, start_s, end_s, times_s))
    return total


def targets(
    phonemes: Sequence[Mapping[str, Any]], mapping: Mapping[str, str]
) -> list[tuple[str, float, float]]:
    """The shapes to reach, in order: (viseme, start in s, end in s).

    A diphthong is two shapes, an unstressed AH (schwa) half open, an unknown symbol "sil".
    """
    found: list[tuple[str, float, float]] = []
    for phoneme in phonemes:
        symbol, start_s, end_s = phoneme["symbol"], phoneme["start_s"], phoneme["end_s"]
        shape = mapping.get(symbol, "sil")
        if symbol == "AH" and not phoneme["stress"]:
            shape = "E"
        if symbol in GLIDES:
            turn_s = start_s + 0.6 * (end_s - start_s)
            found += [(shape, start_s, turn_s), (GLIDES[symbol], turn_s, end_s)]
        else:
            found.append((shape, start_s, end_s))
    return found


def _pull(viseme: str, start_s: float, end_s: float, times_s: np.ndarray) -> np.ndarray:
    """One shape's dominance over time: a plateau around its middle with Gaussian flanks."""
    length_s = end_s - start_s
    if viseme in ("PP", "FF"):
        hold_s, flank_s = max(0.25 * length_s, CLOSURE_S), 0.020
    elif viseme == "sil":
        # a short gap between words barely moves the lips; a pause closes them, without haste
        hold_s, flank_s = max(0.0, length_s / 2 - 0.09), float(np.clip(length_s / 4, 0.02, 0.05))
    else:
        hold_s, flank_s = 0.14 * length_s, float(np.clip(0.42 * length_s, 0.028, 0.065))
    away_s = np.maximum(np.abs(times_s - (start_s + end_s) / 2) - hold_s, 0.0)
    strength = DOMINANCE[viseme] * min(1.0, 0.4 + length_s / 0.12)
    return strength * np.exp(-0.5 * (away_s / flank_s) ** 2)
