"""Remove media that no recent run refers to: `python -m jobs.clean OUT`."""

from __future__ import annotations

from typing import Annotated

import typer

from jobs.refusals import for_people
from pipeline import storage
from pipeline.clean import SAFE_HOURS, find_leftovers


def clean(
    output: Annotated[str, typer.Argument(metavar="OUT", help="The campaign's output.")],
    runs: Annotated[
        int, typer.Option(metavar="N", min=1, help="Keep what the last N runs refer to.")
    ] = 7,
    delete: Annotated[
        bool, typer.Option("--delete", help="Do it; without, it only says what would go.")
    ] = False,
    safe_hours: Annotated[
        float, typer.Option(metavar="H", min=0, help="Keep whatever was written since.")
    ] = SAFE_HOURS,
    even_if_open: Annotated[
        bool, typer.Option("--even-if-open", help="Although the newest run is not over.")
    ] = False,
) -> None:
    """Say what can go from OUT/media, or remove it. Published spots and the ledger stay.

    Exit status: 2 where there is no ledger, or a run is not over.
    """
    with for_people():
        left = find_leftovers(
            storage.absolute(output), runs=runs, safe_hours=safe_hours, even_if_open=even_if_open
        )
    typer.echo(f"kept: {left.kept_files:,} files, {left.kept_bytes / 1e6:,.1f} MB")
    for kind, count in sorted(left.count.items()):
        typer.echo(f"  {count:8,} {kind}")
    what = f"{len(left.files):,} files, {left.bytes / 1e6:,.1f} MB"
    if delete:
        typer.echo(f"removed: {left.remove():,} of {what}")
    else:
        typer.echo(f"would go: {what}" + ("; --delete removes them" if left.files else ""))


if __name__ == "__main__":
    typer.run(clean)
