"""Folding: text brought back from disguise (homoglyphs, leetspeak, spaced letters) to plain words.

A text has a few readings, because one sign can stand for two letters: a Cyrillic "р" is an r by
sound and a p by looks, a "1" is an l or an i, and the "!" of "now!" may be no letter at all.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii

_LOOKS = {
    sign: letter
    for letter, signs in {
        "a": "аАαΑɑ", "b": "вВβΒьЬ", "c": "сСϲ", "d": "ԁ", "e": "еЕεΕзЗ", "g": "ɡց", "h": "нНһΗհ",
        "i": "іІιΙ", "j": "јЈ", "k": "кКκΚ", "l": "ӏӀ", "m": "мМΜ", "n": "пηΝոп", "o": "оОοΟӨөօՕ",
        "p": "рРρΡ", "q": "ԛզ", "r": "гᴦ", "s": "ѕЅ", "t": "тТτΤ", "u": "υսц", "v": "ѵѴν",
        "w": "ԝωшѡ", "x": "хХχΧ", "y": "уУүҮγΥ", "z": "ζΖ",
    }.items()
    for sign in signs
}  # fmt: skip
"""What Cyrillic, Greek and other letters look like, where that is not what they sound like."""

_LEET = {"0": "o", "2": "z", "3": "e", "4": "a", "5": "s", "6": "g", "7": "t", "8": "b", "9": "g",
         "$": "s", "@": "a", "+": "t"}  # fmt: skip
_ONE = "1!|"  # an l or an i
_MONEY = {"€": "e", "£": "l", "¢": "c", "¥": "y", "₽": "p"}
_UNSEEN = "\u115f\u1160\u2800\u3164\uffa0"  # fillers that Unicode counts as letters or signs
_WORD = re.compile(r"[a-z0-9$@!+|]+")
_SIGNS = re.compile(r"[|!@$+]\S|\S[|]|[A-Za-z][0-9!|]|[0-9!|][A-Za-z]|1")
_LETTER_SIGN = re.compile(r"[^\W\d_][€£¢¥₽]|[€£¢¥₽][^\W\d_]")
_BACKWARDS = re.compile("\u202e([^\u202c\u202e\n]*)\u202c?")


@dataclass(frozen=True)
class Token:
    """A folded word (a-z, 0-9) and where it stands in the original text."""

    text: str
    start: int
    end: int


Reading = tuple[Token, ...]


def shown(text: str) -> str:
    """The text as a viewer sees it: entities resolved, runs behind a right-to-left override turned
    round."""
    if "&" in text:
        text = html.unescape(text)
    return _BACKWARDS.sub(lambda run: run[1][::-1], text) if "\u202e" in text else text


def readings(text: str) -> tuple[Reading, ...]:
    """The different ways to read a text as plain words; one for an ordinary English text."""
    found: dict[tuple[str, ...], Reading] = {}
    foreign = not text.isascii()
    signs = foreign or _SIGNS.search(text) is not None
    for looks in (False, True) if foreign else (False,):
        plain, places = _plain(text, looks)
        for one in "li" if signs else "l":
            for edges in (False, True) if signs else (False,):
                reading = _words(plain, places, one, edges)
                found.setdefault(tuple(token.text for token in reading), reading)
    return tuple(found.values())


def written(text: str) -> Reading:
    """The words and numbers of a text, no digit read as a letter: "10kg" is "10" and "kg"."""
    plain, places = _plain(text, False)
    return tuple(
        Token(match.group(), places[match.start()], places[match.end() - 1] + 1)
        for match in re.finditer(r"[a-z]+|[0-9]+", plain)
    )


def spelled_out(reading: Reading) -> Reading:
    """Runs of four or more single letters ("e l o n m u s k"), each joined into one token."""
    joined, run = list[Token](), list[Token]()
    for token in (*reading, Token("  ", 0, 0)):
        if len(token.text) == 1:
            run.append(token)
            continue
        if len(run) >= 4:
            joined.append(Token("".join(t.text for t in run), run[0].start, run[-1].end))
        run = []
    return tuple(joined)


def skeleton(word: str) -> str:
    """The word without the differences that the eye or ear forgives: "tailor" is "taylor".

    Coarse on purpose; a match of skeletons alone is for a person to judge.
    """
    word = re.sub(r"([^v])\1+|(v)\2\2+", r"\1\2", word)
    for seen, kept in (("rn", "m"), ("vv", "w"), ("ph", "f"), ("ck", "k"), ("ch", "k"),
                       ("kh", "k"), ("x", "ks")):  # fmt: skip
        word = word.replace(seen, kept)
    word = word.translate(str.maketrans("lyjcqzv", "iiikksu"))
    return re.sub(r"(.)\1+", r"\1", word)


def consonants(word: str) -> str:
    """What is left of a name whichever script it was written in by ear: "snouden" is "snowden"."""
    word = re.sub("dzh|zh|kh|g(?=[ei])", "", word).replace("ph", "f").replace("x", "ks")
    word = re.sub("c(?=[eiy])", "s", word)
    word = re.sub("[^a-z]|[aeiouywvhj]", "", word).translate(str.maketrans("qczp", "kksb"))
    return re.sub(r"(.)\1+", r"\1", word)


@lru_cache(maxsize=8192)
def _plain_char(char: str, looks: bool) -> str:
    """A character as a-z, 0-9 and signs: "Ｅ" is "e", "й" is "i"; "" for marks and invisibles."""
    kept = ""
    for part in unicodedata.normalize("NFKD", char):
        category = unicodedata.category(part)
        if part in _UNSEEN or (category in ("Cf", "Mn", "Me", "Cc") and not part.isspace()):
            continue
        if looks and part in _LOOKS:
            kept += _LOOKS[part]
        else:
            kept += part if part.isascii() else anyascii(part) or " "
    # Full casefold comes last: anyascii writes "Ma" for one Chinese character.
    return kept.casefold()


def _plain(text: str, looks: bool) -> tuple[str, list[int]]:
    """The text character by character, and for each where it comes from."""
    if text.isascii() and text.isprintable():
        return text.lower(), list(range(len(text)))
    if _LETTER_SIGN.search(text):
        text = "".join(_MONEY.get(char, char) for char in text)
    letters, places = list[str](), list[int]()
    for place, char in enumerate(text):
        plain = _plain_char(char, looks)
        letters.append(plain)
        places.extend([place] * len(plain))
    return "".join(letters), places


def _words(plain: str, places: list[int], one: str, edges: bool) -> Reading:
    """With `edges` all signs and digits are letters, at the end of a word and alone: "483"."""
    tokens = []
    for match in _WORD.finditer(plain):
        word, end = match.group(), match.end()
        if not edges:
            word = word.lstrip("@!+|")  # "@handle"
        start = end - len(word)
        if not edges:
            word = word.rstrip("!+@|")  # "now!"
        if word and (edges or re.search("[a-z]", word)):
            word = "".join(_LEET.get(char, one if char in _ONE else char) for char in word)
        if word := re.sub("[^a-z0-9]", "", word):
            tokens.append(Token(word, places[start], places[end - 1] + 1))
    return tuple(tokens)
