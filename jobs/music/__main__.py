"""The commands of `python -m jobs.music`: `make` a bed with a model, `show` what one holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jobs.music.make import make_bed, provenance_path
from jobs.refusals import for_people
from schemas.config_error import ConfigError, Refusal
from schemas.music_bed import parse_bed
from stages.shared.bed import RATE_HZ, beats_under, loop_of
from stages.shared.ffmpeg import FfmpegError, decode_audio
from stages.shared.sound import loudness_lufs, true_peak_dbtp

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)


@app.command()
def make(
    engine: Annotated[str, typer.Option(help="musicgen or stable_audio.")],
    model: Annotated[str, typer.Option(metavar="ID", help="owner/name on the hub, or a folder.")],
    prompt: Annotated[str, typer.Option(metavar="TEXT", help="What is to be heard.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="A .flac; a campaign may name it.")],
    revision: Annotated[
        str | None, typer.Option(metavar="COMMIT", help="Of the hub's repository.")
    ] = None,
    negative_prompt: Annotated[str, typer.Option(metavar="TEXT", help="What is not.")] = "",
    seed: Annotated[int, typer.Option(help="Another seed, another piece.")] = 1,
    length_s: Annotated[float, typer.Option(help="Seconds of music.")] = 15.0,
    guidance: Annotated[float | None, typer.Option(help="How closely to follow the text.")] = None,
    steps: Annotated[int, typer.Option(help="Of denoising (stable_audio).")] = 100,
    licence_accepted: Annotated[
        bool, typer.Option("--licence-accepted", help="You have read the model's licence.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Write over a file made from something else.")
    ] = False,
) -> None:
    """Make a music bed with a model and write what it was made from beside it, as JSON.

    Name the file as the campaign's sound.music: all its spots share it. The same command again
    makes nothing. Exit status: 2 when it was refused.
    """
    with for_people():
        bed = parse_bed(
            {"engine": engine, "model": model, "revision": revision, "prompt": prompt,
             "negative_prompt": negative_prompt, "seed": seed, "length_s": length_s,
             "guidance": guidance, "steps": steps, "licence_accepted": licence_accepted}
        )  # fmt: skip
        told = make_bed(bed, out, replace=replace)
        typer.echo(f"{out}: {'made' if told['made'] else 'is that already, nothing made'}")
        for name, value in told["measured"].items():
            typer.echo(f"  {name:16} {value:g}")
        terms = bed.licence
        typer.echo(f"  licence          {terms.name}: {terms.note}")
        typer.echo(f"made from what: {provenance_path(out)}")


@app.command()
def show(
    bed: Annotated[Path, typer.Argument(metavar="FILE", help="A bed, any format that plays.")],
    length_s: Annotated[float, typer.Option(help="Length of the spot, in seconds.", min=1)] = 15.0,
) -> None:
    """Tempo, beats on the spot's clock, loop points and loudness of a bed."""
    with for_people():
        try:
            sound = decode_audio(bed, RATE_HZ, channels=2)
        except FfmpegError as error:
            fix = f"cannot be played ({str(error)[-200:].strip()})"
            raise ConfigError("the bed", [Refusal("FILE", str(bed), fix)]) from None
        found, own_s = beats_under(sound, length_s), len(sound) / RATE_HZ
        typer.echo(f"length      {own_s:.3f} s")
        typer.echo(f"loudness    {loudness_lufs(sound, RATE_HZ):.2f} LUFS")
        typer.echo(f"true peak   {true_peak_dbtp(sound):.2f} dBTP")
        typer.echo(
            f"tempo       {found.tempo_bpm:.2f} beats/min, steadiness {found.steadiness:.2f}"
        )
        typer.echo("beats       " + " ".join(f"{time_s:.3f}" for time_s in found.times_s))
        if own_s >= length_s:
            typer.echo(f"the spot    takes its first {length_s:g} s")
            return
        loop = loop_of(sound)
        times = f"{loop.start / RATE_HZ:.3f} s to {loop.end / RATE_HZ:.3f} s"
        how = f"crossfade {1000 * loop.fade / RATE_HZ:.0f} ms" if loop.fade else "joins by itself"
        typer.echo(f"the spot    repeats {times}, {how}")


if __name__ == "__main__":
    app()
