"""Effects of the finished master: when they are heard against when their event is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import cv2
import numpy as np

from schemas.layout import Box
from stages.inspect.footage import Footage
from stages.shared.effects import heard_at
from stages.shared.visual_events import WIDTH_PX, expected_event

HEARD_REACH_S = 0.5
SEEN_REACH_S = 0.35
"""How far from its planned time an effect is listened for, and its event looked for."""
FADE_NEAR_S = 0.09
"""A fade's first frame still shows the picture before it: an event is a frame behind it."""
LEAST_HEIGHT = 2.0
"""Of a correlation peak over the next: 1.1 to 1.8 where the effect is not in the mix, 3 and more
where it is."""


def effect_metrics(
    footage: Footage, mix: np.ndarray, events: Sequence[Mapping[str, Any]] | None,
    effects: Mapping[str, np.ndarray], covered: Sequence[Mapping[str, float]],
    shots: Sequence[Mapping[str, Any]] = (),
) -> dict[str, float]:  # fmt: skip
    """`effect_offset_ms`, the largest of any effect with its sign (positive: heard late), and
    `effects_measured`, how many were both heard and seen; nothing for a spot without effects.

    `mix` is mono and `effects` are sounds by name, (samples, 2), at 48 kHz. Of the
    frames what lies under the boxes `covered` is left out: captions and the presenter come and go
    by their own clock. `shots` say how long the fade is that an event may be.
    """
    asked = [event for event in events or [] if event["name"] in effects]
    if not asked:
        return {}
    offsets = []
    for event in asked:
        heard = heard_at(mix, effects[event["name"]], event["time_s"], HEARD_REACH_S)
        seen_s = _seen_s(footage, event["event_s"], covered, _fade_s(event["event_s"], shots))
        if heard is not None and heard.height >= LEAST_HEIGHT and seen_s is not None:
            offsets.append(1000 * (heard.time_s + event["accent_s"] - seen_s))
    worst = {"effect_offset_ms": max(offsets, key=abs)} if offsets else {}
    return {**worst, "effects_measured": float(len(offsets))}


def _fade_s(event_s: float, shots: Sequence[Mapping[str, Any]]) -> float:
    """Length of the crossfade that begins at an event; 0 where none does."""
    for before, after in pairwise(shots):
        if abs(after["start_s"] - event_s) < FADE_NEAR_S:
            return float(before.get("handle_s") or 0.0)
    return 0.0


def _seen_s(
    footage: Footage, event_s: float, covered: Sequence[Mapping[str, float]], fade_s: float
) -> float | None:
    first = footage.index(event_s - SEEN_REACH_S - 0.4)
    last = footage.index(event_s + SEEN_REACH_S + 0.4)
    height, width = footage.luma.shape[1:]
    small = (WIDTH_PX, round(WIDTH_PX * height / width))
    frames = [
        cv2.resize(frame, small, interpolation=cv2.INTER_AREA)
        for frame in footage.luma[first : last + 1]
    ]
    shown = np.ones(frames[0].shape, bool)
    for box in covered:
        x0, y0, x1, y1 = Box(**box).pixels(*small)
        shown[max(0, y0 - 1) : y1 + 1, max(0, x0 - 1) : x1 + 1] = False
    begun_s = expected_event(
        frames, footage.fps, event_s - first / footage.fps, SEEN_REACH_S, shown, fade_s
    )
    return None if begun_s is None else begun_s + first / footage.fps
