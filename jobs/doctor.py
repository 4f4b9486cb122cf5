"""Check this machine: `python -m jobs.doctor` lists what is missing and what to do."""

from __future__ import annotations

from typing import Annotated

import typer

from cluster.doctor import examine


def doctor(
    out: Annotated[str | None, typer.Option(help="Local output folder, for its disk.")] = None,
) -> None:
    """Exit status 0 when all is fine, 1 otherwise."""
    sick = 0
    for finding in examine(out):
        mark = "ok  " if finding.fine else "FAIL"
        typer.echo(f"{mark} {finding.check}: {finding.found}")
        if not finding.fine:
            typer.echo(f"     {finding.fix}")
            sick += 1
    raise typer.Exit(1 if sick else 0)


if __name__ == "__main__":
    typer.run(doctor)
