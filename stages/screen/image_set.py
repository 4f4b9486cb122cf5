"""Image set: which of a product's pictures is the photo, its cut-out, or a further one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from stages.base import Reject, Verdict
from stages.screen.photo import GATE, BadImage, Picture
from stages.shared.picture import rgb_to_lab
from stages.shared.text_gate import Finding, passed, settle

MAX_FURTHER = 4
"""Further pictures that are kept: a spot has two or three shots for them."""

MAX_OPENED = 10
"""Pictures that are opened at all; Google takes eleven a product."""

SAME_DELTA_E, SAME_ASPECT = 6.0, 1.08
"""Largest mean difference of colour (CIE 1976) and of aspect at which two thumbnails, each cut to
its product, are one picture: saved again, scaled, with more or less white around it."""

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
    thumbs: list[tuple[float, np.ndarray]] = []
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
        elif any(_same(thumb, other) for other in thumbs):
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


def _thumb(picture: Picture) -> tuple[float, np.ndarray]:
    """Of the picture on white, cut to what differs from its border: width over height, and CIE
    L*a*b* of a small square, float32."""
    rgb = np.asarray(picture.on_white())
    edges = np.concatenate([rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]]).astype(np.int16)
    away = np.abs(rgb.astype(np.int16) - np.median(edges, axis=0).astype(np.int16)).max(axis=2)
    x, y, wide, tall = cv2.boundingRect((away > 24).astype(np.uint8))
    part = rgb[y : y + tall, x : x + wide] if wide and tall else rgb
    small = cv2.resize(part, (_THUMB_PX, _THUMB_PX), interpolation=cv2.INTER_AREA)
    return part.shape[1] / part.shape[0], rgb_to_lab(small)


def _same(one: tuple[float, np.ndarray], other: tuple[float, np.ndarray]) -> bool:
    aspect = max(one[0], other[0]) / min(one[0], other[0])
    apart = float(np.linalg.norm(one[1] - other[1], axis=2).mean())
    return aspect < SAME_ASPECT and apart < SAME_DELTA_E
