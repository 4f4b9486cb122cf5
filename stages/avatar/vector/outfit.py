"""Clothes of a host: shoulders cut off by the picture's lower edge, in two colours."""

from __future__ import annotations

from collections.abc import Sequence

import skia

from schemas.host import Host
from stages.avatar.vector.brush import (
    RGB,
    Point,
    cast,
    light,
    luminance,
    mirrored,
    paint,
    rgb,
    shade,
    smooth,
    tapered,
)
from stages.avatar.vector.face import MIDDLE


def draw_outfit(canvas: skia.Canvas, host: Host) -> None:
    """The garment over the neck."""
    main, second = rgb(host.outfit.main), rgb(host.outfit.second)
    shape, s = host.outfit.shape, host.outfit.shoulders
    if shape == "turtleneck":
        _garment(canvas, _torso(s, neck=(70, 626)), main)
        _roll(canvas, main, s)
    elif shape == "crew":
        _garment(canvas, _with_neckline(s, [(98, 648), (84, 676), (48, 700), (0, 708)]), main)
        _rib(canvas, main)
    elif shape == "v_neck":
        _garment(canvas, _with_neckline(s, [(100, 646), (78, 690), (42, 760), (0, 826)]), main)
        _v_edge(canvas, main, ((100, 646), (78, 690), (42, 760), (0, 826)))
    elif shape == "shirt":
        _garment(canvas, _with_neckline(s, [(92, 640), (60, 690), (28, 752), (0, 800)]), main)
        _placket(canvas, main, second)
        _collar(canvas, main)
    else:
        _garment(canvas, _with_neckline(s, [(94, 644), (74, 680), (40, 712), (0, 722)]), second)
        _blazer(canvas, main, s)


def _torso(s: float, neck: Point) -> list[Point]:
    """Right half of the outline from the neck to the lower edge."""
    return [
        neck, (124 * s, 654.0), (214 * s, 686.0), (286 * s, 722.0), (328 * s, 786.0),
        (350 * s, 880.0), (364 * s, 1010.0), (366 * s, 1060.0), (0.0, 1060.0),
    ]  # fmt: skip


def _with_neckline(s: float, neckline: Sequence[Point]) -> list[Point]:
    return [*reversed(neckline), *_torso(s, neckline[0])[1:-1], (0.0, 1060.0)]


def _outline(half: Sequence[Point]) -> skia.Path:
    """Mirrored, with the cut edge straight."""
    right = [(MIDDLE + x, y) for x, y in half[:-1]]
    left = [(2 * MIDDLE - x, y) for x, y in reversed(right)]
    path = smooth(right, closed=False)
    back = smooth(left, closed=False)
    path.lineTo(*left[0])
    path.addPath(back, skia.Path.AddPathMode.kExtend_AddPathMode)
    path.close()
    return path


def _garment(canvas: skia.Canvas, half: Sequence[Point], colour: RGB) -> None:
    """Filled, lit from the upper left, with the folds of sleeves."""
    shape = _outline(half)
    canvas.save()
    canvas.translate(0, 7)  # its own shadow on the skin
    canvas.drawPath(shape, cast((40.0, 18.0, 14.0), 0.25, soft=7))
    canvas.restore()
    canvas.drawPath(shape, paint(colour))
    canvas.save()
    canvas.clipPath(shape, doAntiAlias=True)
    deep = shade(colour, 0.75) if luminance(colour) > 0.12 else (8.0, 8.0, 10.0)
    high = light(colour, 0.35 if luminance(colour) > 0.12 else 0.22)
    canvas.drawPath(smooth(mirrored([(0, 980), (250, 930), (420, 800), (420, 1060), (0, 1080)])),
                    paint(deep, 0.30, soft=40))  # fmt: skip
    canvas.drawPath(smooth([(700, 640), (720, 800), (690, 1060), (960, 1060), (960, 640)]),
                    paint(deep, 0.34, soft=34))  # fmt: skip
    canvas.drawPath(smooth([(260, 716), (330, 690), (392, 690), (330, 740), (250, 800)]),
                    paint(high, 0.55, soft=16))  # fmt: skip
    for side in (-1, 1):
        arm = [(MIDDLE + side * x, y) for x, y in ((232, 812), (246, 880), (250, 960), (258, 1050))]
        canvas.drawPath(tapered(arm, (1, 7, 12, 12)), paint(deep, 0.62, soft=4))
        fold = [(MIDDLE + side * x, y) for x, y in ((214, 838), (180, 872), (120, 892))]
        canvas.drawPath(tapered(fold, (2, 10, 1)), paint(deep, 0.34, soft=5))
        rise = [(MIDDLE + side * x, y) for x, y in ((262, 820), (276, 900), (284, 1000))]
        canvas.drawPath(tapered(rise, (2, 14, 8)), paint(high, 0.28, soft=8))
    canvas.drawPath(shape, paint(deep, 0.35, soft=8, line=12))
    canvas.restore()


