"""Reads a language by its data file: prices, units, times, addresses, letters."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import yaml
from pydantic import BaseModel, ConfigDict

from stages.speech import expand
from stages.speech.engine import SpokenWord
from stages.speech.numbers import split_decimal

FOLDER = Path(__file__).parent / "languages"
MOST = 10**12
"""From here on a number is read digit by digit."""
_NUMBER = r"(?:\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:,\d+)?(?!\d)|\d[\d.,]*\d|\d)"
"""Thousands may be parted by a point, a comma, or a space."""
_TOP_LEVEL = "com|net|org|io|eu|es|fr|it|pt|br|mx|de|shop|store|app"


class Reader(Protocol):
    """How a language says what is written."""

    @property
    def MONEY(self) -> str:
        """Pattern of a price, which is one written word even with spaces in it."""
        ...

    def spoken_form(self, word: str, before: str, after: str) -> tuple[SpokenWord, ...]:
        """The words said for `word`, written between `before` and `after` (empty at a pause)."""
        ...

    def is_abbreviation(self, word: str, before: str, after: str) -> bool:
        """Whether the full stop that `word` ends with belongs to it."""
        ...


class _Data(BaseModel):
    """A file of `languages`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: str
    decimal: str
    minus: str
    agrees_only_one: bool = False
    """Whether only 1 takes the gender of what is counted."""
    between: str
    by: str
    price: str
    price_with_cents: str
    currencies: Mapping[str, tuple[str, str, str, str, Literal["m", "f"]]]
    signs: Mapping[str, str]
    units: Mapping[str, tuple[str, str, Literal["m", "f"]]]
    abbreviations: Mapping[str, str]
    letters: Mapping[str, str]
    dot: str
    slash: str
    at: str
    hours: str
    hours_minutes: str
    unstressed: frozenset[str] = frozenset()
    liaison: Mapping[str, str] = {}
    """Words to the consonant that they end with before a vowel, and only there."""
    no_liaison: frozenset[str] = frozenset()


def known_languages() -> tuple[str, ...]:
    """BCP 47 primary subtags that can be read."""
    return ("en", *sorted(path.stem for path in FOLDER.glob("*.yaml")))


@functools.cache
def language_data(language: str) -> _Data:
    """The file of a language beside English."""
    return _Data.model_validate(yaml.safe_load((FOLDER / f"{language}.yaml").read_text("utf-8")))


@functools.cache
def reader(language: str) -> Reader:
    """How `language` (a primary subtag) is read. Raises `KeyError` for one without a file."""
    if language == "en":
        return expand
    if language not in known_languages():
        raise KeyError(language)
    return Rules(language_data(language))


