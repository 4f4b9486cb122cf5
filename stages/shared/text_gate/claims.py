"""Claims: what a text says of price, discount, rating and stock."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from schemas.money import CURRENCIES, SYMBOLS, parse_amount
from stages.shared.text_gate.number_words import figures
from stages.shared.text_gate.price_words import (
    COUNTED,
    MULTI_BUY,
    RATING,
    STAR_WORDS,
    STOCK,
    PriceWords,
    price_words,
)
from stages.shared.text_gate.spoken_numbers import SPOKEN, spoken_amount, spoken_hundreds

_ROUNDING = (Decimal("0.50"), Decimal("0.01"))
"""A whole amount may stand for a price this near: absolutely, and as a share of the price."""

_DIGITS = r"\d{1,3}(?:[ '’]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d+)*"
_WORDS = {"dollar": "$", "dollars": "$", "buck": "$", "bucks": "$", "dólar": "$", "dólares": "$",
          "dollari": "$", "dollaro": "$", "euro": "EUR", "euros": "EUR",
          "quid": "GBP", "pound": "GBP", "pounds": "GBP", "pounds sterling": "GBP", "pfund": "GBP",
          "libras": "GBP", "livres sterling": "GBP", "sterline": "GBP", "yen": "JPY",
          "rupees": "INR", "francs": "CHF", "franken": "CHF", "franchi": "CHF", "reais": "BRL",
          "pesos": "$", "zloty": "PLN"}  # fmt: skip
_WEIGHTS = ("pound", "pfund", "libra")
_SIGNS = [re.escape(s) for s in sorted(SYMBOLS, key=len, reverse=True) if not s.isalpha()]
_SIGN = "|".join(_SIGNS)
_CODES = "|".join(sorted(CURRENCIES - {"ALL", "BAM", "COP", "MAD", "PEN", "RON", "TRY"}))  # words
_NAMES = "|".join(sorted(_WORDS, key=len, reverse=True))
_CENT = "(?:cents?|centimes?|c[eé]ntimos?|centesimi|c[eê]ntimos?|centavos?)"
_MONEY = re.compile(
    rf"(?:(?P<sign>{_SIGN}|\b(?-i:{_CODES})\s)\s?(?P<digits>{_DIGITS})"
    rf"|(?P<number>(?<![\d.,])(?:{_DIGITS})|{SPOKEN})[\s-]?"
    rf"(?P<name>(?:{_NAMES}|(?-i:{_CODES}))\b|{_SIGN})"
    rf"(?:\s+(?:(?:and|und|et|y|con|e)\s+)?(?P<cents>\d\d?|{SPOKEN})\s+{_CENT}\b)?)",
    re.IGNORECASE,
)
_BARE_CENTS = re.compile(r"^\s(?:(?:und|et|y|con|e)\s)?(?P<cents>\d\d)(?=[.,;!?]|\s*$)")
_CENTS = re.compile(rf"(?P<number>\b\d+|{SPOKEN})\s+{_CENT}\b", re.IGNORECASE)
_BARE = re.compile(
    rf"\b(?:for|only|just|now|at)\s+(?P<number>{SPOKEN})(?!\s*-?\w*%)", re.IGNORECASE
)
_PERCENT = re.compile(
    rf"(?P<number>(?<![\d.,])\d+(?:[.,]\d+)?|{SPOKEN})\s?-?(?:%|percent\b|per\s+cent\b|prozent\b"
    r"|por\s?cien(?:to)?\b|pour\s+cent\b|per\s+cento\b|por\s+cento\b)",
    re.IGNORECASE,
)
_FRACTION = re.compile(r"\b(?:a|one)[\s-](?P<part>third|quarter|fifth)\soff\b", re.IGNORECASE)
_PARTS = {"third": Decimal("33.3"), "quarter": Decimal(25), "fifth": Decimal(20)}
_CEILING = re.compile(
    r"\b(?:under|below|less than|unter|weniger als|por menos de|menos de|moins de|meno di)\s+$",
    re.I,
)
_ELSEWHERE = re.compile(
    r"\b(?:orders?|purchases?|spend|delivery|shipping|versand|envío|livraison|spedizione|frete"
    r"|ab einem"
    r"|bestellwert)\b[^.!?;]{0,20}$", re.I,
)  # fmt: skip
_WEIGHT = re.compile(
    r"\b(?:weighs?|weighing|lose|lost|drop|lighter|heavier|holds|carries)\b[^.!?]{0,20}$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Claim:
    """What a text says. `kind`: "price", "was", "under", "off" or "percent" of a price; "rating" or
    "count" of its reviews; "sale", "multi_buy" or "stock", which have no amount (0).
    """

    kind: str
    amount: Decimal
    currency: str | None
    """ISO 4217; "$" for any dollar; None where only a number is said."""
    said: str
    other: Decimal | None = None
    """What the same words may mean as well: 199 for "one ninety-nine"."""

    def is_near(self, true: Decimal) -> bool:
        """Whether it says this amount, exactly or rounded."""
        return _near(self.amount, true) or self.other == true


def claims(text: str, currency: str, language: str = "en") -> list[Claim]:
    """Prices, discounts, ratings and stocks that a text names. `currency` is the feed's, to tell
    pounds apart; `language` the spot's (BCP 47): its words are understood beside English."""
    text = unicodedata.normalize("NFKC", text)
    primary = language.partition("-")[0].lower()
    plain, words = figures(text, primary), price_words(primary)
    found = [
        *_amounts(plain.text, currency, words, primary != "en"),
        *_percents(plain.text, words),
        *_ratings(plain.text),
        *_offers(plain.text, words),
    ]
    if plain.text == text:
        return list(dict.fromkeys(claim for claim, _, _ in found))
    quoted = (replace(claim, said=plain.original(text, a, b)) for claim, a, b in found)
    return list(dict.fromkeys(quoted))


