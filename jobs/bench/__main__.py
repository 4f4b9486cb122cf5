"""The commands of `python -m jobs.bench`: a benchmark each, which prints what it found."""

from __future__ import annotations

import json
import os
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from jobs.bench.engine import measure_all, plot_engine
from jobs.bench.presenters import measure
from jobs.bench.streaming import WAYS, Load, measure_streaming, plot_streaming
from jobs.refusals import for_people
from pipeline.campaign_file import presenter_place, read_campaign
from pipeline.local_runner import LocalRunner
from pipeline.plan import Planner
from pipeline.recipes import load_recipe
from pipeline.recipes.parts import presenter_engine
from pipeline.rows import to_result
from schemas.campaign import Brand
from stages.shared.ffmpeg import run_ffmpeg

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)


@app.callback()
def bench() -> None:
    """Each benchmark works in a scratch folder and leaves nothing behind."""


@app.command()
def spot(
    campaign: Annotated[
        str,
        typer.Argument(
            metavar="CAMPAIGN",
            help="Campaign file (YAML), a path or fsspec URL; its first spots are rendered.",
        ),
    ] = "examples/demo/campaign.yaml",
    recipe: Annotated[
        str, typer.Option(metavar="RECIPE", help="laptop, gpu, or a FILE.py of your own.")
    ] = "laptop",
    spots: Annotated[int, typer.Option(metavar="N", min=1, help="How many spots to render.")] = 2,
    formats: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="Other formats than the campaign's: 9x16,4x5,1x1,16x9."),
    ] = None,
) -> None:
    """CPU seconds per stage and spot, and their ratio to one bare encode of the same video.

    The bare encode (decode the finished spot, x264 veryfast, nothing else) is the unit because it
    moves with the machine: a ratio can be compared between machines, a second cannot. The first
    spot pays for loading the models, which the stages' own figures leave out.
    """
    settings = read_campaign(campaign, [f"formats=[{formats}]"] if formats else [])
    stages = load_recipe(recipe, settings)
    with tempfile.TemporaryDirectory(prefix="spotmill-bench-") as folder:
        units = Planner(settings, stages, limit=spots).units()
        rows = [row for unit in units for row in unit.pending]
        results = [to_result(row, "bench") for row in LocalRunner(stages, folder).run(rows)]
        bare = _bare_encode(Path(results[0]["outputs"][0]["uri"]))
    table = Table("stage", "engine", "CPU s", "wall s", "x bare encode", "peak MB")
    total = 0.0
    for n, stage in enumerate(stages):
        runs = [result["stages"][n] for result in results if len(result["stages"]) > n]
        cpu = sum(run["cpu_seconds"] for run in runs) / len(runs)
        total += cpu
        table.add_row(
            stage.name,
            stage.engine_name,
            f"{cpu:.1f}",
            f"{sum(run['seconds'] for run in runs) / len(runs):.1f}",
            f"{cpu / bare:.2f}",
            f"{max(run['peak_memory_mb'] for run in runs):.0f}",
        )
    table.add_row("total", "", f"{total:.1f}", "", f"{total / bare:.2f}", "")
    Console().print(table)
    typer.echo(f"bare encode of the same spot: {bare:.1f} CPU s; {len(results)} spots")


def _bare_encode(video: Path) -> float:
    before, begun = os.times(), time.monotonic()
    run_ffmpeg(["-i", str(video), "-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", "20",
                "-f", "null", "-"])  # fmt: skip
    used = os.times()
    cpu = used.children_user + used.children_system - before.children_user - before.children_system
    return cpu or time.monotonic() - begun


@app.command()
def engine(
    rows: Annotated[
        list[int] | None,
        typer.Option(metavar="N", min=100, help="Products of the catalogue. May be repeated."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Also write the figures (JSON) and plots there."),
    ] = None,
    planning: Annotated[bool, typer.Option(help="Measure planning.")] = True,
    streaming: Annotated[bool, typer.Option(help="Measure streaming.")] = True,
) -> None:
    """What the engine itself costs: first planning, then streaming on Ray.

    Planning: no-op spots, planned, driven, recorded; three runs of each size: all spots new,
    nothing changed, 1 % with another price. Streaming: sleeping stages on a Ray of their own, how
    busy the slowest is kept, against a plain chain of Ray Data and a plain loop.
    """
    if streaming:
        _streaming(out)
    if not planning:
        return
    table = Table("products", "run", "plan s", "whole run s", "us per row", "rendered", "peak MB")
    found = {}
    for count in rows or [10_000, 100_000]:
        with tempfile.TemporaryDirectory(prefix="spotmill-bench-") as folder:
            found[count] = measure_all(Path(folder), count)
        for step, one in found[count].items():
            table.add_row(
                f"{count:,}", step, f"{one['plan_s']:.1f}", f"{one['run_s']:.1f}",
                f"{one['run_s'] / count * 1e6:.0f}", f"{one['rendered']:,.0f}",
                f"{one['peak_mb']:.0f}",
            )  # fmt: skip
    Console().print(table)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "engine.json").write_text(json.dumps(found, indent=1))
        plot_engine(found, out / "engine.png")
        typer.echo(f"{out / 'engine.png'}")


