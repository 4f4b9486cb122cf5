"""Names that are nearly there: one letter off, or with letters masked by stars."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from stages.shared.text_gate.folding import Reading
from stages.shared.text_gate.people import Person

_MASKED = re.compile(r"[^\W_]*(?:[^\W_][*#•]+|[*#•]+[^\W_])[\w*#•]*")
LONGEST_WORDS = 4
LEAST_LETTERS = 8
"""Of a name that may be misspelt: shorter ones are one letter off from too much."""


class Misspelt:
    """An index of names by all their words but one, which is the one that may be wrong."""

    def __init__(self) -> None:
        self._by_others: dict[tuple[int, str], list[tuple[str, Person]]] = defaultdict(list)
        self._single: dict[str, list[tuple[str, Person]]] = defaultdict(list)
        self._people: dict[str, Person] = {}
        self._all = ""

    def add(self, words: tuple[str, ...], person: Person) -> None:
        """A name to look for; short and ambiguous ones are left out."""
        letters = len("".join(words))
        if letters >= 6 and len(words) <= 5:
            self._people.setdefault(" ".join(words), person)
        if letters < LEAST_LETTERS or (person.ambiguous and letters < 10):
            return
        if len(words) == 1:
            if not person.ambiguous:
                for end in (words[0][:3], words[0][-3:]):
                    self._single[end].append((words[0], person))
        elif len(words) <= LONGEST_WORDS and "the" not in words:
            for place, word in enumerate(words):
                least = 6 if person.ambiguous else 3 if letters >= 12 else 4
                if len(word) >= least:
                    self._by_others[place, _without(words, place)].append((word, person))

    def build(self) -> None:
        """Call once, when all names are added."""
        self._all = "\n" + "\n".join(self._people) + "\n"

    def near(self, reading: Reading) -> Iterator[tuple[Person, int, int]]:
        """(person, first and last token) of names with one letter added, dropped, changed or
        swapped in one word."""
        texts = tuple(token.text for token in reading)
        for first, word in enumerate(texts):
            if len(word) >= LEAST_LETTERS - 1:
                for name, person in [
                    *self._single.get(word[:3], ()),
                    *self._single.get(word[-3:], ()),
                ]:
                    if is_one_edit(word, name):
                        yield person, first, first
            for length in range(2, min(LONGEST_WORDS, len(texts) - first) + 1):
                words = texts[first : first + length]
                for place, said in enumerate(words):
                    for name, person in self._by_others.get((place, _without(words, place)), ()):
                        if is_one_edit(said, name):
                            yield person, first, first + length - 1

    def masked(self, text: str) -> Iterator[tuple[Person, str]]:
        """(person, words) of names whose letters are masked: "El*n M*sk". Rare: each one is looked
        for in the whole list."""
        if not any(mark in text for mark in "*#•"):
            return
        words = list(re.finditer(r"[\w*#•]+", text))
        for first in range(len(words)):
            for length in (5, 4, 3, 2, 1):
                run = words[first : first + length]
                if len(run) < length or not _MASKED.fullmatch(
                    run[0].group() if length == 1 else _masked_one(run)
                ):
                    continue
                said = [re.sub(r"[*#•]", ".", word.group().lower().strip("_")) for word in run]
                plain = " ".join(re.escape(word).replace(r"\.", "[a-z]") for word in said)
                if sum(char.isalpha() for word in said for char in word) < 5:
                    continue
                found = re.search(rf"\n({plain})\n", self._all)
                if found:
                    yield self._people[found[1]], text[run[0].start() : run[-1].end()]


def _masked_one(run: list[re.Match[str]]) -> str:
    return next((word.group() for word in run if _MASKED.fullmatch(word.group())), "")


def _without(words: tuple[str, ...], place: int) -> str:
    return " ".join((*words[:place], *words[place + 1 :]))


def is_one_edit(one: str, other: str) -> bool:
    """Whether the distance of Damerau and Levenshtein is 1."""
    if abs(len(one) - len(other)) > 1:
        return False
    first = 0
    while first < min(len(one), len(other)) and one[first] == other[first]:
        first += 1
    one, other = one[first:], other[first:]
    swapped = one[:2] == other[1::-1] and one[2:] == other[2:]
    return one != other and (
        swapped or one[1:] == other[1:] or one[1:] == other or one == other[1:]
    )
