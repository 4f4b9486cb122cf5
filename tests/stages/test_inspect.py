"""Inspection: small spots with one defect each, decoded from real files, and what is found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pipeline.media import MediaStore, Workspace, asset
from schemas.layout import Box
from stages.base import Reject
from stages.inspect import METRICS, Inspect
from stages.shared.ffmpeg import run_ffmpeg
from stages.shared.frames import encode_frames
from stages.shared.image_gate import Face, outside
from stages.shared.sound import normalise_loudness, resample, write_flac
from stages.shared.watermark import carrier

WIDTH, HEIGHT, FPS, LENGTH_S, RATE_HZ = 270, 480, 24, 3.0, 48000
PRODUCTS = Path(__file__).parents[2] / "examples" / "demo" / "products"
SECRET, MARK = "inspected", "a1b2c3d4e5f6"
SCRIPT = "Slow mornings deserve a better mug."
CAPTIONS = (("Slow mornings", 0.35, 1.2), ("deserve a", 1.2, 1.9), ("better mug.", 1.9, 2.8))
CAPTION_BOX = {"x0": 0.1, "y0": 0.66, "x1": 0.9, "y1": 0.76}
PRODUCT_BOX = {"x0": 0.12, "y0": 0.15, "x1": 0.88, "y1": 0.6}
GATES = (
    ("duration_s", LENGTH_S - 0.01, LENGTH_S + 0.01),
    ("loudness_lufs", -14.8, -13.2),
    ("true_peak_dbtp", None, -0.5),
    ("longest_silence_s", None, 0.8),
    ("voice_offset_ms", -40.0, 40.0),
    ("word_error_rate", None, 0.34),
    ("black_frames", None, 0.0),
    ("frozen_s", None, 0.5),
    ("warp_error", None, 4.0),
    ("flashes_per_s", None, 3.0),
    ("product_fidelity", 0.6, None),
    ("caption_offset_ms", -90.0, 90.0),
    ("captions_seen", 1.0, None),
    ("captions_in_safe_zone", 1.0, None),
    ("faces_outside_presenter", None, 0.0),
    ("nsfw_score", None, 0.5),
    ("watermark_read", 1.0, None),
    ("faststart", 1.0, None),
)


@dataclass(frozen=True)
class Defects:
    """What is wrong with a spot."""

    product: str = "mug"
    marked: bool = True
    black_from: int | None = None
    frozen_from: int | None = None
    flicker: int = 0
    flash: bool = False
    gain_db: float = 0.0
    silent_from_s: float = LENGTH_S
    voice_late_s: float = 0.0
    captions_late_s: float = 0.0


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    """The script, spoken by the embedded voice: 48 kHz mono, three seconds."""
    from hibari import SAMPLE_RATE, Hibari

    sound = resample(Hibari()(SCRIPT, seed=1), SAMPLE_RATE, RATE_HZ)
    assert len(sound) > RATE_HZ
    placed = np.zeros(round(LENGTH_S * RATE_HZ), np.float32)
    begin = round(0.3 * RATE_HZ)
    placed[begin : begin + len(sound)] = sound[: len(placed) - begin]
    return placed


def frames(defects: Defects) -> Iterator[np.ndarray]:
    """A product that moves over a gradient, with captions below it."""
    cutout = cv2.imread(str(_picture(defects.product)), cv2.IMREAD_UNCHANGED)
    x, y, w, h = cv2.boundingRect(cutout[..., 3])
    cutout = cv2.cvtColor(cutout[y : y + h, x : x + w], cv2.COLOR_BGRA2RGBA)
    wall = np.linspace(215, 150, HEIGHT)[:, None, None] + np.array([4.0, 0.0, -8.0])
    wall = np.repeat(wall, WIDTH, axis=1)
    still: np.ndarray | None = None
    mark = carrier(int(MARK, 16), secret=SECRET, width_px=WIDTH, height_px=HEIGHT, strength=1.0)
    for index in range(round(LENGTH_S * FPS)):
        frame = _with_product(wall, cutout, index)
        _write_caption(frame, index / FPS - defects.captions_late_s)
        if defects.flicker:
            frame += defects.flicker * (-1) ** index
        if defects.flash and index % 4 < 2:
            frame = frame * 0.3
        if defects.marked:
            frame += mark[..., None].astype(np.float32) - 128
        if defects.black_from is not None and defects.black_from <= index < defects.black_from + 24:
            frame = np.zeros_like(frame)
        if defects.frozen_from is not None and index >= defects.frozen_from:
            frame = frame if still is None else still
            still = frame
        yield frame.clip(0, 255).astype(np.uint8)


def _picture(product: str) -> Path:
    """A product's cut-out; "presenter" is a person."""
    person = PRODUCTS.parent / "presenter" / "base.png"
    return person if product == "presenter" else PRODUCTS / f"{product}_cutout.png"


