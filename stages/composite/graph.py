"""The one ffmpeg graph of a spot: clips, presenter, graphics, watermark, sound, one encode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import ffmpeg  # type: ignore[import-untyped]

from schemas.encoding import Encoding
from schemas.layout import Format
from schemas.timeline import Transition
from stages.composite.band import Band
from stages.composite.encoders import TAGS, audio_options, video_options
from stages.composite.joining import joined_shots, tagged
from stages.composite.presenter import Presenter, with_presenter


@dataclass(frozen=True)
class Placed:
    """A band in the frame: which feed draws it, and its upper edge from each second on."""

    feed: str
    band: Band
    tops_px: Sequence[tuple[float, int]]


@dataclass(frozen=True)
class Beside:
    """What goes into the file beside the picture."""

    sound: Path
    """A WAV to encode, or a finished master (.mp4) whose sound is taken over as it is."""
    cues: Path | None = None
    """WebVTT, for the text track; None: the file has none."""
    language: str = "und"
    """Of the text, in three letters (ISO 639-2/T)."""


@dataclass(frozen=True)
class Still:
    """A frame that is also written as it is before the encode: its number; the file, raw RGB."""

    frame: int
    path: Path


def master_arguments(
    shots: Sequence[Mapping[str, Any]], clips: Sequence[Path], frame: Format, length_s: float,
    transitions: Sequence[Transition], presenter: Presenter | None, graphics: Sequence[Placed],
    carrier: Path, beside: Beside, encoding: Encoding, encoder: str, target: Path,
    still: Still | None = None,
) -> list[str]:  # fmt: skip
    """ffmpeg's arguments for one master; `Placed.feed` of each `graphics` is to be fed to it."""
    picture = composed(
        shots, clips, frame, length_s, transitions, presenter, graphics, carrier
    )  # fmt: skip
    outputs = []
    if still is not None:
        copies = picture.filter_multi_output("split", 2)
        picture, chosen = copies[0], copies[1].filter("select", f"eq(n,{still.frame})")
        chosen = chosen.filter("scale", in_color_matrix="bt709", in_range="tv", out_range="pc")
        raw = {"format": "rawvideo", "pix_fmt": "rgb24", "frames:v": 1}
        outputs.append(ffmpeg.output(chosen, str(still.path), fps_mode="passthrough", **raw))
    video = video_options(frame, encoding, encoder)
    outputs.insert(0, _file(picture, beside, video, encoding, target))
    arguments: list[str] = ffmpeg.get_args(ffmpeg.merge_outputs(*outputs))
    # Filters that share each frame among threads need a tenth more CPU, and the encoder waits for
    # none of them.
    return ["-filter_complex_threads", "1", *arguments]


def composed(
    shots: Sequence[Mapping[str, Any]], clips: Sequence[Path], frame: Format, length_s: float,
    transitions: Sequence[Transition], presenter: Presenter | None, graphics: Sequence[Placed],
    carrier: Path | None,
) -> Any:  # fmt: skip
    """The finished picture of one format, before its encode: yuv420p, BT.709. Without a `carrier`
    it has no watermark."""
    picture = joined_shots(shots, clips, frame, length_s, transitions)
    if presenter is not None:
        picture = with_presenter(picture, presenter, frame)
    for placed in graphics:
        picture = _with_band(picture, placed)
    if carrier is None:
        return tagged(picture).filter("trim", end_frame=round(length_s * frame.fps))
    mark = ffmpeg.input(
        str(carrier), format="rawvideo", pix_fmt="yuv420p", r=frame.fps,
        s=f"{frame.width_px}x{frame.height_px}",
    )  # fmt: skip
    # Only luma is merged; the chroma planes stay those of the picture ("normal" keeps the top).
    picture = ffmpeg.filter([picture, tagged(mark.video)], "blend", **MERGED)
    return tagged(picture).filter("trim", end_frame=round(length_s * frame.fps))


def sound_arguments(
    master: Path, beside: Beside, encoding: Encoding, target: Path
) -> list[str]:  # fmt: skip
    """ffmpeg's arguments for the same picture, bit by bit, with other sound."""
    coding = {"c:v": "copy", "tag:v": TAGS[encoding.codec]}
    picture = ffmpeg.input(str(master), format="mov").video
    arguments: list[str] = ffmpeg.get_args(_file(picture, beside, coding, encoding, target))
    return arguments


def _file(
    picture: Any, beside: Beside, coding: Mapping[str, object], encoding: Encoding, target: Path
) -> Any:
    taken = beside.sound.suffix == ".mp4"
    sound = ffmpeg.input(str(beside.sound), format="mov" if taken else "wav").audio
    heard = {"c:a": "copy"} if taken else audio_options(encoding)
    streams, options = [picture, sound], {**coding, **heard, **FILE_OPTIONS}
    if beside.cues is not None:
        # By its number: ffmpeg-python knows pictures and sound by letter, but no text.
        streams.append(ffmpeg.input(str(beside.cues), format="webvtt")["s"])
        options |= {"c:s": "mov_text", "metadata:s:s:0": f"language={beside.language}"}
    return ffmpeg.output(*streams, str(target), **options)


MERGED = {"c0_mode": "grainmerge"}
"""How the mark's frame is blended with the picture: the luma of both, less 128."""

FILE_OPTIONS = {
    "movflags": "+faststart",
    "fflags": "+bitexact",
    "map_metadata": "-1",
    "format": "mp4",
}
"""No times, names or versions in the file: the same spot gives the same bytes."""


def _with_band(picture: Any, placed: Placed) -> Any:
    band = placed.band
    stream = ffmpeg.input(
        f"feed:{placed.feed}", format="rawvideo", pix_fmt="yuva420p", r=band.fps,
        s=f"{band.width_px}x{band.height_px}",
    ).video  # fmt: skip
    stream = tagged(stream).filter("settb", f"1/{band.fps}")
    stream = stream.filter("setpts", times_of(band.moments()))
    top = str(placed.tops_px[-1][1])
    pairs = list(zip(placed.tops_px, placed.tops_px[1:], strict=False))
    for (_, here), (until_s, _) in reversed(pairs):
        top = f"if(lt(t,{until_s - 1e-4:.4f}),{here},{top})"
    return ffmpeg.filter([picture, stream], "overlay", x=0, y=top, eof_action="pass")


def times_of(moments: Sequence[int]) -> str:
    """`setpts` expression that gives frame N of a feed the number `moments[N]`."""
    gaps = [(n, b - a - 1) for n, (a, b) in enumerate(pairwise(moments), 1) if b - a > 1]
    return "+".join([f"N+{moments[0]}", *(f"{gap}*gte(N,{n})" for n, gap in gaps)])
