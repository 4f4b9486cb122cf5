"""Specification report: `python -m jobs.spec FILE... [--platform NAME]`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import av
import typer
from rich.console import Console
from rich.table import Table

from schemas.campaign import DEFAULT_GATES
from schemas.platform import platforms_of, shipped_platforms
from stages.inspect.gates import METRICS
from stages.inspect.specification import (
    FILE_GATES,
    Line,
    lines_of,
    measure_file,
    platform_lines,
)
from stages.shared.ffmpeg import FfmpegError

FAILED, REFUSED = 1, 2


def main(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="Finished spots (.mp4).", exists=True, dir_okay=False),
    ],
    platform: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Also hold them against what a platform takes (reels, tiktok, ...); repeatable.",
        ),
    ] = None,
    loudness_lufs: Annotated[
        float, typer.Option(metavar="LUFS", help="Loudness that the spots were made for.")
    ] = -14.0,
    length_s: Annotated[float, typer.Option(metavar="S", help="Their length.")] = 15.0,
) -> None:
    """Decode finished files and print, rule by rule, limit, measure and outcome.

    Exit status: 0 if every file passes all rules, 1 if one does not, 2 if one is no video.
    """
    try:
        named = platforms_of(platform or [])
    except ValueError as error:
        typer.echo(f"{error}; there are {', '.join(shipped_platforms())}", err=True)
        raise typer.Exit(REFUSED) from None
    limits = {name: DEFAULT_GATES.get(name, (None, None)) for name in FILE_GATES}
    limits["loudness_lufs"] = (loudness_lufs - 0.5, loudness_lufs + 0.5)
    worst = 0
    for file in files:
        try:
            with tempfile.TemporaryDirectory(prefix="spotmill-spec-") as folder:
                metrics, form, codec = measure_file(file, Path(folder) / "frames.rgb")
        except (ValueError, av.error.FFmpegError, FfmpegError) as error:
            typer.echo(f"{file}: cannot be measured: {error}", err=True)
            worst = REFUSED
            continue
        frames = round(length_s * metrics["video_fps"])
        slack = 1 / max(metrics["video_fps"], 1.0)
        limits["duration_s"] = (length_s - slack, length_s + slack)
        limits["frame_count"] = (frames, frames)
        limits["audio_seconds"] = (length_s - 0.05, length_s + 0.05)
        lines = lines_of("spotmill", metrics, [(name, *limit) for name, limit in limits.items()])
        for one in named:
            lines += platform_lines(one, metrics, form, codec)
        _print(file, form.name, codec, lines)
        worst = max(worst, 0 if all(line.passes for line in lines) else FAILED)
    raise typer.Exit(worst)


def _print(file: Path, form: str, codec: str, lines: list[Line]) -> None:
    table = Table("of", "rule", "limit", "measured", "", "what it is", title=f"{file.name}")
    for line in lines:
        said = "[green]pass[/green]" if line.passes else "[bold red]FAIL[/bold red]"
        meaning = METRICS.get(line.rule, "")
        table.add_row(line.of, line.rule, line.limit, line.measured, said, meaning)
    console = Console(width=None if Console().is_terminal else 150)
    console.print(table)
    failed = [line for line in lines if not line.passes]
    told = f"{len(failed)} of {len(lines)} rules failed" if failed else f"all {len(lines)} passed"
    console.print(f"{file.name}: {form}, {codec}: {told}")


if __name__ == "__main__":
    typer.run(main)
