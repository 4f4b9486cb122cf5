"""Pieces of text: what a line may not break, and the order in which pieces stand on screen."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_RIGHT_TO_LEFT = ("R", "AL")
_TALL = ("ARABIC", "DEVANAGARI")
"""Scripts whose marks reach further up and down than Latin letters."""
_NO_LINE_START = "、。，．：；？！）」』】〉》〕｝,.;:?!)]}%…"


@dataclass(frozen=True)
class Piece:
    """What a line may not break: a word, or one Chinese or Japanese character."""

    text: str
    spaced: bool
    """Whether a space stands before it (unless it begins a line)."""

    @property
    def direction(self) -> str:
        """ "R" or "L" for words, "D" for numbers, "N" for signs: these follow the words around."""
        kinds = [unicodedata.bidirectional(character) for character in self.text]
        for kind in kinds:
            if kind in (*_RIGHT_TO_LEFT, "L"):
                return "L" if kind == "L" else "R"
        return "D" if "EN" in kinds or "AN" in kinds else "N"


def split(text: str) -> list[Piece]:
    """Pieces of a text in reading order: words, and single characters of scripts without spaces."""
    pieces: list[Piece] = []
    for word in text.split(" "):
        held, spaced = "", bool(pieces)
        for cluster in clusters(word):
            if held and (is_wide(cluster) or is_wide(held[-1])) and cluster not in _NO_LINE_START:
                pieces.append(Piece(held, spaced))
                held, spaced = "", False
            held += cluster
        if held:
            pieces.append(Piece(held, spaced))
    return pieces


def visual_order(directions: list[str], to_left: bool) -> list[int]:
    """Positions of a line's pieces from left to right on screen.

    Word by word, as the Unicode Bidirectional Algorithm would for two levels: runs against the
    line's own direction are turned round. A number ("D") goes with the word before it; signs
    ("N") join a run against the line only between two of its words.
    """
    against = "L" if to_left else "R"
    directions = list(directions)
    strong = "R" if to_left else "L"
    for index, direction in enumerate(directions):
        if direction == "D":
            directions[index] = strong
        elif direction != "N":
            strong = direction
    runs: list[list[int]] = []
    index = 0
    while index < len(directions):
        end = index
        if directions[index] == against:
            for ahead in range(index, len(directions)):
                if directions[ahead] == against:
                    end = ahead
                elif directions[ahead] != "N":
                    break
        runs.append(list(range(index, end + 1)))
        index = end + 1
    if to_left:
        return [position for run in reversed(runs) for position in run]
    return [position for run in runs for position in reversed(run)]


def clusters(text: str) -> list[str]:
    """Letters with the marks that belong to them; an emoji that is written in several characters
    (a flag, a family, a skin) is one.
    """
    found: list[str] = []
    for character in text:
        joined = unicodedata.category(character).startswith("M") or character in "\u200c\u200d"
        joined = joined or "\U0001f3fb" <= character <= "\U0001f3ff"
        virama = bool(found) and unicodedata.combining(found[-1][-1]) == 9
        flag = bool(found) and len(found[-1]) == 1 and _is_half_flag(found[-1] + character)
        if found and (joined or virama or flag or found[-1].endswith("\u200d")):
            found[-1] += character
        else:
            found.append(character)
    return found


def drop_last_letter(pieces: list[Piece]) -> list[Piece]:
    """The same pieces, one letter shorter."""
    rest = clusters(pieces[-1].text)[:-1]
    if not rest:
        return pieces[:-1]
    return [*pieces[:-1], Piece("".join(rest), pieces[-1].spaced)]


def is_wide(character: str) -> bool:
    """Whether it is Chinese or Japanese, written without spaces between words."""
    first = character[0]
    if "가" <= first <= "힣" or (first >= "\U0001f000" and first < "\U00020000"):
        return False
    return unicodedata.east_asian_width(first) in "WF" and unicodedata.category(first) != "So"


def has_high_accent(text: str) -> bool:
    """Whether a capital in it carries an accent, which reaches above other letters."""
    return any(
        character.isupper() and len(unicodedata.normalize("NFD", character)) > 1
        for character in text
        if ord(character) > 0x7F
    )


def _is_half_flag(pair: str) -> bool:
    return all("\U0001f1e6" <= character <= "\U0001f1ff" for character in pair)


def is_tall(text: str) -> bool:
    """Whether its marks reach further up and down than those of Latin letters."""
    return any(unicodedata.name(c, "").startswith(_TALL) for c in text if ord(c) > 0x590)
