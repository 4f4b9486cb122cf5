"""Draws eyes, lids and brows, and glasses over them."""

from __future__ import annotations

import numpy as np
import skia

from stages.avatar.vector.brush import (
    Point,
    light,
    luminance,
    mix,
    oval,
    paint,
    polygon,
    rgb,
    shade,
    smooth,
    tapered,
)
from stages.avatar.vector.face import Plan

HALF_WIDTH, UPPER, LOWER = 31.0, 17.0, 10.0
"""Of an open eye, from its middle; units."""
_T = np.linspace(-1.0, 1.0, 25)


def draw_eyes(canvas: skia.Canvas, plan: Plan, closure: float, gaze: Point) -> None:
    """Both eyes; `closure` 0 open to 1 shut, `gaze` in units to the right and down."""
    for side in (-1, 1):
        _eye(canvas, plan, side, closure, gaze)


def _eye(canvas: skia.Canvas, plan: Plan, side: int, closure: float, gaze: Point) -> None:
    eyes, skin = plan.host.eyes, plan.skin
    x, y = plan.eye(side)
    half = HALF_WIDTH * eyes.size
    outward = _T * side
    lean = -2.6 * eyes.slant * outward
    peak = 1.0 - np.abs(_T - 0.10 * -side) ** 2.2 / (1.10**2.2)
    open_upper = -UPPER * eyes.size * np.clip(peak, 0, 1) ** 0.85 + lean
    lower = LOWER * eyes.size * (1.0 - np.abs(_T) ** 2.4) + lean
    shut = 0.72 * lower + 0.28 * lean
    upper = open_upper + (shut - open_upper) * closure
    lower = lower - 1.5 * closure * (1.0 - _T**2)
    lower = np.maximum(lower, upper)
    across = x + half * _T
    top = np.stack([across, y + upper], axis=1)
    bottom = np.stack([across, y + lower], axis=1)
    crease = np.stack([across, y + open_upper - 6.5 * (1.0 - 0.5 * _T**2)], axis=1)
    if closure > 0.02:  # the lid, where the eye was
        lid = polygon(np.vstack([crease + np.array([0.0, 3.0]), top[::-1]]))
        canvas.drawPath(lid, paint(shade(skin, 0.14)))
        canvas.drawPath(oval(x, y - 4, 13, 6), paint(light(skin, 0.3), 0.28 * closure, soft=4))
    if closure < 0.97:
        opening = polygon(np.vstack([top, bottom[::-1]]))
        canvas.save()
        canvas.clipPath(opening, doAntiAlias=True)
        canvas.drawPath(opening, paint((248.0, 244.0, 239.0)))
        _iris(canvas, plan, x + gaze[0], y - 2.6 + gaze[1])
        cast = smooth([(float(a), float(b) + 2) for a, b in top[::4]], False)
        canvas.drawPath(cast, paint((44.0, 26.0, 24.0), 0.34, soft=2.2, line=7))
        canvas.restore()
    line = paint(shade(skin, 0.85), 0.55, line=1.5)
    canvas.drawPath(smooth([(float(a), float(b)) for a, b in bottom[3:-2:4]], False), line)
    fold = paint(shade(skin, 0.75), 0.50 * (1.0 - 0.75 * closure), line=1.7)
    canvas.drawPath(smooth([(float(a), float(b)) for a, b in crease[2:-2:4]], False), fold)
    _lashes(canvas, plan, side, top, closure)


def _iris(canvas: skia.Canvas, plan: Plan, x: float, y: float) -> None:
    size, colour = plan.host.eyes.size, rgb(plan.host.eyes.colour)
    radius = 16.6 * size
    canvas.drawCircle(x, y, radius, paint(shade(mix(colour, (20, 14, 12), 0.35), 0.3)))
    canvas.drawCircle(x, y, radius * 0.86, paint(colour))
    canvas.drawPath(oval(x, y + 5 * size, radius * 0.58, radius * 0.40),
                    paint(light(colour, 0.45), 0.45, soft=2))  # fmt: skip
    canvas.drawCircle(x, y, radius * 0.46, paint((16.0, 11.0, 11.0)))
    canvas.drawCircle(
        x - 5.2 * size, y - 5.8 * size, 4.2 * size, paint((255.0, 255.0, 255.0), 0.95)
    )
    canvas.drawCircle(
        x + 4.6 * size, y + 4.8 * size, 1.7 * size, paint((255.0, 255.0, 255.0), 0.55)
    )


