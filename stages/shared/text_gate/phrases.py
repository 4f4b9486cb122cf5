"""Phrase: words of a policy rule as a pattern over folded text, and one word to look for first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from stages.shared.text_gate.folding import written

_NUMBER = (
    "(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty"
    "|fifty|sixty|seventy|eighty|ninety|hundred|thousand|dos|tres|cinco|diez|deux|trois|cinq|dix|zwei"
    "|drei|funf|zehn|due|tre|cinque|dieci|dois|dez)"
)
_ANY_NUMBER = rf"(?:\d+(?: \d+)*|{_NUMBER}(?: {_NUMBER})*)"


@dataclass(frozen=True)
class Phrase:
    """ "lose <n> kg": plain words, "word*", "<n>", "_", "<gap>", and "<name>" of a list.

    Raises `ValueError` for a phrase that is nothing but such signs, or names no list.
    """

    words: str
    lists: Mapping[str, Sequence[str]]
    anchor: str = field(init=False)
    """What every text that holds it holds, too: its longest word, with the space before it."""
    _pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Compile it."""
        pattern, anchors = "", [""]
        for word in self.words.lower().split():
            if word == "<gap>" and pattern:
                pattern += r"(?: \S+){0,4}"
                continue
            piece, anchor = self._piece(word)
            anchors.append(anchor)
            pattern += (" " if pattern else "") + piece
        anchor = max(anchors, key=len)
        if len(anchor) < 2:
            raise ValueError(f"the phrase {self.words!r} holds no word of its own; add one")
        object.__setattr__(self, "anchor", anchor)
        object.__setattr__(self, "_pattern", re.compile(rf"(?<!\S){pattern}(?!\S)"))

    def spans(self, plain: str) -> Iterator[tuple[int, int]]:
        """(first, end) of each place in a folded text."""
        return (match.span() for match in self._pattern.finditer(plain))

    def _piece(self, word: str) -> tuple[str, str]:
        if word == "<n>":
            return _ANY_NUMBER, ""
        if word == "_":
            return r"\S+", ""
        if word.startswith("<"):
            name = word.strip("<>")
            if name not in self.lists:
                raise ValueError(f"{self.words!r} names the list {name!r}, which is not there")
            ways = sorted((_plain(way) for way in self.lists[name]), key=len, reverse=True)
            return f"(?:{'|'.join(map(re.escape, ways))})", ""
        plain = _plain(word)
        longest = max(plain.split(), key=len, default="")
        if word.endswith("*"):
            return re.escape(plain) + r"\S*", f" {longest}"
        return re.escape(plain), f" {longest} "


def _plain(word: str) -> str:
    return " ".join(token.text for token in written(word))
