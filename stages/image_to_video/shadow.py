"""The shadows that make a cut-out stand on a surface: contact, ambient and cast."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np


def footprint(alpha: np.ndarray) -> tuple[float, float, float]:
    """Where a cut-out touches the ground: (left, right, depth) as fractions of its width, width
    and height. The foot is what reaches into its lowest 9 %; depth is how far the foot's ends lie
    above its lowest point, which tells how steeply the camera looks down. `alpha` is uint8."""
    height, width = alpha.shape
    solid = alpha > 128
    lowest = np.where(solid.any(axis=0), height - 1 - solid[::-1].argmax(axis=0), -1)
    reach = np.flatnonzero(lowest > height * 0.91)
    if len(reach) == 0:
        return 0.2, 0.8, 0.03
    left, right = reach[0] / width, (reach[-1] + 1) / width
    ends = (height - 1 - min(lowest[reach[0]], lowest[reach[-1]])) / height
    return float(left), float(right), float(np.clip(ends, 0.015, 0.09))


def ground_shadow(
    alpha: np.ndarray, shape: tuple[int, int], foot: tuple[float, float], scale: float
) -> np.ndarray:
    """Darkness, 0 to 1, float32 of `shape` (height, width), of the ground under a product.

    `alpha` is the cut-out's, uint8; `foot` is where its bottom centre stands in the shadow's
    pixels, `scale` takes the cut-out's pixels to them. Light comes from the upper left front.
    """
    height, width = alpha.shape
    size = scale * max(height, width)
    left, right, deep = footprint(alpha)
    x0, y0 = foot
    lay = partial(_squashed, alpha, shape, scale=scale)
    contact = lay((x0, y0), share=0.05, squash=0.9, shear=0.0)
    contact = cv2.GaussianBlur(contact, (0, 0), max(0.8, size * 0.006))
    near = lay((x0, y0 + size * 0.006), share=0.14, squash=0.42, shear=0.25)
    near = cv2.GaussianBlur(near, (0, 0), size * 0.022)
    cast = lay((x0, y0 - size * 0.012), share=0.75, squash=0.24, shear=1.15)
    cast = cv2.GaussianBlur(cast, (0, 0), size * 0.042)
    ambient: np.ndarray = np.zeros(shape, np.float32)
    middle = (x0 + (left + right - 1) / 2 * width * scale, y0 - deep * height * scale * 0.5)
    axes = ((right - left) * width * scale * 0.62, max(deep * 1.6, 0.045) * height * scale)
    cv2.ellipse(ambient, (middle, (2 * axes[0], 2 * axes[1]), 0.0), 1.0, -1)
    ambient = cv2.GaussianBlur(ambient, (0, 0), size * 0.045)
    light = (1 - 0.55 * contact) * (1 - 0.42 * near) * (1 - 0.30 * cast) * (1 - 0.30 * ambient)
    return 1 - light


def _squashed(
    alpha: np.ndarray,
    shape: tuple[int, int],
    foot: tuple[float, float],
    *,
    scale: float,
    share: float,
    squash: float,
    shear: float,
) -> np.ndarray:
    """The lowest `share` of the silhouette laid on the ground: its height times `squash`, leaning
    to the right by `shear` of that height. float32, 0 to 1."""
    height, width = alpha.shape
    part = alpha.astype(np.float32) / 255
    row = np.arange(height, dtype=np.float32)[:, None]
    # From nothing at its upper end to full within a third of it.
    part *= np.clip(3 * (row - height * (1 - share)) / (height * share), 0, 1)
    # Source (u, v) to ground: v above the foot becomes v * squash up and v * squash * shear aside.
    up = scale * squash
    matrix = np.array(
        [
            [scale, -up * shear, foot[0] - scale * width / 2 + up * shear * height],
            [0, up, foot[1] - up * height],
        ]
    )
    return cv2.warpAffine(part, matrix, shape[::-1], flags=cv2.INTER_AREA)
