"""Cuts the product out of its photo: by its transparency, its plain backdrop, or what is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from schemas.asset import Asset
from stages.image_to_video.keying import is_one_product, key_plain_backdrop
from stages.image_to_video.matting_model import matte_of
from stages.shared.picture import read_picture

GRABCUT_PX = 420
"""Long side at which GrabCut works."""

SAME_CUT = 0.94
"""Least overlap (intersection over union) of what GrabCut finds from a close and a wide frame:
where it guesses, they differ."""


@dataclass(frozen=True, kw_only=True)
class Cutting:
    """What is tried behind the plain backdrop; see `schemas.matting.Matting`."""

    model: Asset | None = None
    size_px: int | None = None
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    grabcut: bool = False


def cut_out(
    photo: Path, cutout: Path | None, how: Cutting, model: Path | None
) -> np.ndarray | None:
    """RGBA of the product, uint8, straight alpha; None where nothing finds one whole product.

    `cutout` wins if it has transparency; then come the plain backdrop, the matting `model` (a
    file), and GrabCut. What the last two find must look like one product.
    """
    picture = None if cutout is None else read_picture(cutout, alpha=True)
    if picture is not None and picture[..., 3].min() < 250:
        return picture
    rgb = read_picture(photo)
    keyed = key_plain_backdrop(rgb)
    if keyed is not None:
        return keyed
    if model is not None:
        alpha = matte_of(rgb, model, how.size_px, how.mean, how.std)
        if is_believable(alpha):
            return np.dstack([rgb, _settled(alpha)])
    return grabcut(rgb) if how.grabcut else None


def is_believable(alpha: np.ndarray) -> bool:
    """Whether a matte (uint8) shows one whole product: solid, in one piece, clear of the edges of
    the photo but for one, and not a haze all over."""
    scale = 512 / max(alpha.shape)
    small = cv2.resize(alpha, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    unsure = float(((small > 40) & (small < 215)).mean())
    solid = float((small >= 215).mean())
    if solid < 0.02 or unsure > 0.5 * solid + 0.02:
        return False
    return is_one_product((small > 128).astype(np.uint8), most_edges=1)


def _settled(alpha: np.ndarray) -> np.ndarray:
    """The matte without its haze: what is nearly clear is clear, what is nearly solid solid."""
    spread = (alpha.astype(np.float32) - 12) * (255 / (243 - 12))
    return np.clip(spread + 0.5, 0, 255).astype(np.uint8)


def grabcut(photo: np.ndarray) -> np.ndarray | None:
    """RGBA of what stands before a backdrop, by GrabCut; None where it is not sure.

    It runs twice, from frames drawn closer and wider about the middle of the picture; both must
    find the same, in one piece and clear of the edges.
    """
    height, width = photo.shape[:2]
    scale = min(1.0, GRABCUT_PX / max(height, width))
    size = max(16, round(width * scale)), max(16, round(height * scale))
    small = cv2.cvtColor(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2BGR)
    found = [_front(small, share) for share in (0.03, 0.07)]
    both, either = (found[0] & found[1]).sum(), (found[0] | found[1]).sum()
    if both < SAME_CUT * max(1, either) or not is_one_product(found[0], most_edges=0):
        return None
    soft = cv2.GaussianBlur(found[0].astype(np.float32), (0, 0), 1.0)
    alpha = np.clip((soft - 0.4) * 2.2, 0, 1)
    large = cv2.resize(alpha, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.dstack([photo, np.clip(large * 255 + 0.5, 0, 255).astype(np.uint8)])


def _front(picture: np.ndarray, share: float) -> np.ndarray:
    """1 where GrabCut sees the product, having been told that a frame of `share` is backdrop."""
    height, width = picture.shape[:2]
    cv2.setRNGSeed(7)  # its colour clusters begin by chance
    edge = max(2, round(share * max(height, width)))
    box = (edge, edge, width - 2 * edge, height - 2 * edge)
    mask = np.zeros((height, width), np.uint8)
    cv2.grabCut(picture, mask, box, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_RECT)
    found = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    front: np.ndarray = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(front, connectivity=8)
    if count < 2:
        return front
    keep = stats[:, cv2.CC_STAT_AREA] > 0.02 * stats[1:, cv2.CC_STAT_AREA].max()
    keep[0] = False
    return keep[labels].astype(np.uint8)
