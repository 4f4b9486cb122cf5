"""Image set: which of a product's pictures is the photo, its cut-out, or a further one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from stages.base import Reject, Verdict
from stages.screen.finding import Finding, passed, settle
from stages.screen.photo import GATE, BadImage, Picture

MAX_FURTHER = 4
"""Further pictures that are kept: a spot has two or three shots for them."""

MAX_OPENED = 10
"""Pictures that are opened at all; Google takes eleven a product."""

SAME_MATCH = 0.93
"""Correlation of two thumbnails, each cut to its product, from which they are one picture."""

_THUMB_PX = 32


@dataclass
class ImageSet:
    """The pictures of one product. `original` is the file of `photo`, as it came."""

    photo: Picture
    original: Path
    cutout: Picture | None = None
    further: list[Picture] = field(default_factory=list)


def choose_images(
    images: Sequence[tuple[str, Mapping[str, str]]],
    fetch: Callable[[Mapping[str, str]], Path],
    open_image: Callable[[Path], Picture],
) -> tuple[ImageSet, list[Finding]]:
    """The set, and what was found of each of `images`, (words for its place, asset) in order.

    The first is the product photo, and must be good; the first cut-out of all is its cut-out. Of
    the others each that is good and shows something else is a further picture; one that is not is
    left out and said to be. Raises `Reject` for a set without a good photo.
    """
    chosen: ImageSet | None = None
    findings: list[Finding] = []
    thumbs: list[np.ndarray] = []
    for number, (place, image) in enumerate(images):
        full = chosen is not None and len(chosen.further) >= MAX_FURTHER and chosen.cutout
        if full or number >= MAX_OPENED:
            findings.append(passed(GATE, "image_unused", f"{place} is not needed"))
            continue
        try:
            path = fetch(image)
            picture = open_image(path)
        except BadImage as bad:
            if chosen is None:
                verdict = Verdict(GATE, bad.code, "block", f"{place}: {bad.reason}")
                findings.append(Finding(verdict, bad.code, f"{bad.reason} It is {place}."))
                settle(findings)
            findings.append(passed(GATE, bad.code, f"{place} skipped: {bad.reason}"))
            continue
        seen = f"{place}: {picture.width_px} x {picture.height_px} px"
        findings.append(passed(GATE, "image", ", ".join([seen, *picture.notes])))
        thumb = _thumb(picture)
        if chosen is None:
            chosen = ImageSet(picture, path, picture if picture.is_cutout else None)
        elif picture.is_cutout and chosen.cutout is None:
            chosen.cutout = picture
        elif any(_match(thumb, other) > SAME_MATCH for other in thumbs):
            findings.append(passed(GATE, "image_same", f"{place} shows what another one does"))
        elif len(chosen.further) < MAX_FURTHER:
            chosen.further.append(picture)
        else:
            findings.append(passed(GATE, "image_unused", f"{place} is not needed"))
        thumbs.append(thumb)
    if chosen is None:
        reason = "The row has no product photo; link one in image_link."
        raise Reject("image_missing", reason, verdicts=tuple(f.verdict for f in findings))
    return chosen, findings


def _thumb(picture: Picture) -> np.ndarray:
    """The picture on white, cut to what differs from its border, as a small grey square."""
    grey = np.asarray(picture.on_white().convert("L"))
    edges = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    apart = (np.abs(grey.astype(np.int16) - int(np.median(edges))) > 24).astype(np.uint8)
    x, y, wide, tall = cv2.boundingRect(apart)
    part = grey[y : y + tall, x : x + wide] if wide and tall else grey
    small = cv2.resize(part, (_THUMB_PX, _THUMB_PX), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32)


def _match(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson's correlation of two thumbnails; 1 for two that are both plain."""
    a, b = one - one.mean(), other - other.mean()
    power = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / power if power > 1e-3 else 1.0
