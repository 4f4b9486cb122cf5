"""Does a model look at the product picture? Asked once per loaded model, before the first spot."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from schemas.video_preset import ImageCheck
from stages.shared.diffusion.loading import ModelRefused


def check_image_is_used(
    make: Callable[[np.ndarray], np.ndarray],
    picture: np.ndarray,
    said: str,
    asked: ImageCheck,
) -> dict[str, float]:
    """Make two clips with the same noise, of the picture and of one turned and in other colours.

    `make` takes RGB uint8 and gives frames, float32 (count, height, width, 3) in 0 to 1. Returns
    the mean change of the frames in 8-bit steps, and the likeness: Pearson's r between the change
    of the pictures and that of the first frames. Raises `ModelRefused` where they are not what is
    `asked`: the frames do not change, or not towards their picture.
    """
    other = np.ascontiguousarray(255 - picture[::-1, ::-1, [1, 2, 0]])
    one, two = make(picture), make(other)
    change = float(np.abs(one - two).mean() * 255)
    wanted = picture.astype(np.float32) - other.astype(np.float32)
    found = one[0] - two[0]
    likeness = _correlation(wanted, found) if wanted.shape == found.shape else 0.0
    if not change >= asked.least_change:  # a NaN is none, too
        raise ModelRefused(
            f"{said} ignores the product picture: two pictures that share nothing make clips that"
            f" differ by {change:.3f} of 255 (at least {asked.least_change:g} is asked); name the"
            " family's image-to-video class as `pipeline`"
        )
    least = asked.least_likeness
    if least is not None and not likeness >= least:
        raise ModelRefused(
            f"{said} does not begin with the product picture (r = {likeness:.2f}, at least"
            f" {least:g} is asked); name the family's image-to-video class as `pipeline`"
        )
    return {"image_change": change, "image_likeness": likeness}


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum() / norm) if norm > 0 else 0.0