def _lashes(canvas: skia.Canvas, plan: Plan, side: int, top: np.ndarray, closure: float) -> None:
    """The dark line of the upper lid, heavier and longer at its outer end."""
    strength = plan.host.eyes.lashes
    outward = np.clip(0.5 + 0.5 * _T * side, 0.0, 1.0)
    thick = (2.0 + 2.0 * strength) * (0.35 + 0.65 * outward**0.8)
    thick[[0, -1]] *= 0.5
    spots = top.copy()
    end = -1 if side > 0 else 0
    spots[end] += [
        side * (2.0 + 5.0 * strength),
        -(1.0 + 3.5 * strength) + 6.0 * closure * strength,
    ]
    outline = np.vstack(
        [spots - thick[:, None] * [0.0, 0.75], (spots + thick[:, None] * [0.0, 0.35])[::-1]]
    )
    canvas.drawPath(polygon(outline), paint((36.0, 22.0, 20.0), 0.94))


def draw_brows(canvas: skia.Canvas, plan: Plan, raised: float) -> None:
    """Both brows; `raised` runs from 0 to 1."""
    brows, colour = plan.host.brows, plan.brow
    if luminance(colour) < luminance(plan.skin):
        colour = mix(colour, plan.skin, 0.10)
    arch = 3.0 + 8.0 * brows.arch
    for side in (-1, 1):
        x, _ = plan.eye(side)
        lift = 9.0 * raised
        points = [
            (x + side * dx, dy - lift * part)
            for dx, dy, part in (
                (-31, 315, 0.80), (-13, 311 - 0.60 * arch, 0.95), (11, 309 - arch, 1.0),
                (30, 312 - 0.62 * arch, 1.0), (44, 321 - 0.10 * arch, 0.85),
            )
        ]  # fmt: skip
        w = 8.6 * brows.weight
        canvas.drawPath(tapered(points, (0.72 * w, w, 0.92 * w, 0.6 * w, 1.0)), paint(colour, 0.92))


def draw_glasses(canvas: skia.Canvas, plan: Plan) -> None:
    """Frames, if the host wears any."""
    glasses = plan.host.glasses
    if glasses is None:
        return
    colour = rgb(glasses.colour)
    bare = plan.host.hair.style in ("crop", "bun", "none")  # else hair lies over the arms
    reach = (138.0 if bare else 116.0) * plan.host.face.width
    for side in (-1, 1):
        x, y = plan.eye(side)
        if glasses.shape == "round":
            rim = oval(x + side * 2, y + 3, 44, 42)
        else:
            rim = skia.Path()
            box = skia.Rect.MakeLTRB(x + side * 3 - 45, y - 31, x + side * 3 + 45, y + 34)
            rim.addRRect(skia.RRect.MakeRectXY(box, 17, 17))
        canvas.drawPath(rim, paint((255.0, 255.0, 255.0), 0.05))
        canvas.save()
        canvas.translate(1.5, 4.5)
        canvas.drawPath(rim, paint(shade(plan.skin, 0.9), 0.26, line=4))
        canvas.restore()
        canvas.drawPath(rim, paint(colour, line=5.4))
        canvas.drawPath(rim, paint(light(colour, 0.4), 0.35, line=1.2))
        arm = [(x + side * 46, y - 9), (500 + side * reach, y - 13)]
        canvas.drawPath(smooth(arm, False), paint(colour, line=5))
    left, right = plan.eye(-1), plan.eye(1)
    bridge = [(left[0] + 41, left[1] - 3), (500, left[1] - 12), (right[0] - 41, right[1] - 3)]
    canvas.drawPath(smooth(bridge, False), paint(colour, line=5))
