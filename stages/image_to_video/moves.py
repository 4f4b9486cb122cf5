"""Camera moves: where the camera is in each frame, and which moves suit which shot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Way:
    """Both ends of a move as (scale, x, y, yaw, pitch), each as in `Path`, and what is its own.

    Where x, yaw and `slide` mirror the move, the spot's seed picks the side.
    """

    begin: tuple[float, float, float, float, float]
    end: tuple[float, float, float, float, float]
    burst: float = 0.1
    """Share of the way that is spent in a first quick rush."""
    sided: bool = True
    """Whether the seed may mirror it; an orbit's name says to which side it goes."""
    turns_wall: bool = True
    """Whether the wall slides as the view turns; a turntable turns the product alone."""
    slide: tuple[float, float] = (0.0, 0.0)
    """Further slide of the wall, in frame widths."""
    wall: tuple[float, float] = (1.0, 1.0)
    """Further scale of the wall: it comes nearer or falls back while the product stays."""


WAYS: Mapping[str, Way] = {
    "push_in": Way((0.89, 0, 0.008, 0.075, 0.012), (1.03, 0, -0.004, -0.05, 0)),
    "pull_out": Way((1.06, 0.012, 0, -0.09, 0), (0.92, 0, 0, 0.05, 0.012), burst=0.25),
    "orbit_left": Way(
        (0.95, 0.01, 0, 0.19, 0), (1.02, -0.01, 0, -0.15, 0.01), burst=0.25, sided=False
    ),
    "orbit_right": Way(
        (0.95, -0.01, 0, -0.19, 0), (1.02, 0.01, 0, 0.15, 0.01), burst=0.25, sided=False
    ),
    "arc_in": Way((0.87, 0.012, 0.004, 0.17, 0.055), (1.03, -0.006, 0, -0.08, 0), burst=0.2),
    "rise": Way((0.98, 0, -0.03, -0.07, -0.018), (1.02, 0, 0.03, 0.06, 0.045)),
    "crane_down": Way((0.92, 0, 0.026, 0.05, 0.065), (1.03, 0, -0.012, -0.045, -0.008), burst=0.2),
    "parallax_slide": Way(
        (0.98, -0.062, 0, 0.085, 0), (1.01, 0.062, 0, -0.085, 0), slide=(0.034, -0.034)
    ),
    "dolly_zoom": Way((0.97, 0, 0, 0.035, 0), (1.01, 0, 0, -0.03, 0), wall=(1.17, 0.985)),
    "turntable": Way(
        (0.96, 0, 0, 0.33, 0.01), (1.01, 0, 0, -0.08, 0.01), burst=0.42, turns_wall=False
    ),
    "drift": Way((0.985, -0.012, 0, 0.05, 0), (1.0, 0.012, 0, -0.04, 0), burst=0.0),
    "detail": Way((0.985, 0.05, 0, 0.1, 0), (1.01, -0.05, 0, -0.08, 0)),
}

MOVES = tuple(WAYS)

INSTEAD = {
    "push_in": ("drift", "pull_out"),
    "pull_out": ("drift", "push_in"),
    "orbit_left": ("orbit_right", "drift", "push_in"),
    "orbit_right": ("orbit_left", "drift", "push_in"),
    "arc_in": ("push_in", "orbit_left", "drift"),
    "rise": ("push_in", "drift"),
    "crane_down": ("rise", "push_in", "drift"),
    "parallax_slide": ("orbit_right", "drift", "push_in"),
    "dolly_zoom": ("push_in", "drift"),
    "turntable": ("orbit_left", "orbit_right", "drift", "push_in"),
    "drift": ("push_in", "pull_out"),
    "detail": ("push_in", "drift"),
}
"""What an engine does that cannot do a move, best first."""

OPENING = ("push_in", "arc_in", "crane_down", "turntable", "orbit_left", "orbit_right")
"""Moves that go towards the product: one of them opens a spot."""

BY_LAYOUT: Mapping[str, tuple[str, ...]] = {
    "presented": (
        "push_in", "orbit_right", "crane_down", "parallax_slide", "turntable", "pull_out", "arc_in",
    ),
    "hero": ("orbit_left", "detail", "dolly_zoom", "arc_in", "rise", "turntable", "parallax_slide"),
    "end_card": ("drift",),
}  # fmt: skip
"""Moves that suit a kind of shot: beside a presenter the calmer ones, and text stands still."""

