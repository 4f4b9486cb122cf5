"""What follows a run: summary, report page, MLflow, and a few lines for whoever started it."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import ledger, storage
from pipeline.campaign_run import FinishedRun
from pipeline.planned_run import read_plan
from pipeline.report import RunSummary, summarise, write_report
from pipeline.report.distribution import Gates
from pipeline.report.report import summary_uri
from pipeline.report.words import spots
from pipeline.stage_costs import Prices
from pipeline.tracking import track
from pipeline.tracking_content import priced

MOST_LINES = 60
"""Lines of the printed summary; the report has them all."""
MOST_WHOLE = 20_000
"""Spots of a campaign whose unchanged ones are shown, too, with all that is known of them."""


def finish(run: FinishedRun, *, recipe: str, say: Callable[[str], None]) -> RunSummary:
    """Write the report and the MLflow run of a finished campaign run, and print what matters."""
    seconds = (datetime.now(UTC) - run.started_at).total_seconds()
    counts = ledger.counts(run.output, run.run_id)
    rows = _rows(run, sum(counts.values()))
    summary = summarise(
        rows,
        campaign=run.campaign.name,
        run_id=run.run_id,
        started_at=run.started_at,
        seconds=seconds,
        recipe=recipe,
        machine=f"{platform.machine()}, {os.cpu_count()} cores",
    )
    prices = Prices.from_json(read_plan(run.output, run.run_id).get("prices"))
    summary = priced(replace(summary, counts=counts), prices)
    gates = {name: (least, most) for name, least, most in run.campaign.gates()}
    report = write_report(
        run.output,
        run.campaign.name,
        rows,
        summary,
        gates=gates,
        tracking_uri=run.campaign.tracking_uri,
    )
    begun = time.monotonic()
    tracked = _track(run, rows, summary, report, gates)
    for line in _lines(summary, rows):
        say(line)
    if tracked:
        say(f"MLflow run {tracked} written in {time.monotonic() - begun:.0f} s")
        if storage.is_local(run.output):
            database = storage.join(run.output, "mlflow.db")
            say(f"  see it with: mlflow ui --backend-store-uri sqlite:///{database}")
    say(f"Open {report}")
    return summary


def _track(
    run: FinishedRun, rows: pa.Table, summary: RunSummary, report: str, gates: Gates
) -> str | None:
    """Tell MLflow of the run, and then of earlier runs that it could not be told of."""

    def tell(rows: pa.Table, summary: RunSummary, report: str | None) -> str | None:
        return track(
            run.output,
            run.campaign.name,
            summary.run_id,
            rows,
            summary,
            tracking_uri=run.campaign.tracking_uri,
            parameters={
                "recipe": summary.recipe,
                "git": _git_revision(),
                "seed": str(run.campaign.seed),
            },
            report_uri=report,
            gates=gates,
            prices=Prices.from_json(read_plan(run.output, summary.run_id).get("prices")),
        )

    tracked = tell(rows, summary, report)
    if tracked is None:
        storage.replace_bytes(b"{}", _untold(run.output, run.run_id))
        return None
    for run_id in ledger.runs(run.output):
        saved = storage.read_bytes_or_none(summary_uri(run.output, run_id))
        if saved is None or not storage.exists(_untold(run.output, run_id)):
            continue
        earlier = _rows(replace(run, run_id=run_id), MOST_WHOLE)
        if tell(earlier, RunSummary.from_json(saved), None) is not None:
            storage.remove(_untold(run.output, run_id))
    return tracked


def _untold(output: str, run_id: str) -> str:
    """Marks a run that MLflow could not be told of when it ended."""
    return storage.join(ledger.run_folder(output, run_id), "untold.json")


def _rows(run: FinishedRun, spots: int) -> pa.Table:
    """What is reported: everything, or of a large campaign what was worked on."""
    if spots <= MOST_WHOLE:
        return ledger.read_ledger(run.output, run.run_id, whole=True)
    return ledger.read_ledger(run.output, run.run_id, without=("unchanged", "withdrawn"))


def _lines(summary: RunSummary, rows: pa.Table) -> list[str]:
    counts = ", ".join(f"{number} {status}" for status, number in summary.counts.items() if number)
    lines = ["", f"{summary.spots} spots in, {summary.spots} accounted for: {counts or 'none'}"]
    executed = [total for total in summary.stage_seconds if total.executed]
    if not executed:
        lines.append(
            "Nothing was rendered: same inputs, same parameters, same stage versions as before."
            " (Changed a stage's code? Bump its version.)"
        )
    else:
        finished = summary.counts.get("published", 0)
        each = f", {(summary.seconds or 0) / finished:.0f} s per published spot" if finished else ""
        lines.append(f"{summary.seconds or 0:.0f} s in all{each}; where the time went:")
        for total in executed:
            lines.append(
                f"  {total.stage:15} {total.executed:5} run, {total.cached:5} from the store,"
                f" {total.seconds:8.1f} s, {total.cpu_seconds:8.1f} CPU s,"
                f" peak {total.peak_memory_mb:.0f} MB"
            )
        cpu = sum(total.cpu_seconds for total in executed)
        each = f", {cpu / finished:.1f} per published spot" if finished else ""
        usd = "" if summary.usd is None else f", {summary.usd:,.2f} USD"
        lines.append(f"  {'all':15} {cpu:.1f} CPU s{each}{usd}")
    if held := summary.counts.get("held", 0):
        lines.append(f"{spots(held)} held for a person: python -m jobs.review list OUT")
    turned_down = pc.is_in(rows["status"], pa.array(["held", "rejected", "failed"]))
    for row in rows.filter(turned_down).slice(0, MOST_LINES).to_pylist():
        why = f"{row['stage']}: {row['reason_code']}: {row['reason']}"
        lines.append(f"  {row['status']:9} {row['spot_id']}: {why}")
    return lines if len(lines) <= MOST_LINES else [*lines[:MOST_LINES], "  ... see the report"]


def _git_revision() -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"],
            capture_output=True, text=True, timeout=10, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()
