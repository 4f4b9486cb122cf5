"""How the runs of an output stand, from the store alone: no driver is asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import ledger, storage
from pipeline.planned_run import read_plan
from pipeline.run_sums import RunSums, marked, run_began

MOST_REASONS = 20


@dataclass(frozen=True)
class RunStatus:
    """One run. `state`: "closed", "open" (somebody may be at work), "stopped" (at its budget) or
    "unplanned" (its planner died, or is at it)."""

    run_id: str
    state: str
    campaign: str = ""
    began: str = ""
    units: int = 0
    units_left: int = 0
    spots: int = 0
    spots_done: int = 0
    missing: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    usd: float | None = None
    """None where the run was given no prices."""
    seconds: float = 0.0
    stopped: dict[str, Any] | None = None
    reasons: list[dict[str, Any]] = field(default_factory=list)
    """Of the spots that failed, were rejected or are held: status, stage, reason_code, spots."""

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def run_statuses(output: str, *, newest: int = 10) -> list[RunStatus]:
    """The newest runs, newest first; the first of them with its reasons."""
    found: list[RunStatus] = []
    for run_id in reversed(ledger.runs(output)[-newest:]):
        found.append(run_status(output, run_id, reasons=not found))
    return found


def run_status(output: str, run_id: str, *, reasons: bool = True) -> RunStatus:
    """One run, as far as it is."""
    began = run_began(run_id)
    since = began.isoformat(timespec="seconds") if began else ""
    plan = read_plan(output, run_id)
    if not plan:
        return RunStatus(run_id, "unplanned", began=since)
    sums = RunSums(output, run_id).refresh()
    stopped = marked(output, run_id, "stopped")
    if stopped is not None and stopped["units_left"] != len(sums.left):
        stopped = None  # it went on since
    state = "open" if stopped is None else "stopped"
    if marked(output, run_id, "closed") is not None:
        state, stopped = "closed", None
    assert sums.prices is not None
    priced = sums.prices.cpu_hour_usd or sums.prices.gpu_hour_usd
    return RunStatus(
        run_id=run_id, state=state, campaign=plan.get("campaign", ""), began=since,
        units=sums.units, units_left=len(sums.left), spots=sums.expected, spots_done=sums.done,
        missing=sums.missing, counts=sums.counts, usd=sums.usd if priced else None,
        seconds=sums.seconds, stopped=stopped,
        reasons=_reasons(output, run_id) if reasons else [],
    )  # fmt: skip


def _reasons(output: str, run_id: str) -> list[dict[str, Any]]:
    columns = ("status", "stage", "reason_code")
    table = ledger.read_ledger(output, run_id, columns=columns)
    ended = pc.is_in(table["status"], pa.array(["failed", "rejected", "held"]))
    rows = table.filter(ended).to_pylist()
    counted = Counter(tuple(row[name] for name in columns) for row in rows)
    return [
        {**dict(zip(columns, key, strict=True)), "spots": number}
        for key, number in counted.most_common(MOST_REASONS)
    ]


def drivers(output: str) -> list[str]:
    """Who holds a lease that was not given back: at work, or dead for less than no time."""
    from pipeline.leases import Leases

    leases = Leases(output)
    names = ["driver", "plan"]
    for folder in storage.list_folders(storage.join(output, "leases")):
        run = folder.rstrip("/").rpartition("/")[2]
        if run not in names:
            units = storage.list_folders(storage.join(output, "leases", run))
            names += [f"{run}/{unit.rstrip('/').rpartition('/')[2]}" for unit in units]
    return sorted({holder for name in names if (holder := leases.holder(name))})
