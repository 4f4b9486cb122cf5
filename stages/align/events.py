"""Sound effects on what is seen: placed on the picture's events by what they sound like."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Words = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Effect:
    """An effect by its name, and how long its accent comes behind its onset."""

    name: str
    accent_s: float


def placed_events(
    shots: Sequence[Mapping[str, Any]], words: Words, fps: int, *,
    cut: Effect | None, cut_pause_s: float, end_card: Effect | None,
) -> list[dict[str, Any]]:  # fmt: skip
    """SOUND_EVENT rows: one `cut` effect per cut in a pause of the voice of `cut_pause_s` or more,
    and the `end_card` effect where that comes in. Accents fall on the first frame that shows it."""
    events: list[dict[str, Any]] = []
    faded = False
    for shot in shots:
        # A crossfade's first frame is still the picture before it: measured on finished spots.
        seen_s = shot["start_s"] + (1 / fps if faded else 0.0)
        faded = shot.get("handle_s", 0.0) > 0
        if cut and shot["start_s"] > 0 and _pause_s(shot["start_s"], words) >= cut_pause_s:
            events.append(_event(cut, seen_s, fps))
        if end_card and shot["layout"] == "end_card":
            events.append(_event(end_card, seen_s, fps))
    return sorted(events, key=lambda event: (event["time_s"], event["name"]))


def _event(effect: Effect, seen_s: float, fps: int) -> dict[str, Any]:
    """Its onset is on a sample, not on a frame: an accent may lie anywhere between two."""
    frame_s = round(seen_s * fps) / fps
    time_s = max(0.0, frame_s - effect.accent_s)
    return {
        "name": effect.name, "time_s": time_s, "accent_s": effect.accent_s, "event_s": frame_s,
    }  # fmt: skip


def _pause_s(time_s: float, words: Words) -> float:
    """Length of the pause between words that `time_s` lies in; 0 within a word, inf outside all."""
    if any(word["start_s"] < time_s < word["end_s"] for word in words):
        return 0.0
    before = max((word["end_s"] for word in words if word["end_s"] <= time_s), default=-math.inf)
    after = min((word["start_s"] for word in words if word["start_s"] >= time_s), default=math.inf)
    return float(after - before)
