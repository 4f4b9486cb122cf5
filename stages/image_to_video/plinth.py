"""What the product stands on: a round plinth, and the shadows of both."""

from __future__ import annotations

import numpy as np

from stages.image_to_video.colours import SetColours
from stages.image_to_video.drawing import Stand, grid, planes, smooth
from stages.image_to_video.shadow import footprint, ground_shadow
from stages.image_to_video.solids import FLATNESS, cylinder, floor_shade

PLINTHS = ("round", "stepped")

Stage = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Y' premultiplied, Cb and Cr about 0 premultiplied, alpha."""


def floor_shadow(alpha: np.ndarray, size: tuple[int, int], stand: Stand) -> Stage:
    """A bare floor: nothing but the shadow of a cut-out with `alpha` (uint8) at `stand`, in a
    picture of `size` (height, width)."""
    scale = stand.width_px / alpha.shape[1]
    dark = ground_shadow(alpha, size, (stand.x_px, stand.y_px), scale)
    nothing = np.zeros_like(dark)
    return 16 * dark, nothing, nothing, dark


def plinth_stage(
    alpha: np.ndarray, size: tuple[int, int], stand: Stand, colours: SetColours, plinth: str
) -> Stage:
    """A plinth, "round" or "stepped", with its shadow on the floor and the product's on its top."""
    x, y = grid(size)
    left, right, deep = footprint(alpha)
    # Half way between the foot and the whole: a headphone on one cup still stands in the middle.
    middle = stand.x_px + (left + right - 1) / 4 * stand.width_px
    radius = max(
        0.62 * stand.width_px, 0.33 * stand.height_px, 0.8 * (right - left) * stand.width_px
    )
    top = stand.y_px - deep * stand.height_px * 0.5
    lab = np.zeros((*size, 3), np.float32)
    cover = np.zeros(size, np.float32)
    base, floor = radius, top + 0.26 * radius
    if plinth == "stepped":
        base, level = 1.32 * radius, top + 0.22 * radius
        floor = level + 0.24 * radius
        cylinder(lab, cover, (middle, level), base, 0.24 * radius, colours.plinth)
        # The upper block shades the lower one around its foot.
        away = ((x - middle) / (1.12 * radius)) ** 2
        away += ((y - top - 0.26 * radius) / (1.25 * FLATNESS * radius)) ** 2
        lab[..., 0] -= 9.0 * np.exp(-3 * np.clip(away - 0.7, 0, None)) * cover
    cylinder(lab, cover, (middle, top), radius, 0.26 * radius, colours.plinth)
    # The product's shadow ends at the rim of the top: over the side it would hang in the air.
    reach = 1 - ((x - middle) / radius) ** 2 - ((y - top) / (FLATNESS * radius)) ** 2
    on_top = smooth(np.clip(reach * FLATNESS * radius / 2 + 0.5, 0, 1))
    dark = ground_shadow(alpha, size, (stand.x_px, stand.y_px), stand.width_px / alpha.shape[1])
    light = 1 - dark * on_top
    luma, blue, red = planes(lab)
    on_floor = (1 - cover) * (1 - floor_shade(x, y, middle, floor, base))
    luma = cover * ((luma - 16) * light + 16) + on_floor * 16
    return luma, cover * blue * light, cover * red * light, cover + on_floor
