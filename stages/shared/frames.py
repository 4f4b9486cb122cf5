"""Encodes frames made in this process into a mezzanine: a clip that is near-lossless and cheap."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import numpy as np

from stages.shared.ffmpeg import run_ffmpeg
from stages.shared.kinds import open_film_file

Pixels = Literal["yuv420p", "rgb24"]

COLOUR = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"]
COLOUR += ["-color_range", "tv"]


def film_facts(path: Path) -> tuple[int, int, int]:
    """Width, height and number of frames of a film that Spotmill itself wrote, by its headers."""
    with open_film_file(path) as file:
        video = file.streams.video[0]
        return video.width, video.height, video.frames


def encode_frames(
    frames: Iterable[np.ndarray],
    path: Path,
    *,
    width_px: int,
    height_px: int,
    fps: int,
    pixels: Pixels = "rgb24",
    qp: int = 13,
    preset: str = "ultrafast",
    keyframe_frames: int = 48,
    nvenc: bool = False,
    timeout_s: float = 600.0,
) -> int:
    """Encode `frames` as H.264 yuv420p with BT.709 colours and return how many there were.

    A frame is uint8 and C-contiguous: shape (height, width, 3) for "rgb24", or for "yuv420p" the
    three planes one behind the other, shape (height * 3 / 2, width), BT.709 in the limited range.
    The generator runs in a thread of its own while ffmpeg encodes; what it raises is raised here.

    `qp` is the constant quantiser, 0 to 51, smaller is better and larger: a constant one needs no
    look-ahead, which would cost as much as the encoding itself. One encoder thread: the bytes
    don't depend on the machine's cores. Keyframes, of closed groups, stand `keyframe_frames` apart.
    `nvenc` lets the card encode, where `nvenc_works` says it can.
    """
    shape = (height_px, width_px, 3) if pixels == "rgb24" else (height_px * 3 // 2, width_px)
    count = 0

    def feed(stream: object) -> None:
        nonlocal count
        for frame in frames:
            if frame.shape != shape or frame.dtype != np.uint8:
                raise ValueError(
                    f"frame {count} is {frame.dtype} of shape {frame.shape}; {pixels} at"
                    f" {width_px}x{height_px} needs uint8 of shape {shape}"
                )
            stream.write(np.ascontiguousarray(frame).data)  # type: ignore[attr-defined]
            count += 1

    source = ["-f", "rawvideo", "-pix_fmt", pixels, "-s", f"{width_px}x{height_px}"]
    source += ["-framerate", str(fps)] + (COLOUR if pixels == "yuv420p" else []) + ["-i", "pipe:0"]
    # Without it the matrix would be BT.601's, and only the tags would say BT.709.
    convert = ["-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"]
    target = ["-map", "0:v", "-an", *(convert if pixels == "rgb24" else [])]
    if nvenc:
        target += ["-c:v", "h264_nvenc", "-preset", "p4", "-rc", "constqp", "-qp", str(qp)]
    else:
        target += ["-c:v", "libx264", "-preset", preset, "-qp", str(qp), "-tune", "fastdecode"]
        target += ["-threads", "1", "-sc_threshold", "0"]
    target += [
        "-pix_fmt",
        "yuv420p",
        "-profile:v",
        "high",
        "-g",
        str(keyframe_frames),
    ]
    target += [*COLOUR, "-fps_mode", "passthrough"]
    target += ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1"]
    run_ffmpeg([*source, *target, str(path)], feed=feed, timeout_s=timeout_s)
    if count == 0:
        raise ValueError(f"no frames were given for {path.name}")
    return count
