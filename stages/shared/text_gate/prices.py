"""Price gate: every price and discount said or shown must be the feed's."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from schemas.money import CURRENCIES, SYMBOLS, Price, format_price, parse_amount
from stages.base import Verdict
from stages.shared.text_gate.finding import Finding, passed
from stages.shared.text_gate.spoken_numbers import SPOKEN, spoken_amount, spoken_hundreds

GATE = "screen.price"
PERCENT_POINTS = Decimal(1)
"""How far a said discount may lie from the feed's: 149 to 119 is 20.1 %, and "twenty" is honest."""
_ROUNDING = (Decimal("0.50"), Decimal("0.01"))
"""A whole amount may stand for a price this near: absolutely, and as a share of the price."""

_DIGITS = r"\d{1,3}(?:[ '’]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d+)*"
_WORDS = {"dollar": "$", "dollars": "$", "buck": "$", "bucks": "$", "euro": "EUR", "euros": "EUR",
          "quid": "GBP", "pound": "GBP", "pounds": "GBP", "pounds sterling": "GBP", "yen": "JPY",
          "rupees": "INR", "francs": "CHF"}  # fmt: skip
_SIGNS = [re.escape(s) for s in sorted(SYMBOLS, key=len, reverse=True) if not s.isalpha()]
_SIGN = "|".join(_SIGNS)
_CODES = "|".join(sorted(CURRENCIES - {"ALL", "BAM", "COP", "MAD", "PEN", "RON", "TRY"}))  # words
_NAMES = "|".join(sorted(_WORDS, key=len, reverse=True))
_MONEY = re.compile(
    rf"(?:(?P<sign>{_SIGN}|\b(?-i:{_CODES})\s)\s?(?P<digits>{_DIGITS})"
    rf"|(?P<number>(?<![\d.,])(?:{_DIGITS})|{SPOKEN})[\s-]?"
    rf"(?P<name>(?:{_NAMES}|(?-i:{_CODES}))\b|{_SIGN})(?:\s+(?:and\s+)?(?P<cents>\d\d?|{SPOKEN})\s+cents?\b)?)",
    re.IGNORECASE,
)
_CENTS = re.compile(rf"(?P<number>\b\d+|{SPOKEN})\s+cents?\b", re.IGNORECASE)
_BARE = re.compile(
    rf"\b(?:for|only|just|now|at)\s+(?P<number>{SPOKEN})(?!\s*-?\w*%)", re.IGNORECASE
)
_PERCENT = re.compile(
    rf"(?P<number>(?<![\d.,])\d+(?:[.,]\d+)?|{SPOKEN})\s?-?(?:%|percent\b|per\s+cent\b)"
    r"|\b(?P<half>half)(?=\s+(?:price|off)\b)",
    re.IGNORECASE,
)

