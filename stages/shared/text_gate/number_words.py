"""Numbers in words of other languages than English, written as digits: "neunundvierzig" is "49"."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

LANGUAGES = ("de", "es", "fr", "it", "pt")
_MOST = 1999
_LONGEST = 7
"""Words of a number below two thousand: "mil novecientos noventa y nueve" has five."""
_WORD = re.compile(r"[^\W\d_]+")
_ALSO = {"de": {"ein": 1, "einen": 1, "einem": 1}, "es": {"un": 1, "una": 1}, "fr": {"une": 1},
         "it": {"un": 1, "una": 1}, "pt": {"uma": 1}}  # fmt: skip
_ARTICLES = ("un", "una", "une", "uno", "ein", "eine", "einen", "einem", "um", "uma")
_MONEY = ("euro", "dol", "pfund", "livre", "libra", "franc", "frank", "real", "peso", "cent")
_HUNDREDS, _PER = ("cent", "cento", "cien", "ciento"), re.compile(r"\bp(?:o|e|ou)r\s+$", re.I)
_POINT = re.compile(
    r"\b(\d{1,4})\s(?:con|coma|komma|virgule|virgola|v[ií]rgula|punto|e|y)\s(\d\d)(?=\s\D)", re.I
)


@dataclass(frozen=True)
class Figures:
    """A text whose numbers are digits, and where each of its characters stood before."""

    text: str
    places: tuple[int, ...]

    def original(self, said: str, start: int, end: int) -> str:
        """What stood in the text `said` where this one has start to end."""
        first = self.places[start]
        last = self.places[end] if end < len(self.places) else len(said)
        return said[first:last].strip()


def figures(text: str, language: str) -> Figures:
    """The text with its number words as digits; as it is in a language not of `LANGUAGES`."""
    if language not in LANGUAGES:
        return Figures(text, tuple(range(len(text))))
    table, words = _table(language), list(_WORD.finditer(text))
    out, places, done, n = list[str](), list[int](), 0, 0
    while n < len(words):
        run = [_plain(word.group()) for word in words[n : n + _LONGEST]]
        length = _longest(run, [w.span() for w in words[n : n + _LONGEST]], text, table)
        if length == 1 and not _counts(run, text[: words[n].start()]):
            length = 0
        if length:
            start, end = words[n].start(), words[n + length - 1].end()
            digits = str(table[" ".join(run[:length])])
            out += [text[done:start], digits]
            places += [*range(done, start), *[start] * len(digits)]
            done = end
        n += max(1, length)
    out.append(text[done:])
    places += range(done, len(text))
    return _with_points(Figures("".join(out), tuple(places)))


def _counts(run: list[str], before: str) -> bool:
    """Whether a single word is a number: "un" is an article but before money, and "cent" in "pour
    cent" no hundred."""
    if run[0] in _ARTICLES:
        return len(run) > 1 and run[1].startswith(_MONEY)
    return not (run[0] in _HUNDREDS and _PER.search(before))


def _longest(run: list[str], spans: list[tuple[int, int]], text: str, table: dict[str, int]) -> int:
    """How many of the words make one number; between them stand spaces and hyphens only."""
    for length in range(len(run), 0, -1):
        gaps = (text[spans[n][1] : spans[n + 1][0]] for n in range(length - 1))
        if " ".join(run[:length]) in table and all(gap in (" ", "-", "\u00a0") for gap in gaps):
            return length
    return 0


def _with_points(found: Figures) -> Figures:
    """ "49 con 99 euros" as "49,99 euros"."""
    text, places = found.text, list(found.places)
    for match in reversed(list(_POINT.finditer(text))):
        start, end = match.end(1), match.start(2)
        text = f"{text[:start]},{text[end:]}"
        places[start:end] = [places[start]]
    return Figures(text, tuple(places))


def _plain(word: str) -> str:
    parts = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in parts if not unicodedata.combining(char))


@lru_cache(maxsize=len(LANGUAGES))
def _table(language: str) -> dict[str, int]:
    """Words to number, 0 to 1999, by the rules of the Unicode CLDR."""
    from unicode_rbnf import RbnfEngine

    engine, table = RbnfEngine.for_language(language), dict[str, int]()
    for number in range(_MOST, -1, -1):
        words = engine.format_number(number).text
        table[" ".join(_WORD.findall(_plain(words.replace("\u00ad", ""))))] = number
        if language == "de" and words.startswith("ein") and number >= 100:
            table[_plain(words.replace("\u00ad", "").removeprefix("ein"))] = number
    return table | _ALSO[language]
