"""The ledger: every spot of every run, exactly once, as plain Parquet that any tool can read.

ledger/run=<run_id>/unit=<n>/part-*.parquet   rows of schemas.result.RESULT_SCHEMA
ledger/run=<run_id>/unit=<n>/receipt.json     written last, once: this unit is complete, its parts
                                              are those that the receipt names
"""

from __future__ import annotations

import contextlib
import io
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline import storage
from pipeline.rows import to_table
from schemas.result import RESULT_SCHEMA, STATUSES


class LedgerError(RuntimeError):
    """The ledger does not add up; the message says by how much, `missing` in spots (0: unknown)."""

    missing: int = 0


class UnitWriter:
    """Writes the rows of one unit in parts, then its receipt, which is what makes them count.

    Several drivers may write the same unit at once: each has parts of its own, and the first
    receipt wins.
    """

    def __init__(self, output: str, run_id: str, unit: int, rows_per_part: int = 256) -> None:
        self._folder = unit_folder(output, run_id, unit)
        self._who = {"run_id": run_id, "unit": unit}
        self._rows_per_part, self._token = rows_per_part, secrets.token_hex(4)
        self._waiting: list[Mapping[str, Any]] = []
        self._parts: list[str] = []
        self._counts = dict.fromkeys(STATUSES, 0)

    def add(self, result: Mapping[str, Any]) -> None:
        """One ledger row; a full part is written at once, to bound memory."""
        self._counts[result["status"]] += 1
        self._waiting.append(result)
        if len(self._waiting) >= self._rows_per_part:
            self._flush()

    def add_table(self, table: pa.Table) -> None:
        """Many rows of `RESULT_SCHEMA`, as a part of their own."""
        if table.num_rows:
            for count in table["status"].value_counts():
                self._counts[count["values"].as_py()] += count["counts"].as_py()
            self._write(table)

    def _flush(self) -> None:
        if self._waiting:
            self._write(to_table(self._waiting, RESULT_SCHEMA))
            self._waiting = []

    def _write(self, table: pa.Table) -> None:
        name = f"part-{self._token}-{len(self._parts):05d}.parquet"
        storage.replace_bytes(parquet_bytes(table), storage.join(self._folder, name))
        self._parts.append(name)

    def close(self, expected: int, receipt: Mapping[str, Any]) -> dict[str, Any] | None:
        """Commit the receipt, with the names of the parts; None if another driver was first.

        Raises `LedgerError` if rows are missing or too many.
        """
        self._flush()
        total = sum(self._counts.values())
        if total != expected:
            error = LedgerError(
                f"{self._folder} has {total} rows for {expected} spots ({self._counts})"
            )
            error.missing = abs(expected - total)
            raise error
        content = {
            **self._who,
            **receipt,
            "spots": total,
            "counts": self._counts,
            "parts": self._parts,
        }
        text = json.dumps(content, indent=2, sort_keys=True)
        won = storage.commit_bytes(text.encode(), storage.join(self._folder, "receipt.json"))
        self._remove_parts(of_others=won)
        return content if won else None

    def _remove_parts(self, *, of_others: bool) -> None:
        """Parts that no receipt names: of a driver that died, or ours if another was first."""
        for uri in storage.list_files(self._folder, ".parquet"):
            name = uri.rpartition("/")[2]
            if (name not in self._parts) == of_others:
                with contextlib.suppress(FileNotFoundError):
                    storage.remove(uri)


def run_folder(output: str, run_id: str) -> str:
    """URI of a run in the ledger."""
    return storage.join(output, "ledger", f"run={run_id}")


def unit_folder(output: str, run_id: str, unit: int) -> str:
    """URI of a unit in the ledger."""
    return storage.join(run_folder(output, run_id), f"unit={unit:05d}")


def parquet_bytes(table: pa.Table) -> bytes:
    """The table as a Parquet file."""
    buffer = io.BytesIO()
    # Texts here hardly repeat: dictionaries of them cost time and room.
    pq.write_table(table, buffer, compression="zstd", use_dictionary=False)
    return buffer.getvalue()


