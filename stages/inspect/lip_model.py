"""What SyncNet says of a finished master: the presenter's face against the sound of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from schemas.layout import Box
from stages.inspect.lip_distance import distances, offset_of
from stages.inspect.lips import MARGIN_S
from stages.inspect.mfcc import mfcc
from stages.inspect.syncnet import FPS, FRAMES, SIDE_PX, SyncNet
from stages.shared.ffmpeg import decode_frames
from stages.shared.presented import presented_spans

SHORTEST_S = 1.0
GREY = 110
"""What lies beyond the frame's edge in a crop, as in the films that SyncNet was trained on."""
MOUTH_WIDE, MOUTH_DOWN = 0.30, 0.56
"""Width of the mouth and how far down its middle lies, in a crop of the face: a face found by its
detector is widened 1.4 times, and by 0.8 of its half below. Faces differ: SyncNet was trained on
crops that are shifted and scaled about this."""


def lip_distance(
    net: SyncNet, path: Path, size_px: tuple[int, int], spot: Mapping[str, Any], mono: np.ndarray
) -> dict[str, float]:
    """`lse_d`, `lse_c` and `lse_offset_ms` of the master at `path`, whose frames are `size_px`
    (width, height) and whose sound is `mono` (samples,) at 16 kHz; nothing for a spot without a
    presenter, or with no second of one.

    The sound is the finished mix, music and all, as a viewer hears it.
    """
    box = spot.get("mouth_box")
    if not box or spot.get("avatar_start_s") is None:
        return {}
    spans = [
        (int(np.ceil(start_s * FPS)), int(end_s * FPS))
        for start_s, end_s in presented_spans(spot, MARGIN_S)
    ]
    spans = [(first, behind) for first, behind in spans if behind - first >= SHORTEST_S * FPS]
    if not spans:
        return {}
    crop = face_crop(Box(**box), size_px)
    mouths, places = [], []
    for first, behind in spans:
        seen = np.stack(list(_faces(path, size_px, crop, first, behind - first)))
        mouths.append(net.mouths(seen))
        places.append(np.arange(first, first + len(seen) - FRAMES + 1))
    curve = distances(np.concatenate(mouths), np.concatenate(places), net.sounds(mfcc(mono)))
    found = offset_of(curve)
    return {"lse_d": found.lse_d, "lse_c": found.lse_c, "lse_offset_ms": found.offset_ms}


def face_crop(mouth: Box, size_px: tuple[int, int]) -> tuple[int, int, int]:
    """(x, y, side) in pixels of the square around a face, by the box of its mouth; it may reach
    beyond the frame."""
    x0, y0, x1, y1 = mouth.pixels(*size_px)
    side = round((x1 - x0) / MOUTH_WIDE)
    return round((x0 + x1) / 2 - side / 2), round((y0 + y1) / 2 - MOUTH_DOWN * side), side


def _faces(
    path: Path, size_px: tuple[int, int], crop: tuple[int, int, int], first: int, count: int
) -> Iterator[np.ndarray]:
    """`count` crops, uint8 RGB (224, 224, 3), at 25 a second from that frame on."""
    (x, y, side), (width, height) = crop, size_px
    left, top = max(0, x), max(0, y)
    right, bottom = min(width, x + side), min(height, y + side)
    scale = SIDE_PX / side
    wide, tall = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    part = (left / width, top / height, right / width, bottom / height)
    at = round((left - x) * scale), round((top - y) * scale)
    shown = decode_frames(
        path, wide, tall, crop=part, fps=FPS, start_s=first / FPS, length_s=count / FPS
    )
    for frame in shown:
        square = np.full((SIDE_PX, SIDE_PX, 3), GREY, np.uint8)
        fits = frame[: SIDE_PX - at[1], : SIDE_PX - at[0]]
        square[at[1] : at[1] + fits.shape[0], at[0] : at[0] + fits.shape[1]] = fits
        yield square
