"""The presenter's mouth, measured in her pictures against what the voice is heard to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stages.shared.ffmpeg import decode_frames
from stages.shared.lip_sync import (
    SHORTEST,
    LipOffset,
    expected_openness,
    mouth_openness,
    pooled_lip_offset,
)
from stages.shared.presented import presented_spans

WIDTH_PX, HEIGHT_PX = 128, 96
"""Size that her mouth's box is looked at in, whatever its own."""
MARGIN_FRAMES = 2
SURE_R, SURE = 0.6, 0.15
"""Least correlation and confidence of an offset that is corrected. Another script's mouth
reaches 0.45 and 0.1, her own 0.75 and 0.3."""
LONGEST_SHIFT_FRAMES = 3
"""She is shifted no further: her fades move with her. More is for the gate to refuse."""


@dataclass(frozen=True)
class Mouth:
    """Her mouth's openness in the frames on screen: stretches of (times in s, openness (n,))."""

    fps: float
    stretches: tuple[tuple[np.ndarray, np.ndarray], ...]

    def offset(self, phonemes: Sequence[Mapping[str, Any]], later_s: float = 0.0) -> LipOffset:
        """Her offset against phonemes (PHONEME structs), were she shifted by `later_s`."""
        pairs = [
            (expected_openness(phonemes, times_s + later_s), openness)
            for times_s, openness in self.stretches
        ]
        return pooled_lip_offset(pairs, self.fps)


def read_mouth(path: Path, spot: Mapping[str, Any], fps: float) -> Mouth | None:
    """Her mouth from her take at `path` (see `avatar.track`); None where she is hardly seen.

    `spot` tells the shots, `avatar_start_s`, `avatar_end_s` and `avatar_mouth_box`.
    """
    box, first = spot["avatar_mouth_box"], round(spot["avatar_start_s"] * fps)
    margin_s = MARGIN_FRAMES / fps
    runs = [
        (round(start_s * fps), round(end_s * fps))
        for start_s, end_s in presented_spans(spot, margin_s)
    ]
    runs = [(start, end) for start, end in runs if end - start >= SHORTEST]
    if not runs or not box:
        return None
    crop = (box["x0"], box["y0"], box["x1"], box["y1"])
    wanted = {number for start, end in runs for number in range(start, end)}
    decoded = decode_frames(path, WIDTH_PX, HEIGHT_PX, crop=crop)
    seen = {n: frame for n, frame in enumerate(decoded, start=first) if n in wanted}
    shown = sorted(seen)
    if len(shown) < SHORTEST:
        return None
    openness = dict(zip(shown, mouth_openness([seen[n] for n in shown]), strict=True))
    stretches = []
    for start, end in runs:
        numbers = [n for n in range(start, end) if n in openness]
        stretches.append((np.array(numbers) / fps, np.array([openness[n] for n in numbers])))
    return Mouth(fps, tuple(stretches))


def shift_frames(found: LipOffset, fps: float, most: int = LONGEST_SHIFT_FRAMES) -> int:
    """Frames that she is to be shifted (positive: later): whole ones, none if it is not sure.

    Under one frame nothing is moved, for that is as near as a picture can be set; nor for more
    than `most` frames.
    """
    frames = -round(found.offset_ms * fps / 1000)
    sure = found.r >= SURE_R and found.confidence >= SURE
    beyond = abs(found.offset_ms) > 1000 / fps
    return frames if sure and beyond and abs(frames) <= most else 0
