"""Which words of the voice-over stand on screen together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LONGEST_GROUP = 4
"""Words. More are read after they have been said."""
PAUSE_S = 0.35
"""A silence this long ends a group: the eye would wait on words that belong to the next thought."""
SENTENCE_END = (".", "!", "?", "…", "。", "！", "？", "।", "؟")
_PHRASE_END = (",", ";", ":", "–", "—", "،", "、", "，")


@dataclass(frozen=True)
class CaptionWord:
    """A word that is drawn, and when it is said, in seconds."""

    text: str
    start_s: float
    end_s: float


def caption_words(
    rows: Sequence[Mapping[str, Any]], drawable: Callable[[str], str]
) -> list[CaptionWord]:
    """Words of the row's `caption_words`, without those of which nothing can be drawn."""
    words = [(drawable(row["text"]), row["start_s"], row["end_s"]) for row in rows]
    return [CaptionWord(text, start_s, end_s) for text, start_s, end_s in words if text]


def group_words(
    words: Sequence[CaptionWord],
    cuts_s: Sequence[float],
    crowding: Callable[[str], float],
) -> list[list[CaptionWord]]:
    """Words in groups of up to `LONGEST_GROUP`, never across a sentence, a pause or a cut.

    Between these the split is the one with the least total cost: groups of two to four words of
    like length, ending at commas rather than behind small words. `crowding` is the cost of
    showing a text in one group: 0 where it is at ease, above 100 where it must not be.
    """
    groups: list[list[CaptionWord]] = []
    stretch: list[CaptionWord] = []
    for index, word in enumerate(words):
        stretch.append(word)
        after = words[index + 1] if index + 1 < len(words) else None
        if after is None or _breaks(word, after, cuts_s):
            groups += _split(stretch, crowding)
            stretch = []
    return groups


def _breaks(word: CaptionWord, after: CaptionWord, cuts_s: Sequence[float]) -> bool:
    bare = word.text.rstrip("\"'”’»)]")
    ended = bare.endswith(SENTENCE_END)
    paused = after.start_s - word.end_s > PAUSE_S
    middle, after_middle = (word.start_s + word.end_s) / 2, (after.start_s + after.end_s) / 2
    return ended or paused or any(middle < cut_s <= after_middle for cut_s in cuts_s)


def _split(
    words: Sequence[CaptionWord], crowding: Callable[[str], float]
) -> list[list[CaptionWord]]:
    """The cheapest split, found from left to right (each prefix's best is kept)."""
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(words) + 1):
        choices = []
        for start in range(max(0, end - LONGEST_GROUP), end):
            cost = best[start][0] + _cost(words[start:end], end == len(words), crowding)
            choices.append((cost, start))
        best.append(min(choices))
    groups, end = [], len(words)
    while end:
        start = best[end][1]
        groups.append(list(words[start:end]))
        end = start
    return groups[::-1]


def _cost(group: Sequence[CaptionWord], last: bool, crowding: Callable[[str], float]) -> float:
    text = " ".join(word.text for word in group)
    cost = 1.0 + {1: 2.5, 2: 0.4}.get(len(group), 0.0) + (len(group) > 1) * crowding(text)
    if not last:
        final = group[-1].text
        if final.endswith(_PHRASE_END):
            cost -= 0.8
        elif len(final) <= 3 and final.isalpha():
            cost += 1.5  # "of", "the", "and" belong to what follows
        elif final[-1].isdigit():
            cost += 4.0  # and so does a figure to its unit
    cost += 1.2 * sum(word.text.endswith(_PHRASE_END) for word in group[:-1])
    shown_s = group[-1].end_s - group[0].start_s
    return cost + 2.5 * max(0.0, 0.8 - shown_s)
