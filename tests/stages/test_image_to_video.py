"""The image-to-video stage: its row, its clips, and what it refuses."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipeline.media import MediaStore, asset
from schemas.layout import FORMATS, Box
from stages.base import Reject
from stages.composite.mix import Levels, mix
from stages.image_to_video import ImageToVideo
from stages.shared.ffmpeg import decode_frames
from stages.shared.picture import write_png
from stages.shared.sound import write_flac
from tests.stages.music_made import struck

SHORT: dict[str, Any] = {
    "length_s": 2.0, "min_shot_s": 0.25, "max_shot_s": 0.75, "min_end_card_s": 0.5,
    "max_end_card_s": 0.75, "crossfade_s": 0.1,
}  # fmt: skip


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, MediaStore, dict]:
    """One short spot, run through the stage."""
    folder = tmp_path_factory.mktemp("spot")
    store = MediaStore(str(folder / "out"), cache=folder / "cache")
    photo = np.full((320, 320, 3), 255, np.uint8)
    photo[60:280, 90:230] = (150, 60, 40)
    write_png(folder / "photo.png", photo)
    spot = {
        "photo_uri": store.put(folder / "photo.png"),
        "cutout_uri": None,
        "sentences": [
            {"text": "One.", "start_s": 0.1, "end_s": 0.55, "first_word": 0, "last_word": 0},
            {"text": "Two.", "start_s": 0.62, "end_s": 1.2, "first_word": 1, "last_word": 1},
            {"text": "Three.", "start_s": 1.33, "end_s": 1.8, "first_word": 2, "last_word": 2},
        ],
        "accent": None,
        "seed": 2**40 + 3,
    }
    stage = ImageToVideo(**SHORT)
    stage.load()
    with store.workspace() as media:
        return dict(stage.run(spot, media)), store, spot


def test_row_fits_its_schema(rendered: tuple[dict, MediaStore, dict]) -> None:
    """Catches a column whose values Arrow would refuse or bend."""
    written = {"shots": [rendered[0]["shots"]]}
    table = pa.table(written, schema=ImageToVideo.writes)
    assert table.to_pylist()[0]["shots"] == rendered[0]["shots"]


def test_clips_hold_their_shot_and_the_crossfade(
    rendered: tuple[dict, MediaStore, dict],
) -> None:
    """Catches a gap between shots, and a clip that ends before its crossfade does."""
    result, store, _ = rendered
    shots = result["shots"]
    assert len(shots) == 3 and result["metrics"] == {"clip_count": 3.0}
    assert shots[0]["start_s"] == 0 and shots[-1]["end_s"] == 2.0
    assert [s["handle_s"] for s in shots] == [3 / 24, 3 / 24, 0]
    for before, after in pairwise(shots):
        assert before["end_s"] == after["start_s"]
    for shot in shots:
        wanted = round((shot["end_s"] - shot["start_s"] + shot["handle_s"]) * 24)
        assert len(list(decode_frames(store.open(shot["uri"]), 54, 96))) == wanted


def test_products_stay_in_the_area_of_their_layout(
    rendered: tuple[dict, MediaStore, dict],
) -> None:
    """Catches shots rendered for another layout than the row says."""
    for shot in rendered[0]["shots"]:
        area = FORMATS["9x16"].shots[shot["layout"]].product
        assert area.contains(Box(**shot["product_box"])), shot


def test_shots_of_one_spot_look_different(rendered: tuple[dict, MediaStore, dict]) -> None:
    """Catches a spot that is one long shot with invisible cuts."""
    result, store, _ = rendered
    firsts = [next(decode_frames(store.open(s["uri"]), 108, 192)) for s in result["shots"]]
    for before, after in pairwise(firsts):
        assert np.abs(before.astype(int) - after).mean() > 8


def test_verdict_names_engine_and_mode(rendered: tuple[dict, MediaStore, dict]) -> None:
    """Catches a ledger from which nobody can tell how the picture was made."""
    (verdict,) = rendered[0]["verdicts"]
    assert (verdict.rule, verdict.verdict) == ("picture_mode", "pass")
    assert verdict.evidence == "camera_motion: studio"


@pytest.mark.parametrize(
    "wrong",
    [
        {"length_s": 15.01},
        {"min_end_card_s": 4.0},
        {"max_end_card_s": 14.0},
        {"max_shot_s": 3.0},
    ],
)
def test_impossible_parameters_are_refused_at_once(wrong: dict) -> None:
    """Catches a mistake in a recipe that would show only after the first spots were rendered."""
    with pytest.raises(ValueError, match=r"length_s|end card|max_shot_s"):
        ImageToVideo(**wrong)


def test_a_photo_that_is_none_is_rejected(media: object, tmp_path: Path, store: MediaStore) -> None:
    """Catches a damaged photo counted as a bug of ours."""
    (tmp_path / "x.png").write_bytes(b"no picture")
    spot = {"photo_uri": store.put(tmp_path / "x.png"), "cutout_uri": None, "accent": "#336699"}
    with pytest.raises(Reject, match="unreadable_picture"):
        ImageToVideo(**SHORT).run({**spot, "sentences": [], "seed": 1}, media)  # type: ignore[arg-type]


def test_cuts_fall_on_beats_of_the_mix(
    rendered: tuple[dict, MediaStore, dict], tmp_path: Path
) -> None:
    """Would catch cuts on the beats of a bed that the mix lays elsewhere: the beat is looked for in
    the sound that composite makes."""
    result, store, spot = rendered
    bed, voice = tmp_path / "bed.flac", tmp_path / "silence.flac"
    clicks = struck(np.arange(0.28, 6.4, 0.5), 6.5, 48_000, level=0.2)
    write_flac(bed, np.repeat(clicks[:, None], 2, axis=1), 48_000)
    write_flac(voice, np.zeros(48_000, np.float32), 48_000)
    music = asset(str(bed))
    stage = ImageToVideo(**SHORT, snap_cuts=True)
    assert {"music", "words"} <= set(stage.reads) and "music" not in ImageToVideo(**SHORT).reads
    with store.workspace() as media:
        given = {**spot, "words": [], "music": {"uri": music.uri, "sha256": music.sha256}}
        snapped = stage.run(given, media)
        without = stage.run({**given, "music": None}, media)
    starts = [shot["start_s"] for shot in snapped["shots"]]
    assert starts != [shot["start_s"] for shot in result["shots"]]
    assert snapped["metrics"]["music_tempo_bpm"] == pytest.approx(120, rel=0.01)
    assert snapped["metrics"]["cuts_on_beat"] >= 1
    heard = mix(voice, bed, {}, [], [], 2.0, Levels(0.0, 0.0, 0.0))[:, 0]
    loud = np.abs(heard) > 0.3 * np.abs(heard).max()
    strokes = np.flatnonzero(loud & ~np.roll(loud, 1)) / 48_000
    moved = [new for new, old in zip(starts, result["shots"], strict=True) if new != old["start_s"]]
    assert all(np.abs(strokes - cut).min() <= 0.5 / 24 + 0.012 for cut in moved)
    assert [s["start_s"] for s in without["shots"]] == [s["start_s"] for s in result["shots"]]
    assert without["metrics"]["cuts_on_beat"] == 0
