"""Brush: smooth shapes through points, filled flat, soft or as strands, on a skia canvas."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import skia

UNITS = 1000.0
"""Width and height of the picture in the units that all shapes are written in."""

RGB = tuple[float, float, float]
"""0 to 255 each."""
Point = tuple[float, float]


def rgb(text: str) -> RGB:
    """The colour of "#rrggbb"."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def mix(a: RGB, b: RGB, part: float) -> RGB:
    """The colour `part` (0 to 1) of the way from `a` to `b`."""
    return tuple(x + (y - x) * part for x, y in zip(a, b, strict=True))  # type: ignore[return-value]


def shade(colour: RGB, part: float) -> RGB:
    """Darker, and warmer as skin and cloth are in their own shadow."""
    deep = (colour[0] * 0.50, colour[1] * 0.36, colour[2] * 0.38)
    return mix(colour, deep, part)


def light(colour: RGB, part: float) -> RGB:
    """Lighter, towards a warm white."""
    return mix(colour, (255.0, 247.0, 236.0), part)


def luminance(colour: RGB) -> float:
    """0 to 1, by the weights of BT.709."""
    return (0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]) / 255.0


def paint(colour: RGB, alpha: float = 1.0, soft: float = 0.0, line: float = 0.0) -> skia.Paint:
    """A paint; `soft` is the deviation of its blur and `line` a stroke's width, in units."""
    made = skia.Paint(AntiAlias=True)
    red, green, blue = (round(min(255.0, max(0.0, v))) for v in colour)
    made.setColor(skia.ColorSetARGB(round(255 * alpha), red, green, blue))
    if soft:
        made.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, soft))
    if line:
        made.setStyle(skia.Paint.kStroke_Style)
        made.setStrokeWidth(line)
        made.setStrokeCap(skia.Paint.kRound_Cap)
        made.setStrokeJoin(skia.Paint.kRound_Join)
    return made


def cast(colour: RGB, alpha: float, soft: float) -> skia.Paint:
    """A soft shadow that falls on what is drawn already, and on nothing else."""
    made = paint(colour, alpha, soft=soft)
    made.setBlendMode(skia.BlendMode.kSrcATop)
    return made


def fade(points: tuple[Point, Point], colours: Sequence[RGB]) -> skia.Paint:
    """A paint whose colour changes along a line."""
    made = skia.Paint(AntiAlias=True)
    values = [skia.ColorSetRGB(*(round(min(255.0, max(0.0, v))) for v in c)) for c in colours]
    made.setShader(skia.GradientShader.MakeLinear(list(points), values))
    return made


def smooth(points: Sequence[Point], closed: bool = True) -> skia.Path:
    """A curve through the points: Catmull-Rom, as cubic Bezier pieces."""
    path = skia.Path()
    count = len(points)
    path.moveTo(*points[0])
    for i in range(count if closed else count - 1):
        if closed:
            a, b, c, d = (points[(i + k) % count] for k in (-1, 0, 1, 2))
        else:
            a, b, c, d = (points[min(max(i + k, 0), count - 1)] for k in (-1, 0, 1, 2))
        path.cubicTo(
            b[0] + (c[0] - a[0]) / 6, b[1] + (c[1] - a[1]) / 6,
            c[0] - (d[0] - b[0]) / 6, c[1] - (d[1] - b[1]) / 6,
            c[0], c[1],
        )  # fmt: skip
    if closed:
        path.close()
    return path


def polygon(points: np.ndarray | Sequence[Point]) -> skia.Path:
    """A closed path with straight sides, of points (n, 2) close enough to look curved."""
    path = skia.Path()
    path.addPoly([skia.Point(float(x), float(y)) for x, y in points], True)
    return path


def oval(x: float, y: float, half_width: float, half_height: float) -> skia.Path:
    """An ellipse."""
    path = skia.Path()
    box = (x - half_width, y - half_height, x + half_width, y + half_height)
    path.addOval(skia.Rect.MakeLTRB(*box))
    return path


def mirrored(half: Sequence[Point], middle: float = 500.0) -> list[Point]:
    """A closed outline from its right half: (x to the right of the middle, y), top to bottom."""
    right = [(middle + x, y) for x, y in half]
    left = [(middle - x, y) for x, y in reversed(half) if x != 0.0]
    return right + left


def tapered(points: Sequence[Point], widths: Sequence[float]) -> skia.Path:
    """A strand along the points, as wide as said at each."""
    spots = np.asarray(points, np.float64)
    along = np.gradient(spots, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6)
    offset = across * np.asarray(widths)[:, None] / 2
    outline = [*map(tuple, spots + offset), *map(tuple, (spots - offset)[::-1])]
    return smooth(outline)
