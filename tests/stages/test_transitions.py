"""Transitions: eased, as long as they were planned, and the rest untouched."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import ffmpeg  # type: ignore[import-untyped]
import numpy as np
import pytest

from schemas.layout import FORMATS
from schemas.timeline import Transition
from stages.composite.joining import joined_shots
from stages.shared.ffmpeg import decode_frames, run_ffmpeg
from stages.shared.frames import encode_frames

W, H, FPS, FRAMES = 96, 160, 24, 12
FORM = dataclasses.replace(FORMATS["9x16"], width_px=W, height_px=H)
SHOTS = [
    {"start_s": 0.0, "end_s": 1.0, "handle_s": 0.5},
    {"start_s": 1.0, "end_s": 2.0, "handle_s": 0.0},
]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A dark clip and a light one."""
    paths = []
    for number, (shade, frames) in enumerate(((60, 36), (200, 24))):
        path = tmp_path_factory.mktemp("clips") / f"{number}.mp4"
        picture = np.full((H, W, 3), shade, np.uint8)
        encode_frames([picture] * frames, path, width_px=W, height_px=H, fps=FPS, qp=8)
        paths.append(path)
    return paths


@pytest.mark.parametrize("style", ["crossfade", "slide", "wipe", "zoom", "cut"])
def test_a_change_is_eased(style: str, clips: list[Path], tmp_path: Path) -> None:
    """Would catch a linear change, one of another length, and a spot that gets longer by it."""
    length_s = 0.0 if style == "cut" else FRAMES / FPS
    joined = joined_shots(SHOTS, clips, FORM, 2.0, [Transition(0, style, 1.0, length_s)])
    joined = joined.filter("trim", end_frame=48)
    target = tmp_path / "joined.mp4"
    options = {"c:v": "libx264", "crf": 8, "pix_fmt": "yuv420p", "r": FPS}
    run_ffmpeg(ffmpeg.get_args(ffmpeg.output(joined, str(target), **options)))
    frames = np.stack(list(decode_frames(target, W, H))).astype(float)
    assert len(frames) == 48
    share = (frames.mean(axis=(1, 2, 3)) - 60) / 140
    assert share[:24].max() < 0.02, "nothing before the cut"
    if style == "cut":
        assert share[24:].min() > 0.98
        return
    assert share[24 + FRAMES :].min() > 0.98, "and nothing after it"
    steps = np.diff(share[23 : 24 + FRAMES + 1])
    assert steps.min() > -0.02, "it never goes back"
    middle = steps[FRAMES // 3 : 2 * FRAMES // 3 + 1].mean()
    assert steps[-2] < 0.6 * middle, "it settles"
    if style == "slide":  # it is heard when it begins: it must be seen then
        assert steps[1] > 1.5 * middle
    else:
        assert steps[1] < 0.6 * middle
