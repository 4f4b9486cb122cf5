"""A spot in four formats, for real and small: clips, composite and inspection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import soundfile
from PIL import Image

from pipeline.media import MediaStore
from schemas.brand import BrandKit
from schemas.layout import FACE, FORMATS, Box, Format
from stages.base import Reject
from stages.composite import Composite
from stages.image_to_video import CameraMotion, ImageToVideo
from stages.image_to_video.reframing import padded, reframed
from stages.inspect import Inspect
from stages.inspect.soundness import sound_digest
from stages.shared.ffmpeg import decode_frames
from stages.shared.format_shots import shots_in
from stages.shared.picture import write_png
from stages.shared.watermark import carrier, detect
from tests.stages.test_composite import _presenter

LENGTH_S, SECRET = 3.0, "only for tests"
NAMES = ("9x16", "4x5", "1x1", "16x9")
THIRD = {
    name: replace(form, width_px=form.width_px // 3, height_px=form.height_px // 3)
    for name, form in FORMATS.items()
}
PRODUCT = (190, 20, 150)
SHORT: dict[str, Any] = {
    "length_s": LENGTH_S, "min_shot_s": 0.4, "max_shot_s": 1.0, "min_end_card_s": 0.6,
    "max_end_card_s": 0.9, "crossfade_s": 0.1,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class OneFormat(CameraMotion):
    """An engine that, like a video model, makes a clip in one format and no other."""

    every_format: ClassVar[bool] = False


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> MediaStore:
    """One store for all that is rendered here."""
    folder = tmp_path_factory.mktemp("formats")
    return MediaStore(str(folder / "out"), cache=folder / "cache")


@pytest.fixture(scope="module")
def spot(store: MediaStore, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the stages before the clips have written: a bottle, three sentences, a tone."""
    folder = tmp_path_factory.mktemp("made")
    photo = np.full((400, 400, 3), 255, np.uint8)
    photo[60:360, 130:270] = PRODUCT
    photo[90:140, 150:250] = (240, 220, 60)
    write_png(folder / "photo.png", photo)
    time_s = np.arange(round(LENGTH_S * 48_000)) / 48_000
    soundfile.write(folder / "voice.flac", 0.2 * np.sin(2 * np.pi * 220 * time_s), 48_000)
    ends = [(0.1, 0.9), (1.0, 1.7), (1.8, 2.7)]
    avatar = store.put(_presenter(folder / "presenter.mp4", "two_streams", 48))
    return {
        "photo_uri": store.put(folder / "photo.png"), "cutout_uri": None, "accent": "#2f8084",
        "seed": 5, "title": "A bottle", "brand": "T", "tagline": "One", "cta": "Shop it",
        "price": Decimal("24.00"), "regular_price": Decimal("28.00"), "currency": "USD",
        "language": "en-US", "music": None, "script": "One two three", "words": [],
        "sentences": [
            {"text": "x", "start_s": a, "end_s": b, "first_word": n, "last_word": n}
            for n, (a, b) in enumerate(ends)
        ],
        "caption_words": [
            {"text": text, "spoken": "x", "start_s": a, "end_s": b - 0.1}
            for text, (a, b) in zip(("Bottles", "wanted", "here"), ends, strict=True)
        ],
        "voice_uri": store.put(folder / "voice.flac"), "sound_events": [], "phonemes": [],
        "avatar_uri": avatar, "avatar_start_s": 0.0, "avatar_end_s": 2.0,
        "avatar_mouth_box": {"x0": 0.4, "y0": 0.5, "x1": 0.6, "y1": 0.6},
    }  # fmt: skip


def clips(
    spot: Mapping[str, Any], store: MediaStore, formats: tuple[Format, ...], engine: CameraMotion
) -> dict[str, Any]:
    """What image_to_video writes."""
    stage = ImageToVideo(engine=engine, formats=formats, **SHORT)
    stage.load()
    with store.workspace() as media:
        return dict(stage.run(spot, media))


