"""Backs of the studio set that are more than a shape: fields of colour, flutes, a cove, blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from stages.image_to_video.colours import SetColours
from stages.image_to_video.drawing import Lab, Stand, smooth, tint
from stages.image_to_video.solids import ball, block

Grid = tuple[np.ndarray, np.ndarray]
Back = Callable[[np.ndarray, Grid, Stand, float, float, SetColours, int], None]


def draw(
    back: str, lab: np.ndarray, grid: Grid, stand: Stand, unit: float, horizon: float,
    colours: SetColours, side: int,
) -> None:  # fmt: skip
    """Draw one of `BACKS` over a wall in L*a*b*, in place. `unit` is the product's size in pixels,
    `horizon` the row in which wall and floor meet; `side` -1 mirrors it."""
    _DRAWN[back](lab, grid, stand, unit, horizon, colours, side)


def _blocks(
    lab: np.ndarray, grid: Grid, stand: Stand, unit: float, horizon: float, colours: SetColours,
    side: int,
) -> None:  # fmt: skip
    """Fields of plain colour: the wall parted behind the product, half a sun, a floor apart."""
    x, y = grid
    across = side * (x - stand.x_px)
    above = np.clip(horizon - y + 0.5, 0, 1)
    tint(lab, np.clip(across - 0.06 * unit + 0.5, 0, 1) * above, colours.shape)
    away = np.hypot(across - 0.06 * unit, y - horizon + 0.62 * unit)
    sun = np.clip(0.5 * unit - away + 0.5, 0, 1) * np.clip(0.5 - across + 0.06 * unit, 0, 1)
    tint(lab, sun * above, _deeper(colours.shape, 5.0))
    floor = 1 - above
    tint(lab, 0.85 * floor, colours.plinth)
    lab[..., 0] -= 3.0 * floor * np.exp(-np.clip(y - horizon, 0, None) / (0.05 * unit))


def _cove(
    lab: np.ndarray, grid: Grid, stand: Stand, unit: float, horizon: float, colours: SetColours,
    side: int,
) -> None:  # fmt: skip
    """A curved backdrop with a pool of light behind the product, falling off to the edges."""
    x, y = grid
    middle = stand.y_px - 0.55 * stand.height_px
    away = np.hypot((x - stand.x_px - 0.08 * side * unit) / 1.15, y - middle) / unit
    lab[..., 0] += 8.0 * np.exp(-((away / 0.62) ** 2)) - 7.0 * smooth((away - 0.5) / 1.5)
    pool = ((x - stand.x_px) / (0.95 * unit)) ** 2 + ((y - stand.y_px) / (0.2 * unit)) ** 2
    lab[..., 0] += 4.5 * np.exp(-pool)
    crease = np.exp(-(((y - horizon) / (0.10 * unit)) ** 2))
    lab[..., 0] -= 3.0 * crease


def _ribs(
    lab: np.ndarray, grid: Grid, stand: Stand, unit: float, horizon: float, colours: SetColours,
    side: int,
) -> None:  # fmt: skip
    """A fluted panel from wall to wall, lit from one side."""
    x, y = grid
    wide = 0.11 * unit
    place = np.mod((x[:1] - stand.x_px) / wide + 0.5, 1.0) * 2 - 1
    # A half-round flute: lit by the cosine to the light, dark in the groove between two.
    lit = -0.75 * side * place + 0.65 * np.sqrt(np.clip(1 - place**2, 0, 1)) - 0.45
    groove = np.exp(-(((1 - np.abs(place)) / 0.09) ** 2))
    flutes = cv2.GaussianBlur(5.0 * lit - 8.0 * groove, (0, 0), 1.0)
    panel = np.clip(horizon - y[:, :1] - 0.01 * unit + 0.5, 0, 1)
    tint(lab, 0.75 * np.broadcast_to(panel, lab.shape[:2]), colours.shape)
    lab[..., 0] += panel * flutes
    lab[..., 0] -= 5.0 * (1 - panel) * np.exp(-np.clip(y - horizon, 0, None) / (0.06 * unit))


def _podium(
    lab: np.ndarray, grid: Grid, stand: Stand, unit: float, horizon: float, colours: SetColours,
    side: int,
) -> None:  # fmt: skip
    """Round blocks and a ball beside and behind the product."""
    _cove(lab, grid, stand, 1.25 * unit, horizon, colours, side)
    apart = max(0.62 * unit, 0.5 * stand.width_px + 0.24 * unit)
    # Between shape and plinth in tone: as dark as the shape, their shaded sides would be black.
    tone = tuple(
        (one + other) / 2 for one, other in zip(colours.shape, colours.plinth, strict=True)
    )
    solid: Lab = (tone[0], tone[1], tone[2])
    tall = (stand.x_px - side * apart, horizon + 0.05 * unit)
    block(lab, tall, 0.2 * unit, 0.74 * unit, solid)
    low = (stand.x_px + side * (apart + 0.02 * unit), horizon + 0.08 * unit)
    block(lab, low, 0.24 * unit, 0.3 * unit, _deeper(solid, -3.0))
    ball(lab, (low[0] - 0.02 * unit, low[1] - 0.3 * unit), 0.13 * unit, _deeper(solid, 5.0))


def _bare(
    lab: np.ndarray, grid: Grid, stand: Stand, unit: float, horizon: float, colours: SetColours,
    side: int,
) -> None:  # fmt: skip
    """The wall by itself, lighter on the side of the window."""
    x, y = grid
    far = np.hypot(x - stand.x_px + side * 0.7 * unit, y - stand.y_px + 1.3 * unit) / unit
    lab[..., 0] += 6.0 * np.exp(-((far / 1.1) ** 2)) - 2.0


def _deeper(colour: Lab, by: float) -> Lab:
    share = 1 + 0.02 * by
    return colour[0] - by, colour[1] * share, colour[2] * share


_DRAWN: Mapping[str, Back] = {
    "blocks": _blocks, "cove": _cove, "ribs": _ribs, "podium": _podium, "bare": _bare,
}  # fmt: skip
BACKS = tuple(_DRAWN)
