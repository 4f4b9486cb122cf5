"""Money: prices as merchants write them in a feed, and as a spot shows them on screen."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

_COUNTRIES = """
AED ALL AMD ARS AUD AZN BAM BDT BGN BHD BOB BRL BYN CAD CHF CLP CNY COP CRC CZK DKK DOP DZD EGP ETB
EUR GBP GEL GHS GTQ HKD HNL HRK HUF IDR ILS INR IQD ISK JOD JPY KES KRW KWD KZT LBP LKR MAD MDL MKD
MMK MOP MUR MXN MYR NGN NIO NOK NPR NZD OMR PAB PEN PHP PKR PLN PYG QAR RON RSD RUB SAR SEK SGD THB
TND TRY TWD TZS UAH UGX USD UYU UZS VES VND XAF XOF ZAR ZMW
"""
CURRENCIES = frozenset(_COUNTRIES.split())
"""ISO 4217 codes of the countries that a Merchant feed can be sold in."""

_NO_MINOR_UNIT = frozenset(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF"))
_THREE_DECIMALS = frozenset(("BHD", "IQD", "JOD", "KWD", "OMR", "TND"))

SYMBOLS = {
    "$": "USD", "US$": "USD", "U$S": "USD", "CA$": "CAD", "C$": "CAD", "AU$": "AUD", "A$": "AUD",
    "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "R$": "BRL", "MX$": "MXN", "NT$": "TWD",
    "€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₺": "TRY", "₽": "RUB", "₴": "UAH", "₪": "ILS",
    "₫": "VND", "฿": "THB", "₱": "PHP", "₦": "NGN", "zł": "PLN", "Kč": "CZK", "Ft": "HUF",
}  # fmt: skip
"""What merchants write for a code. A bare "$" is taken as US dollars, as Merchant feeds use it."""

_AMBIGUOUS = {"¥": "JPY or CNY", "kr": "SEK, NOK or DKK", "kr.": "SEK, NOK or DKK", "Fr.": "CHF"}
_NUMBER = re.compile(r"\d(?:[\d.,'’ ]*\d)?(?:[.,][-–—])?")
_MOST = Decimal("999999999999")  # fits decimal128(18, 3), the column it travels in


@dataclass(frozen=True)
class Price:
    """An amount above zero in a currency (ISO 4217)."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


def minor_digits(currency: str) -> int:
    """Digits behind the decimal point that the currency has (ISO 4217): 0, 2 or 3."""
    return 0 if currency in _NO_MINOR_UNIT else 3 if currency in _THREE_DECIMALS else 2


def parse_amount(text: str, currency: str) -> Decimal:
    """The number in "1,299.00", "1.299,00", "1 299,00" or "1'299.00".

    One point with three digits behind it is refused ("28.000 USD" is 28 in a database's export
    and 28 thousand in a German shop). Raises `ValueError` with the value and the fix.
    """
    bare = re.sub(r"[.,][-–—]$", "", text)
    bare = re.sub(r"['’ ]", "", bare) if _grouped(bare, "['’ ]") else bare
    whole, mark, cents = _split(bare, text, currency)
    places = minor_digits(currency)
    if mark and len(cents.rstrip("0")) > places:
        raise ValueError(f"{text!r} has more decimals than {currency} has; write {places} of them")
    return Decimal(f"{whole}.{cents}") if mark else Decimal(whole)


def parse_price(text: str) -> Price:
    """The price that a merchant wrote: "28.00 USD", "USD 28", "$28", "1.299,00 EUR", "£9.99".

    Raises `ValueError` with the value and the fix where it has no amount, no clear currency, or
    an amount that is not above zero.
    """
    clean = " ".join(unicodedata.normalize("NFKC", text).split())
    clean = "".join(_western(char) for char in clean)
    if not clean:
        raise ValueError('the price is empty; write it as "28.00 USD"')
    numbers = list(_NUMBER.finditer(clean))
    if len(numbers) != 1:
        wrong = "holds no number" if not numbers else "holds more than one number"
        raise ValueError(f'{text!r} {wrong}; write one price as "28.00 USD"')
    around = clean[: numbers[0].start()] + " " + clean[numbers[0].end() :]
    if re.search(r"[-−–(]", around):
        raise ValueError(f'{text!r} is not a price above zero; write it as "28.00 USD"')
    currency = _currency(around.split(), text)
    try:
        amount = parse_amount(numbers[0].group(), currency)
    except ValueError as error:
        raise ValueError(f"{text!r} cannot be read as a price: {error}") from None
    if amount > _MOST:
        raise ValueError(f"{text!r} is above {_MOST}, the most that a price can be; correct it")
    if amount <= 0:
        raise ValueError(f"{text!r} is not a price above zero; remove the row or correct it")
    return Price(amount, currency)


def _western(char: str) -> str:
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    return {"٫": ".", "٬": ","}.get(char, char)


