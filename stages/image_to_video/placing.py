"""Where the product stands: the camera's view of it, and the largest place it may take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from schemas.layout import Box
from stages.image_to_video.moves import Path

FOCAL = 2.6
"""Distance of the camera from the product in its own sizes: smaller is a wider, closer lens."""

DETAIL_BLEED = 1.16
"""How far beyond the frame's width the product may reach in a "detail" move."""


def homography(
    scale: float, x_px: float, y_px: float, yaw: float, pitch: float, width: float, height: float
) -> np.ndarray:
    """3x3 matrix from the product picture (`width` x `height`) to the frame, in pixels.

    The picture's bottom centre goes to (`x_px`, `y_px`), the point it stands on; it is turned by
    `yaw` about the vertical through it, then by `pitch` towards the camera's feet, and seen by a
    pin-hole camera at `FOCAL` times its size, level with its middle.
    """
    focal = FOCAL * max(width, height)
    sine, cosine = np.sin(yaw), np.cos(yaw)
    dip, level = np.sin(pitch), np.cos(pitch)
    centre = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]], float)
    turn = np.array(
        [
            [cosine, 0, 0],
            [dip * sine, level, 0],
            [-level * sine / focal, dip / focal, 1],
        ]
    )
    seen = turn @ centre
    foot = seen @ (width / 2, height, 1)
    at_x, at_y = foot[:2] / foot[2]
    place = np.array(
        [[scale, 0, x_px - scale * at_x], [0, scale, y_px - scale * at_y], [0, 0, 1]], float
    )
    return place @ seen


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
        path.pitch[index],
        width,
        height,
    )
