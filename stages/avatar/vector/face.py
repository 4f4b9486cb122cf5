"""Face: outline, ears, neck and nose of a host, and the light on them, drawn once at rest."""

from __future__ import annotations

from dataclasses import dataclass

import skia

from schemas.host import Host
from stages.avatar.vector.brush import (
    RGB,
    Point,
    fade,
    light,
    luminance,
    mirrored,
    mix,
    oval,
    paint,
    rgb,
    shade,
    smooth,
    tapered,
)

MIDDLE = 500.0
EYES_Y, MOUTH_Y, CHIN_Y, CROWN_Y, NECK_Y = 352.0, 484.0, 566.0, 160.0, 596.0
LIFT = 20.0
"""Clothes and neck are drawn so much higher than written."""


@dataclass(frozen=True)
class Plan:
    """Where the parts of one host's face are, in units, and the colours of the skin."""

    host: Host

    @property
    def skin(self) -> RGB:
        """Of the face in light."""
        return rgb(self.host.skin)

    @property
    def lip(self) -> RGB:
        """Of the lips: given, or the skin's own, redder."""
        given = self.host.face.lip_colour
        return rgb(given) if given else mix(shade(self.skin, 0.22), (176.0, 62.0, 66.0), 0.30)

    @property
    def brow(self) -> RGB:
        """Of the brows: given, or of the hair."""
        return rgb(self.host.brows.colour or self.host.hair.colour)

    def y(self, y: float) -> float:
        """A height of the usual face as it is in this one: it is longer below the eyes."""
        return y if y < EYES_Y else EYES_Y + (y - EYES_Y) * self.host.face.length

    @property
    def mouth(self) -> Point:
        """Middle of the closed mouth."""
        return MIDDLE, self.y(MOUTH_Y)

    def eye(self, side: int) -> Point:
        """Middle of an eye; side 1 is at the right of the picture."""
        return MIDDLE + side * 57.0 * self.host.eyes.spacing * self.host.face.width, EYES_Y

    def outline(self) -> list[Point]:
        """The face, closed."""
        w, j = self.host.face.width, self.host.face.jaw
        top = CROWN_Y + (-12.0 if self.host.hair.style == "none" else 6.0)
        half = [
            (0.0, top), (74 * w, top + 11), (122 * w, top + 62), (137 * w, 300.0),
            (137 * w, 372.0), (129 * w * (0.6 + 0.4 * j), self.y(436.0)),
            (110 * w * j, self.y(492.0)), (74 * w * j, self.y(538.0)),
            (34 * w * j, self.y(CHIN_Y - 6)), (0.0, self.y(CHIN_Y + 2)),
        ]  # fmt: skip
        return mirrored(half)


def draw_neck(canvas: skia.Canvas, plan: Plan) -> None:
    """Neck and the skin that an open collar shows."""
    w = plan.host.face.width * (0.9 + 0.1 * plan.host.outfit.shoulders)
    half = [
        (0.0, 470.0), (64 * w, 480.0), (63 * w, 560.0), (66 * w, 606.0), (92 * w, 642.0),
        (122 * w, 674.0), (112 * w, 760.0), (60 * w, 900.0), (0.0, 940.0),
    ]  # fmt: skip
    neck, skin = smooth(mirrored(half)), plan.skin
    canvas.drawPath(neck, fade(((400, 0), (620, 0)), [shade(skin, 0.10), shade(skin, 0.30)]))
    canvas.save()
    canvas.clipPath(neck, doAntiAlias=True)
    below = [(x, y + 36) for x, y in plan.outline()]
    canvas.drawPath(smooth(below), paint(shade(skin, 0.75), 0.50, soft=13))
    for side in (-1, 1):  # collar bones and the sinews above them
        bone = [(MIDDLE + side * x, y) for x, y in ((12, 700), (48, 690), (110, 676), (150, 680))]
        canvas.drawPath(smooth(bone, False), paint(shade(skin, 0.6), 0.30, soft=4, line=7))
        sinew = [(MIDDLE + side * x, y) for x, y in ((52, 600), (36, 650), (16, 694))]
        canvas.drawPath(smooth(sinew, False), paint(shade(skin, 0.55), 0.22, soft=6, line=9))
    canvas.restore()


def draw_ears(canvas: skia.Canvas, plan: Plan) -> None:
    """Both ears; hair may lie over them."""
    skin, w = plan.skin, plan.host.face.width
    for side in (-1, 1):
        x = MIDDLE + side * 138 * w
        outer = [
            (x - side * 6, 336.0), (x + side * 14, 326.0), (x + side * 22, 350.0),
            (x + side * 16, 392.0), (x + side * 2, 416.0), (x - side * 10, 404.0),
        ]  # fmt: skip
        base = shade(skin, 0.08 if side < 0 else 0.24)
        canvas.drawPath(smooth(outer), paint(base))
        inner = [(x + side * 11, 342.0), (x + side * 13, 362.0), (x + side * 6, 384.0)]
        canvas.drawPath(smooth(inner, False), paint(shade(skin, 0.65), 0.55, soft=2, line=6))


