"""Rows of the ledger as plain dicts, one at a time, whether they come as a table or as a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import pyarrow as pa

from pipeline.rows import to_table
from schemas.result import RESULT_SCHEMA

Rows: TypeAlias = pa.Table | Sequence[Mapping[str, Any]]
"""Rows of `schemas.result.RESULT_SCHEMA`."""

ROWS_AT_ONCE = 512
"""Rows turned into Python objects at a time: bounds memory over a large ledger."""


def each_row(rows: Rows) -> Iterator[dict[str, Any]]:
    """Every row as a dict with all columns of the ledger; `metrics` is a dict, lists never None."""
    if isinstance(rows, pa.Table):
        for batch in rows.to_batches(max_chunksize=ROWS_AT_ONCE):
            yield from map(_complete, batch.to_pylist())
    else:
        yield from map(_complete, rows)


def _complete(row: Mapping[str, Any]) -> dict[str, Any]:
    complete: dict[str, Any] = dict.fromkeys(RESULT_SCHEMA.names)
    complete.update(row)
    complete["metrics"] = dict(complete["metrics"] or {})
    for name in ("outputs", "verdicts", "stages"):
        complete[name] = list(complete[name] or [])
    return complete


def as_table(rows: Rows) -> pa.Table:
    """The rows as a table of the ledger's schema."""
    if isinstance(rows, pa.Table):
        return rows
    return to_table([dict(row) for row in rows], RESULT_SCHEMA)
