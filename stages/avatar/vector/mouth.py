"""Draws a mouth: lips as curves from corner to corner, teeth and tongue behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import skia

from stages.avatar.vector.brush import (
    RGB,
    Point,
    light,
    luminance,
    mix,
    oval,
    paint,
    polygon,
    shade,
    smooth,
)
from stages.avatar.vector.face import Plan
from stages.avatar.vector.lips import Shape

HALF_WIDTH, JAW_DROP = 47.0, 43.0
"""Of the mouth at rest, and between the lips when it is widest; units."""
_T = np.linspace(-1.0, 1.0, 41)
_TEETH: RGB = (247.0, 242.0, 234.0)
_INSIDE: RGB = (34.0, 11.0, 13.0)


@dataclass(frozen=True)
class Curves:
    """Edges of the lips, (41, 2) in units, from the left corner to the right."""

    upper: np.ndarray
    """Inner edge of the upper lip; `lower` is that of the lower one, together when shut."""
    lower: np.ndarray
    top: np.ndarray
    """Outer edges."""
    bottom: np.ndarray

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Around the lips: x0, y0, x1, y1."""
        x0, x1 = float(self.top[0, 0]), float(self.top[-1, 0])
        return x0, float(self.top[:, 1].min()), x1, float(self.bottom[:, 1].max())


def curves(plan: Plan, shape: Shape) -> Curves:
    """Where the lips of a face are in a posture."""
    face, (x, y) = plan.host.face, plan.mouth
    half = HALF_WIDTH * face.mouth * (1.0 + 0.15 * shape.wide - 0.27 * shape.round)
    gap = JAW_DROP * shape.jaw
    sag = (1.0 - np.abs(_T) ** (2.3 - 0.2 * shape.round)) ** (0.9 - 0.38 * shape.round)
    rest = -5.6 * np.abs(_T) ** 1.9 + 1.4 * np.exp(-((_T / 0.16) ** 2))  # corners up, a dip amid
    rest = rest * (1.0 - 0.85 * shape.round)
    rise = 0.20 + 0.16 * shape.tuck + 0.22 * shape.round
    upper = y + rest - rise * gap * sag
    lower = np.maximum(y + rest + (1.0 - rise) * gap * sag, upper)
    full = face.lips * (1.0 + 0.12 * shape.round - 0.08 * max(0.0, shape.wide))
    full *= 1.0 - 0.34 * shape.press
    bow = (1.0 - np.abs(_T) ** 1.7) * (1.0 - 0.17 * np.exp(-((_T / 0.15) ** 2)))
    bow = bow + 0.06 * np.exp(-(((np.abs(_T) - 0.26) / 0.14) ** 2))
    swell = (1.0 - np.abs(_T) ** 2.2) ** 0.75
    top = upper - 14.0 * full * bow
    bottom = lower + 19.5 * full * (1.0 - 0.42 * shape.tuck) * swell
    inner, outer = x + half * _T, x + (half + 2.5) * _T
    return Curves(*(np.stack(c, axis=1) for c in
                    ((inner, upper), (inner, lower), (outer, top), (outer, bottom))))  # fmt: skip


def draw_mouth(canvas: skia.Canvas, plan: Plan, shape: Shape) -> Curves:
    """Draw it on the face; returns where the lips are."""
    found = curves(plan, shape)
    skin, lip = plan.skin, plan.lip
    x0, _, x1, bottom = found.box
    middle = (x0 + x1) / 2
    below = [(middle - 30.0, bottom + 5), (middle, bottom + 9), (middle + 30.0, bottom + 5)]
    canvas.drawPath(smooth(below, False), paint(shade(skin, 0.75), 0.34, soft=4, line=8))
    for x, side in ((x0, -1), (x1, 1)):
        corner = oval(x + side * 2, float(found.upper[0, 1]) + 1, 6, 4.5)
        canvas.drawPath(corner, paint(shade(skin, 0.75), 0.34, soft=2.5))
    if float((found.lower - found.upper)[:, 1].max()) > 0.8:
        _inside(canvas, found, shape)
    _lips(canvas, found, lip, shape)
    return found


