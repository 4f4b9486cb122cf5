"""Check this machine: `python -m jobs.doctor` lists what is missing and what to do."""

from __future__ import annotations

from typing import Annotated

import typer

from cluster.doctor import examine


def doctor(
    out: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="Measure the free space of this local folder's disk; the scratch disk if left"
            " out.",
        ),
    ] = None,
) -> None:
    """Check whether this machine can render with the laptop recipe.

    Looks at the Python version; ffmpeg with the filters and encoders that spots need; the
    packages that bring the voice, alignment, recogniser, face and NSFW models, and signing;
    memory (6 GiB) and free disk (5 GiB). Each check that fails says what to do. Nothing is
    changed, and nothing is fetched.

    Exit status: 0 when all is fine, 1 otherwise.
    """
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
