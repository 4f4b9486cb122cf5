"""Name gate: public figures named in a spot's texts, under whatever disguise."""

from __future__ import annotations

import json
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ahocorasick_rs import AhoCorasick

from stages.base import Verdict
from stages.screen.finding import Finding, passed
from stages.screen.folding import Reading, Token, readings, skeleton, spelled_out

GATE = "screen.names"


@dataclass(frozen=True)
class Person:
    """A public figure. An `ambiguous` name is also a brand's or made of plain words."""

    name: str
    reason: str
    aliases: tuple[str, ...] = ()
    ambiguous: bool = False


@dataclass(frozen=True)
class NameMatch:
    """A person found in a text: the words that name them, and whether that is certain."""

    person: Person
    said: str
    certain: bool
    how: str


def read_people(content: str, place: str) -> list[Person]:
    """People of a names file ({"people": [{"name", "aliases", "ambiguous", "reason"}, ...]}).

    Raises `ValueError` naming `place` where the file has another shape.
    """
    try:
        return [_person(entry) for entry in json.loads(content)["people"]]
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f"{place} is no names file ({error!r}); write"
            ' {"people": [{"name": "...", "aliases": ["..."], "reason": "..."}]}'
        ) from None


def _person(entry: Mapping[str, Any]) -> Person:
    aliases = entry.get("aliases", [])
    if not isinstance(aliases, list) or not str(entry["name"]).strip():
        raise ValueError(f"wrong entry {entry}")
    return Person(
        name=str(entry["name"]),
        reason=str(entry.get("reason", "public figure")),
        aliases=tuple(str(alias) for alias in aliases),
        ambiguous=bool(entry.get("ambiguous", False)),
    )


class NameList:
    """People to look for, as automata that scan a text in time independent of their number."""

    def __init__(self, people: Iterable[Person]) -> None:
        self.people = tuple(people)
        self._exact, self._alike = _Automaton(), _Automaton()
        self._inside, self._script = _Automaton(), _Automaton()
        self._near: dict[str, dict[str, Person]] = defaultdict(dict)
        for person in self.people:
            for alias in (person.name, *person.aliases):
                self._add(person, alias)
        for automaton in (self._exact, self._alike, self._inside, self._script):
            automaton.build()

    def find(self, text: str) -> list[NameMatch]:
        """Everyone whom the text names, at most one match each, certain ones first."""
        found: dict[str, NameMatch] = {}
        for match in sorted(self._matches(text), key=lambda match: not match.certain):
            found.setdefault(match.person.name, match)
        return list(found.values())

    def _add(self, person: Person, alias: str) -> None:
        if letters := _unspaced(alias):
            self._script.add(letters, person, True)
        words = tuple(token.text for token in readings(alias)[0])
        certain = not (person.ambiguous and alias == person.name)
        joined = "".join(words)
        self._exact.add(f" {' '.join(words)} ", person, certain)
        if len(words) > 1 and len(joined) >= 8:
            self._exact.add(f" {joined} ", person, certain)
        if len(words) == 2 and len(joined) >= 8:
            self._exact.add(f" {words[1]} {words[0]} ", person, False)
        if person.ambiguous:
            return
        if len(joined) >= 7:
            self._inside.add(joined, person, True)
            self._alike.add(f" {' '.join(map(skeleton, words))} ", person, False)
        if len(words) > 1 and len(joined) >= 10 and "the" not in words:
            self._near[" ".join(word[0] for word in words)][" ".join(words)] = person

    def _matches(self, text: str) -> Iterator[NameMatch]:
        for person, certain, start, end in self._script.scan(_unspaced(text)):
            yield NameMatch(person, _unspaced(text)[start:end], certain, "named")
        for reading in readings(text):
            yield from _in_words(self._exact, text, reading)
            longer = tuple(token for token in reading if not _is_initial(token))
            if len(longer) < len(reading):  # "Donald J. Trump"
                yield from _in_words(self._exact, text, longer)
            for run in spelled_out(reading):
                for person, certain, _, _ in self._inside.scan(run.text):
                    yield NameMatch(person, text[run.start : run.end], certain, "spelled out")
            yield from _in_words(self._alike, text, reading, skeleton)
            yield from self._one_letter_off(text, reading)

    def _one_letter_off(self, text: str, reading: Reading) -> Iterator[NameMatch]:
        for first in range(len(reading)):
            for length in (2, 3):
                words = reading[first : first + length]
                names = self._near.get(" ".join(token.text[0] for token in words))
                if names is None or len(words) < length:
                    continue
                said = " ".join(token.text for token in words)
                for name, person in names.items():
                    if _is_near(said, name):
                        original = text[words[0].start : words[-1].end]
                        yield NameMatch(person, original, False, "one letter off")


