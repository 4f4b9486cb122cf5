"""VMAF against CPU seconds: what encoders, presets and qualities make of one composite."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from jobs.bench.usage import Usage
from schemas.encoding import Encoding
from schemas.layout import Format
from stages.composite.encoders import SOFTWARE, video_options
from stages.shared.ffmpeg import run_ffmpeg

RAW = "composite.yuv"
"""The uncompressed composite: yuv420p, one frame behind the other."""
EVERY = 6
"""Of so many frames one is judged: VMAF takes longer than the encode."""
TRIED: tuple[Encoding, ...] = (
    *(Encoding(preset="ultrafast", crf=crf, most_kbps=50_000) for crf in (20, 24, 28)),
    *(Encoding(preset="superfast", crf=crf, most_kbps=50_000) for crf in (18, 21, 24, 27)),
    *(Encoding(preset="veryfast", crf=crf, most_kbps=50_000) for crf in (20, 23, 26)),
    *(Encoding(preset="medium", crf=crf, most_kbps=50_000) for crf in (20, 24)),
    *(Encoding(codec="hevc", preset="ultrafast", crf=crf, most_kbps=50_000) for crf in (22, 26)),
    *(Encoding(codec="av1", preset="10", crf=crf, most_kbps=50_000) for crf in (30, 40)),
)


@dataclass(frozen=True)
class Point:
    """One encode of the composite."""

    codec: str
    preset: str
    crf: float
    cpu_s: float
    kbps: float
    vmaf: float
    vmaf_low: float
    """The 5th percentile over frames."""
    psnr_y_db: float


def raw_input(frame: Format, path: str) -> list[str]:
    """ffmpeg's arguments for raw frames as input."""
    return [
        "-f", "rawvideo", "-pix_fmt", "yuv420p", "-colorspace", "bt709", "-color_primaries",
        "bt709", "-color_trc", "bt709", "-color_range", "tv", "-s",
        f"{frame.width_px}x{frame.height_px}", "-framerate", str(frame.fps), "-i", path,
    ]  # fmt: skip


def sweep(
    raw: Path, frame: Format, folder: Path, told: Callable[[str], None]
) -> list[Point]:  # fmt: skip
    """Encode the raw composite in all ways that are `TRIED`, and judge each."""
    found = []
    for encoding in TRIED:
        told(f"{encoding.codec} {encoding.preset} {encoding.crf:g} ...")
        found.append(_point(raw, frame, encoding, folder))
    return found


def _point(raw: Path, frame: Format, encoding: Encoding, folder: Path) -> Point:
    path = folder / "tried.mp4"
    options = video_options(frame, encoding, SOFTWARE[encoding.codec])
    coding = [text for key, value in options.items() for text in (f"-{key}", str(value))]
    with Usage() as used:
        run_ffmpeg([*raw_input(frame, str(raw)), "-an", *coding, str(path)])
    length_s = raw.stat().st_size / (frame.width_px * frame.height_px * 1.5) / frame.fps
    vmaf, low, psnr = judged(path, raw, frame, folder)
    kbps = path.stat().st_size * 8 / 1000 / length_s
    return Point(
        encoding.codec, encoding.preset, encoding.crf, used.cpu_s, kbps, vmaf, low, psnr
    )  # fmt: skip


def judged(path: Path, raw: Path, frame: Format, folder: Path) -> tuple[float, float, float]:
    """(VMAF, its 5th percentile, PSNR of luma in dB) of a file against the raw composite.

    Raises `FfmpegError` if the ffmpeg at hand has no libvmaf: that of imageio-ffmpeg has.
    """
    log = folder / "vmaf.json"
    # The model is the default one (v0.6.1): for 1080p, watched from three heights away.
    graph = f"[0:v][1:v]libvmaf=n_subsample={EVERY}:n_threads=2:feature=name=psnr"
    graph += f":log_fmt=json:log_path={log}"
    run_ffmpeg(
        ["-i", str(path), *raw_input(frame, str(raw)), "-lavfi", graph, "-f", "null", "-"]
    )  # fmt: skip
    frames = [one["metrics"] for one in json.loads(log.read_text())["frames"]]
    scores = sorted(one["vmaf"] for one in frames)
    psnr = sum(one["psnr_y"] for one in frames) / len(frames)
    return sum(scores) / len(scores), scores[len(scores) // 20], psnr


def chosen(points: list[Point], least_vmaf: float = 93, most_kbps: float = 4000) -> Point | None:
    """The cheapest that is good and small enough."""
    good = [one for one in points if one.vmaf >= least_vmaf and one.kbps <= most_kbps]
    return min(good, key=lambda one: one.cpu_s, default=None)


def as_rows(points: list[Point]) -> list[dict[str, object]]:
    """For JSON."""
    return [asdict(one) for one in points]
