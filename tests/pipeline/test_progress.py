"""Progress lines: one per spot while that can be read, few and telling beyond."""

from __future__ import annotations

from typing import Any

from pipeline.progress import EACH_SPOT, EVERY_S, MOST_TOLD, Progress


def result(number: int, status: str = "published", seconds: float = 0.5) -> dict[str, Any]:
    """A ledger row as far as it is read here."""
    ran = {"stage": "composite", "cached": False, "seconds": seconds}
    return {"spot_id": f"s{number}", "status": status, "stage": "composite", "reason": "too dark",
            "stages": [ran, {"stage": "screen", "cached": True, "seconds": 9.0}]}  # fmt: skip


def run(total: int, status: str = "published") -> tuple[list[str], list[str]]:
    """(lines that were said, lines that were shown) when a spot takes half a second."""
    now, said, shown = [0.0], list[str](), list[str]()
    progress = Progress(total, said.append, shown.append, {"composite": 2}, lambda: now[0])
    for number in range(total):
        now[0] += 0.5
        progress.add(result(number, status))
    return said, shown


def test_few_spots_have_a_line_each() -> None:
    """Would catch a demo that is silent for minutes."""
    said, _ = run(3)
    assert said[0] == "  [1/3] s0: published, 0.5 s of work, 1 stages from the store"
    assert len(said) == 3


def test_many_spots_have_a_line_now_and_then() -> None:
    """Would catch a job log of a million lines, and one that tells nothing of pace and end."""
    said, shown = run(1000)
    assert len(said) == 499.5 // EVERY_S + 1 and len(shown) == 1000
    assert said[0] == (
        "  31 of 1,000 (31 published); 120.0 spots a minute; about 8 min left; busy: composite 50%"
    )
    assert shown[0] == "1 of 1,000 (1 published)", "of one spot there is no pace"
    assert said[-1].startswith("  1,000 of 1,000") and "left" not in said[-1]


def test_what_goes_wrong_is_told_but_not_without_end() -> None:
    """Would catch a broken model that fills the log with the same sentence."""
    said, _ = run(EACH_SPOT + 400, "failed")
    told = [line for line in said if "too dark" in line]
    assert len(told) == MOST_TOLD and "  ... further ones are in the report" in said
