"""Lexicon: how brand names and foreign phrases are said, whatever the voice would make of them."""

from __future__ import annotations

from collections.abc import Sequence

from stages.speech.phonemes import pronunciations

Sounds = tuple[str, ...]
"""ARPAbet of one word, a stress digit on each vowel."""


class Lexicon:
    """Entries of (word or phrase, pronunciation), found whatever the case, also as a possessive.

    ("Halvenne", "hal-VEN"), ("eau de parfum", "OH duh par-FUM"), ("Ambre", "/AE1 M B R AH0/").
    """

    def __init__(self, entries: Sequence[tuple[str, str]]) -> None:
        """Raises `ValueError` for an entry that cannot be read, saying which and why."""
        self._entries: dict[tuple[str, ...], tuple[Sounds, ...]] = {}
        for written, said in entries:
            words, sounds = tuple(_key(word) for word in written.split()), pronunciations(said)
            if len(words) != len(sounds):
                raise ValueError(
                    f"lexicon: {written!r} has {len(words)} words but {said!r} says {len(sounds)};"
                    f" give each word its own part, with a space between"
                )
            self._entries[words] = sounds
        self.longest = max((len(words) for words in self._entries), default=1)

    def find(self, words: Sequence[str]) -> tuple[Sounds, ...] | None:
        """Pronunciations of a run of words without punctuation, or None if it is not known."""
        keys = tuple(_key(word) for word in words)
        found = self._entries.get(keys)
        if found is None and keys and keys[-1].endswith("'s"):
            stem = self._entries.get((*keys[:-1], keys[-1][:-2]))
            found = None if stem is None else (*stem[:-1], _possessive(stem[-1]))
        return found


def _key(word: str) -> str:
    return word.replace("’", "'").casefold()


def _possessive(sounds: Sounds) -> Sounds:
    """The ending follows the last sound, as in any English noun: "Ostrelle's" ends in Z."""
    last = sounds[-1]
    if last in ("S", "Z", "SH", "ZH", "CH", "JH"):
        return (*sounds, "IH0", "Z")
    return (*sounds, "S" if last in ("P", "T", "K", "F", "TH") else "Z")
