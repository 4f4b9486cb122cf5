"""`python -m jobs.report OUT`: build the report page of a run again, from its ledger."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime

from pipeline import ledger, storage
from pipeline.report import RunSummary, summarise, write_report
from pipeline.report.report import summary_uri
from pipeline.report.rows import Rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 for a page that was written, 2 where there is no such run."""
    parser = argparse.ArgumentParser(prog="python -m jobs.report", description=__doc__)
    parser.add_argument("output", metavar="OUT", help="the campaign's output: a folder or a URL")
    parser.add_argument("--run", metavar="RUN_ID", help="which run; the newest if not given")
    options = parser.parse_args(arguments)
    output = storage.absolute(options.output)
    runs = ledger.runs(output)
    run_id = options.run or (runs[-1] if runs else None)
    if run_id is None or run_id not in runs:
        known = ", ".join(runs[-5:]) or "none; render the campaign first"
        print(f"{output} has no run {options.run or ''}in its ledger. Known runs: {known}.")
        return 2
    rows = ledger.read_ledger(output, run_id)
    summary = _summary(output, run_id, rows)
    uri = write_report(output, summary.campaign, rows, summary)
    print(f"{uri}: {summary.spots} spots of run {run_id}")
    return 0


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
    """When a run with this id began: "20261124T060000123Z"."""
    try:
        return datetime.strptime(run_id, "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)
    except ValueError:
        return None


if __name__ == "__main__":
    raise SystemExit(main())