def _rib(canvas: skia.Canvas, colour: RGB) -> None:
    """The knitted edge of a round neck."""
    canvas.save()
    canvas.clipPath(_outline(_torso(1.0, (98.0, 645.0))), doAntiAlias=True)
    half = ((98, 646), (86, 676), (50, 702))
    edge = [(MIDDLE - x, y) for x, y in half] + [(MIDDLE, 711)]
    edge += [(MIDDLE + x, y) for x, y in reversed(half)]
    canvas.drawPath(smooth(edge, False), paint(shade(colour, 0.16), line=19))
    inner = [(x, y - 9) for x, y in edge]
    canvas.drawPath(smooth(inner, False), paint(shade(colour, 0.7), 0.5, soft=1.2, line=3))
    outer = [(x * 1.0, y + 10) for x, y in edge]
    canvas.drawPath(smooth(outer, False), paint(shade(colour, 0.7), 0.45, soft=1.5, line=3))
    for i in range(25):
        t = -0.94 + 1.88 * i / 24
        x = MIDDLE + 94 * t
        y = 711 - 60 * abs(t) ** 2.6
        tilt = 9 * t
        rib = skia.Path()
        rib.moveTo(x - tilt * 0.4, y - 7)
        rib.lineTo(x + tilt * 0.4, y + 7)
        canvas.drawPath(rib, paint(shade(colour, 0.7), 0.28, line=2))
    canvas.restore()


def _v_edge(canvas: skia.Canvas, colour: RGB, half: Sequence[Point]) -> None:
    for side in (-1, 1):
        edge = [(MIDDLE + side * (x + 5), y + 4) for x, y in half]
        canvas.drawPath(smooth(edge, False), paint(shade(colour, 0.18), line=14))
        lower = [(MIDDLE + side * (x + 13), y + 9) for x, y in half]
        canvas.drawPath(smooth(lower, False), paint(shade(colour, 0.7), 0.42, soft=1.5, line=2.5))


def _roll(canvas: skia.Canvas, colour: RGB, s: float) -> None:
    """The folded neck of a turtleneck."""
    roll = smooth([
        (MIDDLE + x, y) for x, y in (
            (-72, 586), (-40, 606), (0, 612), (40, 606), (72, 586), (84, 620), (88, 656), (48, 680),
            (0, 686), (-48, 680), (-88, 656), (-84, 620),
        )
    ])  # fmt: skip
    canvas.drawPath(roll, cast(shade(colour, 0.5), 0.45, soft=9))
    canvas.drawPath(roll, paint(light(colour, 0.04)))
    canvas.save()
    canvas.clipPath(roll, doAntiAlias=True)
    deep = shade(colour, 0.75)
    for i in range(17):
        x = -80 + 10 * i
        rib = [(MIDDLE + x * 0.9, 580.0), (MIDDLE + x, 640.0), (MIDDLE + x * 1.06, 690.0)]
        canvas.drawPath(smooth(rib, False), paint(deep, 0.16, soft=1, line=2.4))
    canvas.drawPath(roll, paint(deep, 0.5, soft=7, line=12))
    top = [(MIDDLE + x, y) for x, y in ((-72, 590), (-40, 612), (0, 618), (40, 612), (72, 590))]
    canvas.drawPath(smooth(top, False), paint(deep, 0.55, soft=6, line=14))
    canvas.restore()


def _placket(canvas: skia.Canvas, colour: RGB, second: RGB) -> None:
    """The buttoned front of a shirt."""
    line = skia.Path()
    line.moveTo(MIDDLE, 796)
    line.lineTo(MIDDLE + 2, 1040)
    canvas.drawPath(line, paint(shade(colour, 0.45), 0.35, soft=5, line=10))
    for dx in (-17, 17):
        seam = skia.Path()
        seam.moveTo(MIDDLE + dx, 812)
        seam.lineTo(MIDDLE + dx, 1040)
        canvas.drawPath(seam, paint(shade(colour, 0.5), 0.35, line=1.8))
    for y in (848, 930):
        canvas.drawCircle(MIDDLE + 1, y + 2, 8, paint(shade(colour, 0.8), 0.4, soft=2))
        canvas.drawCircle(MIDDLE, y, 7.5, paint(second))
        canvas.drawCircle(MIDDLE - 2, y - 2, 2.5, paint(light(second, 0.5), 0.6))


