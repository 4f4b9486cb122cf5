"""The video and presenter models that Spotmill knows, with licences: `python -m jobs.presets`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from jobs.refusals import for_people
from jobs.shown import show
from schemas.data_files import parsed_yaml
from schemas.presenter_preset import PresenterPreset
from schemas.video_preset import VideoPreset
from stages.avatar.presets import load_presenter_preset, shipped_presenter_presets
from stages.image_to_video.presets import load_preset, shipped_presets


def presets(
    name: Annotated[
        str | None, typer.Argument(metavar="[PRESET]", help="Show this one whole; or a .yaml file.")
    ] = None,
) -> None:
    """List the presets that a campaign's `video_model` and `presenter_model` may name, or show one
    of them."""
    with for_people():
        if name is not None:
            show(_preset(name))
            return
        videos, talkers = _table("video_model.preset"), _table("presenter_model.preset")
        for video in map(load_preset, shipped_presets()):
            _add(videos, video, f"{video.size.width}x{video.size.height}")
        for talker in map(load_presenter_preset, shipped_presenter_presets()):
            _add(talkers, talker, f"{talker.side}x{talker.side}")
        Console().print(videos, talkers)
        typer.echo(
            "?: said, but the terms themselves were not read for the preset. accept: the campaign"
            " must set licence_accepted, beside the preset, to true. All need revision, too."
        )


def _preset(name: str) -> VideoPreset | PresenterPreset:
    """A shipped preset of either kind, or one in a file: of the kind that its keys tell."""
    talks = name in shipped_presenter_presets()
    if name.endswith((".yaml", ".yml")) and Path(name).is_file():
        talks = "drive" in parsed_yaml(Path(name).read_bytes(), name)
    return load_presenter_preset(name) if talks else load_preset(name)


def _table(key: str) -> Table:
    table = Table(title=key, title_justify="left", show_lines=True)
    for column in ("preset", "size, frames", "licence", "commercial", "accept"):
        table.add_column(column, no_wrap=column == "size, frames")
    return table


def _add(table: Table, one: VideoPreset | PresenterPreset, size: str) -> None:
    licence = one.licence
    table.add_row(
        f"{one.name}\n[dim]{one.title}[/dim]",
        f"{size}, {one.frames.most} at {one.frames.fps}",
        licence.name,
        licence.commercial if licence.checked else f"{licence.commercial}?",
        "yes" if licence.needs_acceptance else "no",
    )


def main() -> None:
    """Entry point of `python -m jobs.presets`."""
    typer.run(presets)


if __name__ == "__main__":
    main()
