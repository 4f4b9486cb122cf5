"""The review queue: since when held spots wait for a person, from the newest index alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow.compute as pc

from pipeline import reviews
from pipeline.run_sums import run_began
from pipeline.settled import Settled


def waiting_since(output: str) -> dict[str, datetime]:
    """Held spots that nobody has decided on, with the time of the run that held them."""
    table = Settled.load(output).table
    held = table.filter(pc.equal(table["status"], "held"))
    decided = reviews.decided(output) if held.num_rows else frozenset()
    found = {}
    for row in held.select(["spot_id", "settled_by", "review"]).to_pylist():
        began = run_began(row["settled_by"] or "")
        if began is not None and f"{row['spot_id']}/{row['review']}" not in decided:
            found[row["spot_id"]] = began
    return found


def oldest_s(since: dict[str, datetime], now: datetime | None = None) -> float:
    """Seconds that the oldest one waits; 0 where none does."""
    now = now or datetime.now(UTC)
    return max(((now - began).total_seconds() for began in since.values()), default=0.0)
