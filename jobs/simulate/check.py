"""The model against what happened: units that were rendered, simulated from their own receipts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.simulate.unit import Row, Site, Station, simulate_unit
from pipeline import ledger

WAITS = 0.5
"""A stage whose CPU time is below this share of what its workers could have had waits for
something else than cores: a GPU, a service."""


@dataclass(frozen=True)
class Checked:
    """One unit. `error` is relative to what it really took."""

    run_id: str
    unit: int
    spots: int
    cores: float
    real_s: float
    simulated_s: float

    @property
    def error(self) -> float:
        """Above 0 where the model is too slow."""
        return self.simulated_s / self.real_s - 1


def check_output(output: str) -> Iterator[Checked]:
    """Every unit that was rendered on Ray."""
    for run_id in ledger.runs(output):
        for receipt in ledger.receipts(output, run_id):
            if receipt.get("runner", {}).get("cores"):
                rows = ledger.read_unit(output, receipt, without=("unchanged", "withdrawn"))
                ran = [row["stages"] for row in rows.to_pylist() if row["stages"]]
                if ran:
                    yield _checked(receipt, ran)


def _checked(receipt: Mapping[str, Any], ran: Sequence[Sequence[Mapping[str, Any]]]) -> Checked:
    workers: Mapping[str, int] = receipt["runner"]["workers"]
    cores = float(receipt["runner"]["cores"])
    costs = [
        {one["stage"]: (one["seconds"] or 0.0, one["cpu_seconds"] or 0.0) for one in row}
        for row in ran
    ]
    crowd = max(1.0, sum(workers.values()) / cores)
    stations = []
    for name, count in workers.items():
        spent = [row[name] for row in costs if name in row]
        wall, cpu = sum(one[0] for one in spent), sum(one[1] for one in spent)
        stations.append(Station(name, count, gpu=cpu * crowd < WAITS * wall))
    rows: list[Row] = [[row.get(name) for name in workers] for row in costs]
    times = simulate_unit(stations, rows, Site(cores=cores))
    return Checked(
        receipt["run_id"], receipt["unit"], len(rows), cores, receipt["seconds"], times.wall_s
    )
