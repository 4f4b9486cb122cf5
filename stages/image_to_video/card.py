"""Card mode: a photo that can't be cut out is a rounded card over a blurred cover of itself."""

from __future__ import annotations

import cv2
import numpy as np

from stages.image_to_video.drawing import Stand, grid, halved, planes
from stages.image_to_video.drawing import rounded as rounded_box
from stages.image_to_video.scene import Scene, layer_stand
from stages.shared.picture import rgb_to_lab

BORDER = 0.014
"""Width of the card's pale border, as a share of its short side."""


def rounded(photo: np.ndarray) -> np.ndarray:
    """The RGB photo, cropped to what it shows, as an RGBA card with a pale border and round
    corners; at most 1600 px."""
    x0, y0, x1, y1 = busy_area(photo)
    photo = photo[y0:y1, x0:x1]
    scale = min(1.0, 1600 / max(photo.shape[:2]))
    if scale < 1:
        photo = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = photo.shape[:2]
    short = min(height, width)
    edge = _inside_rounded(height, width, 0.05 * short)
    inner = np.clip(edge - BORDER * short + 0.5, 0, 1)[..., None]
    colours = photo * inner + np.float32(249) * (1 - inner)
    alpha = np.clip(edge + 0.5, 0, 1) * 255
    return np.dstack([colours, alpha]).round().astype(np.uint8)


def _inside_rounded(height: int, width: int, radius: float) -> np.ndarray:
    """Distance of each pixel to the outline of the rounded picture, positive inside."""
    x, y = grid((height, width))
    return rounded_box(x - width / 2, y - height / 2, width / 2, height / 2, radius)


def busy_area(photo: np.ndarray) -> tuple[int, int, int, int]:
    """Box (x0, y0, x1, y1) in pixels of the part of an RGB photo in which things are: all but a
    little of its detail, with room around, between 4:5 and 5:4. A photo that is full of detail
    stays whole."""
    height, width = photo.shape[:2]
    scale = 256 / max(height, width)
    small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    lab = cv2.GaussianBlur(rgb_to_lab(small), (0, 0), 1.0)
    slope = np.abs(np.diff(lab, axis=0))[:, 1:] + np.abs(np.diff(lab, axis=1))[1:]
    detail = np.clip(slope.sum(axis=2) - 2.5, 0, 20)
    if detail.sum() < 1:
        return 0, 0, width, height
    spans = []
    for axis, length in ((0, width), (1, height)):
        share = np.cumsum(detail.sum(axis=axis)) / detail.sum()
        ends = np.searchsorted(share, (0.005, 0.995)) / scale
        room = 0.16 * (ends[1] - ends[0]) + 0.02 * length
        spans.append([ends[0] - room, ends[1] + room])
    wide, tall = spans[0][1] - spans[0][0], spans[1][1] - spans[1][0]
    for span, least in ((spans[0], 0.8 * tall), (spans[1], 0.8 * wide)):
        missing = max(0.0, least - (span[1] - span[0]))
        span[0], span[1] = span[0] - missing / 2, span[1] + missing / 2
    (x0, x1), (y0, y1) = spans
    return max(0, int(x0)), max(0, int(y0)), min(width, int(x1)), min(height, int(y1))


def cover(card: np.ndarray, stand: Stand, frame: tuple[int, int], layout: str) -> Scene:
    """The scene behind a card: the photo, blurred and calmed, and the card's soft shadow."""
    half, (tall, wide) = layer_stand(stand, frame)
    lab = _blurred(card[..., :3], (tall, wide))
    if layout == "end_card":
        # Text stands here: nearly one light tone.
        mean = lab.mean(axis=(0, 1))
        lab = mean + 0.25 * (lab - mean)
        lab[..., 0] += 88 - lab[..., 0].mean()
        lab[..., 1:] *= 0.6
    wall = planes(lab)
    shadow = np.zeros((tall, wide), np.float32)
    size = max(half.width_px, half.height_px)
    side = half.width_px / 2 - 0.02 * size
    corner = (round(half.x_px - side), round(half.y_px - half.height_px + 0.05 * size))
    other = (round(half.x_px + side), round(half.y_px - 0.01 * size))
    cv2.rectangle(shadow, corner, other, 1.0, -1)
    wide_shadow = cv2.GaussianBlur(shadow, (0, 0), 0.06 * size)
    near = cv2.GaussianBlur(shadow, (0, 0), 0.018 * size)
    dark = 1 - (1 - 0.38 * wide_shadow) * (1 - 0.22 * near)
    nothing = np.zeros_like(dark)
    return Scene(
        (wall[0], halved(wall[1]), halved(wall[2])),
        (dark * 16, halved(nothing), halved(nothing), dark),
        np.zeros((tall // 2, wide // 2), np.float32),
    )


def _blurred(photo: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The photo filling `size` (height, width), blurred beyond recognition, in L*a*b*, held
    between the tones at which a caption can be read on it."""
    tall, wide = size
    height, width = photo.shape[:2]
    small = cv2.resize(
        photo, (max(1, width // 8), max(1, height // 8)), interpolation=cv2.INTER_AREA
    )
    scale = max(tall / small.shape[0], wide / small.shape[1])
    x0 = max(0, int((small.shape[1] - wide / scale) / 2))
    y0 = max(0, int((small.shape[0] - tall / scale) / 2))
    part = small[y0 : y0 + max(1, round(tall / scale)), x0 : x0 + max(1, round(wide / scale))]
    part = cv2.resize(part, (wide // 4, tall // 4), interpolation=cv2.INTER_LINEAR)
    soft = cv2.GaussianBlur(rgb_to_lab(part), (0, 0), wide / 4 * 0.2)
    soft[..., 0] = np.clip(46 + (soft[..., 0] - 46) * 0.8, 24, 84)
    return cv2.resize(soft, (wide, tall), interpolation=cv2.INTER_CUBIC)
