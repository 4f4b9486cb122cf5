"""The wall of the studio set: a seamless sweep, and what there is behind the product."""

from __future__ import annotations

import cv2
import numpy as np

from stages.image_to_video import backs
from stages.image_to_video.colours import SetColours
from stages.image_to_video.drawing import Lab, Planes, Stand, grid, planes, rounded, smooth, tint

BACKS = ("arch", "disc", "panels", *backs.BACKS)


BRIGHTEST = 95.5
"""L* that no wall exceeds: above, pools of light burn out to flat white."""


def wall(
    size: tuple[int, int], stand: Stand, colours: SetColours, back: str, layout: str, side: int = 1
) -> Planes:
    """Draw the wall behind a product at `stand`, for a picture of `size` (height, width). `back`
    is one of `BACKS`, mirrored where `side` is -1; `layout` is the kind of shot."""
    x, y = grid(size)
    tall, wide = size
    unit = max(stand.height_px, 0.8 * stand.width_px)
    horizon = stand.y_px - 0.16 * unit
    lab = np.empty((*size, 3), np.float32)
    lab[:] = colours.wall
    bend = smooth((y - horizon + 0.11 * tall) / (0.2 * tall))
    # A sweep: the wall falls off upwards, the floor catches the light and falls off to the front.
    lab[..., 0] += (1 - bend) * (-7.0 * np.clip((horizon - y) / tall, 0, 1) - 1.5)
    lab[..., 0] += bend * (5.0 - 9.0 * np.clip((y - horizon) / tall, 0, 1))
    if back in backs.BACKS:
        backs.draw(back, lab, (x, y), stand, unit, horizon, colours, side)
    else:
        _draw_shape(lab, x, y, stand, unit, horizon, colours, back)
    away = ((x - stand.x_px + 0.1 * wide) / (0.62 * wide)) ** 2
    away += ((y - stand.y_px + 0.62 * unit) / (0.34 * tall)) ** 2
    strength = np.float32(0.75 if layout == "hero" else 0.6)
    lab += (strength * np.exp(-away))[..., None] * np.array(colours.warmth, np.float32)
    far = np.hypot((x - wide / 2) / wide, (y - tall * 0.45) / tall * 0.8)
    lab[..., 0] -= (11.0 if layout == "hero" else 6.0) * smooth((far - 0.22) / 0.5)
    np.minimum(lab[..., 0], BRIGHTEST, out=lab[..., 0])
    return planes(lab)


def _draw_shape(
    lab: np.ndarray, x: np.ndarray, y: np.ndarray, stand: Stand, unit: float, horizon: float,
    colours: SetColours, shape: str,
) -> None:  # fmt: skip
    """A shape on the wall behind the product, with the shade that gives it a thickness."""
    middle = stand.y_px - 0.52 * stand.height_px
    if shape == "disc":
        radius = 0.66 * max(stand.height_px, stand.width_px)
        depth = radius - np.hypot(x - stand.x_px, y - middle)
    elif shape == "arch":
        half = max(0.68 * stand.width_px, 0.46 * stand.height_px)
        top = stand.y_px - 1.13 * stand.height_px + half
        side = half - np.abs(x - stand.x_px)
        crown = half - np.hypot(x - stand.x_px, y - top)
        depth = np.minimum(np.where(y < top, crown, side), horizon + 0.1 * unit - y)
    else:
        half = max(0.5 * stand.width_px, 0.34 * stand.height_px)
        shift = 0.26 * half
        corner, floor = 0.06 * unit, horizon + 0.12 * unit - y
        above, below = y - middle - 0.1 * unit, y - middle - 0.3 * unit
        depth = rounded(x - stand.x_px + shift, above, half, 0.72 * unit, corner)
        depth = np.minimum(depth, floor)
        other = rounded(x - stand.x_px - 1.15 * half, below, 0.62 * half, 0.62 * unit, corner)
        _panel(lab, np.minimum(other, floor), unit, (colours.shape[0] - 2, *colours.shape[1:]))
    fade = 1 - smooth((y - horizon + 0.02 * unit) / (0.1 * unit))
    if shape == "panels":
        _panel(lab, depth, unit, colours.shape)
        return
    inside = np.clip(depth + 0.5, 0, 1) * fade
    lab += inside[..., None] * (np.array(colours.shape) - np.array(colours.wall)).astype(np.float32)
    # A niche: its upper left edge shades it, its lower right edge catches light.
    shade = np.exp(-np.clip(depth, 0, None) / (0.05 * unit)) * inside
    lean = np.clip(0.5 - (x - stand.x_px) / unit * 0.7 - (y - middle) / unit * 0.5, 0, 1)
    lab[..., 0] -= 9.0 * shade * lean
    rim = np.exp(-(((depth - 1.5) / 1.6) ** 2)) * fade
    lab[..., 0] += 5.0 * rim * (1 - lean)


def _panel(lab: np.ndarray, depth: np.ndarray, unit: float, colour: Lab) -> None:
    """A thin board in front of the wall: a soft shadow to the lower right, a lit edge."""
    shift = round(0.03 * unit)
    behind = np.roll(depth, (shift, shift), (0, 1))
    drop = np.clip(behind / (0.02 * unit) + 0.5, 0, 1).astype(np.float32)
    lab[..., 0] -= 7.0 * cv2.GaussianBlur(drop, (0, 0), 0.035 * unit)
    inside = np.clip(depth + 0.5, 0, 1)
    tint(lab, inside, colour)
    lab[..., 0] += 4.0 * np.exp(-(((depth - 1.2) / 1.2) ** 2)) * inside
