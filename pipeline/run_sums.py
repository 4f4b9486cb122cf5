"""What a run has come to so far, by all its drivers, added up from the receipts of its units."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pipeline import ledger, storage
from pipeline.planned_run import read_plan
from pipeline.stage_costs import Prices
from schemas.result import STATUSES

_TIME = "%Y%m%dT%H%M%S%f"


@dataclass
class RunSums:
    """Of one run. A receipt is read once, however often `refresh` is called: there may be 500."""

    output: str
    run_id: str
    prices: Prices | None = None
    """None for those that the run's plan has."""
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATUSES, 0))
    usd: float = 0.0
    seconds: float = 0.0
    """Of units, added up: several drivers work at once."""
    expected: int = 0
    """Spots of the feed that the run is to account for, those without work included."""
    left: dict[int, int] = field(default_factory=dict)
    """Units without a receipt, with their spots."""
    plan: Mapping[str, Any] = field(default_factory=dict)
    _read: set[str] = field(init=False, default_factory=set)

    def refresh(self) -> RunSums:
        """Add what has come in since."""
        if not self.plan:
            self.plan = read_plan(self.output, self.run_id)
            self.expected = self.plan.get("pending", 0) + self.plan.get("settled", 0)
            self.left = {int(unit): n for unit, n in self.plan.get("units", {}).items()}
        if self.prices is None:
            self.prices = Prices.from_json(self.plan.get("prices"))
        folder = ledger.run_folder(self.output, self.run_id)
        for uri in storage.list_files(folder, "receipt.json"):
            if uri not in self._read:
                self._read.add(uri)
                self._add(json.loads(storage.read_bytes(uri)))
        return self

    def _add(self, receipt: Mapping[str, Any]) -> None:
        assert self.prices is not None
        for status, number in receipt["counts"].items():
            self.counts[status] += number
        for stage, cost in receipt.get("stage_costs", {}).items():
            self.usd += self.prices.usd(stage, cost["seconds"], cost["cpu_seconds"])
        self.seconds += receipt.get("seconds") or 0.0
        self.left.pop(receipt["unit"], None)

    @property
    def done(self) -> int:
        """Spots in the ledger that the feed has."""
        return sum(self.counts.values()) - self.counts["withdrawn"]

    @property
    def missing(self) -> int:
        """Spots that should be in the ledger and are not; below 0 where there are too many. Units
        that nobody has rendered yet are not missing."""
        return self.expected - sum(self.left.values()) - self.done if self.plan else 0

    @property
    def units(self) -> int:
        """How many units have work, done or not."""
        return len(self.plan.get("units", {}))


def run_began(run_id: str) -> datetime | None:
    """When a run of this id was planned: "20261124T060000123Z-9f3c"."""
    try:
        return datetime.strptime(run_id.partition("Z")[0], _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None


def marked(output: str, run_id: str, name: str) -> dict[str, Any] | None:
    """The content of closed.json or stopped.json of a run; None where it is not there."""
    place = storage.join(ledger.run_folder(output, run_id), f"{name}.json")
    content = storage.read_bytes_or_none(place)
    return None if content is None else dict(json.loads(content))
