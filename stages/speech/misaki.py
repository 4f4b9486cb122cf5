"""The phoneme alphabet of hibari and Kokoro ("misaki"), to and from ARPAbet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stages.speech.engine import SpokenWord, TimedPhoneme, Unspeakable
from stages.speech.phonemes import VOWELS

_PRIMARY, _SECONDARY, _LONG = "ˈ", "ˌ", "ː"
MARKS = frozenset((_PRIMARY, _SECONDARY, _LONG))
"""Symbols without a sound of their own, although the model gives them a duration."""
PAUSES = frozenset(';:,.!?—…"“”()')

_TO_ARPABET = {
    "A": "EY", "I": "AY", "O": "OW", "Q": "OW", "W": "AW", "Y": "OY", "æ": "AE", "a": "AE",
    "ɑ": "AA", "ɒ": "AA", "ɐ": "AH", "ʌ": "AH", "ə": "AH", "ᵊ": "AH", "ɔ": "AO", "o": "OW",
    "ɛ": "EH", "e": "EH", "ɜ": "ER", "ɚ": "ER", "ɪ": "IH", "ᵻ": "IH", "ɨ": "IH", "i": "IY",
    "u": "UW", "ʊ": "UH", "b": "B", "d": "D", "f": "F", "h": "HH", "j": "Y", "k": "K", "l": "L",
    "m": "M", "n": "N", "p": "P", "s": "S", "t": "T", "v": "V", "w": "W", "z": "Z", "ɡ": "G",
    "ŋ": "NG", "ɹ": "R", "r": "R", "ɾ": "T", "T": "T", "ʔ": "T", "ʃ": "SH", "ʒ": "ZH",
    "ð": "DH", "θ": "TH", "ʤ": "JH", "ʧ": "CH", "x": "K", "ç": "HH", "ɲ": "N",
}  # fmt: skip
_FROM_ARPABET = {
    "EY": "A", "AY": "I", "OW": "O", "AW": "W", "OY": "Y", "AE": "æ", "AA": "ɑ", "AH": "ʌ",
    "AO": "ɔ", "EH": "ɛ", "ER": "ɜɹ", "IH": "ɪ", "IY": "i", "UW": "u", "UH": "ʊ", "HH": "h",
    "Y": "j", "G": "ɡ", "NG": "ŋ", "R": "ɹ", "SH": "ʃ", "ZH": "ʒ", "DH": "ð", "TH": "θ",
    "JH": "ʤ", "CH": "ʧ",
}  # fmt: skip
_REDUCED = {"AH0": "ə", "ER0": "əɹ"}
_ABROAD = {
    "a": "AA",
    "y": "UW", "ø": "UH", "œ": "UH", "ɥ": "W", "ʁ": "R", "ɾ": "R", "ʎ": "L", "ɫ": "L", "β": "B",
    "ɣ": "G", "ʝ": "Y", "x": "HH", "χ": "HH", "ʦ": "S", "ʣ": "Z", "c": "K", "ɟ": "G",
}  # fmt: skip
"""Sounds of other languages, by the English one that looks most like them on the lips."""
SPACE_SHARE = 0.7
"""Part of the time between two words that belongs to the first: hibari's median."""


@dataclass(frozen=True)
class Symbols:
    """A sentence in symbols, and of each the index of the word that it belongs to, or -1."""

    text: str
    owners: tuple[int, ...]

    @classmethod
    def checked(cls, text: str, owners: Sequence[int], words: Sequence[SpokenWord]) -> Symbols:
        """Raises `Unspeakable` for a word that got no sound."""
        for index, word in enumerate(words):
            own = (text[place] for place, owner in enumerate(owners) if owner == index)
            if all(symbol in MARKS for symbol in own):
                raise Unspeakable(word.text)
        return cls(text, tuple(owners))

    def timed(
        self, edges_s: Sequence[float], words: Sequence[SpokenWord], *, abroad: bool = False
    ) -> tuple[tuple[TimedPhoneme, ...], ...]:
        """The phonemes of each word; `edges_s` are the len(text) + 1 ends of the symbols.

        Words that run on touch: the time of the space between is shared by them.
        """
        found: list[list[TimedPhoneme]] = []
        for index in range(len(words)):
            places = [place for place, owner in enumerate(self.owners) if owner == index]
            first, last = places[0], places[-1] + 1
            word = list(timed_phonemes(self.text[first:last], edges_s[first : last + 1], abroad))
            if found and not words[index - 1].pause:
                before = found[-1][-1]
                edge_s = before.end_s + SPACE_SHARE * (word[0].start_s - before.end_s)
                found[-1][-1] = replace(before, end_s=edge_s)
                word[0] = replace(word[0], start_s=edge_s)
            found.append(word)
        return tuple(tuple(word) for word in found)


def from_arpabet(symbols: Sequence[str]) -> str:
    """("HH", "AE1", "L") -> "hˈæl": the stress mark stands before its vowel."""
    said = ""
    for symbol in symbols:
        if symbol in _REDUCED:
            said += _REDUCED[symbol]
        elif symbol[-1].isdigit():
            mark = {"1": _PRIMARY, "2": _SECONDARY}.get(symbol[-1], "")
            said += mark + _FROM_ARPABET[symbol[:-1]]
        else:
            said += _FROM_ARPABET.get(symbol, symbol.lower())
    return said


def timed_phonemes(
    symbols: str, edges_s: Sequence[float], abroad: bool = False
) -> tuple[TimedPhoneme, ...]:
    """ARPAbet of one word with times; `edges_s` are the len(symbols) + 1 ends of its symbols.
    `abroad`: the word is not English, and an r is an r.

    A stress mark's time goes to its vowel, a length mark's to the vowel before, and a vowel
    with the r that colours it is one sound (ER).
    """
    found: list[TimedPhoneme] = []
    stress, begun_s = 0, edges_s[0]
    for at, symbol in enumerate(symbols):
        end_s = float(edges_s[at + 1])
        if symbol in (_PRIMARY, _SECONDARY):
            stress = 1 if symbol == _PRIMARY else 2
            continue
        arpabet = (_ABROAD.get(symbol, "") if abroad else "") or _TO_ARPABET.get(symbol, "")
        colours = symbol == "ɹ" and at and symbols[at - 1] in "ɜə" and found
        if colours or (found and not arpabet):
            last = found.pop()
            name = "ER" if colours else last.symbol
            found.append(TimedPhoneme(name, last.stress, last.start_s, end_s))
        elif arpabet:
            marked = stress if arpabet in VOWELS else 0
            found.append(TimedPhoneme(arpabet, marked, float(begun_s), end_s))
            stress = 0 if arpabet in VOWELS else stress
        begun_s = end_s
    return tuple(found)
