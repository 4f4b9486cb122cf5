"""A headscarf around a host's face, wrapped under the chin."""

from __future__ import annotations

import skia

from stages.avatar.vector.brush import RGB, light, mirrored, paint, shade, smooth, tapered
from stages.avatar.vector.face import MIDDLE, Plan, cast_on_skin


def draw_scarf(canvas: skia.Canvas, plan: Plan, colour: RGB) -> None:
    """A headscarf: folds around the face, wrapped under the chin and over the neck."""
    w = plan.host.face.width
    hood_half = [
        (0, 118), (92 * w, 134), (158 * w, 208), (174 * w, 330), (164 * w, 450), (138 * w, 548),
        (128 * w, 610), (0, 640),
    ]  # fmt: skip
    opening_half = [
        (0, 212), (62 * w, 222), (104 * w, 262), (118 * w, 330), (116 * w, 410),
        (98 * w, plan.y(490)), (62 * w, plan.y(540)), (0, plan.y(572)),
    ]  # fmt: skip
    hood, opening = smooth(mirrored(hood_half)), smooth(mirrored(opening_half))
    shape = skia.Op(hood, opening, skia.PathOp.kDifference_PathOp)
    drape = smooth([
        (MIDDLE + x * w, y) for x, y in (
            (-138, 560), (-60, 596), (40, 598), (136, 556), (176, 640), (230, 700), (120, 748),
            (0, 772), (-130, 748), (-226, 700), (-178, 640),
        )
    ])  # fmt: skip
    cast_on_skin(canvas, plan, shape, 6)
    canvas.drawPath(drape, paint(shade(colour, 0.10)))
    canvas.drawPath(shape, paint(colour))
    canvas.save()
    both = skia.Op(shape, drape, skia.PathOp.kUnion_PathOp)
    canvas.clipPath(both, doAntiAlias=True)
    for side in (-1, 1):
        for k in range(5):
            g = k / 4
            fold = [
                (MIDDLE + side * (20 + 30 * g) * w, 150 - 18 * g),
                (MIDDLE + side * (112 + 34 * g) * w, 220 - 10 * g),
                (MIDDLE + side * (126 + 36 * g) * w, 340),
                (MIDDLE + side * (112 + 40 * g) * w, 480),
                (MIDDLE + side * (60 + 60 * g) * w, 580),
            ]
            dark = shade(colour, 0.6) if k % 2 else light(colour, 0.25)
            canvas.drawPath(
                tapered(fold, (1, 7, 10, 8, 2)), paint(dark, 0.30 if side < 0 else 0.22, soft=3)
            )
    for k in range(5):
        y = 604 + 34 * k
        across = ((-150 - 16 * k, -30), (-40, 8), (90, -2), (160 + 14 * k, -44))
        fold = [(MIDDLE + dx * w, y + dy) for dx, dy in across]
        canvas.drawPath(tapered(fold, (2, 9, 11, 2)), paint(shade(colour, 0.65), 0.34, soft=4))
        high = [(x, y - 9) for x, y in fold]
        canvas.drawPath(tapered(high, (1, 5, 6, 1)), paint(light(colour, 0.3), 0.30, soft=3))
    canvas.drawPath(opening, paint(shade(colour, 0.8), 0.5, soft=5, line=9))
    canvas.drawPath(hood, paint(shade(colour, 0.7), 0.4, soft=10, line=16))
    far = _far_side(w)
    canvas.drawPath(far, paint(shade(colour, 0.7), 0.34, soft=26))
    canvas.restore()


def _far_side(w: float) -> skia.Path:
    """The part of the hood that is away from the light."""
    path = skia.Path()
    path.addOval(skia.Rect.MakeLTRB(MIDDLE + 110 * w, 150, MIDDLE + 220 * w, 640))
    return path
