"""The part of the graph that joins a spot's clips, with transitions, into one exact picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ffmpeg  # type: ignore[import-untyped]

from schemas.layout import Format
from schemas.timeline import Transition
from stages.composite.reframe import cropped
from stages.shared.ffmpeg import FORMATS_ALLOWED

READING = {
    "protocol_whitelist": "file,pipe",
    "format_whitelist": FORMATS_ALLOWED,
    # Each thread of a decoder holds frames: by default as many as the machine has cores.
    "threads": 2,
}
"""Options of every file that is opened."""
_ZOOM = 0.30
"""How much nearer a zoom comes to the picture that it leaves."""


SAME_COLOUR = {
    "range": "tv",
    "color_primaries": "bt709",
    "color_trc": "bt709",
    "colorspace": "bt709",
}


def tagged(stream: Any) -> Any:
    """Say that the stream is BT.709: where tags differ, ffmpeg would convert one to the other."""
    return stream.filter("setparams", **SAME_COLOUR)


def joined_shots(
    shots: Sequence[Mapping[str, Any]], clips: Sequence[Path], frame: Format, length_s: float,
    transitions: Sequence[Transition],
) -> Any:  # fmt: skip
    """The clips one behind the other, each going over into the next as its transition says.

    Only the frames of a transition are mixed: all others keep their samples as they are. None is
    longer than the handle of its clip.
    """
    fps = frame.fps
    parts: list[Any] = []
    tail, overlap = None, 0
    for index, (shot, clip) in enumerate(zip(shots, clips, strict=True)):
        count, handle = _frames(shot, fps), 0
        if index + 1 < len(shots):
            handle = round(transitions[index].length_s * fps)
        spans = {"head": (0, overlap), "body": (overlap, count), "tail": (count, count + handle)}
        spans = {name: span for name, span in spans.items() if span[0] < span[1]}
        # Exactly as many copies as are used: ffmpeg would map a loose one as a second stream.
        copies = _clip(clip, frame, shot.get("crop"), index).filter_multi_output(
            "split", len(spans)
        )
        cut = {
            name: _cut(copies[number], *span, fps)
            for number, (name, span) in enumerate(spans.items())
        }
        if overlap:
            style = transitions[index - 1].style
            parts.append(_changed(tail, cut["head"], overlap, style, frame))
        if "body" in cut:
            parts.append(cut["body"])
        tail, overlap = cut.get("tail"), handle
    joined = ffmpeg.filter(parts, "concat", n=len(parts), v=1, a=0)
    # A clip that is a frame short would shorten the spot: its last frame is held.
    held = joined.filter("tpad", stop=fps, stop_mode="clone")
    return held.filter("settb", f"1/{fps}").filter("setpts", "N")


def _changed(tail: Any, head: Any, frames: int, style: str, frame: Format) -> Any:
    """`tail` giving way to `head`. What moves comes fast and settles, so that it is seen when it is
    heard; what fades is slow at both ends."""
    if style == "slide":
        left = f"pow(1-(n+1)/{frames + 1},3)"
        x = f"2*trunc({frame.width_px // 2}*{left})"
        mixed = ffmpeg.filter([tail, head], "overlay", x=x, y=0, format="yuv420")
        return tagged(mixed.filter("format", "yuv420p"))
    if style == "zoom":
        zoom = f"1+{_ZOOM}*{_eased(f'((on+1)/{frames + 1})')}"
        size = {"s": f"{frame.width_px}x{frame.height_px}", "fps": frame.fps, "d": 1}
        nearer = tail.filter("zoompan", z=zoom, x="iw/2-(iw/zoom/2)", y="ih/2-(ih/zoom/2)", **size)
        tail = tagged(nearer).filter("settb", f"1/{frame.fps}").filter("setpts", "N")
    if style in ("crossfade", "zoom"):
        return _faded(tail, head, frames, frame.fps)
    change = {"transition": "smoothleft", "duration": f"{frames / frame.fps:.6f}", "offset": 0}
    early, late = (_bent(stream, frames, frame.fps) for stream in (tail, head))
    crossed = ffmpeg.filter([early, late], "xfade", **change).filter("format", "yuv420p")
    return crossed.filter("settb", f"1/{frame.fps}").filter("setpts", "N")


def _faded(tail: Any, head: Any, frames: int, fps: int) -> Any:
    """The same as `xfade`, which needs four times as long because it works in 4:4:4."""
    clearing = _bent(tail.filter("format", "yuva420p"), frames, fps).filter(
        "fade", type="out", start_time=0, duration=f"{frames / fps:.6f}", alpha=1
    )
    clearing = clearing.filter("settb", f"1/{fps}").filter("setpts", "N")
    mixed = ffmpeg.filter([head, tagged(clearing)], "overlay", format="yuv420")
    return tagged(mixed.filter("format", "yuv420p"))


def _bent(stream: Any, frames: int, fps: int) -> Any:
    """The frames with times that go slowly at both ends: what changes evenly in time is eased."""
    eased = _eased(f"((N+1)/{frames + 1})")
    return stream.filter("settb", "1/90000").filter(
        "setpts", f"trunc({frames / fps * 90_000:.1f}*{eased})"
    )


def _eased(share: str) -> str:
    """Smoothstep of an expression that goes from 0 to 1."""
    return f"({share}*{share}*(3-2*{share}))"


def _frames(shot: Mapping[str, Any], fps: int) -> int:
    """Between the shot's cuts, without its handle."""
    return round(shot["end_s"] * fps) - round(shot["start_s"] * fps)


def _clip(path: Path, frame: Format, crop: Mapping[str, float] | None, number: int) -> Any:
    """A clip at the frame's size and rate, filling it."""
    stream = ffmpeg.input(str(path), **READING).video.filter("fps", fps=frame.fps)
    stream = cropped(stream, crop, frame, number)
    return tagged(stream.filter("format", "yuv420p").filter("setsar", 1))


def _cut(stream: Any, first: int, end: int, fps: int) -> Any:
    """Frames `first` up to (not with) `end`, moved to time 0."""
    part = stream.filter("trim", start_frame=first, end_frame=end)
    return part.filter("settb", f"1/{fps}").filter("setpts", "N")
