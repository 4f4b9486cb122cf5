"""Budget: a run that would cost more than its campaign allows stops before the next unit."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline import ledger, storage
from pipeline.planned_run import PlannedRun
from pipeline.run_sums import RunSums
from pipeline.stage_costs import Prices, StageCosts
from schemas.config_error import ConfigError, Refusal
from stages.base import Stage


class BudgetSpent(RuntimeError):
    """The next unit would exceed the budget. What is rendered is in the ledger; the run is open."""


@dataclass
class Budget:
    """USD that a run may cost, by what its stages took and what the profile says that costs."""

    usd: float | None
    prices: Prices
    stages: Sequence[Stage]
    say: Callable[[str], None] = print
    _sums: RunSums | None = None

    def check(self) -> None:
        """Raises `ConfigError` for a budget that nothing is counted against."""
        if self.usd is None or self.prices.cpu_hour_usd or self.prices.gpu_hour_usd:
            return
        fix = "the hardware profile has no prices to count with; give --profile one that has"
        fix += " (cpu_hour_usd, gpu_hour_usd), or leave this out"
        raise ConfigError("the campaign", [Refusal("budget", f"{self.usd:g}", fix)])

    def admit(self, plan: PlannedRun, unit: int, costs: StageCosts) -> None:
        """Raises `BudgetSpent`, and marks the run as stopped, where what was spent by all drivers
        and what the unit will cost (as spots cost so far) is more than the budget."""
        if self.usd is None:
            return
        if self._sums is None:
            self._sums = RunSums(plan.output, plan.run_id, self.prices)
        spent = self._sums.refresh().usd
        spots = len(plan.to_render(unit))
        more = spots * self._of_a_spot(costs)
        if spent + more <= self.usd:
            return
        left = len(self._sums.left)
        told = (
            f"budget: run {plan.run_id} has cost {spent:.2f} of {self.usd:.2f} USD, and unit {unit}"
            f" ({spots} spots) would cost about {more:.2f}; {left} of {len(plan.units)} units are"
            " left. Raise `budget` and run the same command: it goes on from here"
        )
        content = {
            "why": "budget", "budget_usd": self.usd, "spent_usd": round(spent, 6),
            "next_unit": unit, "next_unit_usd": round(more, 6), "units_left": left,
            "spots_left": sum(self._sums.left.values()),
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }  # fmt: skip
        place = storage.join(ledger.run_folder(plan.output, plan.run_id), "stopped.json")
        storage.replace_bytes(json.dumps(content, indent=2).encode(), place)
        raise BudgetSpent(told)

    def _of_a_spot(self, costs: StageCosts) -> float:
        found = [(stage, costs.of(stage.name, stage.seconds_hint)) for stage in self.stages]
        return sum(
            self.prices.usd(stage.name, cost.seconds, cost.cpu_seconds) for stage, cost in found
        )
