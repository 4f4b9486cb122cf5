"""Solids that stand about in a studio set: round blocks and balls, lit from the upper left."""

from __future__ import annotations

import numpy as np

from stages.image_to_video.drawing import Lab, grid, smooth, tint

FLATNESS = 0.185
"""Height over width of a round top: the camera looks down by 11 degrees, as in most packshots."""


def ramp(distance: np.ndarray) -> np.ndarray:
    """Coverage of an edge that is not quite sharp: sets are drawn at half the frame's size."""
    return np.clip(distance / 1.5 + 0.5, 0, 1)


def cylinder(
    lab: np.ndarray,
    cover: np.ndarray,
    centre: tuple[float, float],
    radius: float,
    tall: float,
    colour: Lab,
) -> None:
    """A round block seen from slightly above, drawn over what is there; `centre` is that of its
    top. Only the rows it covers are worked on."""
    flat = FLATNESS * radius
    rows = slice(max(0, int(centre[1] - flat) - 4), max(0, int(centre[1] + flat + tall) + 5))
    lab, cover = lab[rows], cover[rows]
    x, y = grid(cover.shape[:2])
    y += rows.start
    across = (x - centre[0]) / radius
    rim = np.sqrt(np.clip(1 - across**2, 0, 1)) * flat
    edge = np.clip((1 - np.abs(across)) * radius + 0.5, 0, 1)
    front = centre[1] + rim
    body = np.clip(y - centre[1] + 0.5, 0, 1) * ramp(front + tall - y) * edge
    top = ramp(front - y) * ramp(y - centre[1] + rim) * edge
    plain = np.array(colour, np.float32)
    side = np.empty_like(lab)
    side[:] = plain
    turn = np.clip(across + 0.38, -1, 1.4)
    side[..., 0] += 1.5 - 15.0 * turn**2 - 5.0 * np.clip((y - front) / max(tall, 1), 0, 1)
    tint(lab, np.maximum(body, top), side)
    surface = np.empty_like(lab)
    surface[:] = plain
    surface[..., 0] += 3.5 - 4.0 * across - 2.0 * (y - centre[1]) / max(flat, 1)
    surface[..., 0] = np.minimum(surface[..., 0], 93)
    tint(lab, top, surface)
    bevel = np.exp(-(((y - front) / 1.3) ** 2)) * edge * (y > centre[1])
    lab[..., 0] = np.minimum(lab[..., 0] + 3.5 * bevel * (1 - 0.6 * np.clip(across, 0, 1)), 95)
    np.maximum(cover, np.maximum(body, top), out=cover)


def floor_shade(
    x: np.ndarray, y: np.ndarray, centre: float, floor: float, radius: float
) -> np.ndarray:
    """Light that is left on the floor around a round block, 0 to 1."""
    ry = FLATNESS * radius
    tight = np.hypot((x - centre - 0.03 * radius) / (radius * 1.02), (y - floor) / (ry * 1.08))
    wide = np.hypot(
        (x - centre - 0.28 * radius) / (radius * 1.25), (y - floor + 0.1 * ry) / (ry * 1.7)
    )
    dark = 0.5 * (1 - smooth((tight - 0.93) / 0.22)) + 0.3 * (1 - smooth((wide - 0.5) / 0.75))
    return 1 - np.clip(dark, 0, 0.8)


def block(
    lab: np.ndarray, foot: tuple[float, float], radius: float, tall: float, colour: Lab
) -> None:
    """A round block with its shadow; `foot` is the middle of its base."""
    x, y = grid(lab.shape[:2])
    lab[..., 0] *= 1 - 0.45 * (1 - floor_shade(x, y, foot[0], foot[1], radius))
    cylinder(
        lab, np.zeros(lab.shape[:2], np.float32), (foot[0], foot[1] - tall), radius, tall, colour
    )


def ball(lab: np.ndarray, foot: tuple[float, float], radius: float, colour: Lab) -> None:
    """A matt ball with the shadow right under it; `foot` is where it lies."""
    x, y = grid(lab.shape[:2])
    under = ((x - foot[0] - 0.12 * radius) / (0.8 * radius)) ** 2
    under += ((y - foot[1]) / (0.24 * radius)) ** 2
    lab[..., 0] -= 14.0 * np.exp(-1.4 * under)
    across, down = (x - foot[0]) / radius, (y - foot[1] + radius) / radius
    away = np.hypot(across, down)
    facing = np.sqrt(np.clip(1 - away**2, 0, 1))
    lit = -0.42 * across - 0.55 * down + 0.72 * facing
    bounce = np.clip(down - 0.3, 0, 1) * (1 - facing)
    surface = np.empty_like(lab)
    surface[:] = np.array(colour, np.float32)
    surface[..., 0] += 15.0 * lit - 9.0 + 5.0 * bounce
    tint(lab, ramp((1 - away) * radius), surface)
