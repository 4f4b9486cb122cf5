"""See a presenter before a campaign pays for it: `python -m jobs.presenter sheet|film|hosts`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from jobs.refusals import for_people
from pipeline.audition import LINES, film, mouth_sheet
from pipeline.campaign_file import presenter_place
from pipeline.recipes.parts import presenter_engine
from schemas.campaign import Brand
from stages.avatar.hosts import shipped_host, shipped_hosts

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)

Presenter = Annotated[
    str,
    typer.Option(
        "--presenter", metavar="PRESENTER", help="host:NAME, a host file (.yaml) or a rig's folder."
    ),
]
Out = Annotated[Path, typer.Option(metavar="FILE", help="Where to write it.")]
Accent = Annotated[str, typer.Option(metavar="#RRGGBB", help="The brand's accent.")]


@app.command()
def hosts() -> None:
    """List the drawn hosts that come with Spotmill."""
    table = Table("presenter", "who")
    for name in shipped_hosts():
        table.add_row(f"host:{name}", shipped_host(name).title)
    Console().print(table)


@app.command()
def sheet(presenter: Presenter, out: Out, accent: Accent = "#2f7f86") -> None:
    """A contact sheet (PNG) of mouth shapes, the phoneme under each, from frames of a real take."""
    with for_people():
        mouth_sheet(presenter_engine(presenter_place(presenter), _brand(accent)), out)
    typer.echo(str(out))


@app.command(name="film")
def film_(
    presenter: Presenter,
    out: Out,
    say: Annotated[
        list[str] | None, typer.Option(metavar="LINE", help="In words; may be repeated.")
    ] = None,
    accent: Accent = "#2f7f86",
) -> None:
    """A short film (MP4) of the presenter speaking with the default voice; two lines if none are
    given."""
    with for_people():
        film(presenter_engine(presenter_place(presenter), _brand(accent)), out, say or LINES)
    typer.echo(str(out))


def _brand(accent: str) -> Brand:
    return Brand(name="Audition", accent=accent)


if __name__ == "__main__":
    app()