def _with_product(wall: np.ndarray, cutout: np.ndarray, index: int) -> np.ndarray:
    scale = (150 + 0.4 * index) / max(cutout.shape[:2])
    to = np.array([[scale, 0, 55 + 0.25 * index], [0, scale, 95.0]], np.float32)
    layer = cutout.astype(np.float32)
    layer[..., :3] *= layer[..., 3:] / 255
    small = cv2.resize(layer, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)
    to[:, :2] /= 0.3
    drawn = cv2.warpAffine(small, to, (WIDTH, HEIGHT))
    return np.asarray(wall * (1 - drawn[..., 3:] / 255) + drawn[..., :3])


def _write_caption(frame: np.ndarray, time_s: float) -> None:
    for text, start_s, end_s in CAPTIONS:
        if start_s - 1e-6 <= time_s < end_s - 1e-6:
            drawn = frame.clip(0, 255).astype(np.uint8)
            where, face = (36, 352), cv2.FONT_HERSHEY_DUPLEX
            cv2.putText(drawn, text, where, face, 0.9, (255, 255, 255), 6, cv2.LINE_AA)
            cv2.putText(drawn, text, where, face, 0.9, (20, 20, 20), 2, cv2.LINE_AA)
            frame[:] = drawn


def sound(voice: np.ndarray, defects: Defects) -> np.ndarray:
    """The voice over a soft chord, at -14 LUFS."""
    time_s = np.arange(len(voice)) / RATE_HZ
    chord = sum(np.sin(2 * np.pi * hertz * time_s) for hertz in (196.0, 247.0, 294.0))
    mix = np.roll(voice, round(defects.voice_late_s * RATE_HZ)) + 0.004 * chord
    mix = normalise_loudness(mix.astype(np.float32), RATE_HZ, -14.0, -2.0)
    mix[time_s >= defects.silent_from_s] = 0
    return np.asarray(mix * 10 ** (defects.gain_db / 20), np.float32)


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """One store for all tests here: spots are made once."""
    with MediaStore(str(tmp_path_factory.mktemp("out"))).workspace() as workspace:
        yield workspace


@pytest.fixture(scope="module")
def make(
    media: Workspace, tmp_path_factory: pytest.TempPathFactory, voice: np.ndarray
) -> Callable[[Defects], dict[str, Any]]:
    """Makes the row of a spot with the given defects."""
    tmp_path = tmp_path_factory.mktemp("made")

    @cache
    def _make(defects: Defects) -> dict[str, Any]:
        picture, audio = tmp_path / "picture.mp4", tmp_path / "sound.flac"
        encode_frames(
            frames(defects), picture, width_px=WIDTH, height_px=HEIGHT, fps=FPS, qp=18,
            preset="veryfast",
        )  # fmt: skip
        write_flac(audio, sound(voice, defects), RATE_HZ)
        spoken, master = tmp_path / "voice.flac", tmp_path / "master.mp4"
        write_flac(spoken, voice * 0.5, RATE_HZ)
        join = ["-i", str(picture), "-i", str(audio), "-c:v", "copy", "-c:a", "aac", "-b:a", "192k"]
        run_ffmpeg([*join, "-ac", "2", "-movflags", "+faststart", str(master)])
        photo, cutout = tmp_path / "photo.jpg", tmp_path / "cutout.png"
        photo.write_bytes((PRODUCTS / "mug.jpg").read_bytes())
        cutout.write_bytes((PRODUCTS / "mug_cutout.png").read_bytes())
        return {
            "masters": [{"format": "9x16", "uri": media.save(master)}],
            "captions": [
                {"text": text, "start_s": start_s, "end_s": end_s, "box": CAPTION_BOX}
                for text, start_s, end_s in CAPTIONS
            ],
            "caption_words": [],
            "phonemes": [],
            "shots": [
                {"index": 0, "layout": "hero", "start_s": 0.0, "end_s": LENGTH_S, "handle_s": 0.0,
                 "product_box": PRODUCT_BOX}
            ],
            "photo_uri": media.save(photo),
            "cutout_uri": media.save(cutout),
            "presenter_box": None,
            "mouth_box": None,
            "avatar_start_s": None,
            "avatar_end_s": None,
            "watermark_id": MARK,
            "script": SCRIPT,
            "words": [],
            "voice_uri": media.save(spoken),
            "language": "en-US",
            "brand": "Tarnwick",
        }  # fmt: skip

    return lambda defects: dict(_make(defects))


