"""Numbers in English words, American style: "one hundred twenty-five", "twenty-first"."""

from __future__ import annotations

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = (("billion", 10**9), ("million", 10**6), ("thousand", 10**3), ("hundred", 100))
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip


def cardinal(number: int) -> str:
    """`number` (0 up to 10^12 - 1) in words; a longer one is read digit by digit."""
    if number >= 10**12:
        return digits(str(number))
    if number < 20:
        return _ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens - 2] + (f"-{_ONES[ones]}" if ones else "")
    name, size = next((name, size) for name, size in _SCALES if number >= size)
    many, rest = divmod(number, size)
    return f"{cardinal(many)} {name}" + (f" {cardinal(rest)}" if rest else "")


def ordinal(number: int) -> str:
    """21 -> "twenty-first"."""
    words = cardinal(number)
    cut = max(words.rfind(" "), words.rfind("-")) + 1
    last = words[cut:]
    if last in _ORDINALS:
        return words[:cut] + _ORDINALS[last]
    return words[:cut] + (last[:-1] + "ieth" if last.endswith("y") else last + "th")


def digits(text: str) -> str:
    """ "305" -> "three zero five"; what is no digit is left out."""
    return " ".join(_ONES[int(digit)] for digit in text if digit.isdecimal())


def year(number: int) -> str:
    """1999 -> "nineteen ninety-nine", 2005 -> "two thousand five", 1800 -> "eighteen hundred"."""
    century, rest = divmod(number, 100)
    if century % 10 == 0 and rest < 10:
        return cardinal(number)
    if rest == 0:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} " + (f"oh {cardinal(rest)}" if rest < 10 else cardinal(rest))


def plain(text: str) -> str:
    """A plain number as it is written, "1,200.5" or "24,99", in words.

    A comma or point before groups of three digits parts thousands; any other is the decimal one.
    """
    whole, fraction = split_decimal(text)
    words = cardinal(int(whole))
    return f"{words} point {digits(fraction)}" if fraction else words


def split_decimal(text: str) -> tuple[str, str]:
    """The digits before and after the decimal sign: "1,299.00" -> ("1299", "00")."""
    cut = max(text.rfind("."), text.rfind(","))
    fraction = text[cut + 1 :] if cut >= 0 else ""
    mixed = "." in text and "," in text
    if len(fraction) == 3 and not mixed and text[:cut].strip("0.,"):
        fraction = ""  # "1,200": thousands; "0.125" stays a fraction
        cut = -1
    whole = text[:cut] if fraction else text
    return whole.replace(",", "").replace(".", "") or "0", fraction


def money(amount: str, unit: str, units: str, cent: str, cents: str) -> str:
    """ "24.99" dollars -> "twenty-four dollars and ninety-nine cents"."""
    whole, fraction = split_decimal(amount)
    minor = int(fraction.ljust(2, "0")[:2] or "0")
    major = int(whole)
    said = f"{cardinal(major)} {unit if major == 1 else units}"
    if not minor:
        return said
    small = f"{cardinal(minor)} {cent if minor == 1 else cents}"
    return f"{said} and {small}" if major else small
