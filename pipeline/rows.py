"""The row that flows between stages: its schema, how it starts, and what the ledger keeps of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from pipeline.redact import redacted
from schemas.arrow_types import METRICS, STAGE_RUN, VERDICT
from schemas.result import RESULT_SCHEMA
from schemas.spot import SPOT_SCHEMA
from stages.base import Stage

PENDING = "pending"

_FLOW = pa.schema(
    [
        ("status", pa.string()),
        ("stage", pa.string()),
        ("reason_code", pa.string()),
        ("reason", pa.string()),
        ("another_seed", pa.bool_()),
        ("review", pa.string()),
        ("attempt", pa.int32()),
        ("metrics", METRICS),
        ("verdicts", pa.list_(VERDICT)),
        ("stages", pa.list_(STAGE_RUN)),
        ("fingerprint", pa.string()),
        ("feed_line", pa.int64()),
        ("source", pa.string()),
        ("inputs", pa.list_(pa.uint32())),
    ]
)


class RecipeError(ValueError):
    """A recipe whose stages do not fit together; the message says what to change."""


def row_schema(stages: Sequence[Stage]) -> pa.Schema:
    """One schema for the whole way: the spot, the flow's own columns, all that stages write.

    Every block has it from the start (columns not yet written are null), so that nothing changes
    type between stages. Raises `RecipeError` where two stages write the same column.
    """
    fields = {field.name: field for field in [*SPOT_SCHEMA, *_FLOW]}
    for stage in stages:
        for field in stage.writes:
            if field.name in fields:
                raise RecipeError(f"{stage.name} writes {field.name!r}, which is written already")
            fields[field.name] = field.with_nullable(True)
    return pa.schema(list(fields.values()))


def check_recipe(stages: Sequence[Stage]) -> None:
    """Refuse a recipe in which a stage reads what no earlier stage writes."""
    if not stages:
        raise RecipeError("the recipe has no stages; return a list with at least one")
    known = {*SPOT_SCHEMA.names, "verdicts"}
    writers = {field.name: later.name for later in stages for field in later.writes}
    seen: set[str] = set()
    for stage in stages:
        _check_engine(stage)
        if stage.name in seen:
            raise RecipeError(f"the recipe has two stages named {stage.name!r}; keep one")
        if stage.name == "publish" and "release" not in seen:
            raise RecipeError(
                "the recipe publishes without release: what gates leave to a person would go out"
                " unseen; put stages.release.Release() before sign"
            )
        seen.add(stage.name)
        for column in stage.reads:
            if column in known:
                continue
            if column in writers:
                raise RecipeError(
                    f"{stage.name} reads {column!r}, which only {writers[column]} writes, later;"
                    f" put {writers[column]} before {stage.name}"
                )
            raise RecipeError(
                f"{stage.name} reads {column!r}, which no stage of the recipe writes;"
                f" add the stage that does before {stage.name}"
            )
        known.update(field.name for field in stage.writes)
    row_schema(stages)


def _check_engine(stage: Stage) -> None:
    engine = getattr(stage, "engine", None)
    for word in ("name", "version"):
        if engine is not None and not isinstance(getattr(engine, word, None), str):
            raise RecipeError(
                f"{stage.name}'s engine {type(engine).__name__} has no {word!r}; give the class"
                f" {word}: ClassVar[str], or its changes would be served from the store"
            )


def new_row(
    spot: Mapping[str, Any],
    fingerprint: str,
    feed_line: int | None,
    source: str | None = None,
    inputs: Sequence[int] = (),
) -> dict[str, Any]:
    """A spot as it enters the first stage."""
    return {
        **spot,
        "status": PENDING,
        "attempt": 1,
        "metrics": {},
        "verdicts": [],
        "stages": [],
        "another_seed": False,
        "fingerprint": fingerprint,
        "feed_line": feed_line,
        "source": source,
        "inputs": list(inputs),
    }


def to_table(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows as an Arrow table of exactly this schema; metrics may be a mapping or pairs."""
    ready = [{**row, "metrics": list(dict(row.get("metrics") or {}).items())} for row in rows]
    return pa.Table.from_pylist(ready, schema=schema)


def to_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Rows of a table, with metrics as a mapping."""
    rows = table.to_pylist()
    for row in rows:
        row["metrics"] = dict(row.get("metrics") or [])
    return rows


def to_result(row: Mapping[str, Any], run_id: str) -> dict[str, Any]:
    """What the ledger keeps of a row that came out of the last stage."""
    result = {name: row.get(name) for name in RESULT_SCHEMA.names}
    result["run_id"] = run_id
    if row["status"] == PENDING:
        last = row["stages"][-1]["stage"] if row["stages"] else None
        result.update(status="published", stage=last)
        if row.get("outputs") is None:
            reason = "the recipe has no publish stage: nothing was put into spots/"
            result.update(status="held", reason_code="not_published", reason=reason)
    masters = row.get("masters") or []
    result["preview_uri"] = masters[0]["uri"] if masters else None
    result["provenance"] = {
        name: row.get(name) for name in ("c2pa_state", "manifest_sha256", "watermark_id", "signer")
    }
    return result


def decided(
    spot_id: str, product_id: str, status: str, reason_code: str, reason: str, **more: Any
) -> dict[str, Any]:
    """A ledger row for what was decided before any stage ran; of a rejection with its verdict."""
    reason = redacted(reason)
    row: dict[str, Any] = dict.fromkeys(RESULT_SCHEMA.names)
    row.update(
        spot_id=spot_id, product_id=product_id, variant="main", status=status, stage="plan",
        reason_code=reason_code, reason=reason, outputs=[], metrics={}, stages=[],
        verdicts=[{"gate": "plan", "rule": reason_code, "verdict": "block", "evidence": reason}],
    )  # fmt: skip
    row.update(more)
    return row
