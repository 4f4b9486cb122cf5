"""Specification: what can be said of a finished file by itself, without the spot's row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from schemas.layout import FORMATS, Format
from schemas.platform import FormatName, Platform
from stages.inspect import picture_faults
from stages.inspect.container import read_container
from stages.inspect.footage import decode_footage
from stages.inspect.gates import Gate
from stages.inspect.measures import SAMPLE_ENTRIES, file_metrics
from stages.inspect.soundness import RATE_HZ, sound_metrics
from stages.shared.ffmpeg import decode_audio

FILE_GATES = (
    "format_match", "playable_codecs", "faststart", "duration_s", "frame_count", "bit_rate_kbps",
    "colour_tags", "constant_rate", "closed_groups", "longest_group_s", "audio_seconds",
    "loudness_lufs", "true_peak_dbtp", "clipped_samples", "longest_silence_s", "black_frames",
    "frozen_s", "flashes_per_s", "red_flashes_per_s",
)  # fmt: skip
"""Those of a campaign's gates that a file answers by itself."""


def measure_file(path: Path, scratch: Path) -> tuple[dict[str, float], Format, str]:
    """(metrics as the inspect stage names them, the format by its frame, the codec).

    `scratch` is a new file. Raises `ValueError` for a file without video, `av.error.FFmpegError`
    for what is no MP4, `FfmpegError` where it cannot be decoded.
    """
    container = read_container(path)
    size = (container.width_px, container.height_px)
    known = [one for one in FORMATS.values() if (one.width_px, one.height_px) == size]
    nearest = min(
        FORMATS.values(), key=lambda one: abs(one.width_px / one.height_px - size[0] / size[1])
    )
    form = known[0] if known else nearest
    codec = container.video_codec if container.video_codec in SAMPLE_ENTRIES else "h264"
    footage = decode_footage(
        path, size, container.fps, container.duration_s, close_ups=[0], mouth_box=None,
        mark_every=24, scratch=scratch,
    )  # fmt: skip
    metrics = file_metrics(container, len(footage.luma), form, codec)
    if container.audio_s > 0:
        metrics |= sound_metrics(decode_audio(path, RATE_HZ, channels=2))
    flashes, red_flashes = picture_faults.flashes_per_s(footage.light, footage.fps)
    metrics |= {
        "black_frames": float(picture_faults.black_frames(footage.luma)),
        "frozen_s": picture_faults.frozen_s(footage.luma, footage.fps),
        "flashes_per_s": flashes,
        "red_flashes_per_s": red_flashes,
    }
    return metrics, form, codec


@dataclass(frozen=True)
class Line:
    """One rule of a specification report; `of` says whose rule it is."""

    of: str
    rule: str
    limit: str
    measured: str
    passes: bool


def lines_of(of: str, metrics: Mapping[str, float], gates: Sequence[Gate]) -> list[Line]:
    """A line per gate; what was not measured (a file without sound) does not pass."""
    return [_line(of, metrics, gate) for gate in gates]


def platform_lines(
    platform: Platform, metrics: Mapping[str, float], form: Format, codec: str
) -> list[Line]:
    """What a platform asks of the file of a format."""
    lines = [
        Line(platform.name, "format", ", ".join(platform.formats), form.name,
             form.name in platform.covers),
        Line(platform.name, "codec", ", ".join(platform.codecs), codec, codec in platform.codecs),
    ]  # fmt: skip
    gates: list[Gate] = [
        ("file_bytes", None, float(platform.max_bytes)),
        ("duration_s", *platform.length_s),
        ("video_fps", *platform.fps),
        ("video_kbps", *platform.video_kbps),
        ("true_peak_dbtp", None, platform.true_peak_dbtp),
    ]
    if platform.loudness_lufs < -20:  # the others turn loud files down by themselves
        aim, slack = platform.loudness_lufs, platform.tolerance_lu
        gates.append(("loudness_lufs", aim - slack, aim + slack))
    if form.name in platform.min_px:
        wide, tall = platform.min_px[cast(FormatName, form.name)]
        gates += [("width_px", float(wide), None), ("height_px", float(tall), None)]
    asked = [gate for gate in gates if gate[1:] != (None, None)]
    return lines + lines_of(platform.name, metrics, asked)


def _line(of: str, metrics: Mapping[str, float], gate: Gate) -> Line:
    metric, least, most = gate
    value = metrics.get(metric)
    if value is None:
        return Line(of, metric, _limit(least, most), "not there", False)
    passes = (least is None or value >= least) and (most is None or value <= most)
    return Line(of, metric, _limit(least, most), _number(value), passes)


def _limit(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f"{_number(least)} to {_number(most)}"
    return f"at least {_number(least)}" if least is not None else f"at most {_number(most or 0.0)}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.2f}"
