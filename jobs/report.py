"""Build the report page of a run again, from its ledger: `python -m jobs.report OUT`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline import ledger, storage
from pipeline.report import RunSummary, summarise, write_report
from pipeline.report.picture import run_picture
from pipeline.report.report import summary_uri
from pipeline.report.rows import Rows
from pipeline.rows import to_rows

NO_SUCH_RUN = 2


def report(
    output: Annotated[str, typer.Argument(metavar="OUT", help="The campaign's output.")],
    run: Annotated[
        str | None, typer.Option(metavar="RUN_ID", help="Which run; the newest if not given.")
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write a JPEG with a frame of each of eight spots."),
    ] = None,
) -> None:
    """Write OUT/report/index.html and ledger.csv for one run.

    Exit status: 0 when the page was written, 2 when the ledger has no such run.
    """
    output = storage.absolute(output)
    runs = ledger.runs(output)
    run_id = run or (runs[-1] if runs else None)
    if run_id is None or run_id not in runs:
        asked = f"no run {run}" if run else "no runs"
        known = f"; its newest are {', '.join(runs[-5:])}" if runs else "; render a campaign first"
        typer.echo(f"{output} has {asked} in its ledger{known}", err=True)
        raise typer.Exit(NO_SUCH_RUN)
    rows = ledger.read_ledger(output, run_id, whole=True)
    summary = _summary(output, run_id, rows)
    uri = write_report(output, summary.campaign, rows, summary)
    typer.echo(f"{uri}: {summary.spots} spots of run {run_id}")
    if picture is not None:
        spots = run_picture(output, to_rows(rows), picture)
        typer.echo(f"{picture}: frames of {spots} spots")


def _summary(output: str, run_id: str, rows: Rows) -> RunSummary:
    """What the run itself left; else what the ledger and its receipts tell."""
    saved = storage.read_bytes_or_none(summary_uri(output, run_id))
    if saved is not None:
        return RunSummary.from_json(saved)
    seconds = [receipt.get("seconds") or 0.0 for receipt in ledger.receipts(output, run_id)]
    return summarise(
        rows,
        campaign=output.rstrip("/").rpartition("/")[2],
        run_id=run_id,
        started_at=_moment(run_id),
        seconds=sum(seconds) if seconds else None,
    )


def _moment(run_id: str) -> datetime | None:
    """When a run with this id began: "20261124T060000123Z-9f3c"."""
    try:
        return datetime.strptime(run_id[:19], "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)
    except ValueError:
        return None


if __name__ == "__main__":
    typer.run(report)
