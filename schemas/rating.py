"""Rating: stars that buyers gave a product, as feeds and tables write them."""

from __future__ import annotations

import re

_FIGURE = re.compile(r"(\d(?:[.,]\d+)?)(?:\s*/\s*5)?")
_COUNT = re.compile(r"\d{1,3}(?:[ .,\u00a0\u202f']?\d{3})*|\d+")


def parse_rating(stars: str, count: str) -> tuple[float, int | None] | None:
    """(stars of five, how many people or None) of texts such as "4,7", "4.7/5" and "1,283".

    None where the stars are none: empty, zero, above five, or with nobody behind them.
    """
    found = _FIGURE.fullmatch(stars.strip())
    if found is None:
        return None
    value = float(found[1].replace(",", "."))
    people = int(re.sub(r"\D", "", count)) if _COUNT.fullmatch(count.strip()) else None
    if not 0 < value <= 5 or people == 0:
        return None
    return value, people
