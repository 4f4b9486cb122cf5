"""See a template before a campaign uses it: `python -m jobs.templates list|show|sheet`."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from jobs.refusals import for_people
from jobs.shown import show as show_file
from pipeline.template_sheet import Shown, save_sheet
from schemas.disclosure import REGIONS, Disclosure
from stages.composite.templates import load_template, shipped_templates

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)

DEMO = Path(__file__).parent.parent / "examples/demo/products"
Name = Annotated[
    str, typer.Option("--template", metavar="TEMPLATE", help="By name, or a .yaml file.")
]


@app.command(name="list")
def list_() -> None:
    """List the templates that come with Spotmill."""
    table = Table("template", "look")
    for name in shipped_templates():
        table.add_row(name, load_template(name).title)
    Console().print(table)


@app.command()
def show(template: Annotated[str, typer.Argument(metavar="TEMPLATE")]) -> None:
    """Print a template whole, to start one of your own from."""
    with for_people():
        show_file(load_template(template))


@app.command()
def sheet(
    template: Name,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write it: .png or .jpg.")],
    photo: Annotated[Path, typer.Option(help="A product photo.")] = DEMO / "mug.jpg",
    title: str = "Tarnwick Stoneware Coffee Mug, 12 oz, Lagoon Glaze",
    tagline: str = "No two alike",
    hook: str = "Your mornings called",
    cta: str = "Shop the mug",
    accent: Annotated[str, typer.Option(metavar="#RRGGBB")] = "#2f8084",
    qr: Annotated[str | None, typer.Option(metavar="LINK", help="As a code on the card.")] = None,
    region: Annotated[str, typer.Option(help="Whose rules the AI label follows.")] = "none",
) -> None:
    """A contact sheet on a product: a row per format, a column per moment of the spot."""
    if region not in REGIONS:
        raise typer.BadParameter(f"{region!r}: use one of {', '.join(REGIONS)}")
    cutout = photo.with_name(f"{photo.stem}_cutout.png")
    shown = Shown(
        photo, cutout if cutout.is_file() else None, accent=accent,
        disclosure=Disclosure(region=region),  # type: ignore[arg-type]
        texts={
            "title": title, "tagline": tagline, "hook": hook, "cta": cta, "qr": qr,
            "price": Decimal("24"), "regular_price": Decimal("28"), "currency": "USD",
            "rating": 4.7, "rating_count": 1283,
        },
    )  # fmt: skip
    with for_people():
        save_sheet(load_template(template), shown, out)
    typer.echo(str(out))


if __name__ == "__main__":
    app()
