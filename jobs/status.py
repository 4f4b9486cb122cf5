"""How the runs of a campaign stand: `python -m jobs.status OUT`."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from jobs.refusals import for_people
from pipeline import storage
from pipeline.review_queue import oldest_s, waiting_since
from pipeline.run_metrics import told
from pipeline.run_status import RunStatus, drivers, run_statuses

NO_RUNS = 2


def status(
    output: Annotated[str, typer.Argument(metavar="OUT", help="The campaign's output.")],
    runs: Annotated[int, typer.Option(help="So many of the newest runs.", min=1)] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="As data, for programs.")] = False,
    prometheus: Annotated[
        bool,
        typer.Option("--prometheus", help="As metrics, for a collector's folder of text files."),
    ] = False,
) -> None:
    """List runs with their units, spots, failures and cost; who is at work; what waits for people.

    All of it from the store: nothing is asked of a cluster, and it works when none is there. A
    driver that died is listed until its lease is taken over.

    Exit status: 0; 2 where nothing was ever rendered there; 1 when the store does not answer.
    """
    with for_people():
        output = storage.absolute(output)
        found = run_statuses(output, newest=runs)
        if not found:
            typer.echo(f"{output} has no runs; render a campaign first", err=True)
            raise typer.Exit(NO_RUNS)
        at_work, since = drivers(output), waiting_since(output)
        if prometheus:
            typer.echo(told(output, at_work=bool(at_work)), nl=False)
            return
    oldest = oldest_s(since)
    if as_json:
        content = {
            "output": output, "drivers": at_work, "runs": [run.to_json() for run in found],
            "review": {"spots": len(since), "oldest_s": round(oldest)},
        }  # fmt: skip
        typer.echo(json.dumps(content, indent=2))
        return
    console = Console()
    console.print(_runs(found))
    first = found[0]
    if first.reasons:
        console.print(_reasons(first))
    if first.stopped:
        typer.echo(
            f"Stopped at its budget: {first.stopped['spent_usd']:.2f} of"
            f" {first.stopped['budget_usd']:.2f} USD spent; unit {first.stopped['next_unit']} would"
            f" cost about {first.stopped['next_unit_usd']:.2f} more. Raise `budget` and run again."
        )
    if first.missing:
        typer.echo(f"The ledger does not add up: {first.missing} spots are missing. See the log.")
    typer.echo(f"At work: {', '.join(at_work) or 'nobody'}")
    if since:
        typer.echo(
            f"{len(since)} spots wait for a person, the oldest for {oldest / 3600:.1f} h:"
            " python -m jobs.review list OUT"
        )


def _runs(found: list[RunStatus]) -> Table:
    table = Table("run", "state", "units", "spots", "ends", "USD", title_justify="left")
    for run in found:
        ends = ", ".join(f"{number:,} {status}" for status, number in run.counts.items() if number)
        table.add_row(
            run.run_id, run.state, f"{run.units - run.units_left} of {run.units}",
            f"{run.spots_done:,} of {run.spots:,}", ends,
            "" if run.usd is None else f"{run.usd:,.4f}",
        )  # fmt: skip
    return table


def _reasons(run: RunStatus) -> Table:
    table = Table("spots", "status", "stage", "reason", title_justify="left")
    for one in run.reasons:
        code = escape(str(one["reason_code"]))
        table.add_row(f"{one['spots']:,}", one["status"], one["stage"], code)
    return table


if __name__ == "__main__":
    typer.run(status)
