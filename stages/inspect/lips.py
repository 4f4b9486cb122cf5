"""Lip-sync of the finished master: the mouth in its pixels against the phonemes of the voice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from stages.inspect.footage import Footage
from stages.shared.lip_sync import expected_openness, mouth_openness, pooled_lip_offset
from stages.shared.presented import presented_spans

MARGIN_S = 0.25
"""At either end of a stretch the presenter may be sliding in or out."""
SHORTEST_S = 1.0


def lip_sync(footage: Footage, spot: Mapping[str, Any]) -> dict[str, float]:
    """`lip_offset_ms`, `lip_r` and `lip_confidence`; nothing for a spot without a presenter.

    The reference is what the aligner heard in the voice, not what drove the mouth; where it heard
    nothing, the voice's own phonemes. Each stretch with the presenter on screen is compared
    alone, since shifting must not move frames across a cut; the one offset that suits them all
    counts.
    """
    if footage.mouth is None or spot.get("avatar_start_s") is None:
        return {}
    stretches = [
        np.arange(footage.index(start_s) + 1, footage.index(end_s))
        for start_s, end_s in presented_spans(spot, MARGIN_S)
    ]
    stretches = [frames for frames in stretches if len(frames) >= SHORTEST_S * footage.fps]
    if not stretches:
        return {}
    shown = np.concatenate(stretches)
    openness = dict(zip(shown, mouth_openness(footage.mouth[shown]), strict=True))
    phonemes = spot.get("heard_phonemes") or spot["phonemes"] or []
    found = pooled_lip_offset(
        [
            (
                expected_openness(phonemes, frames / footage.fps),
                np.array([openness[frame] for frame in frames]),
            )
            for frames in stretches
        ],
        footage.fps,
    )
    return {
        "lip_offset_ms": found.offset_ms, "lip_r": found.r, "lip_confidence": found.confidence,
    }  # fmt: skip
