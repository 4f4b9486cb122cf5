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
    """Just before the first cut out of a hero shot (else out of the first shot), on a frame."""
    chosen = next((shot for shot in shots if shot["layout"] == "hero"), shots[0])
    return max(round(chosen["end_s"] * fps) - 3, 0) / fps


def save_poster(
    master: Path, frame: Format, shots: Sequence[Mapping[str, Any]], path: Path
) -> None:
    """Decode the master's frame and write it as JPEG, without metadata."""
    time_s = poster_time_s(shots, frame.fps)
    frames = decode_frames(
        master, frame.width_px, frame.height_px, start_s=time_s, length_s=1 / frame.fps
    )
    picture = next(iter(frames))
    Image.fromarray(picture).save(path, "JPEG", quality=_QUALITY, optimize=True, subsampling=0)