@app.command(name="image_to_video")
def image_to_video(
    shots: Annotated[int, typer.Option(metavar="N", min=1, help="Clips of the spot.")] = 3,
    seconds: Annotated[float, typer.Option(metavar="S", min=0.5, help="Of each clip.")] = 5.0,
    steps: Annotated[int, typer.Option(metavar="N", min=1, help="Denoising steps.")] = 3,
    gpu_hour_usd: Annotated[float, typer.Option(metavar="USD", min=0)] = 3.0,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Also write clips.json and clips.png.")
    ] = None,
) -> None:
    """Where the time of a spot's clips goes, against plain diffusers with the same model.

    Random weights: Wan 2.2 TI2V 5B in its real size on a GPU, tiny on a CPU. Needs the extra [gpu].
    """
    from jobs.bench.clips import measure_clips, plot_clips

    with tempfile.TemporaryDirectory(prefix="spotmill-bench-") as folder:
        device, found = measure_clips(Path(folder), shots=shots, seconds=seconds, steps=steps)
    table = Table("way", "wall s", "x plain", "text", "VAE in", "denoise", "per step", "VAE out",
                  "encode", "denoiser busy", "own per clip", "peak GB", "spots/h",
                  "USD/spot")  # fmt: skip
    for one in found:
        phases = one.phases
        table.add_row(
            one.way, f"{one.wall_s:.2f}", f"{found[0].wall_s / one.wall_s:.2f}",
            f"{phases['text']:.2f}", f"{phases['vae_encode']:.2f}", f"{phases['denoise']:.2f}",
            f"{phases['denoise'] / max(1, one.steps) * 1000:.0f} ms",
            f"{phases['vae_decode']:.2f}", f"{phases['encode']:.2f}", f"{one.denoiser_busy:.0%}",
            f"{one.own_s * 1000:.0f} ms", f"{one.peak_gb:.1f}", f"{3600 / one.wall_s:.0f}",
            f"{one.wall_s / 3600 * gpu_hour_usd:.4f}",
        )  # fmt: skip
    console = Console(width=170)
    console.print(f"{shots} clips of {seconds:g} s, {steps} steps, random weights, on {device}")
    console.print(table)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        content = {"device": device, "ways": [asdict(one) for one in found]}
        (out / "clips.json").write_text(json.dumps(content, indent=1))
        plot_clips(device, found, out / "clips.png")
        typer.echo(f"{out / 'clips.png'}")


@app.command()
def sync(
    cases: Annotated[
        int, typer.Option(metavar="N", min=1, max=8, help="Scripts per voice; scenes by dozens.")
    ] = 3,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Also write sync.json and sync.png.")
    ] = None,
) -> None:
    """How far words, lips, tracks and effects are off, before and after correction.

    Known errors are put into made-up cases and taken out by the code that spots go through. In ms;
    found: error of what was measured. With espeak-ng installed, its word events are one truth more.
    """
    from jobs.bench.sync import measure_sync, percentiles
    from jobs.bench.sync_plot import plot_sync

    found = measure_sync(cases, lambda part: typer.echo(f"measuring {part} ...", err=True))
    table = Table("case", "n", "as given", "found", "after correction", "refused")
    for sample in found.samples:
        shown = [
            " / ".join(f"{value:.0f}" for value in percentiles(errors))
            for errors in (sample.before, sample.found, sample.after)
        ]
        table.add_row(sample.kind, str(len(sample.truth)), *shown, str(sample.refused))
    console = Console(width=120)
    console.print("Absolute errors in ms: median / 95th percentile / largest")
    console.print(table)
    for name, seconds in found.cpu_s.items():
        typer.echo(f"{name}: {sum(seconds) / len(seconds):.2f} CPU s a spot")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "sync.json").write_text(json.dumps(found.as_json(), indent=1))
        plot_sync(found, out / "sync.png")
        typer.echo(f"{out / 'sync.png'}")


