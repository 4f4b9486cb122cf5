"""The ledger: every spot of every run, exactly once, as plain Parquet that any tool can read.

ledger/run=<run_id>/unit=<n>/part-<n>.parquet   rows of schemas.result.RESULT_SCHEMA
ledger/run=<run_id>/unit=<n>/receipt.json       written last: this unit is complete
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import storage
from pipeline.rows import to_rows, to_table
from schemas.result import RESULT_SCHEMA, STATUSES


class LedgerError(RuntimeError):
    """The ledger does not add up; the message says by how much."""


class UnitWriter:
    """Writes the rows of one unit in parts, then its receipt."""

    def __init__(self, output: str, run_id: str, unit: int, rows_per_part: int = 256) -> None:
        self._folder = storage.join(output, "ledger", f"run={run_id}", f"unit={unit:05d}")
        self._waiting: list[Mapping[str, Any]] = []
        self._rows_per_part, self._parts, self._counts = (
            rows_per_part,
            0,
            dict.fromkeys(STATUSES, 0),
        )

    def add(self, result: Mapping[str, Any]) -> None:
        """One ledger row. A full part is committed at once: a crash loses at most one part."""
        self._counts[result["status"]] += 1
        self._waiting.append(result)
        if len(self._waiting) >= self._rows_per_part:
            self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        buffer = io.BytesIO()
        pq.write_table(to_table(self._waiting, RESULT_SCHEMA), buffer, compression="zstd")
        place = storage.join(self._folder, f"part-{self._parts:05d}.parquet")
        if not storage.commit_bytes(buffer.getvalue(), place):
            raise LedgerError(f"{place} is there already: two runs have the same id; run again")
        self._parts += 1
        self._waiting = []

    def close(self, expected: int, receipt: Mapping[str, Any]) -> dict[str, Any]:
        """Commit the rest and the receipt. Raises `LedgerError` if rows are missing or too many."""
        self._flush()
        total = sum(self._counts.values())
        if total != expected:
            raise LedgerError(
                f"{self._folder} has {total} rows for {expected} spots ({self._counts})"
            )
        content = {**receipt, "spots": total, "counts": self._counts, "parts": self._parts}
        text = json.dumps(content, indent=2, sort_keys=True)
        storage.replace_bytes(text.encode(), storage.join(self._folder, "receipt.json"))
        return content


def runs(output: str) -> list[str]:
    """Run ids with at least one part in the ledger, oldest first."""
    found = set()
    for uri in storage.list_files(storage.join(output, "ledger"), ".parquet"):
        if match := re.search(r"/run=([^/]+)/", uri):
            found.add(match.group(1))
    return sorted(found)


def latest_run(output: str) -> str | None:
    """The newest run id, or None before the first run."""
    return max(runs(output), default=None)


def read_ledger(output: str, run_id: str) -> pa.Table:
    """All rows of one run, in today's schema: columns that an old run lacks are null."""
    folder = storage.join(output, "ledger", f"run={run_id}")
    tables = [_read_part(uri) for uri in storage.list_files(folder, ".parquet")]
    return pa.concat_tables(tables) if tables else RESULT_SCHEMA.empty_table()


def _read_part(uri: str) -> pa.Table:
    table = pq.read_table(io.BytesIO(storage.read_bytes(uri)), partitioning=None)
    columns = [
        table[field.name].cast(field.type)
        if field.name in table.schema.names
        else pa.nulls(table.num_rows, field.type)
        for field in RESULT_SCHEMA
    ]
    return pa.table(columns, schema=RESULT_SCHEMA)


def latest_rows(output: str) -> dict[str, dict[str, Any]]:
    """The newest row of each spot over all runs, by spot id."""
    newest: dict[str, dict[str, Any]] = {}
    for run_id in runs(output):
        for row in to_rows(read_ledger(output, run_id)):
            newest[row["spot_id"]] = row
    return newest


def receipts(output: str, run_id: str) -> Iterator[dict[str, Any]]:
    """Receipts of the complete units of a run."""
    for uri in storage.list_files(storage.join(output, "ledger", f"run={run_id}"), "receipt.json"):
        yield json.loads(storage.read_bytes(uri))


def count(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many rows have each status."""
    counts = dict.fromkeys(STATUSES, 0)
    for row in rows:
        counts[row["status"]] += 1
    return counts
