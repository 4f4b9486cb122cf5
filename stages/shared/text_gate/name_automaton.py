"""Aho-Corasick over names, each of which stands for a person."""

from __future__ import annotations

from collections.abc import Iterator

from ahocorasick_rs import AhoCorasick

from stages.shared.text_gate.people import Person


class NameAutomaton:
    """Patterns by person: many are looked for in one pass over a text."""

    def __init__(self) -> None:
        self._patterns: dict[str, tuple[Person, bool]] = {}
        self._automaton: AhoCorasick | None = None

    def add(self, pattern: str, person: Person, certain: bool) -> None:
        """A pattern; of two persons with the same the first or the certain one stays."""
        there = self._patterns.get(pattern)
        if pattern.strip() and (there is None or certain > there[1]):
            self._patterns[pattern] = (person, certain)

    def build(self) -> None:
        """Call once, when all patterns are added."""
        self._targets = list(self._patterns.values())
        self._automaton = AhoCorasick(list(self._patterns)) if self._patterns else None
        self._patterns = {}

    def scan(self, haystack: str) -> Iterator[tuple[Person, bool, int, int]]:
        """(person, whether certain, first and end) of every pattern found, overlapping ones too."""
        if self._automaton is None or not haystack:
            return
        for which, start, end in self._automaton.find_matches_as_indexes(haystack, True):
            yield (*self._targets[which], start, end)
