"""The still part of a drawn host: everything but eyes, brows, mouth and glasses, as one picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import skia

from stages.avatar.rig import extend_colours
from stages.avatar.vector.brush import UNITS
from stages.avatar.vector.face import LIFT, Plan, draw_ears, draw_face, draw_neck
from stages.avatar.vector.hair import draw_hair_before, draw_hair_behind
from stages.avatar.vector.outfit import draw_outfit


def draw_bust(plan: Plan, side_px: int) -> np.ndarray:
    """Uint8 (side, side, 4) BGRA with straight alpha, its colours running on outwards."""
    pixels = np.zeros((side_px, side_px, 4), np.uint8)
    with canvas_over(pixels, opaque=False) as canvas:
        canvas.scale(side_px / UNITS, side_px / UNITS)
        scarf = plan.host.hair.style == "scarf"
        draw_hair_behind(canvas, plan)
        canvas.save()
        canvas.translate(0.0, -LIFT)
        draw_neck(canvas, plan)
        draw_outfit(canvas, plan.host)
        canvas.restore()
        if not scarf:
            draw_ears(canvas, plan)
        draw_face(canvas, plan)
        draw_hair_before(canvas, plan)
    return extend_colours(_straight(pixels))


@contextmanager
def canvas_over(pixels: np.ndarray, opaque: bool) -> Iterator[skia.Canvas]:
    """A skia canvas, in pixels, over the memory of a BGRA picture.

    `opaque` is for pictures whose alpha is 255 wherever it will be drawn.
    """
    kind = skia.kOpaque_AlphaType if opaque else skia.kPremul_AlphaType
    height, width = pixels.shape[:2]
    info = skia.ImageInfo.Make(width, height, skia.kBGRA_8888_ColorType, kind)
    surface = skia.Surface.MakeRasterDirect(info, pixels, pixels.strides[0])
    yield surface.getCanvas()
    surface.flushAndSubmit()


def _straight(pixels: np.ndarray) -> np.ndarray:
    """Premultiplied to straight alpha."""
    alpha = pixels[..., 3:].astype(np.float32)
    colour = pixels[..., :3].astype(np.float32) * (255.0 / np.maximum(alpha, 1.0))
    return np.dstack([np.rint(np.minimum(colour, 255.0)).astype(np.uint8), pixels[..., 3]])
