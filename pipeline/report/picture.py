"""One picture of a run, for a README or a mail: a frame of each of its first published spots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pipeline.media import MediaStore
from schemas.layout import DEFAULT_FORMATS, FORMATS
from stages.shared.ffmpeg import decode_frames

MOMENTS_S = (1.2, 5.0, 8.8, 13.8)
"""When the frames are taken, in turn: the hook, a hero shot, the presenter again, the end card."""
AREA_PX, GAP_PX = 270 * 480, 12
"""Of a frame, whatever its aspect, and between two."""
BACKDROP = (244, 242, 238)


def run_picture(
    output: str, rows: Sequence[Mapping[str, Any]], path: Path, *, most: int = 8, columns: int = 4
) -> int:
    """Write a JPEG of up to `most` spots, `columns` a line. Returns how many are on it.

    Raises `ValueError` where no spot was published.
    """
    shown = [row for row in rows if row["status"] in ("published", "unchanged")][:most]
    if not shown:
        raise ValueError("no spot of this run was published; there is nothing to picture")
    store = MediaStore(output)
    lines = -(-len(shown) // columns)
    size = _tile(shown[0])
    width = columns * (size[0] + GAP_PX) + GAP_PX
    picture = Image.new("RGB", (width, lines * (size[1] + GAP_PX) + GAP_PX), BACKDROP)
    for n, row in enumerate(shown):
        x, y = n % columns * (size[0] + GAP_PX), n // columns * (size[1] + GAP_PX)
        moment_s = MOMENTS_S[(n + n // columns) % len(MOMENTS_S)]
        frame = Image.fromarray(_frame(store.open(row["preview_uri"]), size, moment_s))
        picture.paste(frame, (x + GAP_PX, y + GAP_PX))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=88, optimize=True)
    return len(shown)


def _tile(row: Mapping[str, Any]) -> tuple[int, int]:
    """Width and height of a frame in the spot's first format."""
    name = next((output["format"] for output in row.get("outputs") or []), "")
    form = FORMATS.get(name, DEFAULT_FORMATS[0])
    width = round((AREA_PX * form.width_px / form.height_px) ** 0.5 / 2) * 2
    return width, round(AREA_PX / width / 2) * 2


def _frame(video: Path, size: tuple[int, int], time_s: float) -> np.ndarray:
    frames = decode_frames(video, *size, start_s=time_s, length_s=0.2)
    return next(iter(frames))