@app.command()
def safety(
    seed: Annotated[
        int, typer.Option(metavar="N", help="Of the set: rules are tuned on 1, figures are of 2.")
    ] = 2,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Also write the set with its answers, table and plot."),
    ] = None,
    speech: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, max=1000, help="Only the speech gate, on N synthesised voices."
        ),
    ] = 0,
) -> None:
    """What the text gate finds: hidden names, policy classes, untrue prices; and what it stops
    wrongly. With --speech the same of what is heard in mixes of voice and music, about 1.5 CPU
    seconds each.

    The set is made from the seed. Odd and even seeds share no sentence, near-miss or claim.
    """
    from jobs.bench.safety import in_words, lines, measure_texts, write_answers
    from jobs.bench.safety_plot import plot_safety

    if speech:
        _safety_of_speech(seed, speech, out)
        return
    answers = measure_texts(seed)
    found = lines(answers)
    table = Table("part", "kind", "texts", "stopped %", "blocked %", "ms per text")
    for one in found:
        figures = (f"{one.caught:.2f}", f"{one.blocked:.2f}", f"{one.ms:.2f}")
        table.add_row(one.part, one.kind, f"{one.texts:,}", *figures)
        if one.kind == "in all":
            table.add_section()
    Console(width=100).print(table)
    summary = in_words(answers, seed)
    typer.echo(summary)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_answers(answers, out / "safety.csv")
        content = {"seed": seed, "summary": summary, "lines": [asdict(one) for one in found]}
        (out / "safety.json").write_text(json.dumps(content, indent=1))
        plot_safety(answers, found, out / "safety.png")
        typer.echo(f"{out / 'safety.png'}")


def _safety_of_speech(seed: int, voices: int, out: Path | None) -> None:
    from jobs.bench.safety_speech import (
        measure_speech,
        speech_in_words,
        voiced,
        write_heard,
    )

    found = measure_speech(voiced(seed, voices))
    typer.echo(f"seed {seed}, {len(found)} voices\n{speech_in_words(found)}")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_heard(found, out / "safety_speech.csv")
        typer.echo(f"{out / 'safety_speech.csv'}")


@app.command()
def presenter(
    named: Annotated[
        list[str] | None,
        typer.Option("--presenter", metavar="PRESENTER", help="As in a campaign; repeatable."),
    ] = None,
    sizes: Annotated[
        list[int] | None, typer.Option("--size", metavar="PX", min=64, help="Even; repeatable.")
    ] = None,
    seconds: Annotated[float, typer.Option(metavar="S", min=0.5, help="Of the take.")] = 5.0,
) -> None:
    """CPU milliseconds per frame of a presenter, drawn and encoded, and times real time."""
    table = Table("presenter", "px", "first frame s", "draw ms", "encode ms", "x real time")
    with for_people():
        for one in named or ["host:amber", "host:indigo", "examples/demo/presenter/"]:
            for size_px in sizes or [512, 844]:
                made = presenter_engine(presenter_place(one), Brand(name="Bench"))
                with tempfile.TemporaryDirectory(prefix="spotmill-bench-") as folder:
                    cost = measure(made, Path(folder), size_px, seconds)
                table.add_row(
                    one, str(size_px), f"{cost.warm_s:.2f}", f"{cost.draw_ms:.1f}",
                    f"{cost.encode_ms:.1f}", f"{cost.speed:.1f}",
                )  # fmt: skip
    Console().print(table)


