"""What is written in the finished picture goes through the text gate, as it is drawn."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from stages.inspect.shown_gate import drawn_texts
from stages.inspect.word_gates import WordGates

SPOT = {
    "script": "Slow mornings deserve a better mug.", "words": [], "title": "Stoneware Mug",
    "brand": "Tarnwick", "tagline": "Hold the heat", "cta": "Shop now", "price": Decimal("24.50"),
    "regular_price": Decimal("28"), "currency": "USD", "language": "en-US",
}  # fmt: skip


def text(where: str, said: str, start_s: float = 1.0, name: str = "9x16") -> dict[str, Any]:
    """A SHOWN_TEXT struct."""
    return {
        "format": name, "where": where, "text": said, "start_s": start_s, "end_s": start_s + 1.0,
    }  # fmt: skip


GOOD = [
    text("caption", "SLOW MORNINGS", 0.3), text("caption", "DESERVE A BETTER MUG.", 1.3),
    text("hook", "Hold the heat"), text("brand", "Hearth & Field"),
    text("ai_label", "AI-generated"),
    text("price", "$24.50"), text("price", "instead of $28.00"), text("price", "−12%"),
    text("end_card", "Stoneware Mug"), text("end_card", "Shop now"),
    text("qr", "https://shop.example/p/mug"),
]  # fmt: skip


@pytest.fixture(scope="module")
def gates() -> WordGates:
    """The shipped lists."""
    return WordGates.of(None, None, ("standard",), None)


def test_what_is_drawn_of_a_plain_spot_passes(gates: WordGates) -> None:
    """Would catch a gate that takes a struck price for another price, or stops capitals."""
    (only,) = gates.shown({**SPOT, "shown_texts": GOOD})
    assert only.verdict.verdict == "pass" and f"{len(GOOD) - 1} texts" in only.verdict.evidence


@pytest.mark.parametrize(
    ("drawn", "code", "at_s"),
    [
        ([text("price", "$19.00", 3.0)], "shown_price_mismatch", 3.5),
        ([text("hook", "TAYLOR SWIFT'S MUG", 0.0)], "shown_public_figure", 0.5),
        ([text("end_card", "Cures cancer", 12.0)], "shown_policy_medical_claim", 12.5),
        ([text("caption", "SAID TAYLOR", 4.0), text("caption", "SWIFT LAST", 5.0)],
         "shown_public_figure", 4.5),
        ([text("brand", "Taylor Swift", 12.0)], "shown_public_figure", 12.5),
        ([text("hook", "Elon Musk's mug", 2.0, name="1x1")], "shown_public_figure", 2.5),
    ],
)  # fmt: skip
def test_what_nobody_screened_is_blocked_with_its_moment(
    gates: WordGates, drawn: list[dict[str, Any]], code: str, at_s: float
) -> None:
    """Would catch a name over two captions, in one format alone, or on the sign; and a price that
    was drawn from another row."""
    others = [one for one in GOOD if one["where"] not in {d["where"] for d in drawn}]
    found = gates.shown({**SPOT, "shown_texts": [*others, *drawn]})
    blocked = [one for one in found if one.verdict.verdict == "block"]
    assert [one.reason_code for one in blocked] == [code]
    verdict = blocked[0].verdict
    assert verdict.at_s == at_s and verdict.gate.startswith("inspect.shown.")
    assert (verdict.column or "").startswith(f"shown {drawn[0]['where']}") and verdict.span


def test_what_was_screened_is_not_asked_again(gates: WordGates) -> None:
    """Would catch a finding of the script that is asked about a second time as a caption, after a
    person has approved it."""
    spot = {**SPOT, "script": "The best mug for a will smith to hold."}
    shown = [text("caption", "THE BEST MUG FOR A WILL SMITH TO HOLD.")]
    assert {one.verdict.verdict for one in gates.shown({**spot, "shown_texts": shown})} == {"pass"}
    asked = gates.shown({**SPOT, "shown_texts": shown})
    assert "review" in {one.verdict.verdict for one in asked}


def test_texts_of_several_formats_are_read_once() -> None:
    """Would catch a cost that grows with the formats, and captions that are read in pieces."""
    wide = [
        text("caption", "SLOW MORNINGS DESERVE", 0.3, "16x9"),
        text("caption", "A BETTER MUG.", 1.5, "16x9"),
        text("hook", "Hold the heat", 1.0, "16x9"),
    ]
    texts = drawn_texts([*GOOD, *wide])
    captions = [one for one in texts if one.where == "caption"]
    assert [one.text for one in captions] == ["SLOW MORNINGS DESERVE A BETTER MUG."]
    assert len({one.column for one in texts}) == len(texts) == len(GOOD) - 1
    assert captions[0].seen_s("BETTER") == 1.8
