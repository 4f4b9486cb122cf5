"""The one ffmpeg graph of a spot: clips, presenter, graphics, watermark, sound, one encode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg  # type: ignore[import-untyped]

from schemas.layout import Format
from stages.composite.band import Band
from stages.composite.joining import joined_shots, tagged
from stages.composite.presenter import Presenter, with_presenter

COLOUR = {"colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709"}


@dataclass(frozen=True)
class Placed:
    """A band in the frame: which feed draws it, and its upper edge from each second on."""

    feed: str
    band: Band
    tops_px: Sequence[tuple[float, int]]


@dataclass(frozen=True)
class Encoding:
    """Of the master. `crf` is x264's quality, 0 to 51, smaller is better and larger in bytes."""

    preset: str
    crf: int
    audio_kbps: int
    threads: int
    """Of the encoder: fixed, because x264's bytes depend on it."""


def master_arguments(
    shots: Sequence[Mapping[str, Any]], clips: Sequence[Path], frame: Format, length_s: float,
    crossfade_s: float, presenter: Presenter | None, graphics: Sequence[Placed],
    carrier: Path, sound: Path, encoding: Encoding, target: Path,
) -> list[str]:  # fmt: skip
    """ffmpeg's arguments for one master; `Band.feed` of each `graphics` is to be fed to it.

    `sound` is a WAV to encode, or a finished master (.mp4) whose sound is taken over as it is.
    """
    picture = joined_shots(shots, clips, frame, length_s, crossfade_s)
    if presenter is not None:
        picture = with_presenter(picture, presenter, frame)
    for placed in graphics:
        picture = _with_band(picture, placed)
    mark = ffmpeg.input(
        str(carrier), format="rawvideo", pix_fmt="yuv420p", r=frame.fps,
        s=f"{frame.width_px}x{frame.height_px}",
    )  # fmt: skip
    # Only luma is merged; the chroma planes stay those of the picture ("normal" keeps the top).
    picture = ffmpeg.filter([picture, tagged(mark.video)], "blend", c0_mode="grainmerge")
    picture = tagged(picture).filter("trim", end_frame=round(length_s * frame.fps))
    taken = sound.suffix == ".mp4"
    heard = ffmpeg.input(str(sound), format="mov" if taken else "wav").audio
    audio = {"c:a": "copy"} if taken else audio_options(encoding)
    output = ffmpeg.output(
        picture, heard, str(target), **video_options(frame, encoding), **audio, **FILE_OPTIONS,
    )  # fmt: skip
    arguments: list[str] = ffmpeg.get_args(output)
    return arguments


def sound_arguments(master: Path, sound: Path, encoding: Encoding, target: Path) -> list[str]:
    """ffmpeg's arguments for the same picture, bit by bit, with other sound."""
    output = ffmpeg.output(
        ffmpeg.input(str(master), format="mov").video, ffmpeg.input(str(sound), format="wav").audio,
        str(target), **{"c:v": "copy"}, **audio_options(encoding), **FILE_OPTIONS,
    )  # fmt: skip
    arguments: list[str] = ffmpeg.get_args(output)
    return arguments


FILE_OPTIONS = {
    "movflags": "+faststart",
    "fflags": "+bitexact",
    "map_metadata": "-1",
    "format": "mp4",
}
"""No times, names or versions in the file: the same spot gives the same bytes."""


def video_options(frame: Format, encoding: Encoding) -> dict[str, object]:
    """H.264 as every platform takes it: High, 4:2:0, BT.709, constant rate, closed groups."""
    return {
        "c:v": "libx264", "preset": encoding.preset, "crf": encoding.crf, "pix_fmt": "yuv420p",
        "profile:v": "high", "r": frame.fps, "fps_mode": "cfr", "g": 2 * frame.fps,
        "flags:v": "+cgop+bitexact", "threads:v": encoding.threads, "color_range": "tv",
        # With a lookahead thread of its own (the default) one encode in four has other bytes.
        "x264-params": "sync-lookahead=0",
        # x264 describes itself in an SEI message of every file: that tells nobody anything.
        "bsf:v": "filter_units=remove_types=6",
        "video_track_timescale": frame.fps * 512, **COLOUR,
    }  # fmt: skip


def audio_options(encoding: Encoding) -> dict[str, object]:
    """AAC-LC, stereo, 48 kHz."""
    return {
        "c:a": "aac", "b:a": f"{encoding.audio_kbps}k", "ar": 48_000, "ac": 2,
        "flags:a": "+bitexact",
    }  # fmt: skip


def _with_band(picture: Any, placed: Placed) -> Any:
    band = placed.band
    stream = ffmpeg.input(
        f"feed:{placed.feed}", format="rawvideo", pix_fmt="yuva420p", r=band.fps,
        s=f"{band.width_px}x{band.height_px}",
    ).video  # fmt: skip
    stream = tagged(stream).filter("settb", f"1/{band.fps}")
    stream = stream.filter("setpts", f"N+{band.first_frame}")
    top = str(placed.tops_px[-1][1])
    pairs = list(zip(placed.tops_px, placed.tops_px[1:], strict=False))
    for (_, here), (until_s, _) in reversed(pairs):
        top = f"if(lt(t,{until_s - 1e-4:.4f}),{here},{top})"
    return ffmpeg.filter([picture, stream], "overlay", x=0, y=top, eof_action="pass")
