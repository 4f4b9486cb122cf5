"""How faithfully the product on screen shows the product in the photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from schemas.layout import Box

LONG_SIDE_PX = 112
"""Size at which the two are compared: fine enough for a label's layout, coarse enough to forgive
the little that a camera move turns the product."""
_SCALES = (1.06, 1.0, 0.94, 0.88, 0.82, 0.76, 0.7, 0.64, 0.58)
_DELTA_E = 24.0
"""Mean colour difference (CIE 1976) at which the colour score has fallen to 1 / e."""


@dataclass(frozen=True)
class Reference:
    """The product: float32 Lab (h, w, 3) and its mask (h, w), trimmed, the long side 1 unit."""

    lab: np.ndarray
    mask: np.ndarray


def references(picture: np.ndarray) -> list[Reference]:
    """From an RGBA cut-out: the product. From an RGB photo, which a shot may show whole or keyed:
    its middle at two sizes, and what stands out from the backdrop if that is plain."""
    if picture.shape[2] == 4:
        return [_reference(picture, (picture[..., 3] > 128).astype(np.uint8))]
    masks = [_middle(picture.shape[:2], 0.6), _middle(picture.shape[:2], 0.4)]
    keyed = _before_backdrop(picture)
    if 0.03 < keyed.mean() < 0.9:
        masks.append(keyed)
    return [_reference(picture, mask) for mask in masks]


def _reference(picture: np.ndarray, mask: np.ndarray) -> Reference:
    x, y, width, height = cv2.boundingRect(mask)
    window = slice(y, y + height), slice(x, x + width)
    scale = 4 * LONG_SIDE_PX / max(width, height)
    size = max(8, round(width * scale)), max(8, round(height * scale))
    colours = cv2.resize(picture[window][..., :3], size, interpolation=cv2.INTER_AREA)
    kept = cv2.resize(mask[window], size, interpolation=cv2.INTER_NEAREST)
    return Reference(_lab(colours), kept.astype(np.float32))


def _middle(shape: tuple[int, int], share: float) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    y, x = (round(side * (1 - share) / 2) for side in shape)
    mask[y : shape[0] - y, x : shape[1] - x] = 1
    return mask


def _before_backdrop(photo: np.ndarray) -> np.ndarray:
    """Mask, 0 or 1, of what differs from the photo's border; all 0 if the border is not plain."""
    height, width = photo.shape[:2]
    scale = 512 / max(height, width)
    small = _lab(cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    edge = max(2, round(0.02 * min(small.shape[:2])))
    sides = small[:edge], small[-edge:], small[:, :edge], small[:, -edge:]
    border = np.concatenate([side.reshape(-1, 3) for side in sides])
    colour = np.median(border, axis=0)
    spread = float(np.percentile(np.linalg.norm(border - colour, axis=1), 90))
    apart = np.linalg.norm(small - colour, axis=2) > max(8.0, 3 * spread)
    mask = cv2.morphologyEx(apart.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    if spread > 10:
        mask[:] = 0
    return cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST)


def product_fidelity(picture: np.ndarray, box: Box, products: Sequence[Reference]) -> float:
    """Likeness, 0 to 1, of the product to what is in `box` of a uint8 RGB frame.

    The product's picture is searched in the box over places and sizes by normalised correlation
    of its Lab channels inside its outline. At the best place: correlation times exp(-dE / 24), dE
    being the mean colour difference there. The same product under the engine's light and
    camera gives 0.75 to 0.95, another one below 0.35. The best of `products` counts.
    """
    height, width = picture.shape[:2]
    grown = Box(box.x0 - 0.02, box.y0 - 0.01, box.x1 + 0.02, box.y1 + 0.01)
    x0, y0, x1, y1 = grown.pixels(width, height)
    crop = picture[max(0, y0) : min(height, y1), max(0, x0) : min(width, x1)]
    if min(crop.shape[:2]) < 16:
        return 0.0
    return max(_best_likeness(crop, product) for product in products)


def _best_likeness(crop: np.ndarray, product: Reference) -> float:
    ratio = product.lab.shape[1] / product.lab.shape[0]
    fits = min(
        crop.shape[1] / ratio, crop.shape[0]
    )  # height of the largest product that the box can hold
    unit = LONG_SIDE_PX / (fits * max(1.0, ratio))
    scene = cv2.resize(_lab(crop), None, fx=unit, fy=unit, interpolation=cv2.INTER_AREA)
    return max(_likeness(scene, product, fits * unit * scale, ratio) for scale in _SCALES)


def _likeness(scene: np.ndarray, product: Reference, height: float, ratio: float) -> float:
    size = max(8, round(height * ratio)), max(8, round(height))
    if size[0] > scene.shape[1] or size[1] > scene.shape[0]:
        return 0.0
    lab = cv2.resize(product.lab, size, interpolation=cv2.INTER_AREA)
    mask = (cv2.resize(product.mask, size, interpolation=cv2.INTER_AREA) > 0.7).astype(np.float32)
    if mask.sum() < 40:
        return 0.0
    fit = _masked_correlation(scene, lab, mask)
    y, x = np.unravel_index(int(fit.argmax()), fit.shape)
    there = scene[y : y + size[1], x : x + size[0]]
    difference = np.linalg.norm(there - lab, axis=2)[mask > 0].mean()
    return float(max(0.0, fit[y, x]) * np.exp(-difference / _DELTA_E))


def _masked_correlation(scene: np.ndarray, lab: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Pearson's r of all three channels together inside the mask, at every place of the scene."""
    count = mask.sum()
    covariance: float | np.ndarray = 0.0
    power: float | np.ndarray = 0.0
    own = 0.0
    for channel in range(3):
        wanted = (lab[..., channel] - lab[..., channel][mask > 0].mean()) * mask
        field = np.ascontiguousarray(scene[..., channel])
        covariance = covariance + cv2.matchTemplate(field, wanted, cv2.TM_CCORR)
        total = cv2.matchTemplate(field, mask, cv2.TM_CCORR)
        power = power + cv2.matchTemplate(field * field, mask, cv2.TM_CCORR) - total**2 / count
        own += float((wanted**2).sum())
    return np.asarray(covariance / np.sqrt(np.maximum(power * own, 1e-3)))


def _lab(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
