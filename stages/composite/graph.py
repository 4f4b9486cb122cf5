"""The one ffmpeg graph of a spot: clips, presenter, graphics, watermark, sound, one encode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import ffmpeg  # type: ignore[import-untyped]

from schemas.layout import Format
from stages.composite.band import Band
from stages.shared.ffmpeg import FORMATS_ALLOWED

SAFE = {"protocol_whitelist": "file,pipe", "format_whitelist": FORMATS_ALLOWED}
COLOUR = {"colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709"}
_SLIDE_S = 0.30
_SLIDE = 0.06
"""How far the presenter slides in from below, as a share of her own height, while she fades in."""


@dataclass(frozen=True)
class Placed:
    """A band in the frame: which feed draws it, and its upper edge from each second on."""

    feed: str
    band: Band
    tops_px: Sequence[tuple[float, int]]


@dataclass(frozen=True)
class Presenter:
    """Her file, when on the spot's clock it starts, and the shots that show her."""

    path: Path
    start_s: float
    spans_s: Sequence[tuple[float, float]]


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
    """ffmpeg's arguments for one master; `Band.feed` of each `graphics` is to be fed to it."""
    picture = joined_shots(shots, clips, frame, length_s, crossfade_s)
    if presenter is not None:
        picture = _with_presenter(picture, presenter, frame)
    for placed in graphics:
        picture = _with_band(picture, placed)
    mark = ffmpeg.input(
        str(carrier), format="rawvideo", pix_fmt="yuv420p", r=frame.fps,
        s=f"{frame.width_px}x{frame.height_px}",
    )  # fmt: skip
    # Only luma is merged; the chroma planes stay those of the picture ("normal" keeps the top).
    picture = ffmpeg.filter([picture, mark.video], "blend", c0_mode="grainmerge")
    picture = picture.filter(
        "setparams", range="tv", color_primaries="bt709", color_trc="bt709", colorspace="bt709"
    )
    picture = picture.filter("trim", end_frame=round(length_s * frame.fps))
    output = ffmpeg.output(
        picture, ffmpeg.input(str(sound), format="wav").audio, str(target),
        **video_options(frame, encoding), **audio_options(encoding), **FILE_OPTIONS,
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
        "video_track_timescale": frame.fps * 512, **COLOUR,
    }  # fmt: skip


def audio_options(encoding: Encoding) -> dict[str, object]:
    """AAC-LC, stereo, 48 kHz."""
    return {
        "c:a": "aac", "b:a": f"{encoding.audio_kbps}k", "ar": 48_000, "ac": 2,
        "flags:a": "+bitexact",
    }  # fmt: skip


def joined_shots(
    shots: Sequence[Mapping[str, Any]], clips: Sequence[Path], frame: Format, length_s: float,
    crossfade_s: float,
) -> Any:  # fmt: skip
    """The clips one behind the other, each fading over into the next while its handle lasts.

    Only the frames of a crossfade run through `xfade`, which works in 4:4:4: all others keep
    their chroma as it is, and the graph half of its time.
    """
    fps = frame.fps
    parts: list[Any] = []
    tail, overlap = None, 0
    for index, (shot, clip) in enumerate(zip(shots, clips, strict=True)):
        count, handle = _frames(shot, fps), 0
        if index + 1 < len(shots):
            handle = round(min(crossfade_s + 0.5 / fps, shot["handle_s"]) * fps)
            handle = min(handle, _frames(shots[index + 1], fps))
        spans = {"head": (0, overlap), "body": (overlap, count), "tail": (count, count + handle)}
        spans = {name: span for name, span in spans.items() if span[0] < span[1]}
        # Exactly as many copies as are used: ffmpeg would map a loose one as a second stream.
        copies = _clip(clip, frame).filter_multi_output("split", len(spans))
        cut = {
            name: _cut(copies[number], *span, fps)
            for number, (name, span) in enumerate(spans.items())
        }
        if overlap:
            fade = {"transition": "fade", "duration": f"{overlap / fps:.6f}", "offset": 0}
            crossed = ffmpeg.filter([tail, cut["head"]], "xfade", **fade)
            parts.append(crossed.filter("format", "yuv420p"))
        if "body" in cut:
            parts.append(cut["body"])
        tail, overlap = cut.get("tail"), handle
    joined = ffmpeg.filter(parts, "concat", n=len(parts), v=1, a=0)
    # A clip that is a frame short would shorten the spot: its last frame is held.
    held = joined.filter("tpad", stop=fps, stop_mode="clone")
    return held.filter("settb", f"1/{fps}").filter("setpts", "N")


def _frames(shot: Mapping[str, Any], fps: int) -> int:
    """Between the shot's cuts, without its handle."""
    return round(shot["end_s"] * fps) - round(shot["start_s"] * fps)


