"""Dictionaries of Spanish, French, Italian and Portuguese: words to the symbols that Kokoro takes.

The packages gruut-lang-* (MIT) hold pronunciations of some 30,000 to 600,000 words each in the IPA
that Kokoro was trained on, and a conditional random field that guesses the rest.
"""

from __future__ import annotations

import base64
import functools
import importlib
import re
import sqlite3
import unicodedata
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from stages.speech import misaki
from stages.speech.engine import SpokenWord, Unspeakable
from stages.speech.misaki import Symbols
from stages.speech.rules import language_data

LANGUAGES = ("es", "fr", "it", "pt")
_REACH = 3
"""Letters to each side that the random field looks at."""
_JOINED = (("tʃ", "ʧ"), ("dʒ", "ʤ"), ("ts", "ʦ"), ("dz", "ʣ"))
_VOWELS = frozenset("aeiouyɛɔəøœɑɐɪʊɨ")
_BRAZILIAN = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        ("[ʃʒ](?=[^aeiouɐɛɔɨʊɪ\u0303ˈˌjw]|$)", "s"),
        ("tɨ$", "ʧɪ"), ("dɨ$", "ʤɪ"), ("ɨ$", "ɪ"), ("ɨ", "e"),
        ("ɐ(?!\u0303)", "a"), ("ŋ(?=[^kɡ]|$)", "\u0303"),
        ("\u0303+", "\u0303"),
    )
)  # fmt: skip
"""What turns the dictionary's European readings into those of Brazil, where Kokoro's speakers are
from: s stays s, closing vowels stay vowels, t and d before i are affricates."""
_ELSEWHERE = {"g": "ɡ", "ɬ": "l", "ɫ": "l", "ɱ": "m", "ʑ": "ʒ"}
"""Symbols that a voice may lack, by the nearest."""


class DictionarySounds:
    """Reading of one language's words; sentence melody is the voice's own."""

    def __init__(self, language: str, known: Collection[str]) -> None:
        """`known` are the symbols that the voice has. Raises `ImportError` with what to install."""
        self._data, self._known = language_data(language), known
        self._words, self._guess = _open(language)

    def symbols(self, words: Sequence[SpokenWord]) -> Symbols:
        """The sentence in symbols. Raises `Unspeakable` for a word that has no sounds."""
        text, owners = "", list[int]()
        said = [self._said(word) for word in words]
        for at, word in enumerate(words):
            runs_on = at + 1 < len(words) and not word.pause
            after = words[at + 1].text.lower() if runs_on else ""
            own = self._linked(word.text.lower(), said[at], after, said[at + 1] if runs_on else "")
            behind = word.pause if word.pause in self._known else ""
            behind += " " if at + 1 < len(words) else ""
            text += own + behind
            owners += [at] * len(own) + [-1] * len(behind)
        return Symbols.checked(text, owners, words)

    def _said(self, word: SpokenWord) -> str:
        if word.phonemes:
            return misaki.from_arpabet(word.phonemes)
        written = word.text.lower()
        whole = self._look_up(written)
        if whole is not None:
            return self._unstressed(written, whole)
        parts = [part for part in re.split(r"[-\s]", written) if part.strip("'")]
        if not parts:
            raise Unspeakable(word.text)
        said = [self._of(part) for part in parts]
        linked = [
            self._linked(part, own, after, following)
            for part, own, after, following in zip(
                parts, said, [*parts[1:], ""], [*said[1:], ""], strict=True
            )
        ]
        return "".join(linked)

    def _of(self, written: str) -> str:
        """Symbols of one word; what is joined by an apostrophe is looked up part by part."""
        found = self._look_up(written)
        if found is None and "'" in written:
            head, _, tail = written.partition("'")
            elided = self._of(f"{head}e") if len(head) <= 2 else self._of(head)
            return re.sub(r"[əeˈˌ]+$", "", elided.replace("ˈ", "")) + self._of(tail)
        if found is None:
            if not all(unicodedata.name(c, "").startswith("LATIN") for c in written if c != "'"):
                raise Unspeakable(written)
            found = self._plain(self._guess(written.replace("'", "")), written)
        return self._unstressed(written, found)

    def _unstressed(self, written: str, found: str) -> str:
        if written in self._data.unstressed:
            return found.replace("ˈ", "").replace("ˌ", "")
        return found

    def _look_up(self, written: str) -> str | None:
        query = "SELECT phonemes FROM word_phonemes WHERE word = ? ORDER BY pron_order LIMIT 1"
        row = self._words.execute(query, (written,)).fetchone()
        return None if row is None else self._plain(row[0].split(), written)

    def _plain(self, phones: Sequence[str], written: str) -> str:
        """The symbols of IPA phones, as far as the voice has them."""
        text = "".join(phones)
        for pair, one in _JOINED:
            text = text.replace(pair, one)
        text = unicodedata.normalize("NFD", text).replace("c\u0327", "ç")
        if self._data.language == "pt":
            for pattern, said in _BRAZILIAN:
                text = pattern.sub(said, text)
            if "u" not in written:  # an o that Lisbon says as u
                before, stress, rest = text.partition("ˈ")
                text = before.replace("u", "o") + stress + rest
        symbols = []
        for symbol in text:
            symbol = symbol if symbol in self._known else _ELSEWHERE.get(symbol, "")
            symbols.append(symbol if symbol in self._known else "")
        return "".join(symbols)

    def _linked(self, written: str, own: str, after: str, following: str) -> str:
        """A word with the consonant that it ends with before a vowel, and without it elsewhere.
        `after` is the word behind it, `following` its symbols; both are empty at a pause.
        """
        consonant = self._data.liaison.get(written)
        if consonant is None:
            return own
        if own.endswith(consonant) and own != consonant:
            own = own[: -len(consonant)]
        vowel = following.lstrip("ˈˌ")[:1] in _VOWELS if following else False
        return own + consonant if vowel and after not in self._data.no_liaison else own


