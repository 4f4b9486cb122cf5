"""Prices as merchants write them, and as spots show them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schemas.money import Price, format_price, parse_amount, parse_price


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("28.00 USD", "28.00", "USD"),
        ("USD 28", "28", "USD"),
        ("$28", "28", "USD"),
        ("28.00usd", "28.00", "USD"),
        ("$28 CAD", "28", "CAD"),
        ("A$28.50", "28.50", "AUD"),
        ("1.299,00 EUR", "1299.00", "EUR"),
        ("1,299.00 EUR", "1299.00", "EUR"),
        ("1 299,00 €", "1299.00", "EUR"),
        ("1\u202f299,00\u00a0€", "1299.00", "EUR"),
        ("1'299.00 CHF", "1299.00", "CHF"),
        ("1,299 USD", "1299", "USD"),
        ("1.299.000 VND", "1299000", "VND"),
        ("1,00,000.00 INR", "100000.00", "INR"),
        ("28.005 KWD", "28.005", "KWD"),
        ("24,- €", "24", "EUR"),
        ("£9.99", "9.99", "GBP"),
        ("１２.50 USD", "12.50", "USD"),
        ("١٢٫٥٠ SAR", "12.50", "SAR"),
    ],
)
def test_reads_what_merchants_write(text: str, amount: str, currency: str) -> None:
    """Would catch a comma taken for a point, which is a price wrong by a factor of 100 on air."""
    assert parse_price(text) == Price(Decimal(amount), currency)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("free", "no number"),
        ("28", "no currency"),
        ("-5 USD", "above zero"),
        ("($5)", "above zero"),
        ("0.00 USD", "above zero"),
        ("10-20 USD", "more than one number"),
        ("20 USD EUR", "EUR and USD"),
        ("28.00 XXX", "'XXX'"),
        ("kr 100", "SEK, NOK or DKK"),
        ("¥1200", "JPY or CNY"),
        ("28.000 USD", "28.00 or 28000.00"),
        ("1.299 EUR", "1.299 or 1299"),
        ("1,2345 USD", "more decimals"),
        ("12.345.67 EUR", "unclear"),
        ("9999999999999999 USD", "above 999999999999"),
    ],
)
def test_refuses_what_is_unclear(text: str, words: str) -> None:
    """Would catch a guess where two readings differ by a thousand, or an error without value."""
    with pytest.raises(ValueError) as error:
        parse_price(text)
    assert words in str(error.value)
    assert text in str(error.value)


def test_amounts_without_currency_sign() -> None:
    """Would catch a scripts' "1,299" read as 1.299."""
    assert parse_amount("1,299", "USD") == 1299
    assert parse_amount("1,299", "KWD") == Decimal("1.299")


@pytest.mark.parametrize(
    ("amount", "currency", "language", "shown"),
    [
        ("24", "USD", "en-US", "$24"),
        ("24.000", "USD", "en", "$24"),
        ("24.5", "USD", "en", "$24.50"),
        ("1299.99", "USD", "en", "$1,299.99"),
        ("24", "EUR", "de", "24,00\u00a0€"),
        ("1299", "EUR", "de-DE", "1.299,00\u00a0€"),
        ("1299", "EUR", "fr", "1\u00a0299,00\u00a0€"),
        ("24", "CAD", "en-CA", "$24"),
        ("24", "CAD", "en-US", "CA$24"),
        ("24", "CHF", "en", "CHF\u00a024"),
        ("24", "PLN", "en", "PLN\u00a024"),
        ("2400", "JPY", "ja", "¥2,400"),
        ("24", "SEK", "sv-SE", "24,00\u00a0kr"),
    ],
)
def test_shows_money_as_the_language_does(
    amount: str, currency: str, language: str, shown: str
) -> None:
    """Would catch "24.00 $" on an American screen, or a Canadian price shown as American."""
    assert format_price(Decimal(amount), currency, language) == shown
