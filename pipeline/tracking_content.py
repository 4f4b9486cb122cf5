"""What MLflow keeps of a campaign run: its numbers, its parameters and its files."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow.parquet as pq

from pipeline import storage
from pipeline.report.distribution import Distribution
from pipeline.report.ledger_csv import ledger_csv
from pipeline.report.plots import plots_png
from pipeline.report.rows import Rows, as_table
from pipeline.report.sheet import overview_sheet
from pipeline.report.summary import RunSummary


def metrics(summary: RunSummary, spread: Mapping[str, Distribution]) -> dict[str, float]:
    """Everything as numbers; MLflow's page groups them by the word before the slash."""
    values: dict[str, float] = {f"spots/{status}": n for status, n in summary.counts.items()}
    values["spots/total"] = summary.spots
    values.update({f"reasons/{code}": n for code, n in summary.reasons.items()})
    for name, spots in spread.items():
        values.update({f"{name}/{word}": value for word, value in spots.statistics().items()})
        if spots.limits:
            values[f"{name}/outside_gate"] = spots.outside()
    for total in summary.stage_seconds:
        stage = f"stage_{total.stage}"
        values[f"{stage}/executed"] = total.executed
        values[f"{stage}/cached"] = total.cached
        values[f"{stage}/seconds"] = total.seconds
        values[f"{stage}/cpu_seconds"] = total.cpu_seconds
        values[f"{stage}/saved_seconds"] = total.saved_seconds
        values[f"{stage}/peak_memory_mb"] = total.peak_memory_mb
    for name, value in (
        ("seconds", summary.seconds),
        ("seconds_per_spot", summary.seconds_per_spot),
        ("cpu_seconds_per_spot", summary.cpu_seconds_per_spot),
        ("cached_share", summary.cached_share),
    ):
        if value is not None:
            values[name] = value
    finite = {name: float(value) for name, value in values.items() if math.isfinite(value)}
    return {re.sub(r"[^\w\-./ ]", "_", name)[:250]: value for name, value in finite.items()}


def parameters(summary: RunSummary, given: Mapping[str, str]) -> dict[str, str]:
    """What the run was started with, as given, and what the summary knows of it."""
    known = {"recipe": summary.recipe, "machine": summary.machine, "spots": str(summary.spots)}
    merged = {**known, **given}
    return {name: str(value)[:6000] for name, value in merged.items() if value not in (None, "")}


def tags(summary: RunSummary) -> dict[str, str]:
    """The note that MLflow shows on the run's page, and when the run began."""
    counts = ", ".join(f"{n} {status}" for status, n in summary.counts.items() if n)
    started = summary.started_at.isoformat() if summary.started_at else ""
    return {"mlflow.note.content": counts or "no spots", "spotmill.started_at": started}


def write_files(
    folder: Path,
    output: str,
    rows: Rows,
    spread: Mapping[str, Distribution],
    report_uri: str | None,
    artifacts: Sequence[str],
) -> None:
    """All files that MLflow shall keep, side by side in a local folder."""
    pq.write_table(as_table(rows), folder / "ledger.parquet", compression="zstd")
    (folder / "ledger.csv").write_bytes(ledger_csv(rows))
    statistics = {name: spots.statistics() for name, spots in spread.items()}
    (folder / "metrics.json").write_text(json.dumps(statistics, indent=1), encoding="utf-8")
    pictures = {
        "plots.png": plots_png(list(spread.values())),
        "contact_sheets.png": overview_sheet(rows, output),
    }
    for name, content in pictures.items():
        if content is not None:
            (folder / name).write_bytes(content)
    for uri in [report_uri, *artifacts] if report_uri else artifacts:
        name = "report.html" if uri == report_uri else uri.rstrip("/").rpartition("/")[2]
        (folder / name).write_bytes(storage.read_bytes(uri))
