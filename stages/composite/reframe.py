"""The part of the graph that lays a clip into a frame of another aspect, its edges drawn on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ffmpeg  # type: ignore[import-untyped]

from schemas.layout import Format

_SMALL = 8
"""Behind the clip its own edges are drawn on from a picture this many times smaller."""
_BLUR = 13.0
"""Of that picture, in its pixels."""
_FEATHER_PX = 90
"""Over which the clip's edge gives way to what is drawn on, at a frame 1080 wide."""
_LEAST = 1e-6


def cropped(stream: Any, crop: Mapping[str, float] | None, frame: Format, number: int = 0) -> Any:
    """The part `crop` of a clip (in its fractions; None: as much of it as fills the frame), at the
    frame's size. Where it reaches beyond the clip, edges are smeared outwards and blurred.

    `number` tells the clips of one graph apart: equal parts of it would be taken for one.
    """
    size = (frame.width_px, frame.height_px)
    if crop is None:
        filling = {"force_original_aspect_ratio": "increase", "flags": "bicubic"}
        return stream.filter("scale", *size, **filling).filter("crop", *size)
    x0, y0, x1, y1 = (crop[edge] for edge in ("x0", "y0", "x1", "y1"))
    if min(x0, y0) >= -_LEAST and max(x1, y1) <= 1 + _LEAST:
        cut = stream.filter(
            "crop", f"round(iw*{x1 - x0:.7f})", f"round(ih*{y1 - y0:.7f})",
            f"round(iw*{max(x0, 0):.7f})", f"round(ih*{max(y0, 0):.7f})",
        )  # fmt: skip
        return cut.filter("scale", *size, flags="bicubic")
    return _extended(stream, (x0, y0, x1, y1), frame, number)


def _extended(
    stream: Any, crop: tuple[float, float, float, float], frame: Format, number: int
) -> Any:
    x0, y0, x1, y1 = crop
    wide, tall = _even(frame.width_px / (x1 - x0)), _even(frame.height_px / (y1 - y0))
    left, top = _even(-x0 * wide), _even(-y0 * tall)
    # Of the clip, scaled, what lies in the frame: where, and how large.
    x, y = max(left, 0), max(top, 0)
    width = min(left + wide, frame.width_px) - x
    height = min(top + tall, frame.height_px) - y
    scaled = stream.filter("scale", wide, tall, flags="bicubic")
    seen = scaled.filter("crop", width, height, x - left, y - top).filter("format", "yuv420p")
    copies = seen.filter_multi_output("split")
    behind = _drawn_on(copies[0], (x, y, width, height), frame)
    mask = _feather((x, y, width, height), frame, number)
    front = ffmpeg.filter([copies[1], mask], "alphamerge")
    return ffmpeg.filter([behind, front], "overlay", x=x, y=y)


def _drawn_on(stream: Any, place: tuple[int, int, int, int], frame: Format) -> Any:
    """The whole frame, filled from the edges of a picture at `place` (x, y, width, height)."""
    wide, tall = _even(frame.width_px / _SMALL), _even(frame.height_px / _SMALL)
    x, y = _even(place[0] / _SMALL), _even(place[1] / _SMALL)
    width = min(_even(place[2] / _SMALL), wide - x)
    height = min(_even(place[3] / _SMALL), tall - y)
    small = stream.filter("scale", width, height, flags="area").filter("pad", wide, tall, x, y)
    filled = small.filter(
        "fillborders", left=x, top=y, right=wide - x - width, bottom=tall - y - height,
        mode="smear",
    )  # fmt: skip
    soft = filled.filter("gblur", sigma=_BLUR, steps=2)
    return soft.filter("scale", frame.width_px, frame.height_px, flags="bicubic")


def _feather(place: tuple[int, int, int, int], frame: Format, number: int) -> Any:
    """One grey picture for the alpha of a picture at `place`: soft where it ends in the frame."""
    x, y, width, height = place
    feather = max(2.0, _FEATHER_PX * min(frame.width_px, frame.height_px) / 1080)
    sides = []
    if x > 0:
        sides.append("X+0.5")
    if x + width < frame.width_px:
        sides.append("W-X-0.5")
    if y > 0:
        sides.append("Y+0.5")
    if y + height < frame.height_px:
        sides.append("H-Y-0.5")
    alpha = "255"
    for side in sides:
        alpha = f"min({alpha},255*({side})/{feather:.1f})"
    drawn = f"color=c=black:s={width}x{height}:r={frame.fps}:d={number + 1}"
    source = ffmpeg.input(drawn, f="lavfi").video
    return source.filter("trim", end_frame=1).filter("format", "gray").filter("geq", lum=alpha)


def _even(value: float) -> int:
    return round(value / 2) * 2
