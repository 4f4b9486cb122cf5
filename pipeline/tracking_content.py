"""What MLflow keeps of a campaign run: its numbers, its parameters and its files."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from pipeline import ledger, storage
from pipeline.report.distribution import Distribution, Gates, distributions
from pipeline.report.ledger_csv import ledger_csv
from pipeline.report.plots import plots_png
from pipeline.report.rows import Rows, as_table, each_row
from pipeline.report.sheet import overview_sheet
from pipeline.report.summary import RunSummary, summarise
from pipeline.stage_costs import Prices


def unit_metrics(
    output: str, receipt: Mapping[str, Any], prices: Prices, gates: Gates | None
) -> dict[str, float]:
    """What MLflow gets of one unit, from its rows in the ledger, each name below "unit/"."""
    rows = ledger.read_unit(output, receipt, without=("unchanged", "withdrawn"))
    summary = summarise(rows, campaign="", run_id=receipt["run_id"], seconds=receipt["seconds"])
    summary = replace(summary, counts=receipt["counts"])
    found = metrics(priced(summary, prices), {**distributions(rows, gates), **costs(rows, prices)})
    return {f"unit/{name}": value for name, value in found.items()}


def priced(summary: RunSummary, prices: Prices) -> RunSummary:
    """The summary with what its work cost."""
    usd = sum(prices.usd(one.stage, one.seconds, one.cpu_seconds) for one in summary.stage_seconds)
    return replace(summary, usd=usd if prices.cpu_hour_usd or prices.gpu_hour_usd else None)


def costs(rows: Rows, prices: Prices) -> dict[str, Distribution]:
    """What spots cost, as distributions over spots: seconds of each stage, CPU seconds and USD of
    all of them, of work that was done in this run.
    """
    values: dict[str, list[float]] = {}
    for row in each_row(rows):
        work = [ran for ran in row["stages"] or () if not ran["cached"]]
        if row["status"] in ("unchanged", "withdrawn") or not work:
            continue
        for ran in work:
            values.setdefault(f"stage_{ran['stage']}/seconds", []).append(ran["seconds"] or 0.0)
        cpu = sum(ran["cpu_seconds"] or 0.0 for ran in work)
        usd = sum(
            prices.usd(ran["stage"], ran["seconds"] or 0.0, ran["cpu_seconds"] or 0.0)
            for ran in work
        )
        values.setdefault("cost/cpu_seconds", []).append(cpu)
        values.setdefault("cost/usd", []).append(usd)
    return {name: Distribution(name, np.sort(np.asarray(v))) for name, v in values.items()}


def metrics(summary: RunSummary, spread: Mapping[str, Distribution]) -> dict[str, float]:
    """Everything as numbers; MLflow's page groups them by the word before the slash."""
    values: dict[str, float] = {f"spots/{status}": n for status, n in summary.counts.items()}
    values["spots/total"] = summary.spots
    values.update({f"reasons/{code}": n for code, n in summary.reasons.items()})
    values.update({f"ended_in/{where}": n for where, n in summary.ended_in.items()})
    for name, spots in spread.items():
        joint = "_" if "/" in name else "/"
        values.update({f"{name}{joint}{word}": v for word, v in spots.statistics().items()})
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
        ("cost/usd_total", summary.usd),
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
