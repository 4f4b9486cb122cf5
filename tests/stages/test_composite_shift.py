"""A presenter whose mouth is late is moved by whole frames, and still comes when she should."""

from __future__ import annotations

from pathlib import Path

import ffmpeg
import numpy as np
import pytest

from schemas.layout import FORMATS
from stages.composite.presenter import Presenter, with_presenter
from stages.shared.ffmpeg import decode_frames, run_ffmpeg

FORM = FORMATS["9x16"]
COUNT, START = 8, 2


def take(path: Path) -> None:
    """A presenter who is one grey, lighter by 25 with each frame, opaque."""

    def feed(stream) -> None:
        for number in range(COUNT):
            stream.write(np.full((64, 64, 3), 30 + 25 * number, np.uint8).tobytes())

    arguments = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "64x64", "-r", str(FORM.fps)]
    arguments += ["-i", "pipe:0", "-filter_complex", "[0:v]split[a][b];[b]lutyuv=y=255[c]"]
    arguments += ["-map", "[a]", "-map", "[c]", "-c:v", "libx264", "-qp", "0"]
    run_ffmpeg([*arguments, "-pix_fmt", "yuv444p", str(path)], feed=feed)


@pytest.mark.parametrize("shift", [-2, 0, 2])
def test_her_frames_move_and_her_entrance_does_not(tmp_path: Path, shift: int) -> None:
    """Would catch a presenter moved the wrong way, or gone for the frames she was moved by."""
    take(tmp_path / "take.mp4")
    whole_s = (COUNT + 2 * START) / FORM.fps
    presenter = Presenter(
        tmp_path / "take.mp4", START / FORM.fps, [(0.0, whole_s)], shift / FORM.fps
    )
    black = f"color=c=black:s=1080x1920:r={FORM.fps}:d={whole_s}"
    picture = ffmpeg.input(black, f="lavfi").video.filter("settb", f"1/{FORM.fps}")
    shown = with_presenter(picture, presenter, FORM)
    target = tmp_path / "shown.mp4"
    run_ffmpeg(ffmpeg.output(shown, str(target), vcodec="libx264", qp=4).get_args())
    seen = [int(f[-20:, 270:810].mean()) for f in decode_frames(target, 1080, 1920, pixels="gray")]
    on_screen = [level > 20 for level in seen]
    stays = COUNT + max(shift, 0)
    assert on_screen == [False] * START + [True] * stays + [False] * (len(seen) - START - stays)
    steps = np.clip(np.arange(COUNT) - shift, 0, COUNT - 1)
    assert seen[START : START + COUNT] == pytest.approx((30 + 25 * steps).tolist(), abs=8)
