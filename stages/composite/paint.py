"""Shapes that all graphics of a spot share: soft shadows, pills, struck-through prices."""

from __future__ import annotations

from collections.abc import Sequence

import skia

from stages.composite.colours import Colour, argb
from stages.composite.fitting import Block
from stages.composite.text import Lettering


def pill(rect: skia.Rect, radius_px: float) -> skia.RRect:
    """Rounded rectangle whose radius is never more than half of its height."""
    radius = min(radius_px, rect.height() / 2, rect.width() / 2)
    return skia.RRect.MakeRectXY(rect, radius, radius)


def fill(canvas: skia.Canvas, shape: skia.RRect, colour: Colour, alpha: float = 1.0) -> None:
    """Fill a shape, edges smoothed."""
    canvas.drawRRect(shape, skia.Paint(AntiAlias=True, Color=argb(colour, alpha)))


def shadow(
    canvas: skia.Canvas, shape: skia.RRect, *, blur_px: float, drop_px: float, alpha: float
) -> None:
    """A soft shadow below a shape that will be filled next."""
    moved = skia.RRect(shape)
    moved.offset(0, drop_px)
    blur = skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur_px / 2)
    canvas.drawRRect(
        moved, skia.Paint(AntiAlias=True, Color=argb((0, 0, 0), alpha), MaskFilter=blur)
    )


def shade(canvas: skia.Canvas, rect: skia.Rect, *, blur_px: float, alpha: float) -> None:
    """A soft dark cloud as large as `rect`, for light letters: it fades out inside of it."""
    inner = rect.makeInset(0.4 * blur_px, 0.4 * blur_px)
    blur = skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur_px / 2)
    paint = skia.Paint(AntiAlias=True, Color=argb((8, 9, 12), alpha), MaskFilter=blur)
    canvas.drawRRect(pill(inner, 0.5 * blur_px), paint)


def scrim(canvas: skia.Canvas, wide_px: float, bottom_px: float, *, alpha: float) -> None:
    """Darkness from the band's upper edge, the same for two thirds of its height, then fading to
    nothing at `bottom_px`: for light letters on it."""
    dark = [argb((8, 9, 12), alpha), argb((8, 9, 12), alpha), argb((8, 9, 12), 0.0)]
    points = [skia.Point(0, 0), skia.Point(0, bottom_px)]
    fade = skia.GradientShader.MakeLinear(points, dark, [0.0, 0.62, 1.0])
    canvas.drawRect(skia.Rect.MakeWH(wide_px, bottom_px), skia.Paint(Shader=fade, Dither=True))


def scaled(canvas: skia.Canvas, scale: float, x: float, y: float) -> None:
    """From here on, draw `scale` times as large about the point (x, y)."""
    canvas.translate(x, y)
    canvas.scale(scale, scale)
    canvas.translate(-x, -y)


def path_of(points: Sequence[tuple[float, float]]) -> skia.Path:
    """A closed polygon."""
    path = skia.PathBuilder() if hasattr(skia, "PathBuilder") else skia.Path()
    path.moveTo(*points[0])
    for point in points[1:]:
        path.lineTo(*point)
    path.close()
    return path.detach() if hasattr(path, "detach") else path


def struck(
    canvas: skia.Canvas,
    lettering: Lettering,
    block: Block,
    colour: Colour,
    x_px: float,
    y_px: float,
) -> None:
    """A line of text with a stroke through it: a price that no longer holds."""
    lettering.draw(canvas, block, colour, x_px, y_px)
    middle = y_px + block.ascent_px - 0.36 * block.size_px
    over = 0.06 * block.size_px
    line = skia.Rect.MakeLTRB(
        x_px - over,
        middle - 0.035 * block.size_px,
        x_px + block.width_px + over,
        middle + 0.035 * block.size_px,
    )
    fill(canvas, pill(line, line.height()), colour)