@pytest.fixture(scope="module")
def drawn(spot: dict[str, Any], store: MediaStore) -> dict[str, Any]:
    """The clips by the embedded engine in all four formats."""
    return clips(spot, store, tuple(THIRD[name] for name in NAMES), CameraMotion())


@pytest.fixture(scope="module")
def composed(spot: dict[str, Any], store: MediaStore, drawn: dict[str, Any]) -> dict[str, Any]:
    """The spot with its four masters."""
    stage = Composite(
        brand=BrandKit(name="Northfold"), watermark_secret=SECRET, length_s=LENGTH_S,
        formats=tuple(THIRD[name] for name in NAMES),
    )  # fmt: skip
    row = {**spot, "shots": drawn["shots"]}
    with store.workspace() as media:
        return {**row, **stage.run(row, media)}


def product_in(picture: np.ndarray) -> Box:
    """Where a frame shows the product's own colour."""
    red, green, blue = (picture[..., n].astype(int) for n in range(3))
    ys, xs = np.nonzero((red - green > 70) & (blue - green > 40))
    tall, wide = picture.shape[:2]
    return Box(xs.min() / wide, ys.min() / tall, (xs.max() + 1) / wide, (ys.max() + 1) / tall)


def frame_at(store: MediaStore, uri: str, form: Format, time_s: float) -> np.ndarray:
    """A frame of a master."""
    size = (form.width_px, form.height_px)
    return next(iter(decode_frames(store.open(uri), *size, start_s=time_s, length_s=0.2)))


def test_every_shot_has_a_clip_in_every_format(drawn: dict[str, Any]) -> None:
    """Catches a format without its clip, and a product outside of the area it must stand in."""
    assert len(drawn["shots"]) >= 3
    for shot in drawn["shots"]:
        assert [clip["format"] for clip in shot["others"]] == ["4x5", "1x1", "16x9"]
    for name in NAMES:
        for shot in shots_in(drawn["shots"], name):
            area = THIRD[name].shots[shot["layout"]].product
            assert area.contains(Box(**shot["product_box"]), slack=0.006), (name, shot["layout"])


def test_what_can_be_cut_from_a_clip_is_not_drawn(drawn: dict[str, Any]) -> None:
    """Catches a second drawing of what is there already: half of the time of four formats."""
    wide, drawn_anew = [], 0
    for shot in drawn["shots"]:
        portrait, square, landscape = shot["others"]
        assert portrait["uri"] == shot["uri"] and portrait["crop"]["x0"] == 0.0
        cut_px = portrait["crop"]["y1"] - portrait["crop"]["y0"]
        assert cut_px * THIRD["9x16"].height_px == pytest.approx(THIRD["4x5"].height_px)
        drawn_anew += len({clip["uri"] for clip in shot["others"]} - {shot["uri"]})
        wide.append(square["uri"] == landscape["uri"])
    assert any(wide), "some square clips are cut from wide ones"
    assert drawn["metrics"]["clip_count"] == len(drawn["shots"]) + drawn_anew


def test_masters_have_their_sizes_their_posters_and_one_sound(
    composed: dict[str, Any], store: MediaStore
) -> None:
    """Catches masters that differ in more than their frame."""
    sounds = set()
    for master, name in zip(composed["masters"], NAMES, strict=True):
        form = THIRD[name]
        assert master["format"] == name
        with Image.open(store.open(master["poster_uri"])) as poster:
            assert poster.size == (form.width_px, form.height_px)
        frames = decode_frames(store.open(master["uri"]), 54, 54)
        assert sum(1 for _ in frames) == round(LENGTH_S * 24)
        sounds.add(sound_digest(store.open(master["uri"])))
    assert len(sounds) == 1 and sounds != {sound_digest(store.open(composed["photo_uri"]))}


