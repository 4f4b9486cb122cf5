"""Decides each word's time from two witnesses: the voice's own account and the aligner's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stages.shared.aligner import Span
from stages.shared.clock import fit_clock

BIAS_MS = 20.0
"""A common offset beyond it is corrected: half a frame at 24 fps, and four times what the
embedded voice shows against the aligner."""
DRIFT_MS = 40.0
"""A drift over the whole voice beyond it (one frame) is corrected."""
ALIKE = 2.0
"""Factor within which a word is as long for the aligner as for the voice."""
BELIEVED = 0.6
"""Part of the words whose length must be alike for the alignment to count at all: 0.9 and more
where the sound holds the words, under 0.5 where it holds others."""


@dataclass(frozen=True)
class Correction:
    """Word times to go by (start, end), what was measured, and how many words were moved."""

    spans: tuple[Span, ...]
    bias_ms: float
    p95_ms: float
    drift_ms: float
    aligned: float
    remaining_p95_ms: float
    moved: int


def correct(
    words: Sequence[Mapping[str, Any]], found: Sequence[Span], max_offset_ms: float
) -> Correction | None:
    """Times for `words` (WORD rows), seen against the spans that the aligner found for them.

    The bias is the median offset of the onsets, the drift that of `clock.fit_clock`, both deaf to
    single slips. With bias and drift taken out, a word that still differs by more than
    `max_offset_ms` follows the aligner, if that makes it and its neighbours as long as the voice
    does: a word that the aligner missed takes from its neighbour what it gains. Else the voice's
    time stands.
    `aligned` is the part of the words that agreed as they came. None if the aligner has plainly
    not found the words.
    """
    starts = np.array([word["start_s"] for word in words])
    ends = np.array([word["end_s"] for word in words])
    heard = np.array([span.start_s for span in found])
    offsets = heard - starts
    lengths = np.array([span.end_s - span.start_s for span in found])
    ratios = lengths / np.maximum(ends - starts, 0.01)
    if np.mean((ratios < ALIKE) & (ratios > 1 / ALIKE)) < BELIEVED:
        return None
    bias_ms = 1000 * float(np.median(offsets))
    clock = fit_clock(starts.tolist(), heard.tolist())
    drift_ms = 1000 * clock.drift * float(starts[-1] - starts[0])
    shift = np.zeros(len(words))
    if abs(drift_ms) > DRIFT_MS:
        shift = clock.drift * starts + clock.offset_ms / 1000
    elif abs(bias_ms) > BIAS_MS:
        shift += bias_ms / 1000
    starts, ends = starts + shift, ends + shift
    off = np.abs(heard - starts) * 1000 > max_offset_ms
    whole = np.abs(lengths - (ends - starts)) * 1000 <= max_offset_ms
    follow = off & whole & np.r_[True, whole[:-1]] & np.r_[whole[1:], True]
    spans = [
        found[at] if follow[at] else Span(float(starts[at]), float(ends[at]))
        for at in range(len(words))
    ]
    remaining = [abs(a.start_s - b.start_s) * 1000 for a, b in zip(spans, found, strict=True)]
    return Correction(
        spans=tuple(_in_order(spans)),
        bias_ms=bias_ms,
        p95_ms=1000 * float(np.percentile(np.abs(offsets), 95)),
        drift_ms=drift_ms,
        aligned=float(np.mean(np.abs(offsets) * 1000 <= max_offset_ms)),
        remaining_p95_ms=float(np.percentile(remaining, 95)),
        moved=int(follow.sum()) if not shift.any() else len(words),
    )


def _in_order(spans: Sequence[Span]) -> list[Span]:
    """The spans, each beginning no earlier than the one before it began, none overlapping."""
    ordered: list[Span] = []
    for span in spans:
        start_s = max(span.start_s, ordered[-1].start_s + 0.01 if ordered else 0.0)
        if ordered and ordered[-1].end_s > start_s:
            ordered[-1] = Span(ordered[-1].start_s, start_s)
        ordered.append(Span(start_s, max(span.end_s, start_s + 0.01)))
    return ordered
