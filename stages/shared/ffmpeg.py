"""Runs ffmpeg: graphs compiled by ffmpeg-python, watched, stopped when stalled, never a shell."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any

import imageio_ffmpeg
import numpy as np

from stages.shared.kinds import demuxer_of

FORMATS_ALLOWED = "mov,matroska,webm,flac,wav,ogg,mp3"
"""Demuxers that may open a file: a playlist dressed up as an MP4 must not read other files."""

MOST_CPU_S, MOST_MEMORY_BYTES, MOST_FILE_BYTES = 900, 16 << 30, 4 << 30
"""What one run on files from outside may use: processor time, address space, file written."""


class FfmpegError(RuntimeError):
    """ffmpeg failed, stalled or ran too long; the message ends with its last words."""


@cache
def ffmpeg_binary() -> str:
    """Path of the ffmpeg program: FFMPEG_BINARY if set, else the wheel's own."""
    return os.environ.get("FFMPEG_BINARY") or imageio_ffmpeg.get_ffmpeg_exe()


def run_ffmpeg(
    arguments: Sequence[str],
    *,
    timeout_s: float = 300.0,
    stall_s: float = 60.0,
    feed: Callable[[Any], None] | None = None,
    feeds: Mapping[str, Callable[[IO[bytes]], None]] | None = None,
    limited: bool = False,
) -> str:
    """Run ffmpeg with `arguments` (without the program's name) and return what it wrote to stderr.

    `feed` receives the standard input as a binary stream and writes frames to it. Each of `feeds`
    writes to a pipe of its own, which `arguments` name as the input "feed:<name>". All run in
    threads of their own. The run is killed when it takes longer than `timeout_s`, or when its
    output time has not advanced for `stall_s`. Raises `FfmpegError` with the last lines of
    stderr, or what a feed raised. `limited` is for files from outside: see `MOST_CPU_S`.
    """
    pipes = {name: os.pipe() for name in feeds or {}}
    inputs = {f"feed:{name}": f"pipe:{reading}" for name, (reading, _) in pipes.items()}
    command = [ffmpeg_binary(), "-hide_banner", "-loglevel", "info", "-nostats", "-y"]
    command += ["-progress", "pipe:1"] + ([] if feed else ["-nostdin"])
    command += [inputs.get(argument, argument) for argument in arguments]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[reading for reading, _ in pipes.values()],
        )
    except OSError:
        for _, writing in pipes.values():
            os.close(writing)
        raise
    finally:
        # Ours must be closed, or a feed would wait for ever on a program that has ended.
        for reading, _ in pipes.values():
            os.close(reading)
    if limited:
        _limit(process.pid)
    said: deque[str] = deque(maxlen=4000)
    advanced = [time.monotonic()]
    errors: list[BaseException] = []
    work: list[tuple[Callable[..., None], tuple[Any, ...]]] = [
        (_keep_lines, (process.stderr, said)),
        (_watch_progress, (process.stdout, advanced)),
    ]
    if feed is not None:
        work.append((_feed, (feed, process.stdin, errors)))
    for name, write in (feeds or {}).items():
        work.append((_feed, (write, os.fdopen(pipes[name][1], "wb"), errors)))
    threads = [threading.Thread(target=to_do, args=given, daemon=True) for to_do, given in work]
    for thread in threads:
        thread.start()
    try:
        stopped = _wait(process, advanced, timeout_s, stall_s, errors)
    except BaseException:  # a time limit, or Ctrl-C: the program must not outlive its caller
        process.kill()
        process.wait()
        raise
    for thread in threads:
        thread.join(timeout=10)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    if errors:
        raise errors[0]
    if stopped or process.returncode != 0:
        why = stopped or f"exit status {process.returncode}"
        raise FfmpegError(f"ffmpeg: {why}\n" + "\n".join(list(said)[-12:]))
    return "\n".join(said)


def _wait(
    process: subprocess.Popen[bytes],
    advanced: list[float],
    timeout_s: float,
    stall_s: float,
    errors: list[BaseException],
) -> str:
    """Wait for the end; terminate, then kill, a run that is too long or stalled. Returns why."""
    begun = time.monotonic()
    while True:
        try:
            process.wait(timeout=0.25)
            return ""
        except subprocess.TimeoutExpired:
            now = time.monotonic()
        if now - begun > timeout_s:
            why = f"took longer than {timeout_s:g} s"
        elif now - advanced[0] > stall_s:
            why = f"made no progress for {stall_s:g} s"
        elif errors:
            why = "was stopped, because what feeds it failed"
        else:
            continue
        process.terminate()
        try:
            process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return why


def _limit(pid: int) -> None:
    """Bound what a started program may use. From outside: code between fork and exec may hang in a
    process with threads. Linux alone can; elsewhere the time limits are left."""
    if not hasattr(resource, "prlimit"):
        return
    with contextlib.suppress(ProcessLookupError):  # it has ended already
        for kind, most in (
            (resource.RLIMIT_CPU, MOST_CPU_S),
            (resource.RLIMIT_AS, MOST_MEMORY_BYTES),
            (resource.RLIMIT_FSIZE, MOST_FILE_BYTES),
            (resource.RLIMIT_CORE, 0),
        ):
            soft, hard = resource.prlimit(pid, kind)
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            if soft == resource.RLIM_INFINITY or soft > most:
                resource.prlimit(pid, kind, (most, hard))