PAN_PER_YAW = 0.32
"""Frame widths by which the wall slides per radian of yaw, to the side that comes nearer."""

LIFT_PER_PITCH = -0.5
"""Frame heights by which the wall slides down per radian of pitch: from above it seems higher."""


@dataclass(frozen=True)
class Path:
    """A camera path: one value per frame in each array.

    `scale` is relative to the shot's own size; `x` and `y` are shifts of the product in its own
    sizes (the larger of width and height), right and down; `yaw` is its turn in radians, positive
    when its right side comes nearer, `pitch` positive when it is seen more from above; `pan` and
    `lift` slide the wall behind it, right in frame widths and down in frame heights; `wall` is the
    wall's scale beyond the part that it takes in the product's.
    """

    scale: np.ndarray
    x: np.ndarray
    y: np.ndarray
    yaw: np.ndarray
    pitch: np.ndarray
    pan: np.ndarray
    lift: np.ndarray
    wall: np.ndarray
    eased: np.ndarray
    """Progress of the move itself, 0 to 1: light follows it."""


def choose_moves(layouts: Sequence[str], seed: int, allowed: Sequence[str] = ()) -> list[str]:
    """A move for each shot of these layouts: one that suits it, in an order that the seed shuffles,
    none twice before all that suit were used, and one of `OPENING` first.

    Of `allowed`, if any are given, only those are taken; where none of them suits, any of them.
    """
    random = np.random.default_rng([seed & 0xFFFFFFFF, 3])
    order = {
        name: int(rank) for name, rank in zip(MOVES, random.permutation(len(MOVES)), strict=True)
    }
    chosen: list[str] = []
    for index, layout in enumerate(layouts):
        suits = [move for move in BY_LAYOUT[layout] if not allowed or move in allowed]
        suits = suits or list(allowed)
        if index == 0:
            suits = [move for move in suits if move in OPENING] or suits
        used = {move: chosen.count(move) + 2 * (chosen[-1:] == [move]) for move in suits}
        chosen.append(min(suits, key=lambda move: (used[move], order[move])))
    return chosen


def glide(frames: int, *, burst: float = 0.0, rest: float = 0.35) -> np.ndarray:
    """Eased progress from 0 to 1 that never stands still, shape (frames,).

    `rest` is how much slower the ends are than the mean (0 to 1; 1 would stop dead at the cuts).
    `burst` is the share of the way that is spent in a first quick rush (0 to 0.7).
    """
    u = np.linspace(0.0, 1.0, frames) if frames > 1 else np.zeros(1)
    calm = u - rest * np.sin(2 * np.pi * u) / (2 * np.pi)
    rush = (1 - np.exp(-9 * u)) / (1 - np.exp(-9))
    return (1 - burst) * calm + burst * rush


def camera_path(move: str, frames: int, seed: int, *, opening: bool = False) -> Path:
    """The path of a named move. `seed` varies its reach by a few per cent and picks its side.

    `opening` begins with a rush towards the product: the first second must hold the eye.
    Raises `ValueError` for a name that is not in `MOVES`.
    """
    if move not in MOVES:
        raise ValueError(f"{move!r} is not a camera move; take one of {', '.join(MOVES)}")
    way = WAYS[move]
    random = np.random.default_rng([seed & 0xFFFFFFFF, MOVES.index(move)])
    side = 1.0 if random.random() < 0.5 or not way.sided else -1.0
    reach = random.uniform(0.92, 1.08)
    mirrored = np.array([1, side, 1, side, 1])
    begin, end = np.array(way.begin) * mirrored, np.array(way.end) * mirrored
    middle = (begin + end) / 2
    begin, end = middle + (begin - middle) * reach, middle + (end - middle) * reach
    if opening:
        begin[0] -= 0.09
    eased = glide(frames, burst=max(way.burst, 0.45) if opening else way.burst)
    values = begin[None, :] + (end - begin)[None, :] * eased[:, None]
    scale, x, y, yaw, pitch = values.T
    slide, wall = (pair[0] + (pair[1] - pair[0]) * eased for pair in (way.slide, way.wall))
    pan = side * slide + (PAN_PER_YAW * yaw if way.turns_wall else 0.0)
    return Path(scale, x, y, yaw, pitch, pan, LIFT_PER_PITCH * pitch, wall, eased)
