"""When captions are really seen, measured in the pixels of their boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from schemas.layout import Box
from stages.inspect.footage import Footage

REACH_S = 0.5
"""How far from its planned time a caption's appearance is looked for."""
MISSING_MS = 1000.0
"""Offset that stands for a caption which was not seen at all."""


def caption_offsets_ms(footage: Footage, captions: Sequence[Mapping[str, Any]]) -> list[float]:
    """For each caption, how late (positive) or early it came, in ms; `MISSING_MS` if not found.

    The letters' edges while the caption should stand are the pattern. How like it the frames
    around its planned start are rises from one level to another as the caption comes; the frame
    that passes the middle between the two is its onset.
    """
    return [_offset_ms(footage, caption) for caption in captions]


def in_safe_zone(captions: Sequence[Mapping[str, Any]], safe_zone: Box) -> float:
    """Part of the captions that lie inside the safe zone, 0 to 1; 1.0 where there are none."""
    inside = [safe_zone.contains(Box(**caption["box"]), slack=0.002) for caption in captions]
    return float(np.mean(inside)) if inside else 1.0


def _offset_ms(footage: Footage, caption: Mapping[str, Any]) -> float:
    start_s, end_s = caption["start_s"], caption["end_s"]
    first = footage.index(start_s - REACH_S)
    last = footage.index(min(start_s + REACH_S, end_s))
    if last - first < 3:
        return MISSING_MS
    patterns = [
        _edges(footage, footage.index(start_s + part * (end_s - start_s)), caption["box"])
        for part in (0.45, 0.6, 0.75)
    ]
    seen = [_edges(footage, index, caption["box"]) for index in range(first, last + 1)]
    likeness = np.array([max(_correlation(edges, p) for p in patterns) for edges in seen])
    return _onset_ms(likeness, first / footage.fps, start_s, footage.fps)


def _onset_ms(likeness: np.ndarray, first_s: float, start_s: float, fps: float) -> float:
    """Where the likeness steps up: the split into two levels that explains it best."""
    best, onset = 0.0, None
    for split in range(1, len(likeness)):
        before, after = likeness[:split], likeness[split:]
        gain = (after.mean() - before.mean()) * np.sqrt(len(before) * len(after))
        if gain > best:
            best, onset = gain, split
    if onset is None or likeness[onset:].mean() - likeness[:onset].mean() < 0.15:
        # At the very start there is no frame before the caption: it stands there from the first.
        return 0.0 if first_s <= 0.0 and start_s < 2 / fps and likeness[0] > 0.5 else MISSING_MS
    # A frame is seen from its own time on: a caption due between two frames may come with either.
    late_s = first_s + onset / fps - start_s
    return float(late_s * 1000.0)


def _edges(footage: Footage, index: int, box: Mapping[str, float]) -> np.ndarray:
    height, width = footage.luma.shape[1:]
    x0, y0, x1, y1 = Box(**box).pixels(width, height)
    crop = footage.luma[index, max(0, y0) : y1 + 1, max(0, x0) : x1 + 1].astype(np.float32)
    across, down = cv2.Sobel(crop, cv2.CV_32F, 1, 0), cv2.Sobel(crop, cv2.CV_32F, 0, 1)
    return cv2.magnitude(across, down)


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    power = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / power if power > 1e-6 else 0.0
