"""The ARPAbet alphabet, and how people write a pronunciation: "HAL-ven" or "/HH AE1 L V EH0 N/"."""

from __future__ import annotations

import re

VOWELS = frozenset((
    "AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW",
))  # fmt: skip
CONSONANTS = frozenset((
    "B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG", "P", "R", "S", "SH",
    "T", "TH", "V", "W", "Y", "Z", "ZH",
))  # fmt: skip
"""With the vowels the 39 symbols of the CMU dictionary, which aligners and viseme tables know."""
SILENCE = "SIL"

_SPELLINGS = {
    "eye": "AY", "igh": "AY", "eer": "IH R", "ear": "IH R", "air": "EH R", "ahr": "AA R",
    "ar": "AA R", "ohr": "AO R", "or": "AO R", "oor": "UH R", "ur": "ER", "er": "ER",
    "ee": "IY", "ay": "EY", "oh": "OW", "oo": "UW", "uu": "UH", "ow": "AW", "oy": "OY",
    "aw": "AO", "ah": "AA", "eh": "EH", "ih": "IH", "uh": "AH", "ew": "Y UW",
    "a": "AE", "e": "EH", "i": "IH", "o": "AA", "u": "AH",
    "tch": "CH", "ch": "CH", "sh": "SH", "zh": "ZH", "th": "TH", "dh": "DH", "ng": "NG",
    "nk": "NG K", "ck": "K", "qu": "K W", "wh": "W", "x": "K S", "c": "K", "b": "B", "d": "D",
    "f": "F", "g": "G", "h": "HH", "j": "JH", "k": "K", "l": "L", "m": "M", "n": "N", "p": "P",
    "r": "R", "s": "S", "t": "T", "v": "V", "w": "W", "y": "Y", "z": "Z",
}  # fmt: skip
_SPELLING = re.compile("|".join(sorted(_SPELLINGS, key=len, reverse=True)))

_LETTERS = dict(
    a="EY1", b="B IY1", c="S IY1", d="D IY1", e="IY1", f="EH1 F", g="JH IY1", h="EY1 CH",
    i="AY1", j="JH EY1", k="K EY1", l="EH1 L", m="EH1 M", n="EH1 N", o="OW1", p="P IY1",
    q="K Y UW1", r="AA1 R", s="EH1 S", t="T IY1", u="Y UW1", v="V IY1",
    w="D AH1 B AH0 L Y UW0", x="EH1 K S", y="W AY1", z="Z IY1",
)  # fmt: skip


def letter_name(letter: str) -> tuple[str, ...]:
    """How the name of one letter of the English alphabet is said."""
    return tuple(_LETTERS[letter.lower()].split())


def pronunciations(written: str) -> tuple[tuple[str, ...], ...]:
    """One pronunciation per word of `written`: parts in slashes are ARPAbet, others respellings.

    Raises `ValueError`, saying which part cannot be read.
    """
    parts = re.findall(r"/[^/]*/|[^\s/]+", written)
    if not parts:
        raise ValueError(f"{written!r} says nothing; write it like 'HAL-ven' or '/HH AE1 L/'")
    return tuple(_arpabet(part) if part[0] == "/" else _respelling(part) for part in parts)


def _arpabet(part: str) -> tuple[str, ...]:
    symbols = tuple(part.strip("/").upper().split())
    for symbol in symbols:
        vowel = symbol[:-1] in VOWELS and symbol[-1] in "012"
        if not (vowel or symbol in CONSONANTS):
            raise ValueError(
                f"{symbol!r} in {part!r} is not ARPAbet: vowels carry a stress digit (AE1), "
                f"consonants none; the symbols are those of the CMU dictionary"
            )
    if not symbols:
        raise ValueError(f"{part!r} holds no sounds")
    return symbols


def _respelling(part: str) -> tuple[str, ...]:
    """Syllables joined by hyphens, the stressed one in capitals: "HAL-ven", "oh-STREL"."""
    symbols: list[str] = []
    stressed = False
    for syllable in part.split("-"):
        stress = ("2" if stressed else "1") if syllable.isupper() else "0"
        stressed = stressed or stress == "1"
        at, voiced = 0, False
        while at < len(syllable):
            found = _SPELLING.match(syllable.lower(), at)
            if found is None:
                raise ValueError(
                    f"cannot read {syllable[at:]!r} in the respelling {part!r}: use letters and "
                    f"hyphens, as in 'HAL-ven', or ARPAbet between slashes"
                )
            for symbol in _SPELLINGS[found.group()].split():
                voiced = voiced or symbol in VOWELS
                if symbols and symbols[-1] == symbol and symbol in CONSONANTS:
                    continue  # a doubled letter is one sound
                symbols.append(symbol + stress if symbol in VOWELS else symbol)
            at = found.end()
        if not voiced:
            raise ValueError(f"the syllable {syllable!r} of {part!r} has no vowel; add one: 'uh'")
    return tuple(symbols)
