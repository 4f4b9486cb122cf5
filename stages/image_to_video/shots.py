"""Plans the shots of a spot: cuts on the pauses between sentences, on whole frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from stages.image_to_video.moves import choose_moves
from stages.image_to_video.snapping import Limits, snapped


@dataclass(frozen=True)
class PlannedShot:
    """A shot before it is rendered; times are whole frames on the spot's clock."""

    index: int
    layout: str
    move: str
    start_frame: int
    end_frame: int


def plan_shots(
    sentences: Sequence[Mapping[str, Any]],
    *,
    length_s: float,
    fps: int,
    min_shot_s: float,
    max_shot_s: float,
    min_end_card_s: float,
    max_end_card_s: float,
    seed: int,
    words: Sequence[Mapping[str, Any]] = (),
    beats_s: Sequence[float] = (),
    moves: Sequence[str] = (),
) -> list[PlannedShot]:
    """Shots that tile the spot exactly. `sentences` are SENTENCE structs in order.

    A cut lies midway in the pause between two sentences. The end card begins with the last
    sentence, or as near to that as its shortest and longest length allow; cuts that would make
    a shot shorter than `min_shot_s` are dropped, a shot longer than `max_shot_s` is parted.

    With `beats_s`, the beats of the music on the spot's clock, each cut then moves to the nearest
    beat that it may move to: see `snapping.snapped`. `words` are WORD structs. `moves`, if any are
    given, are the camera moves to choose among: see `moves.choose_moves`.
    """
    total = round(length_s * fps)
    pauses = [
        round((before["end_s"] + after["start_s"]) / 2 * fps)
        for before, after in pairwise(sentences)
    ]
    last = pauses[-1] if pauses else 0
    end_card = min(
        max(last, total - round(max_end_card_s * fps)), total - round(min_end_card_s * fps)
    )
    shortest = round(min_shot_s * fps)
    cuts = [cut for cut in sorted(set(pauses[:-1])) if 0 < cut < end_card]
    cuts = _without_short([0, *cuts, end_card], shortest)
    cuts = _parted(cuts, round(max_shot_s * fps), shortest, preferred=last)
    limits = Limits(
        shortest, round(max_shot_s * fps),
        total - round(max_end_card_s * fps), total - round(min_end_card_s * fps),
    )  # fmt: skip
    return _named([*snapped(cuts, sentences, words, beats_s, fps, limits), total], seed, moves)


def _without_short(cuts: list[int], shortest: int) -> list[int]:
    """Drop inner cuts until no shot is too short: each time the one that leaves the shorter
    merged shot, so that lengths stay even."""
    cuts = list(cuts)
    while len(cuts) > 2:
        lengths = np.diff(cuts)
        shot = int(lengths.argmin())
        if lengths[shot] >= shortest:
            break
        before = lengths[shot - 1] if shot > 0 else np.inf
        after = lengths[shot + 1] if shot + 1 < len(lengths) else np.inf
        del cuts[shot if before <= after else shot + 1]
    return cuts


def _parted(cuts: list[int], longest: int, shortest: int, preferred: int) -> list[int]:
    """Part what is too long: at the beginning of the last sentence if that leaves two good
    shots, else evenly."""
    result = [cuts[0]]
    for start, end in pairwise(cuts):
        if end - start > longest and start + shortest <= preferred <= end - shortest:
            result += _evenly(start, preferred, longest) + _evenly(preferred, end, longest)
        else:
            result += _evenly(start, end, longest)
    return result


def _evenly(start: int, end: int, longest: int) -> list[int]:
    """Ends of the fewest equal parts of a shot of which none is longer than `longest` frames."""
    parts = max(1, -(-(end - start) // longest))
    return [start + round((end - start) * part / parts) for part in range(1, parts + 1)]


def _named(cuts: list[int], seed: int, moves: Sequence[str]) -> list[PlannedShot]:
    """Layouts by turns, and moves that suit them, as the seed shuffles them."""
    spans = list(pairwise(cuts))
    layouts = ["presented" if index % 2 == 0 else "hero" for index in range(len(spans) - 1)]
    layouts.append("end_card")
    named = zip(layouts, choose_moves(layouts, seed, moves), spans, strict=True)
    return [
        PlannedShot(index, layout, move, start, end)
        for index, (layout, move, (start, end)) in enumerate(named)
    ]
