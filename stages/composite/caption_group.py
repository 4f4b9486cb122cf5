"""One group of caption words: what is drawn, when, where, and which word is being said."""

from __future__ import annotations

from dataclasses import dataclass

import skia

from schemas.layout import Box
from stages.composite.fitting import HYPHEN, Block
from stages.composite.grouping import CaptionWord


@dataclass(frozen=True)
class Group:
    """Words on screen together; `box` is their plate in fractions of the frame."""

    words: tuple[CaptionWord, ...]
    start_s: float
    end_s: float
    area: Box
    block: Block
    box: Box
    follows: bool
    """Whether it takes over from the group before without a gap, in the same place."""

    @property
    def text(self) -> str:
        """As it is read aloud."""
        return " ".join(word.text for word in self.words)


def spoken_word(group: Group, time_s: float) -> int:
    """Index of the word being said: the last that has begun, the first before any has."""
    begun = [i for i, word in enumerate(group.words) if word.start_s <= time_s + 1e-6]
    return begun[-1] if begun else 0


def pieces_of(group: Group, word: int) -> tuple[int, int]:
    """First and last index of the block's pieces that draw the word."""
    pieces = sorted((p for line in group.block.lines for p in line), key=lambda p: p.index)
    wanted = [_length(w.text) for w in group.words]
    begin, end = sum(wanted[:word]), sum(wanted[: word + 1])
    at, found = 0, []
    for piece in pieces:
        if at < end and at + _length(piece.text) > begin:
            found.append(piece.index)
        at += _length(piece.text)
    return (found[0], found[-1]) if found else (0, -1)


def _length(text: str) -> int:
    """Letters that a word and its pieces have in common."""
    return len(text.replace(" ", "").replace(HYPHEN, ""))


def between(one: skia.Rect, other: skia.Rect, share: float) -> skia.Rect:
    """The rectangle on its way from one to the other: 0 is there, 1 is here."""
    return skia.Rect.MakeLTRB(
        one.left() + (other.left() - one.left()) * share,
        one.top() + (other.top() - one.top()) * share,
        one.right() + (other.right() - one.right()) * share,
        one.bottom() + (other.bottom() - one.bottom()) * share,
    )
