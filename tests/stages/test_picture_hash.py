"""Perceptual hashes: the same film is known again, another is not."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from stages.shared.ffmpeg import FfmpegError, run_ffmpeg
from stages.shared.frames import encode_frames
from stages.shared.picture_hash import hash_picture, hash_seconds, likeness

FPS, SECONDS = 12, 9


def film(path: Path, *, seed: int) -> Path:
    """A picture a second, each of coarse noise, with something that moves over it."""
    draw = np.random.default_rng(seed)
    scenes = [draw.integers(0, 255, (7, 5, 3), np.uint8) for _ in range(SECONDS)]
    sized = [cv2.resize(scene, (160, 224), interpolation=cv2.INTER_CUBIC) for scene in scenes]

    def frame(index: int) -> np.ndarray:
        picture = sized[index // FPS].copy()
        cv2.circle(picture, (20 + index, 60), 9, (255, 255, 255), -1)
        return picture

    frames = (frame(index) for index in range(FPS * SECONDS))
    encode_frames(frames, path, width_px=160, height_px=224, fps=FPS)
    return path


@pytest.mark.parametrize(
    ("change", "most"),
    [
        (["-vf", "scale=120:-2", "-crf", "34"], 4.0),
        (["-r", "10", "-vf", "eq=brightness=0.04:contrast=1.1"], 6.0),
        (["-ss", "2", "-t", "6"], 6.0),
    ],
    ids=["smaller", "slower and brighter", "excerpt"],
)
def test_a_copy_is_known_again(change: list[str], most: float, tmp_path: Path) -> None:
    """Would catch a hash that a platform's encoder changes, and one that knows no excerpts."""
    ours, other = film(tmp_path / "a.mp4", seed=1), film(tmp_path / "b.mp4", seed=2)
    copy = tmp_path / "copy.mp4"
    run_ffmpeg(["-i", str(ours), *change, "-c:v", "libx264", "-preset", "ultrafast", str(copy)])
    found, known = hash_seconds(copy), hash_seconds(ours)
    assert len(known) == SECONDS
    apart, seconds = likeness(found, known)
    assert apart <= most and seconds >= 5, (apart, seconds)
    assert likeness(hash_seconds(other), known)[0] > 15


def test_what_is_too_short_says_nothing(tmp_path: Path) -> None:
    """Would catch two films taken for one because a black second is in both."""
    assert likeness([1, 2], [1, 2]) == (32.0, 0)
    assert likeness([], [1, 2, 3]) == (32.0, 0)
    with pytest.raises(FfmpegError, match="no pictures"):
        broken = tmp_path / "broken.mp4"
        broken.write_bytes(b"no film")
        hash_seconds(broken)


def test_the_hash_does_not_change() -> None:
    """Would catch a library whose next version makes every ledger's hashes worthless."""
    y, x = np.mgrid[0:48, 0:64]
    blob = 255 * np.exp(-((x - 20) ** 2 + 2 * (y - 30) ** 2) / 300.0)
    assert f"{hash_picture(blob.astype(np.uint8)):016x}" == "c03f3fc03f3c3ac0"
