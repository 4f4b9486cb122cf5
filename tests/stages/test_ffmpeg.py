"""The ffmpeg runner: it feeds, it watches, and it always comes back."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from stages.shared.ffmpeg import FfmpegError, decode_audio, decode_frames, run_ffmpeg

RAW = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", "64x64", "-r", "24"]


def _frames(count: int, level: int):
    def feed(stream: IO[bytes]) -> None:
        for _ in range(count):
            stream.write(bytes([level]) * 64 * 64)

    return feed


def test_two_feeds_meet_in_one_graph(tmp_path: Path) -> None:
    """Would catch feeds that are mixed up, or a deadlock between pipes that fill unevenly."""
    target = tmp_path / "both.mkv"
    graph = "[1:v]setpts=PTS+10/24/TB[late];[0:v][late]overlay=x=32:y=0:format=auto:eof_action=pass"
    arguments = [*RAW, "-i", "feed:base", *RAW, "-i", "feed:late", "-filter_complex", graph]
    arguments += ["-c:v", "ffv1", "-pix_fmt", "gray", str(target)]
    run_ffmpeg(arguments, feeds={"late": _frames(5, 200), "base": _frames(40, 50)})
    frames = list(decode_frames(target, 64, 64, pixels="gray"))
    assert len(frames) == 40
    assert [int(frame[5, 50]) for frame in (frames[9], frames[12], frames[30])] == [50, 200, 50]
    assert int(frames[12][5, 5]) == 50


def test_a_stalled_run_is_ended(tmp_path: Path) -> None:
    """Would catch a worker that hangs for ever behind an ffmpeg that makes no progress."""
    go_on = threading.Event()

    def stalls(stream: IO[bytes]) -> None:
        _frames(3, 10)(stream)
        stream.flush()
        go_on.wait(4)

    begun = time.monotonic()
    with pytest.raises(FfmpegError, match="made no progress for 1 s"):
        run_ffmpeg(
            [*RAW, "-i", "feed:it", str(tmp_path / "out.mkv")], feeds={"it": stalls}, stall_s=1.0
        )
    go_on.set()
    assert time.monotonic() - begun < 9


def test_a_run_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """Would catch a time limit that only counts stalls: this run does make progress."""
    endless = ["-re", "-f", "lavfi", "-i", "testsrc=size=64x64:rate=24"]
    with pytest.raises(FfmpegError, match="took longer than 1 s"):
        run_ffmpeg([*endless, str(tmp_path / "out.mkv")], timeout_s=1.0)


def test_what_a_feed_raises_is_raised(tmp_path: Path) -> None:
    """Would catch a short spot that passes for a whole one because drawing its graphics failed."""

    def fails(stream: IO[bytes]) -> None:
        _frames(2, 10)(stream)
        raise ValueError("the caption could not be drawn")

    with pytest.raises(ValueError, match="could not be drawn"):
        run_ffmpeg([*RAW, "-i", "feed:it", str(tmp_path / "out.mkv")], feeds={"it": fails})


def test_feeds_end_with_ffmpeg(tmp_path: Path) -> None:
    """Would catch a feed that blocks for ever on a program that has failed, and a lost message."""
    begun = time.monotonic()
    with pytest.raises(FfmpegError, match="no_such_filter"):
        run_ffmpeg(
            [*RAW, "-i", "feed:it", "-vf", "no_such_filter", str(tmp_path / "out.mkv")],
            feeds={"it": _frames(5000, 10)},
        )
    assert time.monotonic() - begun < 8
    assert not [t for t in threading.enumerate() if "_feed" in t.name]


def test_a_playlist_is_no_film(tmp_path: Path) -> None:
    """Would catch a list of other files, dressed up as an MP4, that is read into the spot."""
    secret = tmp_path / "secret.mkv"
    run_ffmpeg(["-f", "lavfi", "-i", "testsrc=size=64x64:rate=24:duration=0.2", str(secret)])
    hostile = tmp_path / "clip.mp4"
    hostile.write_text("ffconcat version 1.0\nfile secret.mkv\n")
    with pytest.raises(FfmpegError):
        list(decode_frames(hostile, 64, 64))
    with pytest.raises(FfmpegError):
        decode_audio(hostile, 48_000)


def test_sound_keeps_its_shape(tmp_path: Path) -> None:
    """Would catch channels that are swapped or interleaved wrongly."""
    target = tmp_path / "tone.wav"
    source = "aevalsrc=0.5|-0.25:s=48000:d=0.5"
    run_ffmpeg(["-f", "lavfi", "-i", source, str(target)])
    sound = decode_audio(target, 48_000, channels=2)
    assert sound.shape == (24_000, 2)
    assert np.allclose(sound.mean(axis=0), [0.5, -0.25], atol=1e-3)