Found = tuple[Claim, int, int]


def _amounts(text: str, currency: str, words: PriceWords, bare_cents: bool) -> Iterator[Found]:
    taken: list[tuple[int, int]] = []
    for match in _MONEY.finditer(text):
        said = (match["sign"] or match["name"]).strip()
        unit = _WORDS.get(said.lower()) or SYMBOLS.get(said) or said.upper()
        unit = "$" if said == "$" else unit
        before, after, end = text[: match.start()], text[match.end() :], match.end()
        taken.append(match.span())
        if _ELSEWHERE.search(before) or (
            said.lower().startswith(_WEIGHTS) and (currency != "GBP" or _WEIGHT.search(before))
        ):
            continue
        cents = match["cents"]
        if cents is None and bare_cents and match["name"] and (more := _BARE_CENTS.match(after)):
            cents, end = more["cents"], end + more.end()
        amount = _amount(match["digits"] or match["number"], cents, currency)
        if amount is not None:
            other = spoken_hundreds(match["number"] or "")
            claim = Claim(
                _kind(before, after, words), amount, unit, text[match.start() : end], other
            )
            yield claim, match.start(), end
    for match in _CENTS.finditer(text):
        number = _amount(match["number"], None, currency)
        if number is not None and not _inside(match, taken):
            taken.append(match.span())
            kind = _kind(text[: match.start()], text[match.end() :], words)
            yield Claim(kind, number / 100, None, match.group()), *match.span()
    for match in _BARE.finditer(text):  # "only forty-nine ninety-nine"
        amount = spoken_amount(match["number"])
        if amount is not None and amount % 1 and not _inside(match, taken):
            other = spoken_hundreds(match["number"])
            yield Claim("price", amount, None, match["number"], other), *match.span("number")


def _inside(match: re.Match[str], taken: list[tuple[int, int]]) -> bool:
    return any(start < match.end() and match.start() < end for start, end in taken)


def _amount(number: str, cents: str | None, currency: str) -> Decimal | None:
    try:
        amount = parse_amount(number, currency) if number[0].isdigit() else spoken_amount(number)
        if amount is None or cents is None:
            return amount
        extra = Decimal(cents) if cents.isdigit() else spoken_amount(cents)
        return amount + (extra or Decimal(0)) / 100
    except ValueError:
        return None


def _kind(before: str, after: str, words: PriceWords) -> str:
    if words.off.search(after) or words.save.search(before):
        return "off"
    if words.was.search(before):
        return "was"
    return "under" if _CEILING.search(before) else "price"


def _percents(text: str, words: PriceWords) -> Iterator[Found]:
    for match in _PERCENT.finditer(text):
        before, after = text[: match.start()], text[match.end() :]
        if words.off.search(after) or words.save.search(before):
            number = match["number"].replace(",", ".")
            amount = Decimal(number) if number[0].isdigit() else spoken_amount(number)
            if amount is not None:
                yield Claim("percent", amount, None, match.group()), *match.span()
    for match in words.half.finditer(text):
        said = match.group() + (
            f" {text[match.end() :].split()[0]}" if match["half"] == "half" else ""
        )
        yield Claim("percent", Decimal(50), None, said), *match.span()
    for match in _FRACTION.finditer(text):
        part = _PARTS[match["part"].lower()]
        yield Claim("percent", part, None, match.group()), *match.span()


def _ratings(text: str) -> Iterator[Found]:
    for match in RATING.finditer(text):
        number = (match["stars"] or match["rated"] or match["of_five"]).lower()
        amount = Decimal(STAR_WORDS.get(number, number).replace(",", "."))
        yield Claim("rating", amount, None, match.group()), *match.span()
    for match in COUNTED.finditer(text):
        digits = re.sub(r"\D", "", match["count"])
        unit = (match["unit"] or "").lower()
        times = 1000 if unit in ("k", "thousand") else 1_000_000 if unit else 1
        yield Claim("count", Decimal(digits) * times, None, match.group().strip()), *match.span()


def _offers(text: str, words: PriceWords) -> Iterator[Found]:
    for kind, pattern in (("sale", words.sale), ("multi_buy", MULTI_BUY), ("stock", STOCK)):
        for match in pattern.finditer(text):
            yield Claim(kind, Decimal(0), None, match.group()), *match.span()


def _near(said: Decimal, true: Decimal) -> bool:
    if said == true:
        return True
    apart = abs(said - true)
    return said % 1 == 0 and apart <= _ROUNDING[0] and apart <= true * _ROUNDING[1]
