"""What is said for one written word: prices, units, percentages, times, ordinals, web addresses."""

from __future__ import annotations

import re
from collections.abc import Callable

from stages.speech import numbers
from stages.speech.capitals import letters, model_name, plain_word
from stages.speech.engine import SpokenWord
from stages.speech.phonemes import letter_name
from stages.speech.vocabulary import (
    ABBREVIATIONS,
    CURRENCIES,
    FLUID,
    UNITS,
    unit_name,
)


def _any(words: dict[str, object] | dict[str, str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_NUMBER = r"(?:\d[\d,]*(?:\.\d+)?|\d[\d.]*(?:,\d+)?)"
_SIGN = rf"(?:{_any(dict.fromkeys(CURRENCIES, ''))})"
_UNIT = rf"(?:{_any(UNITS)})"
_SCALE = r"(?:thousand|million|billion|[kKM])"
MONEY = (
    rf"(?<![\w.]){_SIGN}\s?{_NUMBER}(?:\s?{_SCALE})?(?![\w%])"
    rf"|(?<![\w.,]){_NUMBER}\s?{_SIGN}(?![\w%])"
)
"""A price is one written word even with a space in it: a caption never breaks it in two."""

Reading = Callable[[re.Match[str], str, str], str]
"""From a match, the word before and the word after to what is said; "^a" is a letter's name."""


def spoken_form(word: str, before: str, after: str) -> tuple[SpokenWord, ...]:
    """The words said for `word`, written between `before` and `after` (empty at a pause)."""
    said = _read(word, before, after)
    return tuple(
        SpokenWord(part[1:], letter_name(part[1:])) if part[0] == "^" else SpokenWord(part)
        for part in said.split()
    )


def is_abbreviation(word: str, before: str, after: str) -> bool:
    """Whether the full stop that `word` ends with belongs to it and need not end a sentence."""
    stem = word.removesuffix(".")
    return (
        word.lower() in ABBREVIATIONS
        or (stem in (*UNITS, FLUID) and before.rstrip(".")[-1:].isdigit() and stem != "in")
        or (stem in UNITS and before.rstrip(".") == FLUID)
        or (stem.lower() == "no" and after[:1].isdigit())
        or re.fullmatch(r"(?:[A-Z]\.){2,}", word) is not None
    )


def _read(word: str, before: str, after: str) -> str:
    known = ABBREVIATIONS.get(word.lower())
    if known:
        return known
    stem, before = word.removesuffix("."), before.removesuffix(".")
    if stem.lower() == "no" and word != stem:
        return "number"
    if before[-1:].isdigit() or before == FLUID:
        if stem == FLUID:
            return "fluid"
        if stem in UNITS:
            return unit_name(stem, plural=before != "1")
        if stem.lower() in ("am", "pm"):
            return letters(stem)
    for pattern, read in _READINGS:
        found = pattern.fullmatch(word)
        if found:
            return read(found, before, after)
    parts = re.findall(r"[^\W\d_]+|[\d.,]*\d", word)
    return plain_word(word) or " ".join(_read(part, "", "") for part in parts if part != word)


def _price(found: re.Match[str], before: str, after: str) -> str:
    sign = found["sign"] or found["sign_behind"]
    amount = found["amount"] or found["amount_before"]
    names = CURRENCIES[sign]
    if found["scale"]:
        scale = {"k": "thousand", "m": "million"}.get(found["scale"].lower(), found["scale"])
        return f"{numbers.plain(amount)} {scale} {names[1]}"
    return numbers.money(amount, *names)


def _price_range(found: re.Match[str], before: str, after: str) -> str:
    first, last = re.split(r"[-–/]", found[0])
    sign = re.match(_SIGN, first)
    last = last if sign is None or re.match(_SIGN, last) else sign[0] + last
    return f"{_read(first, '', '')} to {_read(last, '', '')}"


def _address(found: re.Match[str], before: str, after: str) -> str:
    said = found["host"].replace("@", " at ").replace(".", " dot ")
    path = (found["path"] or "").strip("/").replace("/", " slash ")
    if path:
        said += f" slash {path}"
    return " ".join(_read(part, "", "") for part in said.split())


def _time(found: re.Match[str], before: str, after: str) -> str:
    minutes = int(found["minutes"] or 0)
    said = numbers.cardinal(int(found["hours"]))
    if minutes:
        said += (" oh " if minutes < 10 else " ") + numbers.cardinal(minutes)
    half = (found["half"] or "").lower().replace(".", "")
    if half:
        return f"{said} ^{half[0]} ^m"
    return said if minutes or after.lower() in ("am", "pm", "a.m", "p.m") else f"{said} o'clock"


def _range(found: re.Match[str], before: str, after: str) -> str:
    between = {"x": "by", "×": "by", "/": "out of"}.get(found["sign"], "to")
    said = f"{numbers.plain(found['first'])} {between} {numbers.plain(found['last'])}"
    unit = found["unit"] or ""
    return f"{said} {_unit_of(unit, plural=True)}".strip()


def _measure(found: re.Match[str], before: str, after: str) -> str:
    singular = found["amount"] in ("1", "1.0") or found["hyphen"] == "-"
    minus = "minus " if found["minus"] else ""
    unit = _unit_of(found["unit"], plural=not singular)
    return f"{minus}{numbers.plain(found['amount'])} {unit}"


def _unit_of(unit: str, *, plural: bool) -> str:
    if unit == "%":
        return "percent"
    if unit in ("x", "×"):
        return "times"
    if unit in ("k", "K"):
        return "thousand" if unit == "k" else "^k"
    return unit_name(unit, plural=plural) if unit else ""


def _decade(found: re.Match[str], before: str, after: str) -> str:
    if not found["century"] and before.lower() != "the":
        return f"{numbers.cardinal(int(found['tens']))} seconds"
    century = found["century"] or ""
    century = f"{numbers.cardinal(int(century))} " if century.isdigit() else ""
    tens = numbers.cardinal(int(found["tens"]))
    return century + (tens.removesuffix("y") + "ies" if tens.endswith("y") else f"{tens}s")


def _number(found: re.Match[str], before: str, after: str) -> str:
    sign = {"-": "minus ", "−": "minus ", "+": "plus ", "#": "number "}.get(found["sign"], "")
    amount = found["amount"]
    counted = after in UNITS or after in (FLUID, "%") or sign
    if re.fullmatch(r"1[1-9]\d\d|20\d\d", amount) and not counted:
        return numbers.year(int(amount))
    if amount.startswith("0") and amount.isdigit() and len(amount) > 1:
        return numbers.digits(amount)
    return sign + numbers.plain(amount) + (" plus" if found["plus"] else "")


def _parts(found: re.Match[str], before: str, after: str) -> str:
    """Parts joined by hyphens or slashes, one of them a number or in capitals: "3-in-1"."""
    parts = (part for part in re.split(r"[-–/&+_]", found[0]) if part)
    return " ".join(
        f"^{p.lower()}" if re.fullmatch("[A-Z]", p) else _read(p, "", "") for p in parts
    )


_TOP_LEVEL = "com|net|org|io|co|uk|us|eu|de|fr|app|shop|store|ai|me|tv|dev"
_READINGS: tuple[tuple[re.Pattern[str], Reading], ...] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (
            rf"(?P<sign>{_SIGN})\s?(?P<amount>{_NUMBER})(?:\s?(?P<scale>{_SCALE}))?"
            rf"|(?P<amount_before>{_NUMBER})\s?(?P<sign_behind>{_SIGN})",
            _price,
        ),
        (
            rf"(?i:(?:https?://)?(?:www\.)?(?P<host>(?:[\w.-]+@)?(?:[\w-]+\.)+(?:{_TOP_LEVEL}))"
            r"(?P<path>/\S*)?)",
            _address,
        ),
        (rf"{_SIGN}{_NUMBER}(?:[-–/]{_SIGN}?{_NUMBER})", _price_range),
        (r"[x×]", lambda _f, before, after: "by" if before[:1].isdigit() and after else "^x"),
        (r"(?P<hours>\d\d?):(?P<minutes>\d\d)(?P<half>(?i:[ap]\.?m\.?))?", _time),
        (r"(?P<hours>\d\d?)(?P<minutes>)(?P<half>(?i:[ap]\.?m\.?))", _time),
        (r"(?P<n>\d+)(?:st|nd|rd|th)", lambda found, _b, _a: numbers.ordinal(int(found["n"]))),
        (r"(?P<century>\d\d|['’])?(?P<tens>[2-9]0)['’]?s", _decade),
        (
            rf"(?P<first>{_NUMBER})(?P<sign>[-–x×/])(?P<last>{_NUMBER})-?(?P<unit>{_UNIT}|%)?",
            _range,
        ),
        (
            rf"(?P<minus>[-−])?(?P<amount>{_NUMBER})(?P<hyphen>-?)(?P<unit>{_UNIT}|%|x|×|[kK])",
            _measure,
        ),
        (rf"(?P<sign>[-−+#])?(?P<amount>{_NUMBER})(?P<plus>\+)?", _number),
        (r"(?=.*(?:[/&+_\d]|\b[A-Z]{2,}\b)).*[\w%][-–/&+_][\w$].*", _parts),
        (r"(?=.*\d)(?=.*[^\W\d_])\w+", lambda found, _before, _after: model_name(found[0])),
    )
)
