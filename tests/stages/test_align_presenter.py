"""The presenter's mouth in the align stage: a take that is late is measured and moved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.media import MediaStore, asset
from stages.align import Align
from stages.align.presenter import SURE, SURE_R, Mouth, read_mouth, shift_frames
from stages.avatar import Avatar, PresenterRig
from stages.composite.presenter import presenter_of
from stages.shared.ffmpeg import run_ffmpeg
from stages.shared.lip_sync import LipOffset, expected_openness, pooled_lip_offset
from stages.speech import Speech

FPS = 24
RIG = Path(__file__).parents[2] / "examples" / "demo" / "presenter"
SCRIPT = (
    "Bright mornings make better plans. Put the blue lamp by the window, move it up, and keep"
    " both hands free for a warm cup of coffee. Pick one up before Friday."
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> MediaStore:
    """A media store that lives as long as the take in it."""
    return MediaStore(str(tmp_path_factory.mktemp("presenter")))


@pytest.fixture(scope="module")
def spot(store: MediaStore) -> dict[str, Any]:
    """A voice, and the demo presenter saying it in two shots."""
    speech = Speech()
    speech.load()
    shots = [
        {"layout": "presented", "start_s": 0.0, "end_s": 3.5, "handle_s": 0.4},
        {"layout": "hero", "start_s": 3.5, "end_s": 6.0, "handle_s": 0.4},
        {"layout": "presented", "start_s": 6.0, "end_s": 9.0, "handle_s": 0.0},
        {"layout": "end_card", "start_s": 9.0, "end_s": 15.0, "handle_s": 0.0},
    ]
    avatar = Avatar(engine=PresenterRig(rig=asset(f"{RIG}/")))
    avatar.load()
    with store.workspace() as media:
        row = dict(speech.run({"script": SCRIPT, "language": "en"}, media))
        row |= {"shots": shots, "seed": 1}
        row |= avatar.run(row, media)
    return row


def late_take(store: MediaStore, spot: dict[str, Any], frames: int) -> str:
    """The take with its pictures some frames later, as an engine with a delay would make it."""
    with store.workspace() as media:
        path = media.scratch("late.mp4")
        if frames > 0:
            delay = f"tpad=start={frames}:start_mode=clone"
        else:
            delay = f"trim=start_frame={-frames},setpts=PTS-STARTPTS"
        run_ffmpeg(["-i", str(media.open(spot["avatar_uri"])), "-filter_complex",
                    f"[0:v:0]{delay}[c];[0:v:1]{delay}[a]", "-map", "[c]", "-map", "[a]",
                    "-c:v", "libx264", "-preset", "ultrafast", "-crf", "14",
                    str(path)])  # fmt: skip
        return media.save(path)


@pytest.fixture(scope="module")
def align() -> Align:
    """The stage, loaded."""
    stage = Align()
    stage.load()
    return stage


def run(align: Align, store: MediaStore, spot: dict[str, Any]) -> dict[str, Any]:
    """One run of the stage."""
    with store.workspace() as media:
        return dict(align.run(spot, media))


def test_a_take_in_sync_is_left_alone(
    align: Align, store: MediaStore, spot: dict[str, Any]
) -> None:
    """Would catch a bias of the measurement that moves every presenter by a frame."""
    result = run(align, store, spot)
    assert result["avatar_shift_s"] == 0.0
    assert abs(result["metrics"]["presenter_offset_ms"]) <= 40
    assert result["metrics"]["presenter_r"] >= SURE_R
    assert result["metrics"]["presenter_confidence"] >= SURE
    heard = result["heard_phonemes"]
    assert heard and heard != spot["phonemes"], "the aligner's account, not the voice's"
    starts = [p["start_s"] for p in heard]
    assert starts == sorted(starts)


@pytest.mark.parametrize("late_frames", [-2, 2, 3])
def test_a_late_take_is_moved_back(
    align: Align, store: MediaStore, spot: dict[str, Any], late_frames: int
) -> None:
    """Would catch a talking head that trails the voice, and a correction the wrong way."""
    late = {**spot, "avatar_uri": late_take(store, spot, late_frames)}
    result = run(align, store, late)
    wanted_ms = run(align, store, spot)["metrics"]["presenter_offset_ms"]
    before_ms = result["metrics"]["presenter_offset_ms"]
    assert before_ms - wanted_ms == pytest.approx(1000 * late_frames / FPS, abs=20)
    assert result["avatar_shift_s"] == pytest.approx(-late_frames / FPS, abs=1.1 / FPS)
    assert abs(result["metrics"]["presenter_remaining_ms"]) <= 1000 / FPS
    with store.workspace() as media:
        presenter = presenter_of({**late, **result}, media)
    assert presenter is not None and presenter.shift_s == result["avatar_shift_s"]


def test_what_is_far_off_is_left_to_the_gate(
    align: Align, store: MediaStore, spot: dict[str, Any]
) -> None:
    """Would catch a presenter moved so far that she fades in over the product."""
    result = run(align, store, {**spot, "avatar_uri": late_take(store, spot, 8)})
    assert result["avatar_shift_s"] == 0.0
    assert result["metrics"]["presenter_offset_ms"] == pytest.approx(8000 / FPS, abs=40)


def test_a_spot_without_her_is_not_measured(
    align: Align, store: MediaStore, spot: dict[str, Any]
) -> None:
    """Would catch a product shot taken for a mouth, and a decode for nothing."""
    alone = {**spot, "avatar_uri": None, "avatar_mouth_box": None}
    result = run(align, store, alone)
    assert result["avatar_shift_s"] == 0.0 and "presenter_offset_ms" not in result["metrics"]
    hero = [{**shot, "layout": "hero"} for shot in spot["shots"]]
    with store.workspace() as media:
        path = media.open(spot["avatar_uri"])
        assert read_mouth(path, {**spot, "shots": hero}, FPS) is None


def test_only_a_sure_offset_moves_her() -> None:
    """Would catch a shift by a chance correlation, and shifts of less than a frame."""
    assert shift_frames(LipOffset(90.0, 0.8, 0.4), FPS) == -2
    assert shift_frames(LipOffset(-90.0, 0.8, 0.4), FPS) == 2
    assert shift_frames(LipOffset(40.0, 0.8, 0.4), FPS) == 0
    assert shift_frames(LipOffset(90.0, 0.5, 0.4), FPS) == 0
    assert shift_frames(LipOffset(90.0, 0.8, 0.05), FPS) == 0


class TestPooled:
    """One offset for several stretches."""

    def test_short_stretches_tell_together_what_none_tells_alone(
        self, spot: dict[str, Any]
    ) -> None:
        """Would catch a mean of offsets, which one wrong stretch spoils."""
        dice, late_s = np.random.default_rng(2), 0.3
        stretches = []
        for begin_s in (0.5, 2.0, 4.0, 6.5):
            times_s = begin_s + np.arange(26) / FPS
            seen = expected_openness(spot["phonemes"], times_s - late_s)
            stretches.append((times_s, seen + dice.normal(0, 0.15, 26)))
        found = Mouth(FPS, tuple(stretches)).offset(spot["phonemes"])
        assert found.offset_ms == pytest.approx(300, abs=20) and found.confidence > 0.1

    def test_an_even_mouth_is_not_sure(self) -> None:
        """Would catch a confidence that only repeats r: chewing fits at every beat."""
        beat = np.sin(2 * np.pi * 4 * np.arange(96) / FPS)
        found = pooled_lip_offset([(beat, beat)], FPS)
        assert found.r > 0.99 and found.confidence < 0.05