def _inside(canvas: skia.Canvas, found: Curves, shape: Shape) -> None:
    opening = polygon(np.vstack([found.upper, found.lower[::-1]]))
    canvas.save()
    canvas.clipPath(opening, doAntiAlias=True)
    canvas.drawPath(opening, paint(_INSIDE))
    middle = float(found.upper[20, 0])
    half = float(found.upper[-1, 0]) - middle
    high, low = float(found.upper[20, 1]), float(found.lower[20, 1])
    if shape.jaw > 0.5 or 0.02 < shape.tongue <= 0.7:
        _tongue(canvas, shape, middle, half, high, low)
    if shape.lower_teeth > 0.02:
        row = found.lower - np.array([0.0, 9.0 * shape.lower_teeth])
        row[:, 1] += 5.0 * np.abs(_T) ** 3
        canvas.drawPath(
            polygon(np.vstack([row, found.lower[::-1] + 3])), paint(shade(_TEETH, 0.10))
        )
    if shape.teeth > 0.02:
        _upper_teeth(canvas, found, shape, middle, half)
    if shape.tongue > 0.7:  # its tip between the teeth
        _tongue(canvas, shape, middle, half, high, low)
    shadow = smooth([(float(a), float(b)) for a, b in found.upper[::5]], False)
    canvas.drawPath(shadow, paint((40.0, 10.0, 12.0), 0.42, soft=1.6, line=5))
    canvas.restore()


def _tongue(
    canvas: skia.Canvas, shape: Shape, middle: float, half: float, high: float, low: float
) -> None:
    rise = (low - high) * (0.34 + 0.50 * shape.tongue) + 4.0 * shape.tongue
    colour = mix(_INSIDE, (196.0, 88.0, 84.0), min(1.0, 0.45 + 0.6 * shape.tongue))
    canvas.drawPath(oval(middle, low + 4, half * (0.66 - 0.14 * shape.tongue), rise), paint(colour))


def _upper_teeth(
    canvas: skia.Canvas, found: Curves, shape: Shape, middle: float, half: float
) -> None:
    gap = float((found.lower - found.upper)[20, 1])
    height = shape.teeth * (min(14.5, 4.0 + 0.42 * gap) if shape.tuck < 0.5 else gap + 4.0)
    row = found.upper + np.array([0.0, height])
    row[:, 1] -= (0.45 * height) * np.abs(_T) ** 3
    canvas.drawPath(polygon(np.vstack([found.upper - [0.0, 3.0], row[::-1]])), paint(_TEETH))
    for n in (-2, -1, 0, 1, 2):
        x = middle + n * 0.235 * half
        top = float(np.interp(x, found.upper[:, 0], found.upper[:, 1]))
        gum = [(x, top), (x, top + 0.96 * height * (1.0 - 0.1 * abs(n)))]
        canvas.drawPath(smooth(gum, False), paint((150.0, 120.0, 112.0), 0.26, line=1.1))


def _lips(canvas: skia.Canvas, found: Curves, lip: RGB, shape: Shape) -> None:
    seam = shade(lip, 0.95)
    above = polygon(np.vstack([found.top, found.upper[::-1]]))
    below = polygon(np.vstack([found.lower, found.bottom[::-1]]))
    canvas.drawPath(below, paint(light(lip, 0.05)))
    canvas.drawPath(above, paint(shade(lip, 0.20)))
    middle, low = float(found.lower[20, 0]), float(found.lower[20, 1])
    depth = float(found.bottom[20, 1]) - low
    gloss = oval(middle - 5, low + 0.46 * depth, 17 * (1 - 0.3 * shape.round), 0.20 * depth)
    strength = 0.50 if luminance(lip) > 0.25 else 0.34
    canvas.drawPath(gloss, paint(light(lip, 0.62), strength, soft=2.6))
    edge = [(float(a), float(b)) for a, b in found.bottom[4:-4:4]]
    canvas.drawPath(smooth(edge, False), paint(shade(lip, 0.55), 0.32, soft=1.5, line=3))
    _line(canvas, found.upper, seam, 0.92, 2.5 + 0.8 * shape.press)
    if shape.jaw > 0.03:
        _line(canvas, found.lower, shade(lip, 0.5), 0.40, 1.3)


def _line(canvas: skia.Canvas, curve: np.ndarray, colour: RGB, alpha: float, width: float) -> None:
    """A line along an edge of the lips, thinner towards the corners."""
    half = (width * (1.0 - 0.75 * np.abs(_T) ** 2) / 2)[:, None] * np.array([0.0, 1.0])
    spots: list[Point] = [
        (float(a), float(b)) for a, b in np.vstack([curve - half, (curve + half)[::-1]])
    ]
    canvas.drawPath(polygon(spots), paint(colour, alpha))
