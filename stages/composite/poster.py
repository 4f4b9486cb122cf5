"""The poster: the still that stands for a spot before it plays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from schemas.layout import Format

_QUALITY = 90


def poster_time_s(shots: Sequence[Mapping[str, Any]], fps: int) -> float:
    """The middle of the first hero shot (else of the first shot), on a frame."""
    chosen = next((shot for shot in shots if shot["layout"] == "hero"), shots[0])
    return round((chosen["start_s"] + chosen["end_s"]) / 2 * fps) / fps


def poster_frame(shots: Sequence[Mapping[str, Any]], fps: int) -> int:
    """Number of the frame that the poster shows."""
    return round(poster_time_s(shots, fps) * fps)


def save_poster(raw: Path, frame: Format, path: Path) -> None:
    """Write the raw frame, RGB, as JPEG, without metadata."""
    shape = (frame.height_px, frame.width_px, 3)
    picture = np.fromfile(raw, np.uint8, count=frame.height_px * frame.width_px * 3).reshape(shape)
    Image.fromarray(picture).save(path, "JPEG", quality=_QUALITY, optimize=True, subsampling=0)
