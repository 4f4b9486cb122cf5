"""Cuts a presenter out of the plain ground that the portrait stands on, frame by frame."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from stages.base import Reject

MOST_SPREAD = 10.0
"""8-bit steps by which a ground may differ from a smooth shade of one colour (95th percentile of
its border): paper and studio walls stay below 5, a room is far above."""
_EDGE = 0.04
"""The border that is looked at, of the side: above, and beside the upper half; shoulders may reach
the sides further down."""
_LEAST_FAR = 11.0
"""Distance of colours, 8-bit steps, below which a pixel may be ground."""
_RIM_PX = 3
"""Pixels beside the ground that may be partly transparent; what lies further in is whole."""
_STRAND_PX, _POCKET = 8, 0.004
"""A pocket of ground is as close to the open as that, and smaller than that share of the whole."""
_NOISE = 0.06
"""Opacity that is taken for noise of the ground, and what is taken for whole from the other end."""


class Ground(NamedTuple):
    """What a picture stands on."""

    shade: np.ndarray
    """float32 (height, width, 3) RGB: its colour everywhere, behind the presenter too."""
    spread: float
    """8-bit steps between the border and that shade, 95th percentile."""


def ground_of(picture: np.ndarray) -> Ground:
    """The ground of a uint8 RGB picture: the plane that fits the colours of its border."""
    height, width = picture.shape[:2]
    edge = max(2, round(_EDGE * min(height, width)))
    border = np.zeros((height, width), bool)
    border[:edge] = True
    border[: height // 2, :edge] = border[: height // 2, -edge:] = True
    y, x = np.nonzero(border)
    seen = picture[border].astype(np.float64)
    kept = np.ones(len(seen), bool)
    for _ in range(2):  # once more without what is no ground: hair that touches the border
        at = np.column_stack([np.ones(kept.sum()), x[kept] / width, y[kept] / height])
        plane, *_ = np.linalg.lstsq(at, seen[kept], rcond=None)
        far = np.abs(np.column_stack([np.ones(len(x)), x / width, y / height]) @ plane - seen)
        off = far.max(axis=1)
        kept = off <= max(2.0, float(np.percentile(off, 90)))
    rows, columns = np.mgrid[0:height, 0:width]
    shade = plane[0] + columns[..., None] / width * plane[1] + rows[..., None] / height * plane[2]
    return Ground(np.clip(shade, 0, 255).astype(np.float32), float(np.percentile(off, 95)))


def cut_out(picture: np.ndarray) -> np.ndarray:
    """The picture, uint8 RGB, as uint8 BGRA with straight alpha.

    Transparent is what has the ground's colour and hangs together with the border: a white shirt
    on a white wall stays, as long as its edge is seen. The rim takes its colour from within.
    Raises `Reject` for a picture whose ground is not plain.
    """
    ground = ground_of(picture)
    if ground.spread > 2.0 * MOST_SPREAD:
        raise Reject(
            "presenter_model_ground",
            "The model did not keep the portrait's plain ground: at the border its colours are"
            f" {ground.spread:.0f} steps apart. Set presenter_model.background to keep, or take a"
            " portrait with more of the ground to be seen.",
            another_seed=True,
        )
    seen = picture.astype(np.float32)
    far = cv2.absdiff(seen, ground.shade).max(axis=2)
    far = cv2.GaussianBlur(far, (0, 0), 0.6)  # noise of single pixels is no presenter
    nearest = max(_LEAST_FAR, 1.6 * min(ground.spread, MOST_SPREAD))
    open_air = _open_air(far < nearest)
    whole = ~_grown(open_air, _RIM_PX)
    colour = np.where(whole[..., None], seen, _colour_beside(seen, whole))
    # Each pixel of the rim is a mixture of both colours: how much there is of hers.
    hers = colour - ground.shade
    share = ((seen - ground.shade) * hers).sum(axis=2) / np.maximum((hers**2).sum(axis=2), 400.0)
    alpha = np.where(whole, 1.0, np.clip((share - _NOISE) / (1.0 - 2.0 * _NOISE), 0.0, 1.0))
    alpha[open_air & ~_grown(whole, 3 * _RIM_PX)] = 0.0  # or noise would be a veil
    picked = np.dstack([colour[..., ::-1], alpha * 255.0])
    return np.rint(np.clip(picked, 0.0, 255.0)).astype(np.uint8)


def _open_air(like_ground: np.ndarray) -> np.ndarray:
    """Of what looks like the ground, what hangs together with the border above or beside; and small
    pockets close to that, which a strand of hair shuts off."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        like_ground.astype(np.uint8), connectivity=4
    )
    outer = np.zeros(count, bool)
    outer[np.concatenate([labels[0], labels[:, 0], labels[:, -1]])] = True
    outer[0] = False  # what is no ground
    air = outer[labels]
    near = np.bincount(labels[_grown(air, _STRAND_PX)], minlength=count) > 0
    pocket = near & (stats[:, cv2.CC_STAT_AREA] < _POCKET * labels.size)
    pocket[0] = False
    return np.asarray((outer | pocket)[labels])


def _grown(mask: np.ndarray, by_px: int) -> np.ndarray:
    reach = np.ones((2 * by_px + 1, 2 * by_px + 1), np.uint8)
    return np.asarray(cv2.dilate(mask.astype(np.uint8), reach) > 0)


def _colour_beside(seen: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """The colour of the nearest whole pixel, a little smoothed: float32 (height, width, 3)."""
    if not whole.any():
        return seen
    _, labels = cv2.distanceTransformWithLabels(
        (~whole).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    colours = np.zeros((labels.max() + 1, 3), np.float32)
    colours[labels[whole]] = seen[whole]
    return np.asarray(cv2.GaussianBlur(colours[labels], (0, 0), 1.0), np.float32)
