"""The product as a layer: premultiplied colours, soft edges without the old backdrop, and depth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from stages.shared.picture import rgb_to_ycc

DEPTH = 0.13
"""Bulge of the product's middle towards the camera, in its own sizes."""


PAD_PX = 8


@dataclass(frozen=True)
class ProductLayer:
    """What the renderer warps, all uint8 and premultiplied by alpha.

    `luma` and `alpha` are (height, width); `chroma` is (height / 2, width / 2, 3) with Cb, Cr and
    alpha. `depth` is float32 (height / 8, width / 8), 0 at the outline, in layer pixels towards
    the camera. Sizes are multiples of 8.
    """

    luma: np.ndarray
    alpha: np.ndarray
    chroma: np.ndarray
    depth: np.ndarray
    to_cutout: np.ndarray
    """3x3 matrix from layer pixels to the cut-out's."""

    @property
    def width(self) -> int:
        """Width in layer pixels."""
        return int(self.luma.shape[1])

    @property
    def height(self) -> int:
        """Height in layer pixels."""
        return int(self.luma.shape[0])


def clean_edges(cutout: np.ndarray) -> np.ndarray:
    """RGBA with the colour of its soft edge taken from the solid inside, so that nothing of the
    old backdrop shows as a halo. Straight alpha, same shape, uint8."""
    alpha = cutout[..., 3].astype(np.float32) / 255
    solid = cv2.erode((alpha > 0.98).astype(np.float32), np.ones((3, 3), np.uint8))
    colour = cutout[..., :3].astype(np.float32)
    spread = max(2.0, max(cutout.shape[:2]) / 400)
    weight = cv2.GaussianBlur(solid, (0, 0), spread)
    inside: np.ndarray = cv2.GaussianBlur(colour * solid[..., None], (0, 0), spread)
    inside = inside / np.maximum(weight, 1e-4)[..., None]
    # Only the outline: glass that is half transparent all over keeps its own colours. And thin
    # parts (a wire, a hair) have no solid inside nearby: they keep theirs.
    zone = cv2.dilate((alpha < 0.04).astype(np.uint8), np.ones((9, 9), np.uint8))
    share = zone * np.clip((0.99 - alpha) * 8, 0, 1) * np.clip(weight * 20, 0, 1)
    share = share[..., None]
    cleaned = colour * (1 - share) + inside * share
    return np.dstack([np.clip(cleaned, 0, 255), cutout[..., 3]]).astype(np.uint8)


def product_layer(cutout: np.ndarray, scale: float, *, flat: bool = False) -> ProductLayer:
    """Resize a trimmed RGBA cut-out by `scale` and make it a layer; `flat` gives it no depth.

    Enlarging uses Lanczos and a light sharpening, reducing averages; both work on premultiplied
    colours in float, so that edges stay free of fringes.
    """
    height, width = cutout.shape[:2]
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    alpha = cutout[..., 3:].astype(np.float32) / 255
    mixed = np.dstack([cutout[..., :3].astype(np.float32) / 255 * alpha, alpha])
    method = cv2.INTER_LANCZOS4 if scale > 1 else cv2.INTER_AREA
    mixed = np.clip(cv2.resize(mixed, size, interpolation=method), 0, 1)
    if scale > 1:
        soft = cv2.GaussianBlur(mixed[..., :3], (0, 0), 0.9 * scale)
        mixed[..., :3] += 0.35 * min(scale - 1, 1.0) * (mixed[..., :3] - soft)
    # A border to the next multiple of 8, and at least 4 px of nothing for the cubic filter.
    pad = [(PAD_PX, -(size[i] + PAD_PX) % 8 + 8) for i in (1, 0)] + [(0, 0)]
    mixed = np.pad(mixed, pad)
    alpha = mixed[..., 3]
    mixed[..., :3] = np.clip(mixed[..., :3], 0, alpha[..., None])
    # Y'CbCr of premultiplied colours: the offsets (16, 128, 128) must be premultiplied as well.
    offset = np.array([16, 128, 128], np.float32)
    ycc = rgb_to_ycc(mixed[..., :3]) - offset * (1 - alpha)[..., None]
    half = (alpha.shape[1] // 2, alpha.shape[0] // 2)
    chroma = cv2.resize(np.dstack([ycc[..., 1:], alpha * 255]), half, interpolation=cv2.INTER_AREA)
    return ProductLayer(
        luma=np.ascontiguousarray(_byte(ycc[..., 0])),
        alpha=_byte(alpha * 255),
        chroma=_byte(chroma),
        depth=_depth(alpha, flat),
        to_cutout=np.array(
            [
                [width / size[0], 0, -PAD_PX * width / size[0]],
                [0, height / size[1], -PAD_PX * height / size[1]],
                [0, 0, 1],
            ]
        ),
    )


def _byte(values: np.ndarray) -> np.ndarray:
    return np.clip(values + 0.5, 0, 255).astype(np.uint8)


def _depth(alpha: np.ndarray, flat: bool) -> np.ndarray:
    """Bulge from the distance to the outline: a pillow, smooth enough not to bend lettering."""
    eighth = (alpha.shape[1] // 8, alpha.shape[0] // 8)
    if flat:
        return np.zeros(eighth[::-1], np.float32)
    small = cv2.resize(alpha, eighth, interpolation=cv2.INTER_AREA)
    inside = np.pad((small > 0.5).astype(np.uint8), 1)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, 5)[1:-1, 1:-1]
    bulge = np.sqrt(distance / max(float(distance.max()), 1.0))
    bulge = cv2.GaussianBlur(bulge, (0, 0), max(eighth) * 0.035) * small
    return (bulge * DEPTH * max(alpha.shape)).astype(np.float32)
