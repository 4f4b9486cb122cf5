"""A presenter rig on disk: pictures of one face, read, checked, and made ready to be warped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from stages.base import Reject
from stages.shared.lip_sync import ARPABET_TO_VISEME, VISEMES

LIDS = ("open", "half", "closed")
POSES = ("left", "right", "nod")


@dataclass(frozen=True)
class Region:
    """A part of the canvas that is exchanged: where it is, its pictures, how softly it joins."""

    box_px: tuple[int, int, int, int]
    sprites: Mapping[str, np.ndarray]
    """uint8 (h, w, 3) BGR, all of the box's size."""
    mask: np.ndarray
    """float32 (h, w, 1): 1 inside, smoothly to 0 at the edge of the box."""

    def paste(self, canvas: np.ndarray, patch: np.ndarray) -> None:
        """Blend a patch, float32 (h, w, 3) BGR, into the canvas, uint8 (H, W, 4) BGRA, in place."""
        x0, y0, x1, y1 = self.box_px
        ground = canvas[y0:y1, x0:x1, :3].astype(np.float32)
        ground += (patch - ground) * self.mask
        np.clip(ground, 0, 255, out=ground)
        canvas[y0:y1, x0:x1, :3] = np.rint(ground).astype(np.uint8)


@dataclass(frozen=True)
class Rig:
    """The rig in memory; pictures are uint8 BGRA with straight alpha, size (canvas, canvas)."""

    base: np.ndarray
    """At rest. Colours run on under transparent pixels, so that no warp draws a dark rim."""
    poses: Mapping[str, np.ndarray]
    """The whole bust with its head turned "left" and "right" and nodding; may be empty."""
    mouth: Region
    eyes: Region
    visemes: Mapping[str, str]
    """ARPAbet symbol to viseme."""


def load_rig(folder: Path) -> Rig:
    """The rig in a folder with `presenter.json`. Raises `Reject` if a part is missing or odd."""
    try:
        told = json.loads((folder / "presenter.json").read_text(encoding="utf-8"))
        base = _picture(folder / told["base"])
        mouth = _region(folder, told["mouth"], VISEMES, base)
        eyes = _region(folder, told["eyes"], LIDS, base)
        poses = {name: _picture(folder / told["poses"][name]) for name in told.get("poses", {})}
    except (OSError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise _invalid(f"presenter.json or a file it names cannot be used ({error!r})") from error
    if base.shape[0] != base.shape[1]:
        raise _invalid(f"the base picture is {base.shape[1]}x{base.shape[0]} px; make it square")
    for name, pose in poses.items():
        if name not in POSES or pose.shape != base.shape:
            raise _invalid(f"pose {name!r} must be one of {POSES}, of the size of the base")
    if base[-1, :, 3].max() < 250:
        raise _invalid("the bust does not reach the lower edge of its picture and would float")
    return Rig(
        base=extend_colours(base),
        poses=poses,
        mouth=mouth,
        eyes=eyes,
        visemes={**ARPABET_TO_VISEME, **told.get("arpabet_to_viseme", {})},
    )


def extend_colours(picture: np.ndarray) -> np.ndarray:
    """`picture` (uint8 BGRA, straight alpha) with the colours of its edge spread outwards.

    Alpha is kept. What is nearly transparent gets the mean colour of the nearest opaque
    surroundings (a push-pull pyramid), so that interpolation and chroma subsampling mix hair with
    hair only.
    """
    colour = picture[..., :3].astype(np.float32)
    known = (picture[..., 3:] >= 40).astype(np.float32)
    spread: list[tuple[Any, Any]] = [(colour * known, known)]
    while min(spread[-1][1].shape[:2]) > 2:  # halve until one colour is left
        spread.append((cv2.pyrDown(spread[-1][0]), cv2.pyrDown(spread[-1][1])[..., None]))
    amount, weight = spread.pop()
    filled = amount / np.maximum(weight, 1e-6)
    for amount, weight in reversed(spread):
        size = (amount.shape[1], amount.shape[0])
        wider = cv2.resize(filled, size, interpolation=cv2.INTER_LINEAR)
        share = np.minimum(1.0, 2.0 * weight)
        filled = wider + (amount / np.maximum(weight, 1e-6) - wider) * share
    colour = np.where(known > 0, colour, filled)
    return np.dstack([np.rint(np.clip(colour, 0, 255)).astype(np.uint8), picture[..., 3]])


def _region(
    folder: Path, told: Mapping[str, Any], names: tuple[str, ...], base: np.ndarray
) -> Region:
    x0, y0, x1, y1 = (int(v) for v in told["box_xyxy"])
    if not (0 <= x0 < x1 <= base.shape[1] and 0 <= y0 < y1 <= base.shape[0]):
        raise _invalid(f"the box {told['box_xyxy']} does not lie inside the base picture")
    sprites = {}
    for name in names:
        sprite = _picture(folder / told["sprites"][name])
        if sprite.shape[:2] != (y1 - y0, x1 - x0):
            raise _invalid(f"sprite {name!r} is not of its box's size, {x1 - x0}x{y1 - y0} px")
        sprites[name] = np.ascontiguousarray(sprite[..., :3])
    return Region((x0, y0, x1, y1), sprites, _feather(y1 - y0, x1 - x0, told["feather_px"]))


def _feather(height_px: int, width_px: int, feather_px: float) -> np.ndarray:
    """1 inside, a smoothstep over `feather_px` down to 0 at the edge: float32 (h, w, 1)."""
    rows = np.minimum(np.arange(height_px), np.arange(height_px)[::-1])[:, None] + 0.5
    columns = np.minimum(np.arange(width_px), np.arange(width_px)[::-1])[None, :] + 0.5
    t = np.clip(np.minimum(rows, columns) / max(feather_px, 0.5), 0.0, 1.0)
    return (t * t * (3.0 - 2.0 * t)).astype(np.float32)[..., None]


def _picture(path: Path) -> np.ndarray:
    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.ndim != 3 or picture.shape[2] != 4 or picture.dtype != np.uint8:
        raise _invalid(f"{path.name} is not an 8-bit picture with alpha (RGBA PNG)")
    return picture


def _invalid(why: str) -> Reject:
    return Reject("presenter_rig_invalid", f"The presenter rig cannot be used: {why}.")
