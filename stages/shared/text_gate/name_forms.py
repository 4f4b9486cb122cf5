"""Other forms of a name: with a title, in another order, declined, with a glued-on particle."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import product

from stages.shared.text_gate.folding import readings
from stages.shared.text_gate.people import HEADS, LEADERS, Person

_TITLES = ("president", "prime minister", "chancellor", "premier", "presidente", "prasident",
            "primer ministro",
           "premier ministre", "primeiro ministro", "bundeskanzler", "kanzler", "senator",
           "minister")  # fmt: skip
_MISTER = (
    "mr",
    "mrs",
    "ms",
    "mister",
    "herr",
    "frau",
    "monsieur",
    "madame",
    "senor",
    "senhor",
    "signor",
)
_ARABIC, _HEBREW = "ولبفك", "והבלמשכ"
"""And, to, by, so, like: written as part of the next word."""


@lru_cache(maxsize=4096)
def words_of(text: str) -> tuple[str, ...]:
    """The folded words of a name."""
    return tuple(token.text for token in readings(text)[0])


def grammatical(alias: str) -> Iterator[str]:
    """The alias and the forms that its language's grammar gives it."""
    yield alias
    letters = [char for char in alias if char.isalpha()]
    if not letters:
        return
    script = unicodedata.name(letters[0], "").split()[0]
    if script == "CYRILLIC":
        yield from _declined(alias)
    for name, particles in (("ARABIC", _ARABIC), ("HEBREW", _HEBREW)):
        if script == name:
            yield from (particle + alias for particle in particles)


def titled(person: Person) -> Iterator[str]:
    """Folded forms such as "president putin" and "mr musk", for those who are called so."""
    words = words_of(person.name)
    if person.ambiguous or len(words) < 2 or len(words[-1]) < 4:
        return
    if person.reason == HEADS[0] or person.reason == HEADS[2]:
        yield from (f"{title} {words[-1]}" for title in _TITLES)
    if person.reason in (HEADS[0], HEADS[2], *LEADERS):
        yield from (f"{title} {words[-1]}" for title in _MISTER)


def _declined(alias: str) -> Iterator[str]:
    """Russian and Ukrainian cases, roughly: the same ending class for each word."""
    words = alias.split()
    if len(words) > 3:
        return
    for case in range(5):
        forms = [_case(word, case) for word in words]
        yield from (" ".join(form) for form in product(*forms))


def _case(word: str, case: int) -> list[str]:
    last, stem = word[-1:], word[:-1]
    if last in "йь":
        return [stem + ("я", "ю", "ем", "е", "ого")[case]]
    if last == "а":
        return [stem + ("ы", "е", "у", "ой", "и")[case]]
    if last == "я":
        return [stem + ("и", "е", "ю", "ей", "ы")[case]]
    if last in "бвгджзклмнпрстфхцчшщ":
        return [word + ("а", "у", "ом", "е", "ым")[case]]
    return [word]