def test_the_product_is_seen_where_the_row_says(
    composed: dict[str, Any], store: MediaStore
) -> None:
    """Catches a cut at another place than the boxes are worked out for."""
    for master in composed["masters"]:
        form = THIRD[master["format"]]
        for shot in shots_in(composed["shots"], form.name):
            middle_s = (shot["start_s"] + shot["handle_s"] + shot["end_s"]) / 2
            seen = product_in(frame_at(store, master["uri"], form, middle_s))
            box = Box(**shot["product_box"])
            assert box.contains(seen, slack=0.02), (form.name, shot["layout"], seen, box)
            assert seen.y1 - seen.y0 > 0.7 * (box.y1 - box.y0), (form.name, shot["layout"])


def test_captions_keep_off_the_face_and_in_the_zone(composed: dict[str, Any]) -> None:
    """Catches a caption that is planned in one format's place and drawn in another's."""
    views = {view["format"]: view for view in composed["views"]}
    views["9x16"] = {key: composed[key] for key in ("captions", "presenter_box", "mouth_box")}
    for name in NAMES:
        form, view = THIRD[name], views[name]
        assert len(view["captions"]) >= 2
        face = Box(**view["presenter_box"]).inside(FACE)
        assert form.face_zone.contains(face, slack=0.01)
        for caption in view["captions"]:
            box = Box(**caption["box"])
            assert form.safe_zone.contains(box, slack=0.002)
            middle_s = (caption["start_s"] + caption["end_s"]) / 2
            shot = next(one for one in composed["shots"] if middle_s < one["end_s"])
            seen = shot["layout"] == "presented"
            assert not (seen and box.overlaps(face)), (name, caption)


@pytest.fixture(scope="module")
def inspect() -> Inspect:
    """The stage with the gates that hold at a third of the size, loaded once."""
    gates = (
        ("format_match", 1.0, None), ("black_frames", None, 0.0), ("frame_count", 72, 72),
        ("captions_in_safe_zone", 1, None), ("product_fidelity", 0.3, None),
    )  # fmt: skip
    forms = tuple(THIRD[name] for name in NAMES)
    made = Inspect(gates=gates, formats=forms, watermark_secret=SECRET, length_s=LENGTH_S)
    made.load()
    return made


def test_every_format_is_inspected(
    inspect: Inspect, composed: dict[str, Any], store: MediaStore
) -> None:
    """Catches a format that ships without anybody having looked at it."""
    with store.workspace() as media:
        written = inspect.run(composed, media)
    metrics = written["metrics"]
    for name in NAMES[1:]:
        assert metrics[f"format_match.{name}"] == 1.0 and metrics[f"black_frames.{name}"] == 0
        assert metrics[f"captions_seen.{name}"] == 1.0, name
        assert metrics[f"product_fidelity.{name}"] > 0.3
        assert f"watermark_sync_z.{name}" in metrics and f"nsfw_score.{name}" in metrics
        assert f"loudness_lufs.{name}" not in metrics, "the same sound is measured once"
        told = [one for one in written["verdicts"] if one.evidence.startswith(f"{name}: ")]
        assert len(told) == 6, "five gates, and what the frames show"
    assert "loudness_lufs" in metrics


def test_a_fault_in_one_format_stops_the_spot_and_says_which(
    inspect: Inspect, composed: dict[str, Any], store: MediaStore
) -> None:
    """Catches gates that judge the first format and wave the others through."""
    first, portrait, square, wide = composed["masters"]
    swapped = [first, portrait, {**square, "uri": wide["uri"]}, wide]
    with store.workspace() as media, pytest.raises(Reject) as refused:
        inspect.run({**composed, "masters": swapped}, media)
    assert refused.value.reason_code == "gate_format_match" and "1x1: " in refused.value.reason