class _Automaton:
    """Aho-Corasick over patterns that each stand for a person."""

    def __init__(self) -> None:
        self._patterns: dict[str, tuple[Person, bool]] = {}
        self._automaton: AhoCorasick | None = None

    def add(self, pattern: str, person: Person, certain: bool) -> None:
        there = self._patterns.get(pattern)
        if pattern.strip() and (there is None or certain > there[1]):
            self._patterns[pattern] = (person, certain)

    def build(self) -> None:
        self._targets = list(self._patterns.values())
        self._automaton = AhoCorasick(list(self._patterns)) if self._patterns else None

    def scan(self, haystack: str) -> Iterator[tuple[Person, bool, int, int]]:
        if self._automaton is None:
            return
        for which, start, end in self._automaton.find_matches_as_indexes(haystack, True):
            yield (*self._targets[which], start, end)


def _in_words(
    automaton: _Automaton, text: str, reading: Reading, fold: Callable[[str], str] | None = None
) -> Iterator[NameMatch]:
    words = [fold(token.text) if fold else token.text for token in reading]
    haystack = f" {' '.join(words)} "
    for person, certain, start, end in automaton.scan(haystack):
        first, last = haystack.count(" ", 0, start), haystack.count(" ", 0, end - 1) - 1
        said = text[reading[first].start : reading[last].end]
        plain = " ".join(token.text for token in reading[first : last + 1])
        how = "named" if plain == said.casefold() else f'reads "{plain}"'
        yield NameMatch(person, said, certain, how if fold is None else "looks or sounds alike")


def _is_initial(token: Token) -> bool:
    return len(token.text) == 1 and token.text not in "ast"  # "a lamp", "Tim's", "don't"


def _is_near(said: str, name: str) -> bool:
    """One letter added, dropped, changed or swapped in one word of five letters or more."""
    if not _is_one_edit(said, name):
        return False
    pairs = list(zip(said.split(), name.split(), strict=False))
    return len(pairs) == len(name.split()) and all(a == b or len(b) >= 5 for a, b in pairs)


def _is_one_edit(one: str, other: str) -> bool:
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


def _unspaced(text: str) -> str:
    """Chinese, Japanese and Korean letters, which part no words; "" if there are under three."""
    letters = "".join(char for char in unicodedata.normalize("NFKC", text) if char >= "\u2e80")
    letters = "".join(char for char in letters if char.isalpha() and char != "・")
    return letters if len(letters) >= 3 else ""


def screen_names(texts: Mapping[str, str], names: NameList) -> list[Finding]:
    """Findings of the name gate over the named texts of a spot: at least one."""
    findings = []
    for column, text in texts.items():
        for match in names.find(text):
            person = f"{match.person.name} ({match.person.reason})"
            evidence = f'{column}: "{match.said}" is {person}, {match.how}'
            if match.certain:
                verdict = Verdict(GATE, "public_figure", "block", evidence)
                reason = f'The {column} names {person} as "{match.said}"; take the name out.'
                findings.append(Finding(verdict, "public_figure", reason))
            else:
                verdict = Verdict(GATE, "public_figure", "review", evidence)
                reason = (
                    f'"{match.said}" in the {column} may mean {person}: {match.how}; a person'
                    " should decide, or the words be changed."
                )
                findings.append(Finding(verdict, "public_figure_possible", reason))
    looked = f"{len(names.people)} people, in {', '.join(texts)}"
    return findings or [passed(GATE, "public_figure", looked)]
