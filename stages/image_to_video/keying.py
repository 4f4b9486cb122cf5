"""Keys a product out of a photo with a plain backdrop, or says that it can't be done well."""

from __future__ import annotations

import cv2
import numpy as np

from stages.shared.picture import rgb_to_lab

WORK_PX = 800
"""Long side at which the backdrop is judged; the alpha is then refined at full size."""

PLAIN_BORDER = 3.0
"""Largest spread (standard deviation, L*a*b*) of the photo's border about a smooth backdrop."""


STABLE = 0.988
"""Least overlap (intersection over union) of the outlines at a smaller and a larger threshold."""


def key_plain_backdrop(photo: np.ndarray) -> np.ndarray | None:
    """RGBA cut-out of an RGB photo, uint8, or None where the backdrop is not plain, or the
    product can't be told from it (a white product on white, a product cut by the edge).

    The backdrop is modelled from the border as a quadratic surface in L*a*b*; what is near to it,
    or changes as softly as a shadow does, and is reached from the border, is backdrop.
    """
    height, width = photo.shape[:2]
    scale = min(1.0, WORK_PX / max(height, width))
    size = (max(16, round(width * scale)), max(16, round(height * scale)))
    lab = rgb_to_lab(cv2.resize(photo, size, interpolation=cv2.INTER_AREA))
    model = _backdrop(lab)
    if model is None:
        return None
    distance = np.sqrt(((lab - model) ** 2).sum(axis=2))
    back = _reached(lab, distance, near=5.0)
    if not _stands_out(1 - back, distance) or not _is_stable(lab, distance, back):
        return None
    alpha = _soft_alpha(distance, back)
    large = cv2.resize(alpha, (width, height), interpolation=cv2.INTER_CUBIC)
    alpha8 = np.clip(large * 255 + 0.5, 0, 255).astype(np.uint8)
    return np.dstack([photo, alpha8])


def _backdrop(lab: np.ndarray) -> np.ndarray | None:
    """The backdrop's colour everywhere, shape as `lab`; None if the border isn't plain.

    Least squares on a frame of 4 % of the size, twice: the second time without what lies off
    (a cable, a shadow that leaves the picture). More than 12 % off is not plain.
    """
    height, width = lab.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
    rim = np.zeros((height, width), bool)
    edge = max(2, round(0.04 * max(height, width)))
    rim[:edge], rim[-edge:], rim[:, :edge], rim[:, -edge:] = True, True, True, True
    matrix, colours = terms[rim], lab[rim]
    kept = np.ones(len(colours), bool)
    for _ in range(3):
        weights = np.linalg.lstsq(matrix[kept], colours[kept], rcond=None)[0]
        off = np.sqrt(((matrix @ weights - colours) ** 2).sum(axis=1))
        kept = off < max(2.5 * float(np.median(off)), 3.0)
    if kept.mean() < 0.88 or off[kept].std() > PLAIN_BORDER or float(np.median(off)) > PLAIN_BORDER:
        return None
    return (terms @ weights).astype(np.float32)


def _reached(lab: np.ndarray, distance: np.ndarray, near: float) -> np.ndarray:
    """1 where backdrop is: within `near` of the model, or soft, and connected to the border."""
    smooth = cv2.GaussianBlur(lab, (0, 0), 1.2)
    slope_x = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8)
    slope_y = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8)
    slope = np.sqrt((slope_x**2 + slope_y**2).sum(axis=2))
    # A soft shadow darkens without colouring: it may lie far off, as long as it has no edge.
    like = ((distance < near) | ((slope < 0.55) & (distance < 22.0))).astype(np.uint8)
    like = cv2.morphologyEx(like, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(like, connectivity=4)
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    outside = np.isin(np.arange(count), border[border > 0])
    # Holes, such as a mug's handle, show the backdrop itself: near the model, and not tiny.
    area = np.bincount(labels.ravel(), minlength=count)
    off = np.bincount(labels.ravel(), weights=distance.ravel(), minlength=count) / np.maximum(
        area, 1
    )
    hole = (area > 0.0008 * lab.shape[0] * lab.shape[1]) & (off < 4.0)
    back = outside | hole
    back[0] = False
    return back[labels].astype(np.uint8)


def _stands_out(front: np.ndarray, distance: np.ndarray) -> bool:
    """Whether what was left looks like one whole product that is unlike its backdrop."""
    if not is_one_product(front):
        return False
    solid = cv2.morphologyEx(front, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    return float(np.median(distance[labels == largest])) > 8.0


def is_one_product(front: np.ndarray, *, most_edges: int = 0) -> bool:
    """Whether a mask (uint8, 1 is product) is one whole thing, of a size and an outline that a
    product has, that touches at most `most_edges` edges of the picture."""
    height, width = front.shape
    solid = cv2.morphologyEx(front, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    if count < 2:
        return False
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    x, y, wide, tall, area = (int(v) for v in stats[largest])
    if not 0.02 < area / (height * width) < 0.8 or area < 0.7 * solid.sum():
        return False
    edges = (x <= 1) + (y <= 1) + (x + wide >= width - 1) + (y + tall >= height - 1)
    if edges > most_edges:
        return False
    # Eaten away: a product that is much like its backdrop leaves ragged islands, not a shape.
    outline = cv2.findContours((labels == largest).astype(np.uint8), cv2.RETR_EXTERNAL,
                               cv2.CHAIN_APPROX_NONE)[0]  # fmt: skip
    length = sum(cv2.arcLength(line, True) for line in outline)
    round_length = 2 * np.sqrt(np.pi * area)
    return bool(length < 6.0 * round_length)


def _is_stable(lab: np.ndarray, distance: np.ndarray, back: np.ndarray) -> bool:
    """Whether the outline stays where it is when the threshold moves. If not, part of what was
    keyed is a shadow, or part of the product is much like the backdrop."""
    front = back == 0
    for near in (3.5, 9.0):
        other = _reached(lab, distance, near) == 0
        shared = (front & other).sum() / max(1, (front | other).sum())
        if shared < STABLE:
            return False
    return True


def _soft_alpha(distance: np.ndarray, back: np.ndarray) -> np.ndarray:
    """Alpha, float32 0 to 1: solid inside, falling over the two pixels of the outline."""
    solid = 1 - cv2.morphologyEx(back, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    keep = stats[:, cv2.CC_STAT_AREA] > 0.01 * stats[1:, cv2.CC_STAT_AREA].max()
    keep[0] = False
    solid = keep[labels].astype(np.float32)
    soft = cv2.GaussianBlur(solid, (0, 0), 1.0)
    # A ramp that is zero where the mask's own edge is: the backdrop's last pixel goes.
    return np.clip((soft - 0.5) * 2.0, 0, 1).astype(np.float32)
