"""Mouth shapes as numbers: what each viseme does with jaw, lips, teeth and tongue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from stages.avatar.visemes import SEALED
from stages.shared.lip_sync import VISEMES


@dataclass(frozen=True)
class Shape:
    """One posture of the mouth; all from 0 to 1, `wide` from -1."""

    jaw: float = 0.0
    """How far it hangs: 1 is the widest vowel."""
    wide: float = 0.0
    """Corners drawn apart, below 0 together."""
    round: float = 0.0
    """Lips pushed forward."""
    teeth: float = 0.0
    """How much of the upper row shows."""
    lower_teeth: float = 0.0
    tongue: float = 0.0
    """How high its tip is."""
    tuck: float = 0.0
    """Lower lip drawn up under the upper teeth."""
    press: float = 0.0
    """Lips shut with force, rolled in."""


SHAPES: Mapping[str, Shape] = {
    "sil": Shape(wide=0.30),
    "PP": Shape(press=1.0, wide=0.02),
    "FF": Shape(jaw=0.31, wide=0.15, teeth=1.0, tuck=1.0),
    "TH": Shape(jaw=0.34, wide=0.15, teeth=0.65, tongue=1.0),
    "DD": Shape(jaw=0.32, wide=0.25, teeth=0.75, lower_teeth=0.2, tongue=0.45),
    "kk": Shape(jaw=0.38, wide=0.15, teeth=0.5, tongue=0.15),
    "CH": Shape(jaw=0.36, wide=-0.15, round=0.55, teeth=0.9, lower_teeth=0.6),
    "SS": Shape(jaw=0.30, wide=0.50, teeth=1.0, lower_teeth=0.7),
    "nn": Shape(jaw=0.28, wide=0.20, teeth=0.6, tongue=0.6),
    "RR": Shape(jaw=0.34, wide=-0.20, round=0.50, teeth=0.35, tongue=0.2),
    "aa": Shape(jaw=1.0, wide=0.15, teeth=0.7, tongue=0.2),
    "E": Shape(jaw=0.68, wide=0.45, teeth=0.8, tongue=0.25),
    "I": Shape(jaw=0.42, wide=0.85, teeth=0.9, lower_teeth=0.25, tongue=0.3),
    "O": Shape(jaw=0.70, wide=-0.45, round=0.80, teeth=0.2),
    "U": Shape(jaw=0.26, wide=-0.75, round=1.0),
}
"""Drawn by eye, after the pictures of speech trainers; openness follows `lip_sync.OPENNESS`."""

_TABLE = np.array([[getattr(SHAPES[v], f.name) for f in fields(Shape)] for v in VISEMES])
_PP, _FF = VISEMES.index("PP"), VISEMES.index("FF")


def shape_of(weights: np.ndarray) -> Shape:
    """The posture for weights (15,) of the visemes, which sum to 1.

    Lips that meet do so before their weight is whole, and part late: a mean with a vowel would
    leave them ajar.
    """
    mixed = weights @ _TABLE
    named = {f.name: float(v) for f, v in zip(fields(Shape), mixed, strict=True)}
    shut = _ramp(float(weights[_PP]), *SEALED)
    named["jaw"] *= 1.0 - shut
    named["press"] = max(named["press"], shut)
    bite = _ramp(float(weights[_FF]), *SEALED)
    for name in ("jaw", "teeth", "tuck", "round", "lower_teeth", "tongue"):
        named[name] += (getattr(SHAPES["FF"], name) - named[name]) * bite
    return Shape(**named)


def _ramp(value: float, low: float, high: float) -> float:
    t = min(1.0, max(0.0, (value - low) / (high - low)))
    return t * t * (3.0 - 2.0 * t)