def draw_face(canvas: skia.Canvas, plan: Plan) -> None:
    """The face without eyes, brows and mouth, lit from the upper left."""
    outline, skin, host = smooth(plan.outline()), plan.skin, plan.host
    canvas.drawPath(outline, paint(skin))
    canvas.save()
    canvas.clipPath(outline, doAntiAlias=True)
    deep = shade(skin, 0.62)
    # the side away from the light, the edge below, and the light on brow and cheek
    far = smooth(
        [(608, 150), (592, 300), (604, 420), (560, 530), (520, 600), (700, 600), (700, 150)]
    )
    canvas.drawPath(far, paint(deep, 0.36, soft=24))
    canvas.drawPath(outline, paint(deep, 0.50, soft=15, line=24))
    glow = 0.34 if luminance(skin) < 0.4 else 0.50
    canvas.drawPath(oval(462, 244, 74, 40), paint(light(skin, 0.5), glow, soft=28))
    canvas.drawPath(oval(424, 402, 34, 25), paint(light(skin, 0.5), glow, soft=15))
    canvas.drawPath(oval(572, 402, 26, 20), paint(light(skin, 0.45), 0.55 * glow, soft=14))
    canvas.drawPath(oval(496, plan.y(540), 22, 13), paint(light(skin, 0.45), 0.7 * glow, soft=9))
    blush = mix(shade(skin, 0.1), (214.0, 70.0, 66.0), 0.55)
    for side in (-1, 1):
        cheek = oval(MIDDLE + side * 84, plan.y(424), 33, 24)
        canvas.drawPath(cheek, paint(blush, 0.34 * host.face.blush, soft=16))
        x, y = plan.eye(side)
        canvas.drawPath(oval(x, y - 8, 38, 19), paint(shade(skin, 0.55), 0.28, soft=9))
        inner = oval(x - side * 27, y - 8, 9, 16)
        canvas.drawPath(inner, paint(deep, 0.26, soft=7))
        temple = oval(MIDDLE + side * 132 * host.face.width, 300, 22, 70)
        canvas.drawPath(temple, paint(deep, 0.18, soft=16))
    if host.beard == "stubble":
        _stubble(canvas, plan)
    _nose(canvas, plan)
    x, y = plan.mouth
    canvas.drawPath(oval(x, y - 27, 7, 10), paint(deep, 0.20, soft=4))  # philtrum
    canvas.restore()


def _stubble(canvas: skia.Canvas, plan: Plan) -> None:
    """A shadow where a beard would be; thin around the lips, whose edge must stay clear."""
    colour = mix(plan.brow, plan.skin, 0.35)
    jaw = [
        (MIDDLE + side * x, plan.y(y))
        for side, points in (
            (1, ((128, 396), (108, 470), (62, 476), (0, 452))),
            (-1, ((62, 476), (108, 470), (128, 396), (150, 520), (90, 600))),
        )
        for x, y in points
    ] + [(MIDDLE + 90, plan.y(600)), (MIDDLE + 150, plan.y(520))]
    canvas.drawPath(smooth(jaw), paint(colour, 0.36, soft=9))
    x, y = plan.mouth
    canvas.drawPath(oval(x, y + 6, 58, 22), paint(plan.skin, 0.75, soft=8))


def _nose(canvas: skia.Canvas, plan: Plan) -> None:
    skin, n = plan.skin, plan.host.face.nose
    deep, tip = shade(skin, 0.72), plan.y(430)
    side = [(MIDDLE + 16, 338), (MIDDLE + 11 * n, 380), (MIDDLE + 19 * n, tip - 12)]
    canvas.drawPath(smooth(side, False), paint(deep, 0.24, soft=6, line=13))
    bridge = [(MIDDLE - 3, 330), (MIDDLE - 3, 380), (MIDDLE - 3, tip - 16)]
    canvas.drawPath(smooth(bridge, False), paint(light(skin, 0.6), 0.34, soft=5, line=10))
    canvas.drawPath(oval(MIDDLE - 3, tip - 8, 11 * n, 8), paint(light(skin, 0.6), 0.42, soft=5))
    below = [
        (MIDDLE + x * n, tip + y) for x, y in ((-24, 8), (-10, 13), (0, 16), (10, 13), (24, 8))
    ]
    canvas.drawPath(smooth(below, False), paint(deep, 0.38, soft=4, line=9))
    for s in (-1, 1):
        wing = [(MIDDLE + s * x * n, tip + y) for x, y in ((21, -12), (27, 0), (22, 9), (16, 10))]
        width = (1.2, 3.4, 3.0, 1.0)
        canvas.drawPath(tapered(wing, width), paint(deep, 0.50 if s > 0 else 0.36, soft=1.2))
        hole = [(MIDDLE + s * x * n, tip + y) for x, y in ((6, 8), (12, 5), (18, 8), (12, 10))]
        canvas.drawPath(smooth(hole), paint(shade(skin, 1.0), 0.62, soft=1.4))


def cast_on_skin(canvas: skia.Canvas, plan: Plan, shape: skia.Path, drop: float = 9.0) -> None:
    """The soft shadow of hair on the skin below it."""
    canvas.save()
    canvas.clipPath(smooth(plan.outline()), doAntiAlias=True)
    canvas.translate(3.0, drop)
    canvas.drawPath(shape, paint(shade(plan.skin, 0.85), 0.42, soft=8))
    canvas.restore()