@functools.cache
def _open(language: str) -> tuple[Any, Any]:
    """(the dictionary, the guesser) of a language. Both are read by one thread at a time."""
    try:
        import pycrfsuite  # type: ignore[import-not-found,import-untyped,unused-ignore]

        package = importlib.import_module(f"gruut_lang_{language}")
    except ImportError as error:
        raise ImportError(
            f"to speak {language!r} Kokoro needs a dictionary: pip install 'spotmill[kokoro]', in a"
            f" checkout pip install -e '.[kokoro]' ({error})"
        ) from error
    folder = Path(str(package.__file__)).parent / "espeak"
    words = sqlite3.connect(
        f"file:{folder / 'lexicon.db'}?mode=ro", uri=True, check_same_thread=False
    )
    tagger = pycrfsuite.Tagger()
    tagger.open(str(folder / "g2p" / "model.crf"))

    def guess(written: str) -> list[str]:
        tags = tagger.tag([_features(written, at) for at in range(len(written))])
        phones = [p for tag in tags for p in base64.b64decode(tag).decode().split("|")]
        return [phone for phone in phones if phone != "_"]

    return words, guess


def _features(written: str, at: int) -> dict[str, Any]:
    """What the random field was trained on: a letter and its neighbours, in base 64."""
    found: dict[str, Any] = {"bias": 1.0, "grapheme": _coded(written[at])}
    for step in range(1, _REACH + 1):
        if at >= step:
            found[f"grapheme-{step}"] = _coded(written[at - step])
        if at + step < len(written):
            found[f"grapheme+{step}"] = _coded(written[at + step])
    if at == 0:
        found["begin"] = True
    if at == len(written) - 1:
        found["end"] = True
    return found


def _coded(letter: str) -> str:
    return base64.b64encode(letter.encode()).decode("ascii")