@pytest.fixture(scope="module")
def stage() -> Inspect:
    """The stage with all gates, loaded once."""
    made = Inspect(gates=GATES, watermark_secret=SECRET, length_s=LENGTH_S)
    made.load()
    return made


def test_a_good_spot_passes(stage: Inspect, make: Any, media: Workspace) -> None:
    """Would catch gates that nothing can pass, metrics without a meaning, a broken sheet."""
    written = dict(stage.run(make(Defects()), media))
    metrics: Mapping[str, float] = written["metrics"]
    assert set(metrics) <= set(METRICS)
    measured = [v for v in written["verdicts"] if v.gate == "inspect"]
    assert [v.rule for v in measured] == [gate[0] for gate in GATES]
    assert [v.gate for v in written["verdicts"][len(GATES) :]] == [
        "inspect.speech", "inspect.shown", "inspect.nsfw"
    ]  # fmt: skip
    by = {v.rule: v for v in measured}
    assert by["word_error_rate"].threshold == 0.34 == GATES[5][2]
    assert by["word_error_rate"].score == metrics["word_error_rate"]
    assert by["true_peak_dbtp"].column is by["true_peak_dbtp"].at_s is None
    assert {v.verdict for v in written["verdicts"]} == {"pass"}
    assert metrics["frame_count"] == LENGTH_S * FPS and metrics["video_fps"] == FPS
    assert (metrics["width_px"], metrics["height_px"]) == (WIDTH, HEIGHT)
    assert metrics["playable_codecs"] == 1.0 and metrics["format_match"] == 0.0
    assert metrics["watermark_errors"] <= 3 and metrics["faces_found"] == 0.0
    assert metrics["word_error_rate"] <= 0.17
    assert "lip_r" not in metrics, "nobody presents"
    sheet = cv2.imread(str(media.open(written["contact_sheet_uri"])))
    assert sheet.shape[1] > 4 * 270 and sheet.std() > 20


# Several at a time, since each spot takes seconds; those of a group touch different senses.
DEFECTS = {
    "silence": (
        Defects(silent_from_s=1.8, black_from=24, marked=False),
        {"longest_silence_s", "black_frames", "watermark_read"},
        {"word_error_rate", "frozen_s", "captions_seen", "caption_offset_ms"},
    ),
    "level": (
        Defects(gain_db=-3.0, flicker=4, captions_late_s=0.25),
        {"loudness_lufs", "warp_error", "caption_offset_ms"},
        set(),
    ),
    "offset": (
        Defects(voice_late_s=0.25, frozen_from=40, product="speaker"),
        {"voice_offset_ms", "frozen_s", "product_fidelity"},
        {"captions_seen"},
    ),
}


