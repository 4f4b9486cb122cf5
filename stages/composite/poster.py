"""The poster: the still that stands for a spot before it plays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from schemas.layout import Format
from stages.shared.ffmpeg import decode_frames

_QUALITY = 90


def poster_time_s(shots: Sequence[Mapping[str, Any]], fps: int) -> float:
    """The middle of the first hero shot (else of the first shot), on a frame."""
    chosen = next((shot for shot in shots if shot["layout"] == "hero"), shots[0])
    return round((chosen["start_s"] + chosen["end_s"]) / 2 * fps) / fps


def save_poster(
    master: Path, frame: Format, shots: Sequence[Mapping[str, Any]], path: Path
) -> None:
    """Decode the master's frame and write it as JPEG, without metadata."""
    time_s = poster_time_s(shots, frame.fps)
    # Two frames' time: a span of just one may hold none when its borders are rounded.
    frames = decode_frames(
        master, frame.width_px, frame.height_px, start_s=time_s, length_s=2 / frame.fps
    )
    picture = next(iter(frames))
    Image.fromarray(picture).save(path, "JPEG", quality=_QUALITY, optimize=True, subsampling=0)
