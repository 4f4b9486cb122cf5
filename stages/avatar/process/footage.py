"""Brings the film that a program made to a take: its size, rate and number of frames."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np

from schemas.layout import Box
from stages.avatar.process.checks import find_faces
from stages.base import Reject
from stages.shared.ffmpeg import FfmpegError, decode_frames
from stages.shared.kinds import UnknownKind, open_film_file

_MISSING = 0.04
"""Share of a take's frames that may be missing at its end, or three frames: they are held."""
_LEAST_PX = 64


def read_footage(path: Path, size_px: int, fps: int, count: int) -> Iterator[np.ndarray]:
    """`count` frames of the film: uint8 (size, size, 4) BGRA.

    Another aspect is cut to a square: at both sides if it is wide, below if it is tall. Without an
    alpha channel it is opaque. A last frame or two that are missing are held; what is too much is
    left out. Raises `Reject` for what is no film, and at the end of one that is too short.
    """
    width, height = _measures(path)
    grown = size_px / min(width, height)
    wide, tall = (max(size_px, math.ceil(side * grown)) for side in (width, height))
    left, got, frame = (wide - size_px) // 2, 0, None
    try:
        pictures = decode_frames(
            path, wide, tall, fps=fps, pixels="rgba", length_s=(count + 8) / fps
        )
        for picture in itertools.islice(pictures, count):
            frame = np.ascontiguousarray(picture[:size_px, left : left + size_px, [2, 1, 0, 3]])
            got += 1
            yield frame
    except FfmpegError as error:
        raise wrong("bad_video", f"its film cannot be read ({error})"[:400]) from None
    if frame is None or got < count - max(3, round(_MISSING * count)):
        raise wrong("wrong_length", f"its film has {got} frames at {fps} a second, not {count}")
    yield from itertools.repeat(frame, count - got)


def _measures(path: Path) -> tuple[int, int]:
    """Width and height of the film in px."""
    if not path.is_file() or path.stat().st_size == 0:
        raise wrong("no_video", f"it ended well but wrote no {path.name}")
    try:
        with open_film_file(path) as file:
            width, height = file.streams.video[0].width, file.streams.video[0].height
    except (av.FFmpegError, UnknownKind, IndexError, OSError) as error:
        raise wrong("bad_video", f"its film cannot be read ({error})"[:400]) from None
    if min(width, height) < _LEAST_PX:
        raise wrong("bad_video", f"its film is {width}x{height} px, less than {_LEAST_PX}")
    return width, height


def lips_in(frames: Sequence[np.ndarray]) -> Box | None:
    """Around the mouth in some of a take's frames, (size, size, 4) BGRA, as fractions.

    None where no face is found: the film shows nobody.
    """
    boxes, size = [], 1
    for frame in frames:
        size = frame.shape[0]
        faces = find_faces(np.ascontiguousarray(frame[..., 2::-1]))
        if len(faces) == 1:
            x0, y0, x1, y1 = faces[0]
            w, h = x1 - x0, y1 - y0
            boxes.append((x0 + 0.25 * w, y0 + 0.62 * h, x1 - 0.25 * w, y0 + 0.95 * h))
    if not boxes:
        return None
    low, high = np.min(boxes, axis=0) / size, np.max(boxes, axis=0) / size
    return Box(
        max(0.0, float(low[0])), max(0.0, float(low[1])),
        min(1.0, float(high[2])), min(1.0, float(high[3])),
    )  # fmt: skip


def wrong(what: str, why: str) -> Reject:
    """A reject of what the program made."""
    return Reject(f"presenter_process_{what}", f"The presenter program made no take: {why}.")
