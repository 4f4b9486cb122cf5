"""NameList: finds the people of names files in a text, under whatever disguise."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from stages.shared.text_gate.folding import (
    Reading,
    Token,
    consonants,
    readings,
    shown,
    skeleton,
    spelled_out,
)
from stages.shared.text_gate.misspelt import Misspelt
from stages.shared.text_gate.name_automaton import NameAutomaton
from stages.shared.text_gate.name_forms import grammatical, titled, words_of
from stages.shared.text_gate.people import NamesFile, Person

_LETTERS = re.compile("[A-Za-z\u00c0-\u052f]")  # of scripts that write their vowels
_BREAK = re.compile(r"(?:[,;:!?…]|(?<!\b\w)\.)(?=\s)")


@dataclass(frozen=True)
class NameMatch:
    """A person found in a text: the words that name them, and whether that is certain."""

    person: Person
    said: str
    certain: bool
    how: str
    """The rule in words: "named", "spelled out", "one letter off"."""


class NameList:
    """People to look for, as automata that scan a text in time independent of their number."""

    def __init__(self, files: Iterable[NamesFile]) -> None:
        self.files = tuple(files)
        self.people = tuple(person for file in self.files for person in file.people)
        self._exact, self._alike = NameAutomaton(), NameAutomaton()
        self._joined, self._script, self._heard = NameAutomaton(), NameAutomaton(), NameAutomaton()
        self._misspelt = Misspelt()
        self._short = NameAutomaton()
        for person in self.people:
            for alias in (person.name, *person.aliases):
                self._add(person, alias)
            for form in titled(person):
                self._exact.add(f" {form} ", person, False)
        for automaton in (
            self._exact,
            self._alike,
            self._joined,
            self._script,
            self._heard,
            self._short,
        ):
            automaton.build()
        self._misspelt.build()

    @property
    def audit(self) -> str:
        """Which lists these are, for the verdict of every spot: file, digest and number."""
        return " + ".join(map(str, self.files)) or "no names"

    def find(self, text: str) -> list[NameMatch]:
        """Everyone whom the text names, at most one match each, certain ones first."""
        found: dict[str, NameMatch] = {}
        text = shown(text)
        for match in sorted(self._matches(text), key=lambda match: not match.certain):
            found.setdefault(match.person.name, match)
        return [match for match in found.values() if not _is_meant_otherwise(match, text)]

    def _add(self, person: Person, alias: str) -> None:
        certain = not (person.ambiguous and alias == person.name)
        if letters := _unspaced(alias):
            self._script.add(letters, person, certain and len(letters) > 2)
            return
        words = words_of(alias)
        joined = "".join(words)
        for form in grammatical(alias):
            self._exact.add(f" {' '.join(words_of(form))} ", person, certain)
        if len(words) > 1 and len(joined) >= (6 if person.ambiguous else 5):
            self._exact.add(f" {joined} ", person, certain and len(joined) >= 8)
        if len(words) > 1 and len(joined) >= 5:
            self._exact.add(f" {' '.join(_last_first(alias))} ", person, False)
        if len(joined) >= 5:
            self._joined.add(joined, person, certain and len(joined) >= 7)
        if _LETTERS.match(alias) and len(joined) >= (
            8 if person.ambiguous else 6 + (len(words) == 1)
        ):
            self._alike.add(f" {' '.join(map(skeleton, words))} ", person, False)
        if alias == person.name:
            heard = " ".join(map(consonants, words))
            if len(heard) >= 5:
                self._heard.add(f" {heard} ", person, False)
        self._misspelt.add(words, person)
        *_, last = map(words_of, alias.split())
        if len(words) > 1 and not person.ambiguous and len("".join(last)) >= 4:
            self._short.add(f" {words[0][0]} {' '.join(last)} ", person, False)

    def _matches(self, text: str) -> Iterator[NameMatch]:
        unspaced = _unspaced(text)
        for person, certain, start, end in self._script.scan(unspaced):
            yield NameMatch(person, unspaced[start:end], certain, "named")
        for reading in readings(text):
            yield from _in_words(self._exact, text, reading)
            longer = tuple(token for token in reading if not _is_initial(token))
            if len(longer) < len(reading):  # "Donald J. Trump"
                yield from _in_words(self._exact, text, longer)
            yield from self._with_initial(text, reading)
            for run in spelled_out(reading):
                for person, certain, _, _ in self._joined.scan(run.text):
                    yield NameMatch(person, text[run.start : run.end], certain, "spelled out")
            yield from _in_words(self._alike, text, reading, skeleton)
            if any("vv" in token.text for token in reading):
                yield from _in_words(self._alike, text, reading, _without_double_v)
            foreign = tuple(token for token in reading if _is_foreign(text, token))
            if foreign:
                yield from _in_words(self._heard, text, foreign, consonants)
            yield from self._run_together(text, reading)
            for person, first, last in self._misspelt.near(reading):
                said = text[reading[first].start : reading[last].end]
                yield NameMatch(person, said, False, "one letter off")
        for person, said in self._misspelt.masked(text):
            yield NameMatch(person, said, False, "letters masked")

    def _with_initial(self, text: str, reading: Reading) -> Iterator[NameMatch]:
        """ "E. Musk", and a letter between the ends: "Kevin G. O'Leary"."""
        for n, token in enumerate(reading):
            if len(token.text) > 1 or not text[token.start : token.end].isupper():
                continue
            if n:
                yield from _in_words(self._exact, text, reading[:n] + reading[n + 1 :])
            if text[token.end : token.end + 1] == "." or _begins_a_name(text, reading[n : n + 2]):
                for match in _in_words(self._short, text, reading[n : n + 4]):
                    yield replace(match, how="abbreviated")

    def _run_together(self, text: str, reading: Reading) -> Iterator[NameMatch]:
        """Words that are parted otherwise ("El on Mu sk"), and names inside a word."""
        joined, starts, ends = "".join(token.text for token in reading), {}, {}
        place = 0
        for token in reading:
            starts[place] = token
            place += len(token.text)
            ends[place] = token
        for person, _, start, end in self._joined.scan(joined):
            if end - start < 8:
                continue
            first, last = starts.get(start), ends.get(end)
            if first is not None and last is not None:
                yield NameMatch(person, text[first.start : last.end], False, "parted otherwise")
                continue
            holder = max(place for place in starts if place <= start)
            if end <= holder + len(starts[holder].text):
                whole = starts[holder]
                yield NameMatch(person, text[whole.start : whole.end], False, "inside a word")


def _in_words(
    automaton: NameAutomaton, text: str, reading: Reading, fold: Callable[[str], str] | None = None
) -> Iterator[NameMatch]:
    words = [fold(token.text) if fold else token.text for token in reading]
    haystack = f" {' '.join(words)} "
    for person, certain, start, end in automaton.scan(haystack):
        first, last = haystack.count(" ", 0, start), haystack.count(" ", 0, end - 1) - 1
        tokens = reading[first : last + 1]
        said = text[tokens[0].start : tokens[-1].end]
        if fold is not None:
            yield NameMatch(person, said, certain, "looks or sounds alike")
        elif _is_reversed(person, tokens):
            strong = "," in said and not person.ambiguous and len(person.name) >= 8
            yield NameMatch(person, said, strong, "in another order")
        elif certain and _is_broken(text, tokens):
            yield NameMatch(person, said, False, "named across a pause")
        else:
            plain = " ".join(token.text for token in tokens)
            how = "named" if plain == said.casefold() else f'reads "{plain}"'
            yield NameMatch(person, said, certain, how)


def _is_reversed(person: Person, tokens: Reading) -> bool:
    words = words_of(person.name)
    said = tuple(token.text for token in tokens)
    return len(words) > 1 and said == _last_first(person.name) != words


def _last_first(name: str) -> tuple[str, ...]:
    """ "O'Leary Kevin": the last word as it is written stands first."""
    parts = name.split()
    return words_of(" ".join([parts[-1], *parts[:-1]])) if parts else ()


def _without_double_v(word: str) -> str:
    return skeleton(word.replace("vv", "v"))


def _is_foreign(text: str, token: Token) -> bool:
    return text[token.start] >= "\u0370" and unicodedata.category(text[token.start]) != "So"


def _is_broken(text: str, tokens: Reading) -> bool:
    """Whether a comma or an end of sentence stands in it ("Taylor, swift delivery"); the point of
    an initial is none."""
    return any(
        len(one.text) > 2 and _BREAK.search(text[one.end : other.start + 1])
        for one, other in itertools.pairwise(tokens)
    )


def _begins_a_name(text: str, tokens: Reading) -> bool:
    """Whether a capital without a point may be an initial: "E Musk"; "M Jordan" is a size."""
    if len(tokens) < 2 or tokens[0].text in "aismlx":
        return False
    said = text[tokens[1].start : tokens[1].end]
    return said.istitle() and text[tokens[0].end : tokens[1].start] == " "


def _is_initial(token: Token) -> bool:
    return len(token.text) == 1 and token.text not in "ast"  # "a lamp", "Tim's", "don't"


def _is_meant_otherwise(match: NameMatch, text: str) -> bool:
    if not match.person.unless:
        return False
    plain = f" {' '.join(words_of(text))} "
    return any(f" {' '.join(words_of(phrase))} " in plain for phrase in match.person.unless)


def _unspaced(text: str) -> str:
    """Chinese, Japanese and Korean letters, which part no words; "" if there are under two."""
    if text.isascii():
        return ""
    letters = "".join(char for char in unicodedata.normalize("NFKC", text) if char >= "\u2e80")
    letters = "".join(char for char in letters if char.isalpha() and char != "・")
    return letters if len(letters) >= 2 else ""
