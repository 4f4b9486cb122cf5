"""What the product stands on: a round plinth, and the shadows of both."""

from __future__ import annotations

import numpy as np

from stages.image_to_video.colours import SetColours
from stages.image_to_video.drawing import Stand, grid, planes, smooth, tint
from stages.image_to_video.shadow import footprint, ground_shadow

PLINTHS = ("round", "stepped")

FLATNESS = 0.185
"""Height of the ellipse of a plinth's top over its width: the camera looks down by 11 degrees,
as in most packshots."""

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
        _cylinder(lab, cover, (middle, level), base, 0.24 * radius, colours)
        # The upper block shades the lower one around its foot.
        away = ((x - middle) / (1.12 * radius)) ** 2
        away += ((y - top - 0.26 * radius) / (1.25 * FLATNESS * radius)) ** 2
        lab[..., 0] -= 9.0 * np.exp(-3 * np.clip(away - 0.7, 0, None)) * cover
    _cylinder(lab, cover, (middle, top), radius, 0.26 * radius, colours)
    # The product's shadow ends at the rim of the top: over the side it would hang in the air.
    reach = 1 - ((x - middle) / radius) ** 2 - ((y - top) / (FLATNESS * radius)) ** 2
    on_top = smooth(np.clip(reach * FLATNESS * radius / 2 + 0.5, 0, 1))
    dark = ground_shadow(alpha, size, (stand.x_px, stand.y_px), stand.width_px / alpha.shape[1])
    light = 1 - dark * on_top
    luma, blue, red = planes(lab)
    on_floor = (1 - cover) * (1 - _plinth_shadow(x, y, middle, floor, base))
    luma = cover * ((luma - 16) * light + 16) + on_floor * 16
    return luma, cover * blue * light, cover * red * light, cover + on_floor


def _plinth_shadow(
    x: np.ndarray, y: np.ndarray, centre: float, floor: float, radius: float
) -> np.ndarray:
    """Light that is left on the floor around a plinth, 0 to 1."""
    ry = FLATNESS * radius
    tight = np.hypot((x - centre - 0.03 * radius) / (radius * 1.02), (y - floor) / (ry * 1.08))
    wide = np.hypot(
        (x - centre - 0.28 * radius) / (radius * 1.25), (y - floor + 0.1 * ry) / (ry * 1.7)
    )
    dark = 0.5 * (1 - smooth((tight - 0.93) / 0.22)) + 0.3 * (1 - smooth((wide - 0.5) / 0.75))
    return 1 - np.clip(dark, 0, 0.8)


def _ramp(distance: np.ndarray) -> np.ndarray:
    """Coverage of an edge that is not quite sharp: the stage is drawn at half the frame's size."""
    return np.clip(distance / 1.5 + 0.5, 0, 1)


def _cylinder(
    lab: np.ndarray,
    cover: np.ndarray,
    centre: tuple[float, float],
    radius: float,
    tall: float,
    colours: SetColours,
) -> None:
    """A round block seen from slightly above, lit from the upper left, drawn over what is there;
    `centre` is that of its top. Only the rows it covers are worked on."""
    flat = FLATNESS * radius
    rows = slice(max(0, int(centre[1] - flat) - 4), max(0, int(centre[1] + flat + tall) + 5))
    lab, cover = lab[rows], cover[rows]
    x, y = grid(cover.shape[:2])
    y += rows.start
    across = (x - centre[0]) / radius
    rim = np.sqrt(np.clip(1 - across**2, 0, 1)) * flat
    edge = np.clip((1 - np.abs(across)) * radius + 0.5, 0, 1)
    front = centre[1] + rim
    body = np.clip(y - centre[1] + 0.5, 0, 1) * _ramp(front + tall - y) * edge
    top = _ramp(front - y) * _ramp(y - centre[1] + rim) * edge
    colour = np.array(colours.plinth, np.float32)
    side = np.empty_like(lab)
    side[:] = colour
    turn = np.clip(across + 0.38, -1, 1.4)
    side[..., 0] += 1.5 - 15.0 * turn**2 - 5.0 * np.clip((y - front) / max(tall, 1), 0, 1)
    tint(lab, np.maximum(body, top), side)
    surface = np.empty_like(lab)
    surface[:] = colour
    surface[..., 0] += 3.5 - 4.0 * across - 2.0 * (y - centre[1]) / max(flat, 1)
    surface[..., 0] = np.minimum(surface[..., 0], 93)
    tint(lab, top, surface)
    bevel = np.exp(-(((y - front) / 1.3) ** 2)) * edge * (y > centre[1])
    lab[..., 0] = np.minimum(lab[..., 0] + 3.5 * bevel * (1 - 0.6 * np.clip(across, 0, 1)), 95)
    np.maximum(cover, np.maximum(body, top), out=cover)
