"""Hair and scarf of a host: what hangs behind the shoulders, and what lies over the face."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import skia

from stages.avatar.vector.brush import (
    RGB,
    Point,
    light,
    luminance,
    mirrored,
    oval,
    paint,
    rgb,
    shade,
    smooth,
    tapered,
)
from stages.avatar.vector.curls import draw_curls
from stages.avatar.vector.face import MIDDLE, Plan, cast_on_skin
from stages.avatar.vector.scarf import draw_scarf


def draw_hair_behind(canvas: skia.Canvas, plan: Plan) -> None:
    """What is behind neck and shoulders."""
    style, w = plan.host.hair.style, plan.host.face.width
    colour = rgb(plan.host.hair.colour)
    if style == "long":
        half = [
            (0, 118), (92 * w, 134), (160 * w, 204), (180 * w, 320), (184 * w, 450), (198 * w, 580),
            (204 * w, 690), (176 * w, 770), (90 * w, 780), (0, 760),
        ]  # fmt: skip
        _mass(canvas, smooth(mirrored(half)), shade(colour, 0.35), 31, (330, 780))
    elif style == "bob":
        half = [
            (0, 122), (92 * w, 134), (158 * w, 204), (182 * w, 330), (192 * w, 440), (184 * w, 530),
            (150 * w, 582), (100 * w, 586), (0, 560),
        ]  # fmt: skip
        _mass(canvas, smooth(mirrored(half)), shade(colour, 0.35), 32, (320, 590))
    elif style == "curls":
        draw_curls(canvas, plan, shade(colour, 0.30), behind=True)
    elif style == "bun":
        knot = [(0, 46), (46, 54), (72, 92), (62, 134), (0, 156)]
        _mass(canvas, smooth(mirrored(knot)), colour, 33, (40, 160))
    elif style == "scarf":
        half = [
            (0, 118), (96 * w, 134), (166 * w, 214), (182 * w, 340), (170 * w, 470), (150 * w, 580),
            (196 * w, 660), (214 * w, 720), (0, 740),
        ]  # fmt: skip
        canvas.drawPath(smooth(mirrored(half)), paint(shade(colour, 0.30)))


def draw_hair_before(canvas: skia.Canvas, plan: Plan) -> None:
    """What lies over head and face, and the shadow it casts on the forehead."""
    style = plan.host.hair.style
    colour = rgb(plan.host.hair.colour)
    if style == "none":
        _shaved(canvas, plan, colour)
    elif style in ("long", "bob"):
        _parted(canvas, plan, colour, long=style == "long")
    elif style == "crop":
        _crop(canvas, plan, colour)
    elif style == "curls":
        draw_curls(canvas, plan, colour, behind=False)
    elif style == "bun":
        _pulled_back(canvas, plan, colour)
    else:
        draw_scarf(canvas, plan, colour)


def _mass(
    canvas: skia.Canvas, shape: skia.Path, colour: RGB, seed: int, rows: tuple[float, float]
) -> None:
    """A body of hair with strands that run down."""
    canvas.drawPath(shape, paint(colour))
    canvas.save()
    canvas.clipPath(shape, doAntiAlias=True)
    rng = np.random.default_rng(seed)
    box = shape.getBounds()
    for _ in range(46):
        x = rng.uniform(box.left(), box.right())
        pull = (x - MIDDLE) / 190.0
        points = [
            (MIDDLE + pull * reach + rng.normal(0, 4), y)
            for reach, y in zip(
                (60, 168, 180, 190 + rng.normal(0, 8)),
                np.linspace(rows[0] - 120, rows[1] + 20, 4),
                strict=True,
            )
        ]
        bright = rng.random() < 0.4
        tone = light(colour, 0.16) if bright else shade(colour, 0.5)
        width = rng.uniform(3, 9)
        canvas.drawPath(
            tapered(points, (1, width, width, 1)), paint(tone, rng.uniform(0.15, 0.4), soft=1.5)
        )
    canvas.drawPath(shape, paint(shade(colour, 0.8), 0.4, soft=9, line=16))
    canvas.restore()


def _strands(
    canvas: skia.Canvas,
    clip: skia.Path,
    guides: Sequence[Sequence[Point]],
    colour: RGB,
    seed: int,
    count: int = 26,
) -> None:
    """Strands between the first and the last of the guides, clipped to the hair."""
    canvas.save()
    canvas.clipPath(clip, doAntiAlias=True)
    rng = np.random.default_rng(seed)
    dense = np.asarray(guides, np.float64)
    places = np.linspace(0, len(dense) - 1, count)
    gain = 0.30 if luminance(colour) < 0.25 else 0.22
    for place in places:
        at = float(np.clip(place + rng.normal(0, 0.12), 0, len(dense) - 1))
        low = min(int(at), len(dense) - 2)
        points = dense[low] + (dense[low + 1] - dense[low]) * (at - low)
        points = points + rng.normal(0, 1.6, points.shape)
        tone = light(colour, gain) if rng.random() < 0.5 else shade(colour, 0.55)
        width = rng.uniform(2.0, 7.5)
        bulge = np.sin(np.linspace(0.15, math.pi - 0.15, len(points)))
        widths = [width * float(b) for b in bulge]
        spots = [(float(x), float(y)) for x, y in points]
        canvas.drawPath(tapered(spots, widths), paint(tone, rng.uniform(0.22, 0.5), soft=0.9))
    canvas.restore()


def _sheen(canvas: skia.Canvas, clip: skia.Path, colour: RGB, points: Sequence[Point]) -> None:
    """The band of light that smooth hair has across its crown."""
    canvas.save()
    canvas.clipPath(clip, doAntiAlias=True)
    gain = 0.42 if luminance(colour) < 0.25 else 0.5
    band = smooth(points, False)
    canvas.drawPath(band, paint(light(colour, gain), 0.34, soft=9, line=20))
    canvas.drawPath(clip, paint(shade(colour, 0.7), 0.45, soft=8, line=12))
    canvas.restore()


def _parted(canvas: skia.Canvas, plan: Plan, colour: RGB, long: bool) -> None:
    """Parted at the side, falling over both temples to chin or shoulder."""
    w = plan.host.face.width
    part = (MIDDLE - 34.0, 150.0)
    for side in (1, -1):  # the longer sweep first

        def at(x: float, y: float, side: int = side) -> Point:
            return MIDDLE + side * x * w, y

        low = 640.0 if long else 556.0
        foot = [(170, low - 60), (160, low), (128, low + (36 if long else 14)), (112, low - 40)]
        if long:
            foot = [(176, 560), (180, 660), (158, 730), (134, 700), (124, 600)]
        inner = [(118, 470), (122, 410), (124, 350), (112, 292), (80, 244)]
        if side > 0:
            inner = [(118, 470), (123, 410), (124, 350), (110, 288), (66, 238), (10, 206)]
        outer = [(70, 126), (134, 164), (168, 236), (180, 330), (186, 430)]
        shape_points = [part, at(20, 116) if side > 0 else at(44, 122)]
        shape_points += [at(x, y) for x, y in outer] + [at(x, y) for x, y in foot]
        shape_points += [at(x, y) for x, y in inner]
        shape = smooth(shape_points)
        cast_on_skin(canvas, plan, shape)
        canvas.drawPath(shape, paint(colour if side < 0 else shade(colour, 0.06)))
        tail = [foot[1], foot[2]]
        guides = [
            [part, at(54, 140), at(124, 200), at(168, 330), at(176, 450), at(*tail[0])],
            [part, at(48, 160), at(104, 216), at(148, 330), at(152, 460), at(*tail[1])],
            [part, at(30, 184), at(74, 236), at(122, 310), at(124, 420), at(124, low - 50)],
        ]
        _strands(canvas, shape, guides, colour, 41 + side, 34)
        _sheen(canvas, shape, colour, [at(26, 190), at(84, 196), at(130, 238), at(160, 300)])


def _crop(canvas: skia.Canvas, plan: Plan, colour: RGB) -> None:
    """Short at the sides, longer and brushed up on top."""
    w = plan.host.face.width
    sides = smooth([
        *((MIDDLE + x * w, y) for x, y in (
            (0, 128), (80, 140), (130, 190), (146, 262), (146, 338), (136, 366), (130, 320),
            (124, 270), (96, 232), (0, 214), (-96, 232), (-124, 270), (-130, 320), (-136, 366),
            (-146, 338), (-146, 262), (-130, 190), (-80, 140),
        )),
    ])  # fmt: skip
    canvas.drawPath(sides, paint(shade(colour, 0.2)))
    top = smooth([
        (MIDDLE + x * w, y) for x, y in (
            (-126, 246), (-136, 190), (-112, 132), (-52, 96), (24, 84), (92, 104), (134, 156),
            (138, 210), (124, 250), (104, 226), (66, 220), (18, 226), (-34, 216), (-84, 226),
        )
    ])  # fmt: skip
    cast_on_skin(canvas, plan, top, 7)
    canvas.drawPath(top, paint(colour))
    guides = [
        [(MIDDLE + a * w, 236), (MIDDLE + (a * 1.05 - 4) * w, 190),
         (MIDDLE + (a * 0.95 + 12) * w, 150), (MIDDLE + (a * 0.8 + 40) * w, 112)]
        for a in (-128, -84, -30, 26, 80, 124)
    ]  # fmt: skip
    _strands(canvas, top, guides, colour, 51, 52)
    _sheen(
        canvas, top, colour, [(MIDDLE + x * w, y) for x, y in ((-90, 160), (-20, 128), (60, 128))]
    )


def _pulled_back(canvas: skia.Canvas, plan: Plan, colour: RGB) -> None:
    w = plan.host.face.width
    shape = smooth([
        (MIDDLE + x * w, y) for x, y in (
            (0, 124), (84, 138), (134, 194), (146, 276), (142, 350), (132, 372), (128, 318),
            (112, 268), (64, 222), (0, 208), (-64, 222), (-112, 268), (-128, 318), (-132, 372),
            (-142, 350), (-146, 276), (-134, 194), (-84, 138),
        )
    ])  # fmt: skip
    cast_on_skin(canvas, plan, shape, 6)
    canvas.drawPath(shape, paint(colour))
    guides = [
        [(MIDDLE + a * w, 350 - abs(100 - abs(a)) * 1.1),
         (MIDDLE + a * 1.02 * w, 240 - 0.2 * (140 - abs(a))),
         (MIDDLE + a * 0.7 * w, 168), (MIDDLE + a * 0.2 * w, 124)]
        for a in (-140, -96, -44, 0, 44, 96, 140)
    ]  # fmt: skip
    _strands(canvas, shape, guides, colour, 61, 56)
    _sheen(
        canvas,
        shape,
        colour,
        [(MIDDLE + x * w, y) for x, y in ((-100, 214), (-50, 172), (20, 164))],
    )


def _shaved(canvas: skia.Canvas, plan: Plan, colour: RGB) -> None:
    """A shaved head: the shadow of hair over the skull, and light on it."""
    w = plan.host.face.width
    skull = smooth([
        (MIDDLE + x * w, y) for x, y in (
            (0, 142), (76, 156), (122, 206), (138, 280), (138, 344), (128, 300), (104, 246),
            (58, 222), (0, 216), (-58, 222), (-104, 246), (-128, 300), (-138, 344), (-138, 280),
            (-122, 206), (-76, 156),
        )
    ])  # fmt: skip
    canvas.save()
    canvas.clipPath(smooth(plan.outline()), doAntiAlias=True)
    canvas.drawPath(skull, paint(colour, 0.24, soft=13))
    canvas.drawPath(oval(458, 192, 50, 22), paint(light(plan.skin, 0.6), 0.36, soft=17))
    canvas.restore()
