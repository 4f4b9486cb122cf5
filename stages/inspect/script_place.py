"""Where in the script it stands what was heard, and whether it may be the script, misheard."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stages.inspect.word_errors import aligned, likeness, spoken_words
from stages.shared.text_gate.number_words import figures
from stages.shared.text_gate.spoken_numbers import SPOKEN, spoken_values

_AROUND = 2
"""Words before and behind the place that the alignment gives: it is one of several as good."""


@dataclass(frozen=True)
class Place:
    """The words of the script where something was heard; when the first of them is said."""

    words: str
    start_s: float | None
    likeness: float
    """Of what was heard to the likest words there, by their sound, 0 to 1."""
    same_numbers: bool
    """Whether the numbers that were heard stand there, however they are written."""


class ScriptPlaces:
    """A script's words and what was heard of it, aligned as for the word error rate."""

    def __init__(
        self, script: str, words: Sequence[Mapping[str, Any]], heard: str,
        names: Collection[str], language: str,
    ) -> None:  # fmt: skip
        """`words` are WORD structs; without any, the script's own words stand at no known time."""
        self._language, self._heard = language, heard
        told = [(w["spoken"], w["start_s"]) for w in words] or [(w, None) for w in script.split()]
        said = [(w, at_s) for text, at_s in told for w in spoken_words(text, language)]
        self._said = [word for word, _ in said]
        self._at_s = [at_s for _, at_s in said]
        self._tokens = [(m.start(), m.end()) for m in re.finditer(r"\S+", heard)]
        got = [
            (word, n)
            for n, (a, b) in enumerate(self._tokens)
            for word in spoken_words(heard[a:b], language)
        ]
        self._got, self._owners = [word for word, _ in got], [n for _, n in got]
        self._places = aligned(self._said, self._got, names, language)

    def of(self, span: str) -> Place:
        """The place of words as they stand in what was heard; the whole script for others."""
        start = self._heard.find(span)
        end = start + len(span) if start >= 0 else len(self._heard)
        tokens = {n for n, (a, b) in enumerate(self._tokens) if a < end and b > max(start, 0)}
        mine = [n for n, owner in enumerate(self._owners) if owner in tokens]
        got = [self._got[n] for n in mine]
        spans = [self._places[n] for n in mine] or [(0, len(self._said))]
        first, last = min(a for a, _ in spans), max(b for _, b in spans)
        near_first, near_end = max(first - _AROUND, 0), min(last + _AROUND, len(self._said))
        near = self._said[near_first:near_end]
        at_s = self._at_s[min(first, len(self._at_s) - 1)] if self._at_s else None
        numbers = "".join(_numbers(" ".join(got), self._language))
        around = _numbers(" ".join(near), self._language)
        return Place(
            words=" ".join(self._said[first:last]),
            start_s=at_s,
            likeness=_likest(got, near),
            same_numbers=bool(numbers) and numbers in _runs(around),
        )


def _likest(got: Sequence[str], near: Sequence[str]) -> float:
    """The likeness of the words to the run of neighbouring words that sounds most like them."""
    joined, best = "".join(got), 0.0
    for first in range(len(near)):
        for end in range(first + 1, min(len(near), first + len(got) + 2) + 1):
            best = max(best, likeness(joined, "".join(near[first:end])))
    return best


def _numbers(text: str, language: str) -> list[str]:
    """The numbers of a text: "24" and "50" of "twenty four dollars fifty"."""
    plain = figures(text, language).text
    plain = re.sub(SPOKEN, lambda m: " ".join(map(str, spoken_values(m.group()))), plain)
    return re.findall(r"\d+", plain)


def _runs(numbers: Sequence[str]) -> set[str]:
    """Neighbouring numbers written as one: a price comes with its point, without, or in two."""
    return {
        "".join(numbers[first:end])
        for first in range(len(numbers))
        for end in range(first + 1, len(numbers) + 1)
    }
