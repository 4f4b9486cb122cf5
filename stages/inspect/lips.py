"""Lip-sync of the finished master: the mouth in its pixels against the phonemes of the voice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from stages.inspect.footage import Footage
from stages.shared.lip_sync import expected_openness, lip_offset, mouth_openness

MARGIN_S = 0.25
"""At either end of a stretch the presenter may be sliding in or out."""
SHORTEST_S = 1.0


def lip_sync(footage: Footage, spot: Mapping[str, Any]) -> dict[str, float]:
    """`lip_offset_ms` and `lip_r`; nothing for a spot without a presenter.

    Each stretch with the presenter on screen is measured alone, since shifting must not move
    frames across a cut; the means over stretches, weighted by their frames, are what counts.
    """
    if footage.mouth is None or spot.get("avatar_start_s") is None:
        return {}
    stretches = [
        np.arange(footage.index(start_s) + 1, footage.index(end_s))
        for start_s, end_s in _on_screen(spot)
    ]
    stretches = [frames for frames in stretches if len(frames) >= SHORTEST_S * footage.fps]
    if not stretches:
        return {}
    shown = np.concatenate(stretches)
    openness = dict(zip(shown, mouth_openness(footage.mouth[shown]), strict=True))
    results, weights = [], []
    for frames in stretches:
        measured = np.array([openness[frame] for frame in frames])
        expected = expected_openness(spot["phonemes"] or [], frames / footage.fps)
        results.append(lip_offset(expected, measured, footage.fps))
        weights.append(len(frames) * max(results[-1][1], 0.01))
    offset_ms, r = np.average(np.array(results), axis=0, weights=weights)
    return {"lip_offset_ms": float(offset_ms), "lip_r": float(r)}


def _on_screen(spot: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Spans in seconds in which the presenter stands on screen, in shots that show one."""
    spans, faded_s = [], 0.0
    shots: Sequence[Mapping[str, Any]] = spot["shots"]
    for shot in shots:
        if shot["layout"] == "presented":
            start_s = max(shot["start_s"] + faded_s, spot["avatar_start_s"]) + MARGIN_S
            end_s = min(shot["end_s"], spot["avatar_end_s"]) - MARGIN_S
            spans.append((start_s, end_s))
        faded_s = shot["handle_s"]
    return [(start_s, end_s) for start_s, end_s in spans if end_s > start_s]
