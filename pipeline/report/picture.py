"""One picture of a run, for a README or a mail: a frame of each of its first published spots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pipeline.media import MediaStore
from stages.shared.ffmpeg import decode_frames

MOMENTS_S = (1.2, 5.0, 8.8, 13.8)
"""When the frames are taken, in turn: the hook, a hero shot, the presenter again, the end card."""
WIDTH_PX, HEIGHT_PX, GAP_PX = 270, 480, 12
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
    width = columns * (WIDTH_PX + GAP_PX) + GAP_PX
    picture = Image.new("RGB", (width, lines * (HEIGHT_PX + GAP_PX) + GAP_PX), BACKDROP)
    for n, row in enumerate(shown):
        x, y = n % columns * (WIDTH_PX + GAP_PX), n // columns * (HEIGHT_PX + GAP_PX)
        moment_s = MOMENTS_S[(n + n // columns) % len(MOMENTS_S)]
        frame = Image.fromarray(_frame(store.open(row["preview_uri"]), moment_s))
        picture.paste(frame, (x + GAP_PX, y + GAP_PX))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=88, optimize=True)
    return len(shown)


def _frame(video: Path, time_s: float) -> np.ndarray:
    frames = decode_frames(video, WIDTH_PX, HEIGHT_PX, start_s=time_s, length_s=0.2)
    return next(iter(frames))