def _currency(words: list[str], text: str) -> str:
    found = set()
    for word in words:
        code = SYMBOLS.get(word) or SYMBOLS.get(word.upper()) or word.upper()
        if word in _AMBIGUOUS:
            raise ValueError(f"{text!r} may be {_AMBIGUOUS[word]}; write the currency's code")
        if code not in CURRENCIES:
            raise ValueError(f'{text!r} has the unknown word {word!r}; write it as "28.00 USD"')
        found.add(code)
    if "$" in words and len(found) == 2:  # "$28 CAD": the code says which dollar
        found.discard("USD")
    if len(found) != 1:
        wrong = "names no currency" if not found else f"names {' and '.join(sorted(found))}"
        raise ValueError(f'{text!r} {wrong}; write one price as "28.00 USD"')
    return found.pop()


def _grouped(number: str, mark: str) -> bool:
    """Whether `mark` only parts the number into thousands (or, in India, lakhs)."""
    whole = re.split(r"[.,]", number)[0] if mark.startswith("[") else number
    return bool(
        re.fullmatch(rf"\d{{1,3}}(?:{mark}\d{{3}})+", whole)
        or re.fullmatch(rf"\d{{1,2}}(?:{mark}\d{{2}})*{mark}\d{{3}}", whole)
    )


def _split(number: str, text: str, currency: str) -> tuple[str, str, str]:
    """(digits before, decimal mark or "", digits behind)."""
    marks = [char for char in number if not char.isdigit()]
    if not marks:
        return number, "", ""
    last = marks[-1]
    whole, cents = number.rsplit(last, 1)
    rest = set(marks[:-1])
    if last in ".," and not rest:
        if len(cents) != 3 or minor_digits(currency) == 3:
            return whole, last, cents
        if last == "," and _grouped(number, ","):
            return whole + cents, "", ""
        raise ValueError(
            f"it may be {whole}.{cents} or {whole}{cents}; write {whole}.00 or {whole}{cents}.00"
        )
    if last in ".," and last not in rest and len(rest) == 1:
        other = rest.pop()
        if _grouped(whole, re.escape(other)):
            return whole.replace(other, ""), last, cents
    if rest == {last} and _grouped(number, re.escape(last)):
        return number.replace(last, ""), "", ""
    raise ValueError(f'the number in {text!r} is unclear; write it as "1299.00"')


@dataclass(frozen=True)
class _Style:
    point: str
    group: str
    before: bool
    gap: str


_ENGLISH = _Style(".", ",", True, "")
_STYLES = {
    "de": _Style(",", ".", False, "\u00a0"), "es": _Style(",", ".", False, "\u00a0"),
    "it": _Style(",", ".", False, "\u00a0"), "da": _Style(",", ".", False, "\u00a0"),
    "tr": _Style(",", ".", True, ""), "nl": _Style(",", ".", True, "\u00a0"),
    "pt": _Style(",", ".", False, "\u00a0"), "pt-br": _Style(",", ".", True, "\u00a0"),
    "fr": _Style(",", "\u00a0", False, "\u00a0"), "pl": _Style(",", "\u00a0", False, "\u00a0"),
    "cs": _Style(",", "\u00a0", False, "\u00a0"), "sv": _Style(",", "\u00a0", False, "\u00a0"),
    "nb": _Style(",", "\u00a0", False, "\u00a0"), "fi": _Style(",", "\u00a0", False, "\u00a0"),
    "de-ch": _Style(".", "’", True, "\u00a0"),
}  # fmt: skip
"""How languages write money, after the Unicode CLDR; what is not here is written as in English."""

_SHOWN = {code: symbol for symbol, code in reversed(SYMBOLS.items())} | {"JPY": "¥", "CNY": "¥"}
_HOME = {
    "CAD": ("$", "ca"), "AUD": ("$", "au"), "NZD": ("$", "nz"), "SGD": ("$", "sg"),
    "HKD": ("$", "hk"), "MXN": ("$", "mx"), "SEK": ("kr", "sv"), "NOK": ("kr", "nb"),
    "DKK": ("kr.", "da"),
}  # fmt: skip


def format_price(amount: Decimal, currency: str, language: str = "en") -> str:
    """The price as a spot shows it: "$24", "$24.50" in English, "24,00 €" in German.

    `language` is a BCP 47 tag. English drops ".00"; other languages keep their decimals. The
    symbol of a shared dollar or krone is bare only where the tag names its home ("en-CA").
    """
    tag = language.replace("_", "-").lower()
    style = _STYLES.get(tag) or _STYLES.get(tag.partition("-")[0], _ENGLISH)
    places = minor_digits(currency)
    if style is _ENGLISH and amount == amount.to_integral_value():
        places = 0
    digits = f"{amount:,.{places}f}".translate({44: style.group, 46: style.point})  # "," and "."
    symbol = _SHOWN.get(currency, currency)
    if currency in _HOME and _HOME[currency][1] in tag.split("-"):
        symbol = _HOME[currency][0]
    if style is _ENGLISH and symbol.isalpha():  # "PLN 24", never "zł24"
        symbol = currency
    if not style.before:
        return f"{digits}{style.gap}{symbol}"
    gap = "\u00a0" if symbol == currency else style.gap
    return f"{symbol}{gap}{digits}"
