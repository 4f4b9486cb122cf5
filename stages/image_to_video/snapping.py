"""Moves cuts to the beat of the music, where the voice allows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from stages.shared.beats import Beats

SNAP_S = 0.12
"""How far a cut may leave its place other than within its pause: three frames at 24 a second, which
a viewer still takes for the same moment."""


@dataclass(frozen=True)
class Limits:
    """Lengths that a plan must keep, in frames."""

    shortest: int
    longest: int
    first_end_card: int
    """Earliest frame at which the end card may begin."""
    last_end_card: int


def snapped(
    cuts: Sequence[int],
    sentences: Sequence[Mapping[str, Any]],
    words: Sequence[Mapping[str, Any]],
    beats_s: Sequence[float],
    fps: int,
    limits: Limits,
) -> list[int]:
    """`cuts` (frames, the first 0, the last that into the end card) on beats as far as may be.

    A cut moves to the nearest beat, rounded to a frame, that lies in its pause between sentences
    or within `SNAP_S` of it; never into a word (without `words`: a sentence), and only if all
    shots keep their limits. One for which there is no such beat stays.
    """
    placed = list(cuts)
    frames = sorted({round(beat_s * fps) for beat_s in beats_s})
    spoken = [(word["start_s"] * fps, word["end_s"] * fps) for word in words]
    if not words:
        spoken = [(said["start_s"] * fps, said["end_s"] * fps) for said in sentences]
    for place in range(1, len(placed)):
        here = placed[place]
        low, high = _reach(here, sentences, fps)
        near = sorted((f for f in frames if low <= f <= high), key=lambda f: (abs(f - here), f))
        for frame in near:
            moved = [*placed[:place], frame, *placed[place + 1 :]]
            if not _within(frame, spoken) and _keeps(moved, limits, placed):
                placed = moved
                break
    return placed


def on_beat_metrics(cuts_s: Sequence[float], beats: Beats, frame_s: float) -> dict[str, float]:
    """Tempo, and how many of the cuts are on a beat: within the frame that it falls into."""
    on_beat = [
        any(abs(cut_s - beat_s) <= frame_s / 2 + 1e-9 for beat_s in beats.times_s)
        for cut_s in cuts_s
    ]
    return {
        "music_tempo_bpm": beats.tempo_bpm,
        "cuts": float(len(cuts_s)),
        "cuts_on_beat": float(sum(on_beat)),
    }


def _reach(cut: int, sentences: Sequence[Mapping[str, Any]], fps: int) -> tuple[float, float]:
    """First and last frame that the cut may move to: its pause's, and `SNAP_S` to either side."""
    low, high = cut - SNAP_S * fps, cut + SNAP_S * fps
    for before, after in pairwise(sentences):
        start, end = before["end_s"] * fps, after["start_s"] * fps
        if start - 0.5 <= cut <= end + 0.5:  # cuts are rounded to frames, pauses are not
            low, high = min(low, start), max(high, end)
    return low, high


def _within(frame: int, spans: Sequence[tuple[float, float]]) -> bool:
    return any(start < frame < end for start, end in spans)


def _keeps(cuts: Sequence[int], limits: Limits, before: Sequence[int]) -> bool:
    """Whether no shot breaks a limit that it kept before."""
    if not limits.first_end_card <= cuts[-1] <= limits.last_end_card:
        return False
    return all(
        min(limits.shortest, old[1] - old[0]) <= end - start <= max(limits.longest, old[1] - old[0])
        for (start, end), old in zip(pairwise(cuts), pairwise(before), strict=True)
    )
