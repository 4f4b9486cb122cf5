"""Reads a script the way a speaker does: sentences, words as written, and what is said for each."""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass, replace

from stages.speech.engine import SpokenWord
from stages.speech.lexicon import Lexicon
from stages.speech.rules import Reader, reader

_OPENING = "\"'“‘«([{*_~¡¿"
_CLOSING = "\"'”’»)]}*_~™®©"
_ENDS = ".!?…"
_DASHES = "-–—‒―|•·/"
_PAUSES = frozenset(",;:" + _ENDS + "—–|•")
_SAID_SIGNS = frozenset("&+=@×%°½¼¾")
_SILENT_CATEGORIES = frozenset(("So", "Sk", "Cf", "Cs", "Co", "Cn"))
"""Pictographs and invisible characters, which are neither said nor captioned."""


@dataclass(frozen=True)
class ScriptWord:
    """A word as written, with its punctuation, and the one or more words said for it."""

    text: str
    spoken: tuple[SpokenWord, ...]


@dataclass(frozen=True)
class ScriptSentence:
    """A sentence of the script, never empty."""

    words: tuple[ScriptWord, ...]

    @property
    def text(self) -> str:
        """The sentence as written, with single spaces."""
        return " ".join(word.text for word in self.words)

    @property
    def spoken(self) -> tuple[SpokenWord, ...]:
        """All words said in it."""
        return tuple(spoken for word in self.words for spoken in word.spoken)


@dataclass
class _Token:
    """A word as written (`text`), what of it is said (`core`) and the marks behind (`tail`)."""

    text: str
    core: str
    tail: str


def read_script(script: str, lexicon: Lexicon, language: str = "en") -> list[ScriptSentence]:
    """Sentences of a script, in order; none for a script in which nothing is said. `language` is a
    primary subtag of `rules.known_languages`.
    """
    reads = reader(language)
    tokens = _tokens(script, reads)
    sentences: list[ScriptSentence] = []
    words: list[ScriptWord] = []
    for at, (token, spoken) in enumerate(zip(tokens, _spoken(tokens, lexicon, reads), strict=True)):
        following = tokens[at + 1].core if at + 1 < len(tokens) else ""
        pause = _pause(token.tail, following)
        if spoken:
            spoken = (*spoken[:-1], replace(spoken[-1], pause=pause))
            words.append(ScriptWord(text=token.text, spoken=spoken))
        if words and (pause in (".", "!", "?") or at + 1 == len(tokens)):
            sentences.append(_sentence(words))
            words = []
    return sentences


def _sentence(words: list[ScriptWord]) -> ScriptSentence:
    last = words[-1].spoken[-1]
    if last.pause not in (".", "!", "?"):
        spoken = (*words[-1].spoken[:-1], replace(last, pause="."))
        words = [*words[:-1], replace(words[-1], spoken=spoken)]
    return ScriptSentence(tuple(words))


def _tokens(script: str, reads: Reader) -> list[_Token]:
    text = unicodedata.normalize("NFC", re.sub(r"[\x00-\x1f\x7f]", " ", script))
    text = "".join(c for c in text if unicodedata.category(c) not in _SILENT_CATEGORIES or c == "°")
    written: list[str] = []
    for token in _token(reads.MONEY).findall(re.sub(r"\s+", " ", text)):
        if any(c.isalnum() or c in _SAID_SIGNS for c in token):
            written.append(token)
        elif written and all(c in _PAUSES or c in _DASHES for c in token):
            written[-1] += f" {token}"  # a dash that stands alone joins the word before it
    tokens: list[_Token] = []
    for at, token in enumerate(written):
        before = tokens[-1].core if tokens and not tokens[-1].tail else ""
        after = written[at + 1] if at + 1 < len(written) else ""
        tokens.append(_take_apart(token, before, after, reads))
    return tokens


@functools.cache
def _token(money: str) -> re.Pattern[str]:
    return re.compile(rf"[^\w\s$€£¥₹+#°%-]*(?:{money})[^\w\s]*(?!\S)|\S+")


def _take_apart(text: str, before: str, after: str, reads: Reader) -> _Token:
    core = text.lstrip(_OPENING + _DASHES + _ENDS)
    if core[:1].isdigit() and re.search(r"(?:^|[\s(])[-−]$", text[: len(text) - len(core)]):
        core = f"-{core}"  # a minus sign
    if re.match(r"\d0s\b", core) and re.match(r"['’]", text):
        core = f"'{core}"  # a decade
    closing = _CLOSING + _ENDS + _DASHES + ",;:"
    if core[:1].isdigit():
        closing = closing.replace('"', "")  # inches
    bare = core.rstrip(closing + " ")
    tail = core[len(bare) :]
    if tail.startswith("/") and reads.is_abbreviation(f"{bare}/", before, after):
        return _Token(text, f"{bare}/", tail[1:])
    if not tail.startswith(".") or not reads.is_abbreviation(f"{bare}.", before, after):
        return _Token(text, bare, tail)
    ends = after == "" or (after[:1].isupper() and before[-1:].isdigit())
    return _Token(text, f"{bare}.", "." if ends and len(tail) == 1 else tail[1:])


def _pause(tail: str, following: str) -> str:
    """The pause behind a word; a full stop before a lower-case word only parts clauses."""
    marks = [mark for mark in tail if mark in _PAUSES]
    ends = [mark for mark in marks if mark in _ENDS]
    if not marks:
        return ""
    if ends and not following[:1].islower():
        return "?" if "?" in ends else "!" if "!" in ends else "."
    return marks[-1] if marks[-1] in ";:" else ","


def _spoken(tokens: list[_Token], lexicon: Lexicon, reads: Reader) -> list[tuple[SpokenWord, ...]]:
    """What is said for each token, the lexicon's longest phrase first."""
    said: list[tuple[SpokenWord, ...]] = []
    while len(said) < len(tokens):
        at = len(said)
        said.extend(_phrase(tokens, at, lexicon) or [_word(tokens, at, lexicon, reads)])
    return said


def _phrase(tokens: list[_Token], at: int, lexicon: Lexicon) -> list[tuple[SpokenWord, ...]]:
    for length in range(min(lexicon.longest, len(tokens) - at), 0, -1):
        run = [token.core for token in tokens[at : at + length]]
        known = None if any(t.tail for t in tokens[at : at + length - 1]) else lexicon.find(run)
        if known is not None:
            return [
                (SpokenWord(_letters(core), sounds),)
                for core, sounds in zip(run, known, strict=True)
            ]
    return []


def _word(tokens: list[_Token], at: int, lexicon: Lexicon, reads: Reader) -> tuple[SpokenWord, ...]:
    before = tokens[at - 1].core if at and not tokens[at - 1].tail else ""
    after = tokens[at + 1].core if at + 1 < len(tokens) and not tokens[at].tail else ""
    said: list[SpokenWord] = []
    for word in reads.spoken_form(tokens[at].core, before, after):
        known = None if word.phonemes else lexicon.find([word.text])
        said.append(replace(word, phonemes=known[0]) if known else word)
    return tuple(said)


def _letters(word: str) -> str:
    return re.sub(r"[^\w'-]", "", word.replace("’", "'")) or word