@pytest.mark.parametrize(("defects", "rules", "follow"), DEFECTS.values(), ids=DEFECTS.keys())
def test_defects_are_found(
    stage: Inspect, make: Any, media: Workspace, defects: Defects, rules: set[str], follow: set[str]
) -> None:
    """Would catch a check that does not see the defect it is there for, or sees one everywhere.

    `follow` are gates that rightly block as well: captions can't be seen in the dark.
    """
    with pytest.raises(Reject) as caught:
        stage.run(make(defects), media)
    blocked = {v.rule for v in caught.value.verdicts if v.verdict == "block"}
    assert rules <= blocked <= rules | follow
    assert caught.value.reason_code.startswith("gate_")
    assert all(rule in caught.value.reason for rule in blocked)
    assert caught.value.metrics, "the ledger shows what was measured"
    assert not caught.value.another_seed, "the sound will not be better with another"


def test_another_seed_is_asked_for_where_it_may_help(
    stage: Inspect, make: Any, media: Workspace
) -> None:
    """Would catch flashes that pass, and a spot that is given up for a picture by chance."""
    with pytest.raises(Reject) as caught:
        stage.run(make(Defects(flash=True)), media)
    blocked = {v.rule for v in caught.value.verdicts if v.verdict == "block"}
    assert "flashes_per_s" in blocked and caught.value.another_seed


def test_captions_outside_the_safe_zone_are_found(
    stage: Inspect, make: Any, media: Workspace
) -> None:
    """Would catch captions under a platform's buttons, and ones that were never drawn."""
    row = make(Defects())
    below = {"x0": 0.1, "y0": 0.86, "x1": 0.9, "y1": 0.95}
    row["captions"] = [{**row["captions"][0], "box": below}, *row["captions"][1:]]
    with pytest.raises(Reject) as caught:
        stage.run(row, media)
    blocked = {v.rule for v in caught.value.verdicts if v.verdict == "block"}
    assert {"captions_in_safe_zone", "captions_seen"} <= blocked


def test_a_face_that_is_not_the_presenters_is_found(
    stage: Inspect, make: Any, media: Workspace
) -> None:
    """Would catch a person in the product picture who never agreed to be in an ad."""
    row = make(Defects(product="presenter"))
    with pytest.raises(Reject) as caught:
        stage.run(row, media)
    assert caught.value.metrics["faces_outside_presenter"] == 1.0
    found = [Face(0.4, 0.5, 1.0), Face(0.9, 0.5, 1.0)]
    assert outside(found, Box(0.1, 0.3, 0.8, 0.9)) == 1


def test_what_is_said_and_shown_beyond_the_script_is_found(
    stage: Inspect, make: Any, media: Workspace
) -> None:
    """Would catch a stage that never asks the text gate, or not with the campaign's own names; and
    a claim that is drawn over the picture and in no column that was screened."""
    listed = [{"name": "Slow Mornings", "reason": "somebody"}]
    names = media.scratch("names.json")
    names.write_text(json.dumps({"people": listed}))
    own = replace(stage, gates=(), names=asset(str(names)))
    own.load()
    shown = {"format": "9x16", "where": "hook", "text": "Cures cancer", "start_s": 0, "end_s": 2}
    script = "Quiet evenings need a better lamp."
    row = {**make(Defects()), "script": script, "shown_texts": [shown]}
    with pytest.raises(Reject) as caught:
        own.run(row, media)
    assert caught.value.reason_code == "heard_public_figure"
    by = {v.gate: v for v in caught.value.verdicts if v.verdict == "block"}
    name, claim = by["inspect.speech.names"], by["inspect.shown.policy"]
    assert (name.column, name.span) == ("heard", "Slow mornings")
    assert name.at_s is not None and name.at_s < 0.8, "when it is heard in the mix"
    assert claim.at_s == 1.0 and claim.span == "Cures cancer"
    assert caught.value.metrics["word_error_rate"] > 0.34


def test_gates_are_checked_before_anything_is_spent() -> None:
    """Would catch a misspelled gate that silently lets everything pass."""
    with pytest.raises(ValueError, match="no metric 'loudness'"):
        Inspect(gates=(("loudness", -15.0, -13.0),))
    with pytest.raises(ValueError, match="lets nothing pass"):
        Inspect(gates=(("loudness_lufs", -13.0, -15.0),))
    with pytest.raises(ValueError, match="has no limit"):
        Inspect(gates=(("loudness_lufs", None, None),))
