"""Round, tight curls around a host's head."""

from __future__ import annotations

import math

import numpy as np
import skia

from stages.avatar.vector.brush import RGB, light, paint, shade, tapered
from stages.avatar.vector.face import MIDDLE, Plan, cast_on_skin


def draw_curls(canvas: skia.Canvas, plan: Plan, colour: RGB, behind: bool) -> None:
    """Round, tight curls: many small rounds around the head, lit one by one."""
    w, rng = plan.host.face.width, np.random.default_rng(71 + behind)
    spots: list[tuple[float, float, float]] = []
    for ring, (rx, ry, size) in enumerate(
        ((176, 184, 40), (150, 156, 40), (120, 128, 36))
        if behind
        else ((166, 170, 34), (150, 146, 30))
    ):
        count = 30 - 5 * ring
        begin, end = (-0.62, 1.62) if behind else (-0.04, 1.04)
        for i in range(count):
            angle = math.pi * (begin + (end - begin) * i / (count - 1))
            x = MIDDLE + (rx * w + rng.normal(0, 5)) * math.cos(angle)
            y = 300 - (ry + rng.normal(0, 5)) * math.sin(angle)
            spots.append((x, y, size * rng.uniform(0.8, 1.1)))
    if not behind:
        for i in range(13):  # along the forehead
            x = -108.0 + 18.0 * i
            y = 214 + 44 * (abs(x) / 108) ** 2.6 + rng.normal(0, 3)
            spots.append((MIDDLE + x * w, y - 12, 22 * rng.uniform(0.9, 1.1)))
        for _ in range(26):
            angle, reach = rng.uniform(0.1, 0.9) * math.pi, rng.uniform(0.45, 0.8)
            across, up = 150 * w * reach * math.cos(angle), 156 * reach * math.sin(angle)
            spots.append((MIDDLE + across, 292 - up, 34 * rng.uniform(0.8, 1.1)))
    whole = skia.Path()
    for x, y, radius in spots:
        whole.addCircle(x, y, radius)
    if behind:
        whole.addRect(skia.Rect.MakeLTRB(MIDDLE - 120 * w, 200, MIDDLE + 120 * w, 430))
    else:
        cast_on_skin(canvas, plan, whole, 8)
    canvas.drawPath(whole, paint(colour))
    canvas.save()
    canvas.clipPath(whole, doAntiAlias=True)
    order = rng.permutation(len(spots))
    for i in order:
        x, y, size = spots[i]
        dim = min(1.0, max(0.0, (x - 380) / 300))
        for k in range(3):
            turn = rng.uniform(0, 2 * math.pi)
            arc = [
                (x + size * (0.62 - 0.16 * k) * math.cos(turn + a),
                 y + size * (0.62 - 0.16 * k) * math.sin(turn + a))
                for a in np.linspace(0, 2.6, 6)
            ]  # fmt: skip
            lit = math.sin(turn + 1.3) < 0.1
            tone = light(colour, 0.30 * (1 - 0.6 * dim)) if lit else shade(colour, 0.85)
            canvas.drawPath(tapered(arc, (1, 4, 6, 6, 4, 1)), paint(tone, 0.55, soft=1.0))
    canvas.drawPath(whole, paint(shade(colour, 0.9), 0.35, soft=10, line=14))
    canvas.restore()