_WAS = re.compile(
    r"\b(?:was|were|regular(?:ly)?|original(?:ly)?|normally|usually|instead of|down from"
    r"|reduced from|list price|statt)"
    r"(?:[\s:]+(?:priced?|at|of|for|the|an?|just|only)\b){0,3}[\s:]*$",
    re.IGNORECASE,
)
_SAVE = re.compile(
    r"\b(?:sav(?:e|es|ing|ings of)|discount of)\s+(?:up to\s+|over\s+|an extra\s+|a\s+)?$"
    r"|(?:^|\s)[-−–]\s?$",
    re.IGNORECASE,
)
_OFF = re.compile(
    r"^\s*-?(?:off|discount|cheaper|savings?|price cut|reduction|rabatt|günstiger|de (?:réduction"
    r"|remise|descuento)|di sconto)\b",
    re.IGNORECASE,
)
_CEILING = re.compile(r"\b(?:under|below|less than)\s+$", re.I)
_ELSEWHERE = re.compile(r"\b(?:orders?|purchases?|spend|delivery|shipping)\b[^.!?;]{0,20}$", re.I)
_WEIGHT = re.compile(
    r"\b(?:weighs?|weighing|lose|lost|drop|lighter|heavier|holds|carries)\b[^.!?]{0,20}$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Claim:
    """What a text says about the price. `kind`: "price", "was", "under", "off" or "percent"."""

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


def claims(text: str, currency: str) -> list[Claim]:
    """Prices and discounts that a text names. `currency` is the feed's, to tell pounds apart."""
    text = unicodedata.normalize("NFKC", text)
    found = [*_amounts(text, currency), *_percents(text)]
    return list(dict.fromkeys(found))


def _amounts(text: str, currency: str) -> Iterator[Claim]:
    taken: list[tuple[int, int]] = []
    for match in _MONEY.finditer(text):
        said = (match["sign"] or match["name"]).strip()
        unit = _WORDS.get(said.lower()) or SYMBOLS.get(said) or said.upper()
        unit = "$" if said == "$" else unit
        before, after = text[: match.start()], text[match.end() :]
        taken.append(match.span())
        if _ELSEWHERE.search(before) or (
            said.lower().startswith("pound") and (currency != "GBP" or _WEIGHT.search(before))
        ):
            continue
        amount = _amount(match["digits"] or match["number"], match["cents"], currency)
        if amount is not None:
            other = spoken_hundreds(match["number"] or "")
            yield Claim(_kind(before, after), amount, unit, match.group(), other)
    for match in _CENTS.finditer(text):
        cents = _amount(match["number"], None, currency)
        if cents is not None and not _inside(match, taken):
            taken.append(match.span())
            kind = _kind(text[: match.start()], text[match.end() :])
            yield Claim(kind, cents / 100, None, match.group())
    for match in _BARE.finditer(text):  # "only forty-nine ninety-nine"
        amount = spoken_amount(match["number"])
        if amount is not None and amount % 1 and not _inside(match, taken):
            other = spoken_hundreds(match["number"])
            yield Claim("price", amount, None, match["number"], other)


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


def _kind(before: str, after: str) -> str:
    if _OFF.search(after) or _SAVE.search(before):
        return "off"
    if _WAS.search(before):
        return "was"
    return "under" if _CEILING.search(before) else "price"


def _percents(text: str) -> Iterator[Claim]:
    for match in _PERCENT.finditer(text):
        before, after = text[: match.start()], text[match.end() :]
        if match["half"]:
            yield Claim("percent", Decimal(50), None, f"half {after.split()[0]}")
        elif _OFF.search(after) or _SAVE.search(before):
            number = match["number"].replace(",", ".")
            amount = Decimal(number) if number[0].isdigit() else spoken_amount(number)
            if amount is not None:
                yield Claim("percent", amount, None, match.group())


@dataclass(frozen=True)
class Offer:
    """What the feed says on the campaign's date; `regular` is None when no sale is on."""

    price: Price
    regular: Decimal | None
    language: str = "en"

    def shown(self, amount: Decimal) -> str:
        """An amount in the feed's currency, for people."""
        return format_price(amount, self.price.currency, self.language)

    def fault(self, claim: Claim, others: list[Claim]) -> str:
        """What the feed says instead; "" where the claim is true."""
        price, regular = self.price.amount, self.regular
        if claim.currency and not self._same_currency(claim.currency):
            return f"{self.shown(price)}, in {self.price.currency}"
        if claim.kind == "price":
            if claim.is_near(price):
                return ""
            told = any(c.kind == "price" and c.is_near(price) for c in others)
            crossed_out = regular is not None and told and claim.is_near(regular)
            return "" if crossed_out else self.shown(price)
        if claim.kind == "under":
            return "" if price < claim.amount else self.shown(price)
        if regular is None:
            return f"{self.shown(price)} and no sale"
        if claim.kind == "was":
            return "" if claim.is_near(regular) else f"a regular price of {self.shown(regular)}"
        if claim.kind == "off":
            off = regular - price
            return "" if claim.is_near(off) else f"{self.shown(off)} off"
        percent = 100 * (regular - price) / regular
        near = abs(percent - claim.amount) <= PERCENT_POINTS
        return "" if near else f"{percent:.1f} % off ({self.shown(regular)} to {self.shown(price)})"

    def _same_currency(self, said: str) -> bool:
        own = self.price.currency
        dollars = ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "CLP", "COP", "ARS")
        return said == own or (said == "$" and own in dollars)


def _near(said: Decimal, true: Decimal) -> bool:
    if said == true:
        return True
    apart = abs(said - true)
    return said % 1 == 0 and apart <= _ROUNDING[0] and apart <= true * _ROUNDING[1]


def screen_prices(texts: Mapping[str, str], offer: Offer | None) -> list[Finding]:
    """Findings of the price gate over the named texts of a spot: at least one."""
    findings, seen = [], 0
    currency = offer.price.currency if offer else "USD"
    told = {column: claims(text, currency) for column, text in texts.items()}
    everything = [claim for said in told.values() for claim in said]
    for column, said in told.items():
        for claim in said:
            seen += 1
            fault = offer.fault(claim, everything) if offer else "no price"
            if fault:
                evidence = f'{column}: "{claim.said}" ({claim.kind}); feed: {fault}'
                reason = (
                    f"The {column} says {claim.said!r}, the feed says {fault}; make them agree."
                )
                verdict = Verdict(GATE, claim.kind, "block", evidence)
                findings.append(Finding(verdict, "price_mismatch", reason))
    return findings or [passed(GATE, "price", f"{seen} claims, all as in the feed")]
