"""Frames a portrait as a bust in a square, which is what a talking-head model goes on from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from stages.avatar.process.checks import FaceBox, check_portrait
from stages.shared.picture import read_picture

FACE_SHARE = 0.24
"""Least width of the face, of the square's: in a smaller one lips have too few pixels."""
FACE_Y = 0.44
"""Where the middle of the face comes, of the square's height, if the portrait has the room."""
GROUND = 200
"""Grey level behind a portrait that has an alpha channel of its own."""


@dataclass(frozen=True)
class Portrait:
    """What a model is shown."""

    picture: np.ndarray
    """uint8 (side, side, 3) RGB."""
    face: FaceBox
    """Where the face is in it, px."""


def framed(path: Path, side_px: int) -> Portrait:
    """The portrait in a square of `side_px`. Raises `Reject` as `check_portrait` does."""
    x0, y0, x1, y1 = check_portrait(path)
    rgba = read_picture(path, alpha=True).astype(np.float32)
    alpha = rgba[..., 3:] / 255.0
    picture = np.rint(rgba[..., :3] * alpha + GROUND * (1.0 - alpha)).astype(np.uint8)
    height, width = picture.shape[:2]
    side = min(height, width, round((x1 - x0) / FACE_SHARE))
    left = int(np.clip(round((x0 + x1 - side) / 2), 0, width - side))
    top = int(np.clip(round((y0 + y1) / 2 - FACE_Y * side), 0, height - side))
    scale = side_px / side
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    square = picture[top : top + side, left : left + side]
    face = ((x0 - left) * scale, (y0 - top) * scale, (x1 - left) * scale, (y1 - top) * scale)
    return Portrait(cv2.resize(square, (side_px, side_px), interpolation=method), face)