def _collar(canvas: skia.Canvas, colour: RGB) -> None:
    for side in (-1, 1):
        wing = skia.Path()
        for n, (x, y) in enumerate(
            ((80, 604), (104, 650), (120, 738), (58, 756), (4, 800), (40, 706))
        ):
            place = (MIDDLE + side * x, float(y))
            wing.moveTo(*place) if n == 0 else wing.lineTo(*place)
        wing.close()
        round_ = paint(light(colour, 0.10) if side < 0 else shade(colour, 0.06))
        round_.setPathEffect(skia.CornerPathEffect.Make(14))
        canvas.save()
        canvas.translate(2, 8)
        canvas.drawPath(wing, cast(shade(colour, 0.8), 0.5, soft=8))
        canvas.restore()
        canvas.drawPath(wing, round_)
        stitch = [(MIDDLE + side * x, y) for x, y in ((112, 730), (60, 746), (14, 784))]
        canvas.drawPath(smooth(stitch, False), paint(shade(colour, 0.6), 0.28, line=1.8))


def _blazer(canvas: skia.Canvas, colour: RGB, s: float) -> None:
    """A jacket that is open over what is worn below."""
    deep = shade(colour, 0.75) if luminance(colour) > 0.12 else (6.0, 6.0, 9.0)
    high = light(colour, 0.30 if luminance(colour) > 0.12 else 0.18)
    for side in (1, -1):

        def at(x: float, y: float, side: int = side) -> Point:
            return MIDDLE + side * x, y

        half = smooth([
            at(86, 634), at(128, 652), at(214 * s, 684), at(290 * s, 720), at(332 * s, 786),
            at(354 * s, 880), at(368 * s, 1010), at(366 * s, 1060), at(180, 1066), at(-8, 1064),
            at(-4, 1000), at(34, 900), at(74, 790), at(92, 690),
        ])  # fmt: skip
        canvas.save()
        canvas.translate(-side * 3, 5)
        canvas.drawPath(half, cast((30.0, 16.0, 14.0), 0.34, soft=8))
        canvas.restore()
        canvas.drawPath(half, paint(colour))
        canvas.save()
        canvas.clipPath(half, doAntiAlias=True)
        if side > 0:
            canvas.drawPath(smooth([(700, 640), (730, 800), (700, 1070), (960, 1070), (960, 640)]),
                            paint(deep, 0.45, soft=34))  # fmt: skip
        else:
            canvas.drawPath(smooth([(250, 730), (330, 690), (400, 684), (330, 744), (236, 830)]),
                            paint(high, 0.55, soft=16))  # fmt: skip
        arm = [at(236, 806), at(250, 880), at(254, 960), at(262, 1050)]
        canvas.drawPath(tapered(arm, (1, 7, 12, 12)), paint(deep, 0.70, soft=4))
        fold = [at(222, 850), at(186, 884), at(130, 900)]
        canvas.drawPath(tapered(fold, (2, 9, 1)), paint(deep, 0.40, soft=5))
        canvas.drawPath(half, paint(deep, 0.45, soft=7, line=10))
        canvas.restore()
        _lapel(canvas, [at(82, 628), at(108, 640), at(150, 716), at(166, 764), at(126, 772),
                        at(136, 812), at(60, 950), at(6, 1030), at(34, 900), at(74, 790),
                        at(90, 700)], colour, deep, high, side)  # fmt: skip


def _lapel(
    canvas: skia.Canvas, points: Sequence[Point], colour: RGB, deep: RGB, high: RGB, side: int
) -> None:
    lapel = skia.Path()
    lapel.moveTo(*points[0])
    for point in points[1:]:
        lapel.lineTo(*point)
    lapel.close()
    canvas.save()
    canvas.translate(side * 5, 8)
    canvas.drawPath(lapel, cast(deep, 0.55, soft=8))
    canvas.restore()
    fill = paint(light(colour, 0.07) if side < 0 else light(colour, 0.02))
    fill.setPathEffect(skia.CornerPathEffect.Make(7))
    canvas.drawPath(lapel, fill)
    edge = paint(high, 0.45, line=1.8)
    edge.setPathEffect(skia.CornerPathEffect.Make(7))
    canvas.drawPath(lapel, edge)
    notch = smooth([points[4], (points[4][0] - side * 44, points[4][1] - 22)], False)
    canvas.drawPath(notch, paint(deep, 0.6, soft=1, line=3))