@pytest.mark.parametrize(("own", "name"), [("9x16", "16x9"), ("9x16", "1x1"), ("16x9", "9x16")])
def test_a_single_clip_is_reframed_without_bars(
    spot: dict[str, Any], store: MediaStore, own: str, name: str
) -> None:
    """Catches black bars, a hard seam, and a product that leaves its area when it is reframed."""
    forms = (THIRD[own], THIRD[name])
    made = clips(spot, store, forms, OneFormat())
    assert made["metrics"]["clip_count"] == len(made["shots"])
    row = {**spot, "avatar_uri": None, "shots": made["shots"], "caption_words": [], "price": None}
    stage = Composite(
        brand=BrandKit(name="N"), watermark_secret=SECRET, length_s=LENGTH_S, formats=forms
    )
    with store.workspace() as media:
        masters = stage.run(row, media)["masters"]
    for shot in shots_in(made["shots"], name):
        area = THIRD[name].shots[shot["layout"]].product
        assert area.contains(Box(**shot["product_box"]), slack=0.006)
        middle_s = (shot["start_s"] + shot["handle_s"] + shot["end_s"]) / 2
        picture = frame_at(store, masters[1]["uri"], THIRD[name], middle_s)
        if shot["layout"] != "end_card":
            assert area.contains(product_in(picture), slack=0.02), shot["layout"]
        border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
        assert border.max(axis=1).min() > 60, "no black bar"
        edge = picture[:, 4].astype(int)  # down the left, where nothing is drawn over the wall
        assert np.abs(np.diff(edge, axis=0)).max() < 40, "no hard seam in the bare wall"


def test_a_product_that_bleeds_is_reframed_by_its_height() -> None:
    """Catches a close-up made small until both of its cut edges lie in the area."""
    bleeding = Box(0.0, 0.2, 1.0, 0.6)
    area = FORMATS["16x9"].shots["hero"].product
    way = reframed(FORMATS["9x16"], bleeding, FORMATS["16x9"], area)
    assert way.scale == pytest.approx(694 / 768, rel=0.01)
    assert area.y0 - 2e-3 <= way.product_box.y0 and way.product_box.y1 <= area.y1 + 2e-3


def test_a_frame_that_the_engine_cannot_draw_is_drawn_larger_and_cut() -> None:
    """Catches 1080x1350, which is no multiple of eight, refused by the renderer."""
    frame = padded(FORMATS["4x5"])
    assert (frame.width_px, frame.height_px) == (1080, 1352)
    box = Box(0.2, 0.2, 0.8, 0.7)
    way = reframed(frame, box, FORMATS["4x5"], FORMATS["4x5"].shots["hero"].product)
    assert way.is_cut and way.crop.y1 - way.crop.y0 == pytest.approx(1350 / 1352)
    assert padded(FORMATS["16x9"]) is FORMATS["16x9"]


@pytest.mark.parametrize("name", NAMES)
def test_the_mark_is_read_in_every_aspect(name: str, tmp_path: Path) -> None:
    """Catches a mark that is lost where its grid is stretched over a wide frame."""
    from stages.inspect.footage import decode_footage
    from stages.shared.frames import encode_frames

    form, random = FORMATS[name], np.random.default_rng(3)
    mark = carrier(0x5EED, secret=SECRET, width_px=form.width_px, height_px=form.height_px)
    base = np.linspace(90, 200, form.width_px)[None, :, None] * np.ones((form.height_px, 1, 3))
    frames = []
    for _ in range(16):
        grain = random.integers(-2, 3, (form.height_px, form.width_px, 1))
        frames.append(np.clip(base + grain + (mark[..., None] - 128.0), 0, 255).astype(np.uint8))
    path = tmp_path / "marked.mp4"
    size = {"width_px": form.width_px, "height_px": form.height_px}
    encode_frames(frames, path, **size, fps=24, qp=22, preset="veryfast")
    footage = decode_footage(
        path, (form.width_px, form.height_px), 24.0, 16 / 24, close_ups=[0], mouth_box=None,
        mark_every=2, scratch=tmp_path / "scratch",
    )  # fmt: skip
    assert min(footage.luma.shape[1:]) == 270 and footage.marks.shape == (8, 480, 270)
    assert min(footage.close_ups[0].shape[:2]) == 540
    assert detect(footage.marks, secret=SECRET).payload == 0x5EED
