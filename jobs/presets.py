"""The video models that Spotmill knows, with their licences: `python -m jobs.presets`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from jobs.refusals import for_people
from jobs.shown import show
from stages.image_to_video.presets import load_preset, shipped_presets


def presets(
    name: Annotated[
        str | None, typer.Argument(metavar="[PRESET]", help="Show this one whole; or a .yaml file.")
    ] = None,
) -> None:
    """List the presets that a campaign's `video_model.preset` may name, or show one of them."""
    with for_people():
        if name is not None:
            show(load_preset(name))
            return
        table = Table(show_lines=True)
        for column in ("preset", "size, frames", "licence", "commercial", "accept"):
            table.add_column(column, no_wrap=column == "size, frames")
        for one in map(load_preset, shipped_presets()):
            licence = one.licence
            table.add_row(
                f"{one.name}\n[dim]{one.title}[/dim]",
                f"{one.size.width}x{one.size.height}, {one.frames.most} at {one.frames.fps}",
                licence.name, licence.commercial if licence.checked else f"{licence.commercial}?",
                "yes" if licence.needs_acceptance else "no",
            )  # fmt: skip
        Console().print(table)
        typer.echo(
            "?: said, but the terms themselves were not read for the preset. accept: the campaign"
            " must set video_model.licence_accepted to true. All need video_model.revision."
        )


def main() -> None:
    """Entry point of `python -m jobs.presets`."""
    typer.run(presets)


if __name__ == "__main__":
    main()
