"""What compositing costs: ours by phases, the encoder alone, moviepy, and one run per format."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import ffmpeg  # type: ignore[import-untyped]

from jobs.bench.moviepy_run import run_moviepy
from jobs.bench.quality import RAW, Point, raw_input, sweep
from jobs.bench.usage import Usage
from pipeline.local_runner import LocalRunner
from pipeline.media import MediaStore
from pipeline.plan import Planner
from pipeline.recipes import load_recipe
from schemas.campaign import Campaign
from schemas.encoding import Encoding
from schemas.layout import Format
from schemas.timeline import Timeline
from stages.base import Media
from stages.composite import Composite, graph
from stages.composite.composite import _write_carrier
from stages.composite.encoders import audio_options, chosen_encoder, video_options
from stages.composite.graphics import Graphics
from stages.composite.joining import joined_shots
from stages.composite.presenter import presenter_of, with_presenter
from stages.shared.ffmpeg import run_ffmpeg

Told = Callable[[str], None]


@dataclass(frozen=True)
class Way:
    """One way to the finished file of one spot."""

    name: str
    cpu_s: float
    wall_s: float
    peak_mb: float
    file_bytes: int = 0


@dataclass
class Found:
    """Everything that one run of the benchmark found."""

    spot: str
    formats: tuple[str, ...]
    length_s: float
    ways: list[Way] = field(default_factory=list)
    phases: dict[str, float] = field(default_factory=dict)
    """CPU seconds of our way, by phase."""
    points: list[Point] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """All figures."""
        return asdict(self)


@dataclass(frozen=True)
class _Work:
    """A spot that is ready to be put together in its first format."""

    stage: Composite
    spot: dict[str, Any]
    media: Media
    frame: Format
    folder: Path
    repeats: int

    @property
    def encoding(self) -> Encoding:
        return self.stage._delivery(self.frame).encoding


def measure_composite(
    settings: Campaign,
    folder: Path,
    *,
    repeats: int,
    qualities: bool,
    moviepy: str | None,
    told: Told,
) -> Found:
    """Measure on the first spot of a campaign; `folder` is empty scratch for some 3 GB.

    `moviepy` is the Python that has it; None leaves it out. Of `repeats` runs the cheapest counts:
    what others do on the machine makes a run dearer, never cheaper.
    """
    stages = load_recipe("laptop", settings)
    at = next(n for n, stage in enumerate(stages) if isinstance(stage, Composite))
    stage = stages[at]
    assert isinstance(stage, Composite)
    told("rendering what the spot is made of ...")
    row = next(iter(Planner(settings, stages, limit=1).units())).pending[0]
    row = next(iter(LocalRunner(stages[:at], str(folder / "out")).run([row])))
    first = replace(stage, formats=stage.formats[:1])
    found = Found(row["spot_id"], tuple(one.name for one in stage.formats), stage.length_s)
    store = MediaStore(str(folder / "out"), cache=folder / "cache")
    with store.workspace() as media:
        work = _Work(first, row, media, first.formats[0], folder, repeats)
        first.run(row, media)  # fonts, tables and pages of memory are warm from here on
        told("ours ...")
        found.ways.append(_best("ours", work, lambda: _stage_bytes(first, row, store)))
        _prepare(work)
        told("phases ...")
        found.phases = _phases(work)
        told("the encoder alone ...")
        found.ways.append(_best("encoder alone", work, lambda: _encoder_alone(work)))
        if moviepy:
            told("moviepy ...")
            found.ways.append(run_moviepy(moviepy, work, _changes(work)))
            found.notes.append("moviepy has no watermark to put in: its way is without")
        if len(stage.formats) > 1:
            told("formats ...")
            found.ways += _formats(stage, row, store, work)
        if qualities:
            found.points = sweep(folder / RAW, work.frame, folder, told)
    return found


def _best(name: str, work: _Work, run: Callable[[], int]) -> Way:
    ways = []
    for _ in range(work.repeats):
        with Usage() as used:
            size = run()
        ways.append(Way(name, used.cpu_s, used.wall_s, used.peak_mb, size))
    return min(ways, key=lambda way: way.cpu_s)


def _stage_bytes(stage: Composite, row: dict[str, Any], store: MediaStore) -> int:
    with store.workspace() as media:
        written = stage.run(row, media)
        return sum(media.open(one["uri"]).stat().st_size for one in written["masters"])


def _formats(
    stage: Composite, row: dict[str, Any], store: MediaStore, work: _Work
) -> list[Way]:  # fmt: skip
    """All formats by the stage at once, and each by a run of its own."""
    count = len(stage.formats)
    once = replace(work, repeats=1)
    together = _best(f"ours, {count} formats", once, lambda: _stage_bytes(stage, row, store))
    alone = [
        _best(one.name, once, lambda: _stage_bytes(replace(stage, formats=(one,)), row, store))  # noqa: B023
        for one in stage.formats
    ]
    apart = Way(
        f"one run per format, {count} formats", sum(way.cpu_s for way in alone),
        sum(way.wall_s for way in alone), max(way.peak_mb for way in alone),
        sum(way.file_bytes for way in alone),
    )  # fmt: skip
    return [together, apart]


def _planned(work: _Work) -> tuple[Timeline, Graphics]:
    return work.stage.planned(work.spot, work.frame, work.media)


def _changes(work: _Work) -> float:
    """Length of the longest change between shots, in seconds: moviepy fades over all of them."""
    return max((change.length_s for change in _planned(work)[0].transitions), default=0.0)


def _prepare(work: _Work) -> None:
    """Write sound, mark and the uncompressed composite, which all other ways begin with."""
    timeline = _planned(work)[0]
    work.stage._sound(work.spot, work.media, timeline.changes_s).write(work.folder / "sound.wav")
    secret = work.stage.watermark_secret
    _write_carrier(work.folder / "mark.yuv", 0x5B07A11, secret, work.frame)
    picture, feeds = _picture(work, "watermark")
    _run(picture, feeds, work.folder / RAW)


PHASES = ("decode", "presenter", "overlays", "watermark")
"""Of the graph, each with all before it."""


def _picture(work: _Work, upto: str) -> tuple[Any, dict[str, Callable[[IO[bytes]], None]]]:
    """The graph up to a phase, and what is fed to it."""
    stage, spot = work.stage, work.spot
    clips = [work.media.open(shot["uri"]) for shot in spot["shots"]]
    timeline, drawn = _planned(work)
    of = (spot["shots"], clips, work.frame, stage.length_s, timeline.transitions)
    presenter = presenter_of(spot, work.media)
    if upto in ("decode", "presenter"):
        picture = joined_shots(*of)
        if upto == "presenter" and presenter is not None:
            picture = with_presenter(picture, presenter, work.frame)
        return picture.filter("trim", end_frame=round(stage.length_s * work.frame.fps)), {}
    placed = drawn.placed
    feeds: dict[str, Callable[[IO[bytes]], None]] = {one.feed: one.band.feed for one in placed}
    mark = work.folder / "mark.yuv" if upto == "watermark" else None
    return graph.composed(*of, presenter, placed, mark), feeds


def _run(
    picture: Any, feeds: dict[str, Callable[[IO[bytes]], None]], target: Path | None
) -> None:  # fmt: skip
    form = {"format": "rawvideo", "pix_fmt": "yuv420p"} if target else {"format": "null"}
    output = ffmpeg.output(picture, str(target or "-"), an=None, **form)
    run_ffmpeg(["-filter_complex_threads", "1", *ffmpeg.get_args(output)], feeds=feeds)


class _Nowhere:
    """A stream that takes frames and drops them."""

    def write(self, data: object) -> None:
        """Take it."""


def _phases(work: _Work) -> dict[str, float]:
    """CPU seconds of each phase: those of the graph by what each adds to the one before."""
    found: dict[str, float] = {}

    def drawn() -> int:
        for one in _planned(work)[1].placed:
            one.band.feed(_Nowhere())  # type: ignore[arg-type]
        return 0

    def sound() -> int:
        track = work.stage._sound(work.spot, work.media, _planned(work)[0].changes_s)
        track.write(work.folder / "again.wav")
        return 0

    drawing = _best("drawing", work, drawn).cpu_s
    before = 0.0
    for phase in PHASES:
        used = _best(phase, work, lambda: _graph_only(work, phase)).cpu_s  # noqa: B023
        used -= drawing if phase in ("overlays", "watermark") else 0.0
        found[phase] = max(used - before, 0.0)
        before = max(used, before)
        if phase == "presenter":
            found["drawing"] = drawing
    found["encode"] = _best("encode", work, lambda: _encoder_alone(work)).cpu_s
    found["loudness"] = _best("loudness", work, sound).cpu_s
    return found


def _graph_only(work: _Work, phase: str) -> int:
    picture, feeds = _picture(work, phase)
    _run(picture, feeds, None)
    return 0


def _encoder_alone(work: _Work) -> int:
    """The same frames, finished, through a pipe into the same encoders: nothing is left out."""
    encoder = chosen_encoder(work.encoding)[0]
    options = {
        **video_options(work.frame, work.encoding, encoder), **audio_options(work.encoding),
        **graph.FILE_OPTIONS,
    }  # fmt: skip
    target = work.folder / "alone.mp4"
    arguments = [*raw_input(work.frame, "pipe:0"), "-i", str(work.folder / "sound.wav")]
    arguments += ["-map", "0:v", "-map", "1:a"]
    arguments += [text for key, value in options.items() for text in (f"-{key}", str(value))]

    def feed(stream: IO[bytes]) -> None:
        with (work.folder / RAW).open("rb") as raw:
            shutil.copyfileobj(raw, stream, work.frame.width_px * work.frame.height_px * 3 // 2)

    run_ffmpeg([*arguments, str(target)], feed=feed)
    return target.stat().st_size


def ratios(ways: Sequence[Way]) -> dict[str, float]:
    """CPU of each way against the encoder alone."""
    floor = next((way.cpu_s for way in ways if way.name == "encoder alone"), 0.0)
    return {way.name: way.cpu_s / floor for way in ways} if floor else {}
