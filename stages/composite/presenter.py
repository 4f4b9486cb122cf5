"""The presenter in the graph: where she stands, how her alpha is read, how she comes and goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import ffmpeg  # type: ignore[import-untyped]

from schemas.layout import Box, Format
from stages.base import Media
from stages.composite.joining import READING, tagged
from stages.shared.kinds import open_film_file

_SLIDE_S = 0.30
_SLIDE = 0.06
"""How far the presenter slides in from below, as a share of her own height, while she fades in."""


@dataclass(frozen=True)
class Presenter:
    """Her file, when on the spot's clock it starts, and the shots that show her."""

    path: Path
    start_s: float
    spans_s: Sequence[tuple[float, float]]
    shift_s: float = 0.0
    """How much later than drawn she moves: what the align stage measured her mouth to be early."""


def presenter_of(spot: Mapping[str, Any], media: Media) -> Presenter | None:
    """The presenter of a spot; None where no shot shows her."""
    spans = presenter_spans_s(spot)
    if not spans:
        return None
    shift_s = spot.get("avatar_shift_s") or 0.0
    return Presenter(media.open(spot["avatar_uri"]), spot["avatar_start_s"], spans, shift_s)


def presenter_spans_s(spot: Mapping[str, Any]) -> list[tuple[float, float]]:
    """When a spot's presenter is seen, in seconds; nothing where nobody presents."""
    spans: list[tuple[float, float]] = []
    if not spot.get("avatar_uri"):
        return spans
    for shot in spot["shots"]:
        if shot["layout"] == "presented":
            start_s, end_s = shot["start_s"], shot["end_s"] + shot["handle_s"]
            if spans and start_s < spans[-1][1] + 1e-6:
                start_s = spans.pop()[0]
            spans.append((start_s, end_s))
    return spans


def presenter_boxes(spot: Mapping[str, Any], frame: Format) -> dict[str, Any]:
    """Where she and her mouth stand, in fractions of the frame."""
    if not spot.get("avatar_uri"):
        return {"presenter_box": None, "mouth_box": None}
    x, y, side = presenter_place(frame)
    wide, tall = frame.width_px, frame.height_px
    place = Box(x / wide, y / tall, (x + side) / wide, (y + side) / tall)
    mouth = spot.get("avatar_mouth_box")
    if mouth:
        mouth = {
            "x0": (x + mouth["x0"] * side) / wide,
            "y0": (y + mouth["y0"] * side) / tall,
            "x1": (x + mouth["x1"] * side) / wide,
            "y1": (y + mouth["y1"] * side) / tall,
        }
    return {"presenter_box": asdict(place), "mouth_box": mouth or None}


def presenter_stream(path: Path) -> Any:
    """Her picture as yuva420p, whichever way the file carries the alpha.

    Known are: a second video stream with the alpha as its luma; a codec with alpha; colour with
    the alpha as luma below it in one picture of twice the height.
    """
    with open_film_file(path) as file:
        streams = file.streams.video
        # By the header alone: nothing is decoded in this process.
        count, described = len(streams), streams[0].codec_context
        stacked = described.height >= 2 * described.width
        tall = described.height // 2
        with_alpha = "a" in (described.pix_fmt or "").removeprefix("gray").replace("bayer", "")
    source = ffmpeg.input(str(path), **READING)
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


def with_presenter(picture: Any, presenter: Presenter, frame: Format) -> Any:
    """`picture` with her over it, in her shots only."""
    x, y, side = presenter_place(frame)
    stream = (
        presenter_stream(presenter.path)
        .filter("fps", fps=frame.fps)
        .filter("scale", side, side, flags="bicubic")
        .filter("format", "yuva420p")
    )
    stream = _shifted(stream, round(presenter.shift_s * frame.fps))
    stream = (
        tagged(stream)
        .filter("settb", f"1/{frame.fps}")
        .filter("setpts", f"N+{round(presenter.start_s * frame.fps)}")
    )
    seen = "+".join(f"between(t,{a - 1e-4:.4f},{b - 1e-4:.4f})" for a, b in presenter.spans_s)
    return ffmpeg.filter(
        [picture, stream], "overlay", x=x, y=f"{y}+2*trunc({_slide(presenter, side)}/2)",
        eof_action="pass", enable=seen,
    )  # fmt: skip


def _shifted(stream: Any, frames: int) -> Any:
    """Her picture some frames later, or earlier, with her first or last frame held: she comes when
    she did, and her fades move with her."""
    if frames > 0:
        return stream.filter("tpad", start=frames, start_mode="clone")
    if frames < 0:
        trimmed = stream.filter("trim", start_frame=-frames)
        return trimmed.filter("tpad", stop=-frames, stop_mode="clone")
    return stream


def _slide(presenter: Presenter, height_px: int) -> str:
    """Pixels that she stands too low: she comes up quickly and goes down more quickly."""
    parts = []
    for start_s, end_s in presenter.spans_s:
        come = f"pow(clip(1-(t-{start_s:.4f})/{_SLIDE_S},0,1),3)" if start_s > 0 else "0"
        gone = f"pow(clip(1-({end_s:.4f}-t)/{_SLIDE_S},0,1),3)"
        inside = f"between(t,{start_s - 1e-4:.4f},{end_s:.4f})"
        parts.append(f"{inside}*{_SLIDE * height_px:.1f}*({come}+{gone})")
    return "(" + "+".join(parts) + ")"
