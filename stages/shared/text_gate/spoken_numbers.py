"""Numbers in English as they are said: a pattern that finds them, and their value."""

from __future__ import annotations

import re
from decimal import Decimal

_UNIT_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen"
)
_TEN_WORDS = "twenty thirty forty fifty sixty seventy eighty ninety"
_UNITS = {word: value for value, word in enumerate(_UNIT_WORDS.split())}
_TENS = {word: 10 * value for value, word in enumerate(_TEN_WORDS.split(), 2)}
_WORD = "|".join(sorted([*_UNITS, *_TENS, "hundred", "thousand"], key=len, reverse=True))
_GAP = r"(?:\s*-\s*|\s+)"

SPOKEN = rf"\b(?:an?\s+(?=hundred|thousand))?(?:{_WORD})(?:{_GAP}(?:and\s+)?(?:{_WORD}))*\b"
"""Pattern of a number in words: "twenty-four", "a hundred and nineteen", "twelve hundred"."""


def spoken_values(words: str) -> list[int]:
    """The numbers in a run of number words: [24] of "twenty-four", [49, 99] of "forty-nine
    ninety-nine", for English says a price as two numbers.
    """
    values, total, current = list[int](), 0, -1
    for word in re.findall("[a-z]+", words.lower()):
        if word in ("a", "an", "and"):
            continue
        if word == "hundred":
            current = max(current, 1) * 100
        elif word == "thousand":
            total, current = total + max(current, 1) * 1000, 0
        else:
            value = _UNITS.get(word, _TENS.get(word, 0))
            if current >= 0 and not _follows(current, word):
                values.append(total + current)
                total, current = 0, value
            else:
                current = max(current, 0) + value
    return [*values, total + current] if current >= 0 else values


def _follows(current: int, word: str) -> bool:
    """Whether a word goes on the number so far: "five" after 20, but not "ninety" after 9."""
    if word in _TENS:
        return current % 100 == 0
    if _UNITS[word] >= 10 or word == "zero":
        return current % 100 == 0 and word != "zero"
    return current % 10 == 0 and current % 100 != 10


def spoken_hundreds(words: str) -> Decimal | None:
    """The other sense of a price such as "one ninety-nine": 199; None where it has but one."""
    values = spoken_values(words)
    if len(values) == 2 and 0 < values[0] < 10 <= values[1] < 100:
        return Decimal(100 * values[0] + values[1])
    return None


def spoken_amount(words: str) -> Decimal | None:
    """The amount of a price in words: 49.99 of "forty-nine ninety-nine"; None if it is none."""
    values = spoken_values(words)
    if len(values) == 1:
        return Decimal(values[0])
    if len(values) == 2 and 10 <= values[1] < 100:
        return Decimal(f"{values[0]}.{values[1]:02d}")
    return None
