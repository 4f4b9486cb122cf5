"""The phoneme alphabet of hibari and Kokoro ("misaki"), to and from ARPAbet."""

from __future__ import annotations

from collections.abc import Sequence

from stages.speech.engine import TimedPhoneme
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


def timed_phonemes(symbols: str, edges_s: Sequence[float]) -> tuple[TimedPhoneme, ...]:
    """ARPAbet of one word with times; `edges_s` are the len(symbols) + 1 ends of its symbols.

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
        arpabet = _TO_ARPABET.get(symbol, "")
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
