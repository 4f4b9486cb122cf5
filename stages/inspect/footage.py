"""Decodes a finished master once, into all the pictures that the checks look at."""

from __future__ import annotations

import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from schemas.layout import Box
from stages.shared.ffmpeg import FfmpegError, ffmpeg_binary, input_options
from stages.shared.watermark import GRID_HEIGHT, GRID_WIDTH

SHORT_PX = 270
"""Shorter side of the pictures of every frame: a quarter of that of a spot."""
CLOSE_UP_PX = 540
"""Shorter side of the few larger pictures that faces and the product are looked for in."""
MOUTH_PX = 270
"""Width of the mouth's pictures."""


@dataclass(frozen=True)
class Footage:
    """Pictures of a master, uint8.

    `luma` (n, h, w) are all frames in grey, the shorter side 270; `mouth` (n, h, 270, 3) the
    mouth's box in RGB, enlarged, or None; `close_ups` maps frame numbers to RGB pictures, the
    shorter side 540; `marks` (m, 480, 270) are some frames in grey on the watermark's grid;
    `light` (n, 16, 9, 3), or (n, 9, 16, 3), are all frames in RGB, for what flashes.
    """

    fps: float
    luma: np.ndarray
    mouth: np.ndarray | None
    close_ups: dict[int, np.ndarray]
    marks: np.ndarray
    light: np.ndarray = field(default_factory=lambda: np.zeros((1, 16, 9, 3), np.uint8))

    def index(self, time_s: float) -> int:
        """Number of the frame on screen at that time, held within the footage."""
        return int(min(max(time_s * self.fps + 1e-6, 0), len(self.luma) - 1))


def decode_footage(
    path: Path, size_px: tuple[int, int], fps: float, length_s: float, *,
    close_ups: Sequence[int], mouth_box: Box | None, mark_every: int, scratch: Path,
    timeout_s: float = 240.0,
) -> Footage:  # fmt: skip
    """Decode the video at `path`: frames of `size_px` (width, height), about `length_s` seconds.

    One ffmpeg does it all: every frame comes through the pipe; the mouth's box, the close-ups and
    each `mark_every`th frame go to files beside `scratch`. Raises `FfmpegError` if it cannot be
    decoded.
    """
    small, close = _reduced(size_px, SHORT_PX), _reduced(size_px, CLOSE_UP_PX)
    mouth_px = _mouth_crop(mouth_box, size_px)
    numbers = sorted(set(close_ups))
    chosen = "+".join(f"eq(n\\,{number})" for number in numbers)
    ways = {"all": f"scale={small[0]}:{small[1]}:flags=area,format=gray"}
    ways["few"] = f"select='{chosen}',scale={close[0]}:{close[1]}:flags=area,format=rgb24"
    mouth_size = (MOUTH_PX, 0)
    if mouth_px is not None:
        width, height, x, y = mouth_px
        mouth_size = (MOUTH_PX, _even(MOUTH_PX * height / width))
        ways["mouth"] = f"crop={width}:{height}:{x}:{y},"
        ways["mouth"] += f"scale={MOUTH_PX}:{mouth_size[1]}:flags=bicubic,format=rgb24"
    blocks = (9, 16) if size_px[1] >= size_px[0] else (16, 9)
    # Ten by ten points of each block stand for it: averaging all would cost as much as the rest.
    ways["light"] = f"scale={10 * blocks[0]}:{10 * blocks[1]}:flags=neighbor,"
    ways["light"] += f"scale={blocks[0]}:{blocks[1]}:flags=area,format=rgb24"
    grid = (GRID_WIDTH, GRID_HEIGHT)
    if small != grid:
        ways["marks"] = f"select='not(mod(n\\,{mark_every}))',"
        ways["marks"] += f"scale={grid[0]}:{grid[1]}:flags=area,format=gray"
    files = {name: scratch.with_name(f"{scratch.name}-{name}") for name in ways}
    command = [ffmpeg_binary(), "-hide_banner", "-loglevel", "error", "-nostdin", "-y"]
    command += [*input_options(path), "-i", str(path), "-an", "-filter_complex", _graph(ways)]
    for name in ways:
        target = "pipe:1" if name == "all" else str(files[name])
        command += ["-map", f"[{name}]", "-f", "rawvideo", "-fps_mode", "passthrough", target]
    luma = _read_frames(
        command, (small[1], small[0]), path.name, timeout_s, expected=round(fps * length_s)
    )
    few = np.fromfile(files["few"], np.uint8).reshape(-1, close[1], close[0], 3)
    mouth = None
    if mouth_px is not None:
        mouth = np.fromfile(files["mouth"], np.uint8).reshape(-1, mouth_size[1], MOUTH_PX, 3)
    if small == grid:
        marks = luma[::mark_every]
    else:
        marks = np.fromfile(files["marks"], np.uint8).reshape(-1, grid[1], grid[0])
    light = np.fromfile(files["light"], np.uint8).reshape(-1, blocks[1], blocks[0], 3)
    return Footage(fps, luma, mouth, dict(zip(numbers, few, strict=False)), marks, light)


def _graph(ways: Mapping[str, str]) -> str:
    """One decode, a copy of it for each way. Only numbers of our own are in it."""
    copies = "".join(f"[{name}0]" for name in ways)
    branches = [f"[{name}0]{filters}[{name}]" for name, filters in ways.items()]
    return ";".join([f"[0:v]split={len(ways)}{copies}", *branches])


def _reduced(size_px: tuple[int, int], short_px: int) -> tuple[int, int]:
    """A size of the same aspect whose shorter side has so many pixels."""
    scale = short_px / min(size_px)
    return _even(round(size_px[0] * scale)), _even(round(size_px[1] * scale))


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