@dataclass(frozen=True)
class Rules:
    """The reader of a data file."""

    data: _Data

    def spoken_form(self, word: str, before: str, after: str) -> tuple[SpokenWord, ...]:
        """See `Reader.spoken_form`."""
        return tuple(SpokenWord(part) for part in self._read(word, before, after).split())

    def is_abbreviation(self, word: str, before: str, after: str) -> bool:
        """See `Reader.is_abbreviation`."""
        if word in self.data.abbreviations or word.lower() in self.data.abbreviations:
            return not (word[:-1].isdigit())
        return re.fullmatch(r"(?:[^\W\d_]\.){2,}", word) is not None

    def number(self, digits: str, gender: str = "n") -> str:
        """A number as written, "1.299,5", in words; of a masculine or feminine thing, or alone."""
        bare = re.sub(r"[ \u00a0\u202f]", "", digits)
        if len(bare) > 1 and bare.startswith("0") and bare.isdigit():
            return " ".join(self._cardinal(int(digit), "n") for digit in bare)
        whole, fraction = split_decimal(bare)
        said = self._cardinal(int(whole), "n" if fraction else gender)
        if not fraction:
            return said
        zeros = len(fraction) - len(fraction.lstrip("0"))
        rest = [self._cardinal(0, "n")] * zeros
        rest += [self._cardinal(int(fraction), "n")] if int(fraction) else []
        return " ".join([said, self.data.decimal, *rest])

    def _cardinal(self, number: int, gender: str) -> str:
        if number >= MOST:
            return " ".join(self._cardinal(int(digit), "n") for digit in str(number))
        if self.data.agrees_only_one and number != 1:
            gender = "n"
        kind = {"m": "cardinal-masculine", "f": "cardinal-feminine"}.get(gender, "numbering")
        texts = _numbers(self.data.language).format_number(number).text_by_ruleset
        found: str = texts.get(f"spellout-{kind}") or texts["spellout-numbering"]
        return found.replace("\u00ad", "")

    def _read(self, word: str, before: str, after: str = "") -> str:
        data = self.data
        known = data.abbreviations.get(word) or data.abbreviations.get(word.lower())
        if known:
            return known
        if before[-1:].isdigit() and word.removesuffix(".") in data.units:
            one, many, _ = data.units[word.removesuffix(".")]
            return one if before == "1" else many
        if re.fullmatch(_NUMBER, word) and after in self._genders:
            return self.number(word, self._genders[after])
        for pattern, read in self._readings:
            found = pattern.fullmatch(word)
            if found:
                return str(read(found))
        if re.search(r"\d", word) or re.search(r"[-–/&+_]", word):
            parts = re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d[\d.,]*\d|\d|[&+%]", word)
            if parts != [word]:
                return " ".join(self._read(part, "") for part in parts)
        return self._plain(word)

    def _plain(self, word: str) -> str:
        bare = re.sub(r"[^\w'’-]|_", "", word).strip("'’-").replace("’", "'")
        single = len(bare) == 1 and not bare.isdigit()
        vowelless = bare.isupper() and not re.search("[AEIOUYÀ-Ý]", bare)
        if (single and bare.lower() not in "aeioyàéèó") or (len(bare) > 1 and vowelless):
            return " ".join(self.data.letters.get(c.lower(), c) for c in bare if c.isalpha())
        if 1 < len(bare) <= 3 and bare.isupper():
            return " ".join(self.data.letters.get(c.lower(), c) for c in bare if c.isalpha())
        return bare.lower() if bare.isupper() else bare

    @functools.cached_property
    def MONEY(self) -> str:
        """See `Reader.MONEY`."""
        return (
            rf"(?<![\w.])(?:{self._signs})\s?{_NUMBER}(?![\w%])"
            rf"|(?<![\w.,]){_NUMBER}\s?(?:{self._signs})(?![\w%])|(?<![\w.,]){_NUMBER}(?![\w%])"
        )

    @functools.cached_property
    def _signs(self) -> str:
        signs = sorted((*self.data.signs, *self.data.currencies), key=len, reverse=True)
        return "|".join(re.escape(sign) for sign in signs)

    @functools.cached_property
    def _genders(self) -> Mapping[str, str]:
        """Of the names of what is counted, so that the number agrees: 21 euros."""
        named = [*self.data.currencies.values(), *self.data.units.values()]
        return {word: names[-1] for names in named for word in names[:2]} | {
            unit: names[-1] for unit, names in self.data.units.items()
        }

    @functools.cached_property
    def _readings(self) -> tuple[tuple[re.Pattern[str], Any], ...]:
        signs = self._signs
        units = "|".join(re.escape(u) for u in sorted(self.data.units, key=len, reverse=True))
        return tuple(
            (re.compile(pattern), read)
            for pattern, read in (
                (
                    rf"(?P<a>{signs})\s?(?P<n>{_NUMBER})|(?P<m>{_NUMBER})\s?(?P<b>{signs})",
                    self._price,
                ),
                (
                    r"(?i:(?:https?://)?(?:www\.)?(?P<host>(?:[\w.-]+@)?(?:[\w-]+\.)+"
                    rf"(?:{_TOP_LEVEL}))(?P<path>/\S*)?)",
                    self._address,
                ),
                (r"(?P<h>\d\d?)[:h](?P<m>\d\d)?h?", self._time),
                (
                    rf"(?P<first>{_NUMBER})(?P<sign>[-–x×])(?P<last>{_NUMBER})\s?(?P<u>{units})?",
                    self._range,
                ),
                (rf"(?P<s>[-−])?(?P<n>{_NUMBER})\s?-?(?P<u>{units})", self._measure),
                (rf"(?P<s>[-−])?(?P<n>{_NUMBER})", self._plain_number),
            )
        )

    def _price(self, found: re.Match[str]) -> str:
        sign, digits = found["a"] or found["b"], found["n"] or found["m"]
        code = self.data.signs.get(sign, sign)
        one, many, cent, cents, gender = self.data.currencies[code]
        whole, fraction = split_decimal(re.sub(r"[ \u00a0\u202f]", "", digits))
        minor = int(fraction.ljust(2, "0")[:2] or "0")
        if int(whole) == 0 and minor:
            return f"{self._cardinal(minor, 'm')} {cent if minor == 1 else cents}"
        form = self.data.price_with_cents if minor else self.data.price
        return form.format(
            whole=self._cardinal(int(whole), gender),
            unit=one if int(whole) == 1 else many,
            cents=self._cardinal(minor, "n"),
            cent_unit=cent if minor == 1 else cents,
        )

    def _address(self, found: re.Match[str]) -> str:
        said = found["host"].replace("@", f" {self.data.at} ").replace(".", f" {self.data.dot} ")
        path = (found["path"] or "").strip("/").replace("/", f" {self.data.slash} ")
        return f"{said} {self.data.slash} {path}" if path else said

    def _time(self, found: re.Match[str]) -> str:
        hours, minutes = self._cardinal(int(found["h"]), "f"), int(found["m"] or 0)
        if not minutes:
            return self.data.hours.format(hours=hours)
        return self.data.hours_minutes.format(hours=hours, minutes=self._cardinal(minutes, "n"))

    def _range(self, found: re.Match[str]) -> str:
        between = self.data.by if found["sign"] in "x×" else self.data.between
        said = f"{self.number(found['first'])} {between} {self.number(found['last'])}"
        return f"{said} {self.data.units[found['u']][1]}" if found["u"] else said

    def _measure(self, found: re.Match[str]) -> str:
        one, many, gender = self.data.units[found["u"]]
        said = f"{self.number(found['n'], gender)} {one if found['n'] == '1' else many}"
        return f"{self.data.minus} {said}" if found["s"] else said

    def _plain_number(self, found: re.Match[str]) -> str:
        said = self.number(found["n"])
        return f"{self.data.minus} {said}" if found["s"] else said


@functools.cache
def _numbers(language: str) -> Any:
    from unicode_rbnf import RbnfEngine

    return RbnfEngine.for_language(language)