def runs(output: str) -> list[str]:
    """Run ids in the ledger, oldest first."""
    folders = storage.list_folders(storage.join(output, "ledger"))
    names = (uri.rstrip("/").rpartition("/")[2] for uri in folders)
    return sorted(name.removeprefix("run=") for name in names if name.startswith("run="))


def latest_run(output: str) -> str | None:
    """The newest run id, or None before the first run."""
    return max(runs(output), default=None)


def read_ledger(
    output: str,
    run_id: str,
    *,
    columns: Sequence[str] | None = None,
    whole: bool = False,
    without: Sequence[str] = (),
) -> pa.Table:
    """All rows of the complete units of a run, in today's schema: what an old run lacks is null.

    `columns` reads these alone, `without` leaves out rows of these statuses. With `whole`, rows
    of unchanged spots get back the metrics, verdicts and stages of the run that settled them.
    """
    schema = (
        RESULT_SCHEMA if columns is None else pa.schema([RESULT_SCHEMA.field(c) for c in columns])
    )
    units = [read_unit(output, receipt, schema, without) for receipt in receipts(output, run_id)]
    table = pa.concat_tables([schema.empty_table(), *units])
    return _made_whole(output, table) if whole else table


def read_unit(
    output: str,
    receipt: Mapping[str, Any],
    schema: pa.Schema = RESULT_SCHEMA,
    without: Sequence[str] = (),
) -> pa.Table:
    """The rows of one complete unit, as `read_ledger` gives them."""
    folder = unit_folder(output, receipt["run_id"], receipt["unit"])
    tables = [schema.empty_table()]
    for name in receipt["parts"]:
        part = _read_part(storage.join(folder, name), schema)
        if without:
            part = part.filter(pc.invert(pc.is_in(part["status"], pa.array(without))))
        tables.append(part)
    return pa.concat_tables(tables)


def _read_part(uri: str, schema: pa.Schema) -> pa.Table:
    file = pq.ParquetFile(io.BytesIO(storage.read_bytes(uri)))
    there = set(file.schema_arrow.names)
    table = file.read([name for name in schema.names if name in there])
    columns = [
        table[field.name].cast(field.type)
        if field.name in there
        else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


_LEFT_OUT = (
    "metrics", "verdicts", "stages", "provenance", "preview_uri", "contact_sheet_uri",
    "credentials", "disclosure", "upload_hints",
)  # fmt: skip


def _made_whole(output: str, table: pa.Table) -> pa.Table:
    by = table["settled_by"]
    wanted = set(zip(by.to_pylist(), table["spot_id"].to_pylist(), strict=True))
    found: dict[str, dict[str, Any]] = {}
    for run_id in by.unique().drop_null().to_pylist():
        earlier = read_ledger(output, run_id, columns=("spot_id", "settled_by", *_LEFT_OUT))
        for row in earlier.filter(pc.is_null(earlier["settled_by"])).to_pylist():
            if (run_id, row["spot_id"]) in wanted:
                row["stages"] = [{**run, "cached": True} for run in row["stages"] or []]
                found[row["spot_id"]] = {name: row[name] for name in _LEFT_OUT}
    if not found:
        return table
    rows = table.to_pylist()
    for row in rows:
        if row["settled_by"] is not None:
            row.update(found.get(row["spot_id"], {}))
    return pa.Table.from_pylist(rows, schema=table.schema)


def receipts(output: str, run_id: str) -> Iterator[dict[str, Any]]:
    """Receipts of the complete units of a run, in order."""
    for uri in storage.list_files(run_folder(output, run_id), "receipt.json"):
        yield json.loads(storage.read_bytes(uri))


def counts(output: str, run_id: str) -> dict[str, int]:
    """How many spots of a run have each status, by the receipts of its units."""
    total = dict.fromkeys(STATUSES, 0)
    for receipt in receipts(output, run_id):
        for status, number in receipt["counts"].items():
            total[status] += number
    return total
