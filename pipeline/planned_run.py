"""A planned run as it lies in the output: its units, so that any driver can go on with them.

plan/run=<run_id>/unit=<n>.parquet           rows to render
plan/run=<run_id>/unit=<n>-settled.parquet   ledger rows of the same unit that need no work
ledger/run=<run_id>/plan.json                written last: the plan is whole
ledger/run=<run_id>/closed.json              written once: the run is over, its report is made
"""

from __future__ import annotations

import contextlib
import io
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import ledger, storage
from pipeline.plan import Unit
from pipeline.rows import to_rows
from schemas.result import RESULT_SCHEMA


@dataclass(frozen=True)
class PlannedRun:
    """A run whose plan is whole. Units without work are in the ledger already."""

    output: str
    run_id: str
    key: str
    started_at: datetime
    units: Mapping[int, int]
    """Number of each unit that has work, to how many spots it has in all."""
    pending: int
    settled: int

    def to_render(self, unit: int) -> list[dict[str, Any]]:
        """Rows for the first stage."""
        content = storage.read_bytes(_place(self.output, self.run_id, f"unit={unit:05d}"))
        return to_rows(pq.read_table(io.BytesIO(content), partitioning=None))

    def settled_rows(self, unit: int) -> pa.Table:
        """Ledger rows of the unit's other spots."""
        name = f"unit={unit:05d}-settled"
        content = storage.read_bytes_or_none(_place(self.output, self.run_id, name))
        if content is None:
            return RESULT_SCHEMA.empty_table()
        return pq.read_table(io.BytesIO(content), partitioning=None)

    def is_done(self, unit: int) -> bool:
        """Whether the unit's receipt is there."""
        return storage.exists(
            storage.join(ledger.unit_folder(self.output, self.run_id, unit), "receipt.json")
        )

    def close(self, about: Mapping[str, Any]) -> bool:
        """Declare the run over, with what is to be known of its end. False if another driver has
        done so."""
        place = storage.join(ledger.run_folder(self.output, self.run_id), "closed.json")
        who = json.dumps({"by": secrets.token_hex(8), **about}).encode()
        return storage.commit_bytes(who, place)

    def clear(self) -> None:
        """Remove what was written down of the units: all of them are in the ledger."""
        with contextlib.suppress(OSError):  # what stays behind harms nobody
            storage.remove_folder(storage.join(self.output, "plan", f"run={self.run_id}"))


def keep_unit(output: str, run_id: str, unit: Unit, settled: pa.Table) -> None:
    """Write a unit that has work, for whoever will do it."""
    tables = {"": unit.table, "-settled": settled}
    for suffix, table in tables.items():
        if table.num_rows:
            place = _place(output, run_id, f"unit={unit.number:05d}{suffix}")
            storage.replace_bytes(ledger.parquet_bytes(table), place)


def keep_run(run: PlannedRun, about: Mapping[str, Any]) -> None:
    """Write the run's `plan.json`: from now on it can be joined and continued."""
    content = {
        "run_id": run.run_id,
        "key": run.key,
        "started_at": run.started_at.isoformat(),
        "units": {str(number): spots for number, spots in run.units.items()},
        "pending": run.pending,
        "settled": run.settled,
        **about,
    }
    text = json.dumps(content, indent=2).encode()
    storage.commit_bytes(text, storage.join(ledger.run_folder(run.output, run.run_id), "plan.json"))


def read_plan(output: str, run_id: str) -> dict[str, Any]:
    """What `keep_run` wrote of a run; {} if unknown."""
    place = storage.join(ledger.run_folder(output, run_id), "plan.json")
    content = storage.read_bytes_or_none(place)
    return {} if content is None else dict(json.loads(content))


def stage_digests(output: str, run_id: str) -> dict[str, str]:
    """The stages of a run, each with the digest of its version and parameters; {} if unknown."""
    return dict(read_plan(output, run_id).get("stages", {}))


def open_run(output: str, key: str) -> PlannedRun | None:
    """The newest run, if it is of this plan and not over; one with another plan is left behind."""
    for run_id in reversed(ledger.runs(output)):
        folder = ledger.run_folder(output, run_id)
        content = storage.read_bytes_or_none(storage.join(folder, "plan.json"))
        if content is None:  # its planner died: nothing of it was rendered
            continue
        if storage.exists(storage.join(folder, "closed.json")):
            return None
        plan = json.loads(content)
        if plan["key"] != key:
            return None
        return PlannedRun(
            output=output,
            run_id=run_id,
            key=key,
            started_at=datetime.fromisoformat(plan["started_at"]),
            units={int(number): spots for number, spots in plan["units"].items()},
            pending=plan["pending"],
            settled=plan["settled"],
        )
    return None


def forget(output: str, run_id: str) -> None:
    """Remove what a plan that failed has written."""
    storage.remove_folder(storage.join(output, "plan", f"run={run_id}"))
    storage.remove_folder(ledger.run_folder(output, run_id))


def _place(output: str, run_id: str, name: str) -> str:
    return storage.join(output, "plan", f"run={run_id}", f"{name}.parquet")
