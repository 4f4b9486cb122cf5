"""The product as a layer: premultiplied colours, soft edges without the old backdrop, and depth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from stages.shared.picture import rgb_to_ycc

DEPTH = 0.13
"""Bulge of the product's middle towards the camera, in its own sizes."""


PAD_PX = 8

OVERSAMPLE = 2
"""Layer pixels per frame pixel: a linear warp of twice as fine a picture is as sharp and as steady
as a cubic one of the picture itself, for a quarter of the time."""

DEPTH_STEP = 16
"""Layer pixels per value of the depth."""


@dataclass(frozen=True)
class ProductLayer:
    """What the renderer warps, premultiplied by alpha.

    `planes` is uint8 (height, width, 4): Y', Cb, Cr and alpha. `depth` is float32
    (height / 16, width / 16), 0 at the outline, in layer pixels towards the camera. Sizes are
    multiples of 16. Below the row `foot` there is nothing but the product's reflection.
    """

    planes: np.ndarray
    depth: np.ndarray
    to_cutout: np.ndarray
    """3x3 matrix from layer pixels to the cut-out's."""
    foot: float

    @property
    def width(self) -> int:
        """Width in layer pixels."""
        return int(self.planes.shape[1])

    @property
    def height(self) -> int:
        """Height in layer pixels."""
        return int(self.planes.shape[0])


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


def product_layer(
    cutout: np.ndarray, scale: float, *, flat: bool = False, gloss: float = 0.0
) -> ProductLayer:
    """Resize a trimmed RGBA cut-out by `scale` and make it a layer; `flat` gives it no depth.

    Enlarging uses Lanczos and a light sharpening, reducing averages; both work on premultiplied
    colours in float, so that edges stay free of fringes. `gloss`, 0 to 1, is how much of the
    product a polished floor shows upside down, right below its foot.
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
    below = np.zeros((0, size[0], 4), np.float32)
    if gloss > 0:
        below = _reflection(mixed, gloss)
    # A border to the next multiple of 8, and at least 8 px of nothing for the filters.
    full = (size[0], size[1] + len(below))
    pad = [(PAD_PX, -(full[i] + PAD_PX) % 8 + 8) for i in (1, 0)] + [(0, 0)]
    depth = _depth(np.pad(mixed[..., 3], [pad[0], pad[1]]), flat)
    mixed = np.pad(np.concatenate([mixed, below]), pad)
    if len(below):
        depth = _below(depth, mixed.shape[0] // 8, (PAD_PX + size[1]) / 8)
    alpha = mixed[..., 3]
    mixed[..., :3] = np.clip(mixed[..., :3], 0, alpha[..., None])
    # Y'CbCr of premultiplied colours: the offsets (16, 128, 128) must be premultiplied as well.
    offset = np.array([16, 128, 128], np.float32)
    ycc = rgb_to_ycc(mixed[..., :3]) - offset * (1 - alpha)[..., None]
    planes = _byte(np.dstack([ycc, alpha * 255]))
    large = cv2.resize(planes, None, fx=OVERSAMPLE, fy=OVERSAMPLE, interpolation=cv2.INTER_CUBIC)
    step = 1 / OVERSAMPLE
    return ProductLayer(
        planes=large,
        depth=depth * OVERSAMPLE,
        to_cutout=np.array(
            [
                [step * width / size[0], 0, -PAD_PX * width / size[0]],
                [0, step * height / size[1], -PAD_PX * height / size[1]],
                [0, 0, 1],
            ]
        ),
        foot=OVERSAMPLE * (PAD_PX + size[1]),
    )


def _reflection(mixed: np.ndarray, gloss: float) -> np.ndarray:
    """What a polished floor shows of premultiplied RGBA: the lowest third, upside down, the softer
    and fainter the farther from the floor."""
    rows = max(8, round(0.34 * mixed.shape[0]))
    turned = np.ascontiguousarray(mixed[::-1][:rows])
    far = np.linspace(0, 1, rows, dtype=np.float32)[:, None, None]
    size = max(mixed.shape[:2])
    near = cv2.GaussianBlur(turned, (0, 0), max(0.8, 0.003 * size))
    soft = cv2.GaussianBlur(turned, (0, 0), max(2.0, 0.014 * size))
    blurred: np.ndarray = near + np.minimum(1, 2.2 * far) * (soft - near)
    return blurred * np.float32(gloss) * (1 - far) ** 1.6


def _below(depth: np.ndarray, rows: int, foot: float) -> np.ndarray:
    """The depth, in eighths, continued to `rows` by its mirror image below the foot."""
    mirrored = np.clip(np.round(2 * foot - np.arange(rows) - 1), 0, len(depth) - 1).astype(int)
    taken = np.where(np.arange(rows) < foot, np.minimum(np.arange(rows), len(depth) - 1), mirrored)
    return np.ascontiguousarray(depth[taken])


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
