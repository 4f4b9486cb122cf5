"""When the presenter stands on screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def presented_spans(spot: Mapping[str, Any], margin_s: float) -> list[tuple[float, float]]:
    """Spans in seconds of the shots that show the presenter, crossfades and margins left out."""
    spans, faded_s = [], 0.0
    for shot in spot["shots"]:
        if shot["layout"] == "presented":
            start_s = max(shot["start_s"] + faded_s, spot["avatar_start_s"]) + margin_s
            spans.append((start_s, min(shot["end_s"], spot["avatar_end_s"]) - margin_s))
        faded_s = shot["handle_s"]
    return [(start_s, end_s) for start_s, end_s in spans if end_s > start_s]
