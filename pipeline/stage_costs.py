"""What a spot costs each stage, as measured: summed per unit, averaged over the last runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pipeline import ledger

RUNS = 20
"""The newest so many runs are asked."""
FEW = 3
"""Of fewer spots than this a mean says little: then the stage's own hint is taken."""


@dataclass(frozen=True)
class StageCost:
    """Of one spot: wall seconds of one worker, and CPU seconds; `spots` that this is the mean of,
    0 for a guess."""

    seconds: float
    cpu_seconds: float
    spots: int


@dataclass(frozen=True)
class Prices:
    """What an hour of a core and of a GPU costs, and how many GPUs a worker of a stage takes."""

    cpu_hour_usd: float = 0.0
    gpu_hour_usd: float = 0.0
    gpus: Mapping[str, float] = field(default_factory=dict)

    def usd(self, stage: str, seconds: float, cpu_seconds: float) -> float:
        """Of work of a stage: GPUs are paid by the wall clock, cores by the CPU's."""
        gpu_seconds = seconds * self.gpus.get(stage, 0.0)
        return (gpu_seconds * self.gpu_hour_usd + cpu_seconds * self.cpu_hour_usd) / 3600

    def to_json(self) -> dict[str, Any]:
        """For the run's plan."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any] | None) -> Prices:
        """What `to_json` gave; nothing costs anything where it is not known."""
        return cls(**(content or {}))


@dataclass
class StageCosts:
    """Sums over spots, by stage: work that was done, not what came from the store."""

    _sums: dict[str, list[float]] = field(default_factory=dict)

    def add(self, stages: Iterable[Mapping[str, Any]] | None) -> None:
        """The stages of one ledger row."""
        for ran in stages or ():
            if not ran["cached"]:
                sums = self._sums.setdefault(ran["stage"], [0, 0.0, 0.0])
                sums[0] += 1
                sums[1] += ran["seconds"] or 0.0
                sums[2] += ran["cpu_seconds"] or 0.0

    def merge(self, content: Mapping[str, Mapping[str, float]]) -> None:
        """Add what `to_json` gave."""
        for stage, cost in content.items():
            sums = self._sums.setdefault(stage, [0, 0.0, 0.0])
            for at, name in enumerate(("spots", "seconds", "cpu_seconds")):
                sums[at] += cost[name]

    def to_json(self) -> dict[str, dict[str, float]]:
        """Sums by stage, for a unit's receipt."""
        return {
            stage: {
                "spots": sums[0],
                "seconds": round(sums[1], 3),
                "cpu_seconds": round(sums[2], 3),
            }
            for stage, sums in self._sums.items()
        }

    def of(self, stage: str, hint: float) -> StageCost:
        """The mean of a stage, or its hint where too little was measured."""
        spots, seconds, cpu_seconds = self._sums.get(stage, (0, 0.0, 0.0))
        if spots < FEW:
            return StageCost(hint, hint, 0)
        return StageCost(seconds / spots, cpu_seconds / spots, int(spots))


def measured_costs(output: str) -> StageCosts:
    """From the receipts of the newest runs below `output`."""
    costs = StageCosts()
    for run_id in ledger.runs(output)[-RUNS:]:
        for receipt in ledger.receipts(output, run_id):
            costs.merge(receipt.get("stage_costs", {}))
    return costs
