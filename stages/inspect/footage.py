"""Decodes a finished master once, into all the pictures that the checks look at."""

from __future__ import annotations

import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from schemas.layout import Box
from stages.shared.ffmpeg import FfmpegError, ffmpeg_binary, input_options

WIDTH_PX, HEIGHT_PX = 270, 480
"""Size of the pictures of every frame: a quarter of 1080 x 1920, and the watermark's grid."""
CLOSE_UP_PX = 540
"""Width of the few larger pictures that faces and the product are looked for in."""


@dataclass(frozen=True)
class Footage:
    """Pictures of a master, uint8 RGB.

    `frames` (n, 480, 270, 3) are all frames; `luma` (n, 480, 270) the same in grey; `mouth`
    (n, h, 270, 3) the mouth's box, enlarged, or None; `close_ups` maps frame numbers to pictures
    540 wide.
    """

    fps: float
    frames: np.ndarray
    luma: np.ndarray
    mouth: np.ndarray | None
    close_ups: dict[int, np.ndarray]

    def index(self, time_s: float) -> int:
        """Number of the frame on screen at that time, held within the footage."""
        return int(min(max(time_s * self.fps + 1e-6, 0), len(self.frames) - 1))


def decode_footage(
    path: Path, size_px: tuple[int, int], fps: float, length_s: float, *,
    close_ups: Sequence[int], mouth_box: Box | None, scratch: Path, timeout_s: float = 240.0,
) -> Footage:  # fmt: skip
    """Decode the video at `path`: frames of `size_px` (width, height), about `length_s` seconds.

    One ffmpeg does it all: every frame comes through the pipe with the mouth's box below it, and
    the close-ups go to the file `scratch`. Raises `FfmpegError` if it cannot be decoded.
    """
    mouth_px = _mouth_crop(mouth_box, size_px)
    strip_px = 0 if mouth_px is None else _even(WIDTH_PX * mouth_px[1] / mouth_px[0])
    close_px = (CLOSE_UP_PX, _even(CLOSE_UP_PX * size_px[1] / size_px[0]))
    numbers = sorted(set(close_ups))
    command = [ffmpeg_binary(), "-hide_banner", "-loglevel", "error", "-nostdin", "-y"]
    command += [*input_options(), "-i", str(path), "-an", "-filter_complex"]
    command += [_graph(mouth_px, strip_px, close_px, numbers)]
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-fps_mode", "passthrough"]
    command += ["-map", "[all]", *raw, "pipe:1", "-map", "[few]", *raw, str(scratch)]
    shape = (HEIGHT_PX + strip_px, WIDTH_PX, 3)
    stacked = _read_frames(command, shape, path.name, timeout_s, expected=round(fps * length_s))
    frames = stacked[:, :HEIGHT_PX]
    few = np.fromfile(scratch, np.uint8).reshape(-1, close_px[1], close_px[0], 3)
    luma = np.stack([cv2.cvtColor(np.ascontiguousarray(f), cv2.COLOR_RGB2GRAY) for f in frames])
    return Footage(
        fps=fps,
        frames=frames,
        luma=luma,
        mouth=None if mouth_px is None else stacked[:, HEIGHT_PX:],
        close_ups=dict(zip(numbers, few, strict=False)),
    )


def _graph(
    mouth_px: tuple[int, int, int, int] | None, strip_px: int, close_px: tuple[int, int],
    numbers: Sequence[int],
) -> str:  # fmt: skip
    """The filter graph: only numbers of our own are in it."""
    small = f"scale={WIDTH_PX}:{HEIGHT_PX}:flags=area,format=rgb24"
    chosen = "+".join(f"eq(n\\,{number})" for number in numbers)
    few = f"select='{chosen}',scale={close_px[0]}:{close_px[1]}:flags=area[few]"
    if mouth_px is None:
        return f"[0:v]split=2[a][c];[a]{small}[all];[c]{few}"
    width, height, x, y = mouth_px
    mouth = f"crop={width}:{height}:{x}:{y},scale={WIDTH_PX}:{strip_px}:flags=bicubic,format=rgb24"
    return (
        f"[0:v]split=3[a][b][c];[a]{small}[small];[b]{mouth}[mouth];"
        f"[small][mouth]vstack[all];[c]{few}"
    )


def _mouth_crop(box: Box | None, size_px: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """(width, height, x, y) of the mouth's box in pixels, even and inside the frame."""
    if box is None:
        return None
    x0, y0, x1, y1 = box.pixels(*size_px)
    x0, y0 = max(0, x0 // 2 * 2), max(0, y0 // 2 * 2)
    width, height = _even(min(x1, size_px[0]) - x0), _even(min(y1, size_px[1]) - y0)
    return (width, height, x0, y0) if width >= 16 and height >= 8 else None


def _even(value: float) -> int:
    return max(2, int(value) // 2 * 2)


def _read_frames(
    command: Sequence[str], shape: tuple[int, ...], name: str, timeout_s: float, expected: int
) -> np.ndarray:
    """Frames from the pipe, (n, *shape): read into one array, so that they are held but once."""
    frames, count = np.empty((expected + 8, *shape), np.uint8), 0
    with tempfile.TemporaryFile() as said:
        program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said)
        killer = threading.Timer(timeout_s, program.kill)
        killer.start()
        try:
            assert program.stdout is not None
            while program.stdout.readinto(frames[count].data) == frames[count].nbytes:  # type: ignore[attr-defined]
                count += 1
                if count == len(frames):
                    frames = np.concatenate([frames, np.empty_like(frames)])
            program.wait()
        finally:
            killer.cancel()
            if program.poll() is None:
                program.kill()
                program.wait()
            program.stdout.close()  # type: ignore[union-attr]
        if program.returncode != 0 or count == 0:
            said.seek(0)
            words = said.read().decode("utf-8", "replace")[-800:]
            raise FfmpegError(f"ffmpeg could not decode {name}: {words or 'it took too long'}")
    return frames[:count]