def _keep_lines(stream: object, said: deque[str]) -> None:
    for line in stream:  # type: ignore[attr-defined]
        said.append(line.decode("utf-8", "replace").rstrip())


def _watch_progress(stream: Any, advanced: list[float]) -> None:
    """Note the time whenever one of the counters moves. ffmpeg repeats all of them as they are."""
    counters: dict[bytes, bytes] = {}
    for line in stream:
        name, _, value = line.strip().partition(b"=")
        if name in (b"out_time_us", b"frame", b"total_size") and counters.get(name) != value:
            counters[name] = value
            advanced[0] = time.monotonic()


def _feed(write: Callable[[Any], None], stream: IO[bytes], errors: list[BaseException]) -> None:
    """Run a feed to its end. That ffmpeg wants no more (a broken pipe) is no error."""
    try:
        write(stream)
    except BrokenPipeError:
        pass
    except BaseException as error:  # handed to the caller's thread
        errors.append(error)
    finally:
        with contextlib.suppress(OSError):
            stream.close()


def input_options(path: Path | None = None) -> list[str]:
    """Options to put before `-i` of any file that did not come from Spotmill itself. With the
    file's `path` its first bytes say which demuxer may open it; ffmpeg would try them all.
    """
    demuxer = demuxer_of(path) if path is not None else None
    return [
        *(["-f", demuxer] if demuxer else []),
        "-protocol_whitelist", "file,pipe",
        "-format_whitelist", FORMATS_ALLOWED,
        "-max_pixels", "40000000",
    ]  # fmt: skip


def decode_frames(
    path: Path, width_px: int, height_px: int, *, fps: float | None = None, pixels: str = "rgb24",
    start_s: float = 0.0, length_s: float | None = None, timeout_s: float = 300.0,
    whole: bool = False, crop: tuple[float, float, float, float] | None = None,
    start_frame: int = 0,
) -> Iterator[np.ndarray]:  # fmt: skip
    """Frames of a video, scaled: uint8 arrays (height, width, 3) for "rgb24", (height, width)
    for "gray", (height, width, 4) for "rgba", (height * 3 / 2, width) for "yuv420p", whose planes
    stand one behind the other. `fps` None keeps the file's own frames. `whole` keeps their aspect,
    on black. `crop` (x0, y0, x1, y1, fractions) takes that part of each alone. The first
    `start_frame` frames are left out.

    The program is ended when the iterator is closed early.
    """
    filters = f"scale={width_px}:{height_px}:flags=area"
    if whole:
        filters += f":force_original_aspect_ratio=decrease,pad={width_px}:{height_px}:-1:-1"
    if crop is not None:
        x0, y0, x1, y1 = crop
        filters = f"crop=iw*{x1 - x0:.6f}:ih*{y1 - y0:.6f}:iw*{x0:.6f}:ih*{y0:.6f},{filters}"
    if fps is not None:
        filters = f"fps={fps}," + filters
    if start_frame:
        filters = f"trim=start_frame={start_frame},setpts=PTS-STARTPTS,{filters}"
    command = [ffmpeg_binary(), "-hide_banner", "-loglevel", "error", "-nostdin"]
    command += ["-ss", f"{start_s:.6f}"] if start_s else []
    command += [*input_options(path), "-i", str(path), "-map", "0:v:0", "-an", "-vf", filters]
    command += ["-t", f"{length_s:.6f}"] if length_s is not None else []
    command += ["-f", "rawvideo", "-pix_fmt", pixels, "pipe:1"]
    shape = {
        "rgb24": (height_px, width_px, 3),
        "gray": (height_px, width_px),
        "rgba": (height_px, width_px, 4),
        "yuv420p": (height_px * 3 // 2, width_px),
    }[pixels]
    size = int(np.prod(shape))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _limit(process.pid)
    killer = threading.Timer(timeout_s, process.kill)
    killer.start()
    try:
        assert process.stdout is not None and process.stderr is not None
        while len(data := process.stdout.read(size)) == size:
            yield np.frombuffer(data, np.uint8).reshape(shape)
        process.wait()
        if process.returncode != 0:
            words = process.stderr.read().decode("utf-8", "replace")[-800:]
            raise FfmpegError(f"ffmpeg could not decode {path.name}: {words}")
    finally:
        killer.cancel()
        if process.poll() is None:
            process.kill()
            process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def decode_audio(
    path: Path, rate_hz: int, *, channels: int = 1, length_s: float | None = None
) -> np.ndarray:
    """Sound of a file as float32: shape (samples,) for one channel, else (samples, channels); its
    first `length_s` seconds, or all."""
    command = [ffmpeg_binary(), "-hide_banner", "-loglevel", "error", "-nostdin"]
    command += [*input_options(path), "-i", str(path), "-map", "0:a:0", "-vn"]
    command += ["-ac", str(channels), "-ar", str(rate_hz)]
    command += ["-t", f"{length_s:.6f}"] if length_s is not None else []
    command += ["-f", "f32le", "pipe:1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        _limit(process.pid)
        try:
            decoded, errors = process.communicate(timeout=120)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        words = errors.decode("utf-8", "replace")[-800:]
        raise FfmpegError(f"ffmpeg could not decode the sound of {path.name}: {words}")
    sound = np.frombuffer(decoded, np.float32)
    return sound if channels == 1 else sound.reshape(-1, channels)
