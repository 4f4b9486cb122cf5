"""Reading rules for English: the words of a sentence to the symbols that hibari and Kokoro take."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Collection, Sequence
from typing import Any

from stages.speech import misaki
from stages.speech.engine import SpokenWord, Unspeakable
from stages.speech.misaki import Symbols


class EnglishSounds:
    """hibari's dictionary and rules, American or British, without any part under the GPL."""

    def __init__(self, known: Collection[str], *, british: bool = False) -> None:
        """`known` are the symbols that the voice has; others are left out."""
        self._known, self._g2p = known, _rules(british)

    def symbols(self, words: Sequence[SpokenWord]) -> Symbols:
        """The sentence in symbols. Raises `Unspeakable` for a word that has no sounds."""
        for word in words:
            if not word.phonemes and not _is_latin(word.text):
                raise Unspeakable(word.text)
        text = " ".join(_link(word) + word.pause for word in words)
        tokens = self._g2p.phonemize_tokens(self._g2p.tokenize(text))
        symbols, owners, at = "", [], 0
        for token in tokens:
            said = [symbol for symbol in token.phonemes or "" if symbol in self._known]
            symbols += "".join(said)
            owners += [-1 if symbol == " " or symbol in misaki.PAUSES else at for symbol in said]
            if token.whitespace:
                at += 1
                symbols += " "
                owners.append(-1)
        return Symbols.checked(symbols, owners, words)


@functools.cache
def _rules(british: bool) -> Any:
    from hibari.g2p import G2P  # type: ignore[import-untyped]

    return G2P(british=british)


def _is_latin(text: str) -> bool:
    """Whether all letters are Latin: for others the reading rules guess at a foreign accent."""
    return all(unicodedata.name(c, "").startswith("LATIN") for c in text if c.isalpha())


def _link(word: SpokenWord) -> str:
    """A word as the reading rules take it; given phonemes go in as a link's target."""
    if not word.phonemes:
        return word.text
    return f"[{word.text}](/{misaki.from_arpabet(word.phonemes)}/)"