def _clip(path: Path, frame: Format) -> Any:
    """A clip at the frame's size and rate, filling it: what sticks out is cut."""
    size = (frame.width_px, frame.height_px)
    stream = ffmpeg.input(str(path), **SAFE).video.filter("fps", fps=frame.fps)
    stream = stream.filter(
        "scale", *size, force_original_aspect_ratio="increase", flags="bicubic"
    ).filter("crop", *size)
    return stream.filter("format", "yuv420p").filter("setsar", 1)


def _cut(stream: Any, first: int, end: int, fps: int) -> Any:
    """Frames `first` up to (not with) `end`, moved to time 0."""
    part = stream.filter("trim", start_frame=first, end_frame=end)
    return part.filter("settb", f"1/{fps}").filter("setpts", "N")


def presenter_stream(path: Path) -> Any:
    """Her picture as yuva420p, whichever way the file carries the alpha.

    Known are: a second video stream with the alpha as its luma; a codec with alpha; colour with
    the alpha as luma below it in one picture of twice the height.
    """
    with av.open(str(path)) as file:
        streams = file.streams.video
        # By the header alone: nothing is decoded in this process.
        count, described = len(streams), streams[0].codec_context
        stacked = described.height >= 2 * described.width
        tall = described.height // 2
        with_alpha = "a" in (described.pix_fmt or "").removeprefix("gray").replace("bayer", "")
    source = ffmpeg.input(str(path), **SAFE)
    if count >= 2:
        return ffmpeg.filter([source["v:0"], source["v:1"]], "alphamerge")
    if with_alpha:
        return source.video.filter(
            "scale", flags="bilinear+accurate_rnd", out_color_matrix="bt709", out_range="tv"
        ).filter("format", "yuva420p")
    if not stacked:
        raise ValueError(f"{path.name} carries no alpha; write the presenter with her alpha")
    halves = source.video.filter_multi_output("split")
    colour = halves[0].filter("crop", "iw", tall, 0, 0)
    alpha = halves[1].filter("crop", "iw", tall, 0, tall)
    return ffmpeg.filter([colour, alpha], "alphamerge")


def presenter_place(frame: Format) -> tuple[int, int, int]:
    """(x, y, side) in pixels, all even, of her square picture, centred on the lower edge."""
    area = frame.shots["presented"].presenter
    if area is None:
        raise ValueError(f"format {frame.name} has no place for a presenter")
    x0, y0, x1, y1 = area.pixels(frame.width_px, frame.height_px)
    side = min(x1 - x0, y1 - y0) // 2 * 2
    return (x0 + x1 - side) // 4 * 2, frame.height_px - side, side


def _with_presenter(picture: Any, presenter: Presenter, frame: Format) -> Any:
    x, y, side = presenter_place(frame)
    stream = (
        presenter_stream(presenter.path)
        .filter("fps", fps=frame.fps)
        .filter("scale", side, side, flags="bicubic")
        .filter("format", "yuva420p")
        .filter("settb", f"1/{frame.fps}")
        .filter("setpts", f"N+{round(presenter.start_s * frame.fps)}")
    )
    seen = "+".join(f"between(t,{a - 1e-4:.4f},{b - 1e-4:.4f})" for a, b in presenter.spans_s)
    return ffmpeg.filter(
        [picture, stream], "overlay", x=x, y=f"{y}+2*trunc({_slide(presenter, side)}/2)",
        eof_action="pass", enable=seen,
    )  # fmt: skip


def _slide(presenter: Presenter, height_px: int) -> str:
    """Pixels that she stands too low: she comes up quickly and goes down more quickly."""
    parts = []
    for start_s, end_s in presenter.spans_s:
        come = f"pow(clip(1-(t-{start_s:.4f})/{_SLIDE_S},0,1),3)" if start_s > 0 else "0"
        gone = f"pow(clip(1-({end_s:.4f}-t)/{_SLIDE_S},0,1),3)"
        inside = f"between(t,{start_s - 1e-4:.4f},{end_s:.4f})"
        parts.append(f"{inside}*{_SLIDE * height_px:.1f}*({come}+{gone})")
    return "(" + "+".join(parts) + ")"


def _with_band(picture: Any, placed: Placed) -> Any:
    band = placed.band
    stream = ffmpeg.input(
        f"feed:{placed.feed}", format="rawvideo", pix_fmt="yuva420p", r=band.fps,
        s=f"{band.width_px}x{band.height_px}",
    ).video  # fmt: skip
    stream = stream.filter("settb", f"1/{band.fps}").filter("setpts", f"N+{band.first_frame}")
    top = str(placed.tops_px[-1][1])
    pairs = list(zip(placed.tops_px, placed.tops_px[1:], strict=False))
    for (_, here), (until_s, _) in reversed(pairs):
        top = f"if(lt(t,{until_s - 1e-4:.4f}),{here},{top})"
    return ffmpeg.filter([picture, stream], "overlay", x=0, y=top, eof_action="pass")
