"""Camera moves: where the camera is in each frame, and how large the product may then be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from schemas.layout import Box

MOVES = (
    "push_in", "pull_out", "orbit_left", "orbit_right", "rise", "drift", "detail",
)  # fmt: skip

INSTEAD = {
    "push_in": ("drift", "pull_out"),
    "pull_out": ("drift", "push_in"),
    "orbit_left": ("orbit_right", "drift", "push_in"),
    "orbit_right": ("orbit_left", "drift", "push_in"),
    "rise": ("push_in", "drift"),
    "drift": ("push_in", "pull_out"),
    "detail": ("push_in", "drift"),
}
"""What an engine does that cannot do a move, best first."""

FOCAL = 2.6
"""Distance of the camera from the product in its own sizes: smaller is a wider, closer lens."""

PAN_PER_YAW = 0.32
"""Frame widths by which the wall slides per radian of yaw, to the side that comes nearer."""

DETAIL_BLEED = 1.16
"""How far beyond the frame's width the product may reach in a "detail" move."""


@dataclass(frozen=True)
class Path:
    """A camera path: one value per frame in each array.

    `scale` is relative to the shot's own size; `x` and `y` are shifts of the product in its own
    sizes (the larger of width and height), right and down; `yaw` is its turn in radians, positive
    when its right side comes nearer; `pan` slides the wall behind it, in frame widths.
    """

    scale: np.ndarray
    x: np.ndarray
    y: np.ndarray
    yaw: np.ndarray
    pan: np.ndarray
    lift: np.ndarray
    """Slides the wall down, in frame heights."""
    wall: np.ndarray
    """Scale of the wall beyond what it takes part in of the product's."""
    eased: np.ndarray
    """Progress of the move itself, 0 to 1: light follows it."""


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
    random = np.random.default_rng([seed & 0xFFFFFFFF, MOVES.index(move)])
    side = 1.0 if random.random() < 0.5 else -1.0
    reach = random.uniform(0.92, 1.08)
    # from, to: scale, x, y, yaw
    ways = {
        "push_in": ((0.89, 0, 0.008, 0.075 * side), (1.03, 0, -0.004, -0.05 * side)),
        "pull_out": ((1.06, 0.012 * side, 0, -0.09 * side), (0.92, 0, 0, 0.05 * side)),
        "orbit_left": ((0.95, 0.01, 0, 0.19), (1.02, -0.01, 0, -0.15)),
        "orbit_right": ((0.95, -0.01, 0, -0.19), (1.02, 0.01, 0, 0.15)),
        "rise": ((0.98, 0, -0.035, -0.07 * side), (1.02, 0, 0.035, 0.06 * side)),
        "drift": ((0.985, -0.012 * side, 0, 0.05 * side), (1.0, 0.012 * side, 0, -0.04 * side)),
        "detail": ((0.985, 0.05 * side, 0, 0.1 * side), (1.01, -0.05 * side, 0, -0.08 * side)),
    }
    begin, end = (np.array(way, float) for way in ways[move])
    middle = (begin + end) / 2
    begin, end = middle + (begin - middle) * reach, middle + (end - middle) * reach
    burst = (
        0.45 if opening else (0.25 if move in ("orbit_left", "orbit_right", "pull_out") else 0.1)
    )
    if opening:
        begin[0] -= 0.09
    eased = glide(frames, burst=0.0 if move == "drift" else burst)
    values = begin[None, :] + (end - begin)[None, :] * eased[:, None]
    scale, x, y, yaw = values.T
    still = np.zeros(frames)
    return Path(scale, x, y, yaw, PAN_PER_YAW * yaw, still, still + 1, eased)


def homography(
    scale: float, x_px: float, y_px: float, yaw: float, width: float, height: float
) -> np.ndarray:
    """3x3 matrix from the product picture (`width` x `height`) to the frame, in pixels.

    The picture's bottom centre goes to (`x_px`, `y_px`), the point it stands on; it is turned by
    `yaw` about the vertical through it and seen by a pin-hole camera at `FOCAL` times its size,
    level with its middle.
    """
    focal = FOCAL * max(width, height)
    sine, cosine = np.sin(yaw), np.cos(yaw)
    eye = height / 2
    centre = np.array([[1, 0, -width / 2], [0, 1, -height + eye], [0, 0, 1]], float)
    turn = np.array([[cosine, 0, 0], [0, 1, 0], [-sine / focal, 0, 1]], float)
    place = np.array([[scale, 0, x_px], [0, scale, y_px - scale * eye], [0, 0, 1]], float)
    return place @ turn @ centre


@dataclass(frozen=True)
class Placement:
    """Where the product stands at scale 1 of its path: its foot in frame pixels, and its size.

    `scale` takes the product picture's own pixels to the frame's.
    """

    scale: float
    foot_x_px: float
    foot_y_px: float


def place(
    path: Path,
    width: float,
    height: float,
    area: Box,
    frame: tuple[int, int],
    *,
    detail: bool = False,
    fill: float = 0.97,
) -> Placement:
    """The largest placement of a `width` x `height` picture that stays in `area` all along `path`.

    `frame` is (width, height) in pixels. A `detail` may bleed off the frame's left and right
    edge, never out of the area's top and bottom. `fill` is the share of the area to take: 0.97
    leaves the cut-out's soft edge and the depth warp clear of its border.
    """
    extent = extents(path, Placement(1.0, 0.0, 0.0), width, height)
    left, top = extent[:, 0].min(), extent[:, 1].min()
    right, bottom = extent[:, 2].max(), extent[:, 3].max()
    x0, y0, x1, y1 = area.x0 * frame[0], area.y0 * frame[1], area.x1 * frame[0], area.y1 * frame[1]
    room = DETAIL_BLEED * frame[0] if detail else x1 - x0
    scale = fill * min(room / (right - left), (y1 - y0) / (bottom - top))
    return Placement(
        scale,
        (x0 + x1) / 2 - scale * (left + right) / 2,
        (y0 + y1) / 2 - scale * (top + bottom) / 2,
    )


def extents(path: Path, placement: Placement, width: float, height: float) -> np.ndarray:
    """Box of the picture's corners in every frame, shape (frames, 4): x0, y0, x1, y1 in pixels."""
    corners = np.array([[0, width, width, 0], [0, 0, height, height], [1, 1, 1, 1]], float)
    boxes = []
    for index in range(len(path.scale)):
        matrix = matrix_at(path, index, placement, width, height)
        points = matrix @ corners
        x, y = points[0] / points[2], points[1] / points[2]
        boxes.append((x.min(), y.min(), x.max(), y.max()))
    return np.array(boxes)


def matrix_at(
    path: Path, index: int, placement: Placement, width: float, height: float
) -> np.ndarray:
    """`homography` of one frame of the path."""
    size = placement.scale * max(width, height)
    return homography(
        placement.scale * path.scale[index],
        placement.foot_x_px + path.x[index] * size,
        placement.foot_y_px + path.y[index] * size,
        path.yaw[index],
        width,
        height,
    )
