"""Ratings: as feeds write them, or none."""

from __future__ import annotations

import pytest

from schemas.rating import parse_rating


@pytest.mark.parametrize(
    ("stars", "count", "expected"),
    [
        ("4.7", "1283", (4.7, 1283)),
        ("4,7", "1.283", (4.7, 1283)),
        ("5/5", "", (5.0, None)),
        ("4.7", "1,283", (4.7, 1283)),
        ("", "12", None),
        ("0", "12", None),
        ("5.1", "12", None),
        ("94%", "12", None),
        ("4.5", "0", None),
        ("four", "", None),
    ],
)
def test_ratings(stars: str, count: str, expected: tuple[float, int | None] | None) -> None:
    """Would catch stars that nobody gave: a percentage, zero people, more than five."""
    assert parse_rating(stars, count) == expected
