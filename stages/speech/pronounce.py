"""Sounds of words for voices that are given letters: the mouth and the aligner need them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from anyascii import anyascii

from stages.speech import misaki
from stages.speech.dictionary import LANGUAGES, DictionarySounds
from stages.speech.engine import SpokenWord, Unspeakable
from stages.speech.kokoro import symbol_ids
from stages.speech.phonemes import VOWELS

Sounds = tuple[tuple[str, int], ...]
"""ARPAbet symbols without digit, each with its stress."""

_BY_LETTER = {
    "a": "AA", "b": "B", "c": "K", "d": "D", "e": "EH", "f": "F", "g": "G", "h": "HH", "i": "IY",
    "j": "Y", "k": "K", "l": "L", "m": "M", "n": "N", "o": "OW", "p": "P", "q": "K", "r": "R",
    "s": "S", "t": "T", "u": "UW", "v": "V", "w": "V", "x": "K", "y": "IY", "z": "Z",
}  # fmt: skip
_SPELLED = {
    "AA": "ah", "AE": "a", "AH": "uh", "AO": "aw", "AW": "ow", "AY": "igh", "EH": "e", "ER": "er",
    "EY": "ay", "IH": "i", "IY": "ee", "OW": "oh", "OY": "oy", "UH": "oo", "UW": "oo", "CH": "ch",
    "DH": "th", "HH": "h", "JH": "j", "NG": "ng", "SH": "sh", "TH": "th", "Y": "y", "ZH": "zh",
}  # fmt: skip


def sounds_of(words: Sequence[SpokenWord], language: str) -> tuple[Sounds, ...]:
    """The sounds of each word, at least one: those given with it, else by English reading rules.

    Other languages have their dictionary, where the extra [kokoro] is installed. Else a letter
    stands for one sound, which shapes a mouth roughly and takes its part of the time, but is no
    pronunciation.
    """
    return tuple(_sounds(word, language) for word in words)


def spelled(word: SpokenWord, language: str) -> str:
    """The word as it is written for a voice that reads letters, its given sounds respelled.

    Respelling is for English readers: elsewhere the word stays as it is.
    """
    if not word.phonemes or language != "en":
        return word.text
    return "".join(
        _SPELLED.get(symbol.rstrip("012"), symbol.lower().rstrip("012")) for symbol in word.phonemes
    )


def _sounds(word: SpokenWord, language: str) -> Sounds:
    if word.phonemes:
        return tuple(
            (symbol.rstrip("012"), int(symbol[-1]) if symbol[-1].isdigit() else 0)
            for symbol in word.phonemes
        )
    found = _english(word.text) if language == "en" else _abroad(word.text, language)
    return found or _by_letter(word.text)


@functools.cache
def _english(text: str) -> Sounds:
    rules = _rules()
    said = "".join(token.phonemes or "" for token in rules.phonemize_tokens(rules.tokenize(text)))
    timed = misaki.timed_phonemes(said, range(len(said) + 1)) if said else ()
    return tuple((phoneme.symbol, phoneme.stress) for phoneme in timed)


@functools.cache
def _abroad(text: str, language: str) -> Sounds:
    if language not in LANGUAGES:
        return ()
    try:
        said = DictionarySounds(language, symbol_ids()).symbols([SpokenWord(text)]).text
    except (ImportError, Unspeakable):
        return ()
    timed = misaki.timed_phonemes(said, range(len(said) + 1), abroad=True)
    return tuple((phoneme.symbol, phoneme.stress) for phoneme in timed)


def _by_letter(text: str) -> Sounds:
    symbols = [_BY_LETTER[c] for c in anyascii(text).lower() if c in _BY_LETTER] or ["AH"]
    return tuple((symbol, int(symbol in VOWELS)) for symbol in symbols)


@functools.cache
def _rules() -> Any:
    """Reading rules of the embedded voice, without its model."""
    from hibari.g2p import G2P  # type: ignore[import-untyped]

    return G2P()
