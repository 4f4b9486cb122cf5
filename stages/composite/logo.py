"""The brand's sign: its logo where there is one, else its name, measured to fit a box."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import skia

from stages.composite.colours import Colour
from stages.composite.fitting import Block
from stages.composite.look import Look


@dataclass(frozen=True)
class Sign:
    """`image` or `name`, and its size in pixels."""

    width_px: float
    height_px: float
    image: skia.Image | None = None
    name: Block | None = None

    def draw(self, canvas: skia.Canvas, look: Look, colour: Colour, x: float, y: float) -> None:
        """With its upper left at (x, y); a logo keeps its own colours."""
        if self.image is not None:
            canvas.drawImage(self.image, x, y)
        elif self.name is not None:
            look.lettering.draw(canvas, self.name, colour, x, y)


def sign_of(
    name: str, logo: np.ndarray | None, look: Look, *, weight: str, size_px: float,
    room_px: float, logo_px: float,
) -> Sign:  # fmt: skip
    """`logo` (h, w, 4), straight alpha, at most `logo_px` high; or the name in one line."""
    if logo is None:
        block = look.lettering.fit(
            name, weight, size_px, width_px=room_px, min_size_px=0.5 * size_px
        )
        return Sign(block.width_px, block.height_px, name=block)
    tall, wide = logo.shape[:2]
    scale = min(logo_px / tall, 0.8 * room_px / wide)
    size = max(1, round(wide * scale)), max(1, round(tall * scale))
    premultiplied = logo.astype(np.float32)
    premultiplied[..., :3] *= premultiplied[..., 3:] / 255
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(premultiplied, size, interpolation=way)
    image = skia.Image.fromarray(
        np.ascontiguousarray(np.clip(small, 0, 255).astype(np.uint8)),
        colorType=skia.kRGBA_8888_ColorType, alphaType=skia.kPremul_AlphaType,
    )  # fmt: skip
    return Sign(float(size[0]), float(size[1]), image=image)
