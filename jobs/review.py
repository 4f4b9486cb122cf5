"""Decide on held spots: `python -m jobs.review list|approve|reject OUT`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from jobs.refusals import REFUSED, for_people
from pipeline import reviews, storage
from pipeline.evidence import in_words
from pipeline.reviewed import newest, recipe_of, settle_decided, waiting
from schemas.config_error import ConfigError

ANOTHER_WAS_FIRST = 3
"""Exit status where somebody else has decided otherwise."""

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)

Out = Annotated[str, typer.Argument(metavar="OUT", help="The campaign's output.")]
Spots = Annotated[list[str], typer.Argument(metavar="SPOT_ID...", help="One or several.")]
By = Annotated[str, typer.Option(metavar="NAME", help="Who decides.")]
Why = Annotated[str, typer.Option(metavar="TEXT", help="Why; it stays in the ledger.")]
Later = Annotated[
    bool, typer.Option("--later", help="Record it only; the next run carries it out.")
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="As the run was given. May be repeated."),
]


@app.command(name="list")
def list_(
    output: Out,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Say which spots wait for a person, why, and where the finished spot can be seen."""
    with for_people():
        found = list(waiting(storage.absolute(output)))
    if as_json:
        typer.echo(json.dumps(found, indent=1, ensure_ascii=False))
        return
    for one in found:
        typer.echo(f"{one['spot_id']}  {one['title'] or ''}")
        for finding in one["findings"]:
            typer.echo(f"  {finding['gate']} {finding['rule']}: {in_words(finding)}")
        if not one["findings"]:
            typer.echo(f"  {one['reason']}")
        typer.echo(f"  see: {one['preview'] or 'nothing is rendered yet'}")
        if one["decision"]:
            typer.echo(f"  {_said(one['decision'])}; the next run carries it out")
    typer.echo(f"{len(found)} spot{'' if len(found) == 1 else 's'} held in {output}")


@app.command()
def approve(
    output: Out, spots: Spots, by: By, why: Why, later: Later = False, set_: Set = None
) -> None:
    """Approve held spots: they are signed and published now, nothing is rendered again.

    Exit status: 2 where there is nothing to decide, or a block; 3 where another reviewer was first
    and decided otherwise.
    """
    _decide(output, spots, approved=True, by=by, why=why, later=later, overrides=set_ or [])


@app.command()
def reject(
    output: Out, spots: Spots, by: By, why: Why, later: Later = False, set_: Set = None
) -> None:
    """Reject held spots: final, until their input changes. Exit status as of approve."""
    _decide(output, spots, approved=False, by=by, why=why, later=later, overrides=set_ or [])


def _decide(
    output: str, spots: Sequence[str], *, approved: bool, by: str, why: str, later: bool,
    overrides: Sequence[str],
) -> None:  # fmt: skip
    refused = first = False
    carried: dict[str, dict[str, Any]] = {}
    with for_people():
        output = storage.absolute(output)
        rows = newest(output, spots)
        for spot_id in dict.fromkeys(spots):
            try:
                if spot_id not in rows:
                    raise reviews.NotReviewable(f"{spot_id}: the ledger has no such spot")
                row = rows[spot_id]
                told, won = reviews.decide(output, row, approved=approved, by=by, why=why)
            except reviews.NotReviewable as error:
                typer.echo(str(error), err=True)
                refused = True
                continue
            first = first or told.approved != approved
            mine = "" if won else "another was first: "
            typer.echo(f"{spot_id}: {mine}{_said(vars(told))}")
            carried[spot_id] = row
        if carried and not later:
            _carry_out(output, carried, overrides)
    if refused or first:
        raise typer.Exit(REFUSED if refused else ANOTHER_WAS_FIRST)


def _carry_out(output: str, rows: dict[str, dict[str, Any]], overrides: Sequence[str]) -> None:
    """What can be done now without rendering; the rest is said to wait for the next run."""
    finished = {spot_id: row for spot_id, row in rows.items() if row["stage"] == "release"}
    for spot_id in sorted(set(rows) - set(finished)):
        typer.echo(f"{spot_id}: it is not rendered yet; the next run carries this out")
    by_run: dict[str, dict[str, dict[str, Any]]] = {}
    for spot_id, row in finished.items():
        by_run.setdefault(row["run_id"], {})[spot_id] = row
    for run_id, of_run in by_run.items():
        try:
            campaign, stages, command = recipe_of(output, run_id, overrides)
            done = settle_decided(output, of_run, campaign, stages, command, typer.echo)
        except (ConfigError, reviews.NotReviewable) as error:
            typer.echo(f"recorded; the next run of the campaign carries it out, for here {error}")
            continue
        for row in done:
            where = ", ".join(one["uri"] for one in row["outputs"] or ())
            typer.echo(f"{row['spot_id']}: {row['status']} {where or row['reason'] or ''}".rstrip())


def _said(decision: dict[str, Any]) -> str:
    word = "approved" if decision["approved"] else "rejected"
    return f'{word} by {decision["by"]} on {decision["at"]}: "{decision["why"]}"'


if __name__ == "__main__":
    app()