@app.command()
def composite(
    campaign: Annotated[
        str, typer.Argument(metavar="CAMPAIGN", help="Its first spot is put together.")
    ] = "examples/demo/campaign.yaml",
    repeats: Annotated[
        int, typer.Option(metavar="N", min=1, help="Runs of each way; the cheapest counts.")
    ] = 2,
    qualities: Annotated[bool, typer.Option(help="Also measure VMAF of presets.")] = True,
    moviepy: Annotated[
        str | None,
        typer.Option(metavar="PYTHON", help="A Python that has moviepy 2, for that way too."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Override a key of the campaign, as in formats=[9x16,1x1,4x5,16x9].",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Also write composite.json and .png.")
    ] = None,
) -> None:
    """What compositing costs: ours by phases, the encoder alone, moviepy, one run per format.

    CPU seconds of a whole spot, all processes counted. The encoder alone gets the same frames,
    finished, through a pipe: no way can be cheaper at the same settings. Needs some 3 GB of disk.
    """
    from jobs.bench.composite import measure_composite
    from jobs.bench.composite_shown import plot_composite, tables_of

    with tempfile.TemporaryDirectory(prefix="spotmill-bench-") as folder:
        found = measure_composite(
            read_campaign(campaign, set_ or []), Path(folder), repeats=repeats,
            qualities=qualities, moviepy=moviepy,
            told=lambda part: typer.echo(part, err=True),
        )  # fmt: skip
    console = Console(width=110)
    for table in tables_of(found):
        console.print(table)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "composite.json").write_text(json.dumps(found.as_json(), indent=1))
        plot_composite(found, out / "composite.png")
        typer.echo(f"{out / 'composite.png'}")


@app.command()
def watermark(
    clips: Annotated[
        list[str] | None,
        typer.Option(metavar="CONTENT", help="flat, textured, dark or fast; repeatable."),
    ] = None,
    seconds: Annotated[float, typer.Option(metavar="S", min=2.5, max=60)] = 15.0,
    attacks: Annotated[
        list[str] | None,
        typer.Option("--attack", metavar="NAME", help="Only copies of this name; repeatable."),
    ] = None,
    sounds: Annotated[
        int, typer.Option(metavar="N", min=0, max=4, help="Mixes whose sound is marked.")
    ] = 4,
    trials: Annotated[
        int, typer.Option(metavar="N", min=0, help="Of each kind, without a mark.")
    ] = 2000,
    compare: Annotated[
        bool, typer.Option(help="Also put it in frame by frame in Python, on the first clip.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Also write watermark.json, .csv and .png."),
    ] = None,
) -> None:
    """What copies the watermark survives, in pictures and sound, and what it costs.

    Clips are drawn, marked as spots are, copied in the ways of the list, and read: blind, and among
    ten million ids. Needs 93 MB of disk for each second of a clip.
    """
    from jobs.bench.watermark_run import measure_watermark
    from jobs.bench.watermark_shown import plot_watermark, summary, tables_of, write_csv

    with tempfile.TemporaryDirectory(prefix="spotmill-bench-") as folder, for_people():
        found = measure_watermark(
            Path(folder), clips, seconds, attacks=attacks, sounds=sounds, trials=trials,
            compare=compare, told=lambda part: typer.echo(part, err=True),
        )  # fmt: skip
    console = Console(width=120)
    for table in tables_of(found):
        console.print(table)
    for sentence in summary(found):
        typer.echo(sentence)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "watermark.json").write_text(json.dumps(found.as_json(), indent=1))
        write_csv(found, out / "watermark.csv")
        plot_watermark(found, out / "watermark.png")
        typer.echo(f"{out / 'watermark.png'}")


LOADS = (Load(60, 1.0, 8.0), Load(150, 0.2, 8.0), Load(60, 1.0, 32.0), Load(400, 0.0, 0.01))


def _streaming(out: Path | None) -> None:
    table = Table("stage s", "MB", "way", "spots", "busy", "in all", "first spot s", "wall s",
                  "ms per spot", "driver CPU ms", "driver MB")  # fmt: skip
    found = []
    for load in LOADS:
        for way in WAYS:
            one = measure_streaming(way, load)
            found.append((load, way, one))
            table.add_row(
                f"{load.seconds:g}", f"{load.media_mb:g}", way, f"{one['spots']:.0f}",
                f"{one['busy']:.1%}", f"{one['busy_in_all']:.0%}", f"{one['first_spot_s']:.1f}",
                f"{one['wall_s']:.1f}", f"{one['window_s'] / one['spots'] * 1000:.0f}",
                f"{one['driver_cpu_ms_per_spot']:.0f}", f"{one['driver_peak_mb']:.0f}",
            )  # fmt: skip
    Console().print(table)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        figures = [{**asdict(load), "way": way, **one} for load, way, one in found]
        (out / "streaming.json").write_text(json.dumps(figures, indent=1))
        plot_streaming([one for one in found if one[0].seconds], out / "streaming.png")
        typer.echo(f"{out / 'streaming.png'}")


if __name__ == "__main__":
    app()
