"""A product's further pictures and its film, from the feed's row to the shots that show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pipeline.campaign_file import read_campaign
from pipeline.feed import read_feed, unread_rows
from pipeline.media import MediaStore, asset
from pipeline.spot_rows import SpotRows, Unplannable
from schemas.layout import FORMATS, Box
from stages.image_to_video import CameraMotion, ClipRequest, ImageToVideo
from stages.image_to_video.film_shot import window_of
from stages.inspect.measures import product_metrics
from stages.screen import Screen
from stages.shared.ffmpeg import decode_frames
from stages.shared.frames import encode_frames
from stages.shared.picture import write_png
from tests.stages.test_screen import spot as screened_spot

SENTENCES = [
    {"text": "One.", "start_s": 0.1, "end_s": 0.9, "first_word": 0, "last_word": 0},
    {"text": "Two.", "start_s": 1.1, "end_s": 1.9, "first_word": 1, "last_word": 1},
    {"text": "Three.", "start_s": 2.1, "end_s": 2.9, "first_word": 2, "last_word": 2},
    {"text": "Four.", "start_s": 3.1, "end_s": 3.9, "first_word": 3, "last_word": 3},
    {"text": "Five.", "start_s": 4.1, "end_s": 4.8, "first_word": 4, "last_word": 4},
]
SHORT: dict[str, Any] = {
    "length_s": 5.0, "min_shot_s": 0.4, "max_shot_s": 1.2, "min_end_card_s": 0.8,
    "max_end_card_s": 1.0, "crossfade_s": 0.1,
    "formats": (replace(FORMATS["9x16"], width_px=216, height_px=384),),
}  # fmt: skip


def _packshot(path: Path, colour: tuple[int, int, int], width: int, height: int) -> Path:
    """A box of one colour with a stripe, on white."""
    photo = np.full((480, 480, 3), 255, np.uint8)
    x0, y0 = 240 - width // 2, 420 - height
    photo[y0:420, x0 : x0 + width] = colour
    photo[y0 + height // 3 : y0 + height // 3 + 24, x0 : x0 + width] = (250, 210, 60)
    write_png(path, photo)
    return path


def _film(path: Path) -> Path:
    """Four seconds of green before grey."""

    def frames() -> Any:
        for index in range(96):
            picture = np.full((360, 640, 3), 120, np.uint8)
            cv2.circle(picture, (200 + 2 * index, 180), 90, (40, 190, 60), -1)
            yield picture

    encode_frames(frames(), path, width_px=640, height_px=360, fps=24)
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> dict[str, Path]:
    """The photo, its small copy, a further one, one that is too small, and the film."""
    photo = _packshot(tmp_path / "photo.png", (190, 40, 50), 150, 260)
    again = cv2.resize(cv2.imread(str(photo)), (400, 400), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(tmp_path / "again.jpg"), again)
    cv2.imwrite(str(tmp_path / "tiny.png"), again[:90, :90])
    return {
        "photo": photo, "again": tmp_path / "again.jpg", "tiny": tmp_path / "tiny.png",
        "side": _packshot(tmp_path / "side.png", (40, 60, 190), 290, 290),
        "film": _film(tmp_path / "film.mp4"),
    }  # fmt: skip


def _screened(store: MediaStore, pictures: Mapping[str, Path], film: Path | None) -> dict[str, Any]:
    images = [pictures[name] for name in ("photo", "again", "tiny", "side")]
    given = screened_spot(*images)
    if film is not None:
        found = asset(str(film))
        given["film"] = {"uri": found.uri, "sha256": found.sha256}
    with store.workspace() as media:
        return dict(Screen().run(given, media))


def _clips(store: MediaStore, screened: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    spot = {**screened, "sentences": SENTENCES, "accent": "#2f8084", "seed": 5}
    stage = ImageToVideo(**{**SHORT, **changes})
    stage.load()
    with store.workspace() as media:
        return dict(stage.run(spot, media))


def test_the_screen_keeps_what_shows_something_else(
    store: MediaStore, pictures: dict[str, Path]
) -> None:
    """Would catch a spot lost for a bad further picture, and one that shows one thing twice."""
    found = _screened(store, pictures, None)
    rules = [(verdict.rule, verdict.verdict) for verdict in found["verdicts"]]
    assert ("image_same", "pass") in rules and ("image_too_small", "pass") in rules
    assert len(found["further_pictures"]) == 1 and found["film_uri"] is None


def test_shots_without_a_presenter_show_further_pictures(
    store: MediaStore, pictures: dict[str, Path]
) -> None:
    """Would catch an end card with another picture than the first shot, and a fidelity that is
    measured against the wrong one."""
    screened = _screened(store, pictures, None)
    made = _clips(store, screened)
    told = [verdict.evidence for verdict in made["verdicts"] if verdict.rule == "shot_sources"]
    assert told == ["further picture in shot 2, 4 of 5"]
    sources = {shot["layout"]: shot["source"] for shot in made["shots"]}
    assert sources == {"presented": "main", "hero": "further", "end_card": "main"}
    blue, red = [], []
    frames = []
    for shot in made["shots"]:
        shown = list(decode_frames(store.open(shot["uri"]), 216, 384))
        frames.append(shown[3:5])
        channels = shown[4].astype(int)
        blue.append(int((channels[..., 2] - channels[..., 0] > 80).sum()))
        red.append(int((channels[..., 0] - channels[..., 2] > 80).sum()))
    assert min(blue[1], blue[3]) > 20 * max(1, blue[0]) and min(red[0], red[4]) > 300
    with store.workspace() as media:
        spot = {**screened, "shots": made["shots"]}
        right = product_metrics(spot, frames, media)["product_fidelity"]
        for shot in spot["shots"]:
            shot["picture_uri"] = None
        assert right > 0.5 > product_metrics(spot, frames, media)["product_fidelity"]


def test_both_pictures_stand_at_one_scale(pictures: dict[str, Path], asked: ClipRequest) -> None:
    """Would catch a wide side view that fills its area and towers over the front view."""
    given = replace(asked, photo=pictures["photo"], move="drift")
    main = CameraMotion().stage_shot(given)[0]
    alone = CameraMotion().stage_shot(replace(given, photo=pictures["side"]))[0]
    further = CameraMotion().stage_shot(
        replace(given, photo=pictures["side"], other=(pictures["photo"], None))
    )[0]
    areas = []
    for renderer in (main, alone, further):
        renderer.draw(0)
        box = renderer.product_box
        areas.append((box.x1 - box.x0) * (box.y1 - box.y0))
    assert areas[1] > 1.25 * areas[0] and areas[2] < 1.2 * areas[0]


def test_a_film_fills_a_shot(store: MediaStore, pictures: dict[str, Path]) -> None:
    """Would catch a film that is checked and never shown, or one that stands still."""
    screened = _screened(store, pictures, pictures["film"])
    assert screened["film_uri"]
    made = _clips(store, screened)
    told = [verdict.evidence for verdict in made["verdicts"] if verdict.rule == "shot_sources"]
    assert told == ["film in shot 2 of 5; further picture in shot 4 of 5"]
    shot = made["shots"][1]
    assert shot["source"] == "film" and shot["picture_uri"] == screened["film_uri"]
    frames = [f.astype(int) for f in decode_frames(store.open(shot["uri"]), 216, 384)]
    green = [(f[..., 1] - f[..., 0] > 60) & (f[..., 1] - f[..., 2] > 60) for f in frames]
    middles = [float(np.flatnonzero(one.any(axis=0)).mean()) for one in green]
    assert middles[-1] - middles[0] > 5 and min(np.diff(middles)) >= -0.6
    box = Box(**shot["product_box"])
    assert FORMATS["9x16"].shots["hero"].product.contains(box, slack=0.012)
    again = _clips(store, screened)
    assert [s["uri"] for s in again["shots"]] == [s["uri"] for s in made["shots"]]


def test_a_bad_film_costs_nothing(store: MediaStore, pictures: dict[str, Path]) -> None:
    """Would catch a spot that is lost because its film is."""
    pictures["film"].write_bytes(b"no film")
    found = _screened(store, pictures, pictures["film"])
    assert found["film_uri"] is None
    (told,) = [verdict for verdict in found["verdicts"] if verdict.gate == "screen.film"]
    assert (told.rule, told.verdict) == ("film_broken", "pass") and "is not used" in told.evidence


@pytest.mark.parametrize(
    ("size", "name", "full"),
    [((1080, 1920), "9x16", True), ((1920, 1080), "9x16", False), ((1920, 1080), "16x9", True),
     ((1080, 1080), "9x16", False), ((1080, 1350), "1x1", True)],
)  # fmt: skip
def test_films_are_reframed_without_losing_much(
    asked: ClipRequest, size: tuple[int, int], name: str, full: bool
) -> None:
    """Would catch a landscape film cut to a strip, bars beside one that nearly fits, a window that
    leaves the product's area, or a squeezed picture."""
    form = FORMATS[name]
    window = window_of(replace(asked, format=form, areas=form.shots["hero"]), *size)
    assert window.full == full
    x0, y0, x1, y1 = window.part
    assert min(x1 - x0, y1 - y0) >= 0.75
    shown = (x1 - x0) * size[0] / ((y1 - y0) * size[1])
    assert shown == pytest.approx((window.x1 - window.x0) / (window.y1 - window.y0), rel=0.01)
    if not full:
        box = Box(window.x0 / form.width_px, window.y0 / form.height_px,
                  window.x1 / form.width_px, window.y1 / form.height_px)  # fmt: skip
        assert form.shots["hero"].product.contains(box, slack=0.003)


def _rows(folder: Path, links: str, scripts: str = "") -> SpotRows:
    (folder / "feed.tsv").write_text(
        f"id\ttitle\timage_link\tprice\tvideo_link\nmug\tMug\tphoto.png\t9 USD\t{links}\n"
    )
    lines = "name: A\nfeed: feed.tsv\nbrand: {name: A}\n"
    if scripts:
        (folder / "scripts.tsv").write_text(f"id\tscript\tvideo_link\nmug\tBuy it.\t{scripts}\n")
        lines += "scripts: scripts.tsv\n"
    else:
        lines += "script: Buy it.\n"
    (folder / "c.yaml").write_text(lines)
    return SpotRows(read_campaign(str(folder / "c.yaml")))


def _film_of(rows: SpotRows, folder: Path) -> Any:
    (row,) = read_feed(str(folder / "feed.tsv"))
    assert row.product is not None
    return rows.build(row.product, rows.campaign.variants[0], "mug")["film"]


def _source(rows: SpotRows, folder: Path) -> str:
    (row,) = unread_rows(str(folder / "feed.tsv"))
    return rows.source(row, rows.pictures(row))


def test_a_new_film_is_seen_and_a_missing_one_costs_no_second_look(
    pictures: dict[str, Path], tmp_path: Path
) -> None:
    """Would catch a film that is exchanged and never rendered, and a feed full of films on the web
    of which every row is read again each night."""
    before = _source(_rows(tmp_path, "film.mp4"), tmp_path)
    assert before and before == _source(_rows(tmp_path, "film.mp4"), tmp_path)
    (tmp_path / "film.mp4").write_bytes(b"another")
    assert _source(_rows(tmp_path, "film.mp4"), tmp_path) not in ("", before)
    (tmp_path / "film.mp4").unlink()
    assert _source(_rows(tmp_path, "film.mp4"), tmp_path) not in ("", before)
    assert _source(_rows(tmp_path, "https://shop.example.com/a.mp4"), tmp_path)
    assert _source(_rows(tmp_path, "odd%20name.mp4"), tmp_path) == ""


def test_films_come_from_feed_or_scripts(pictures: dict[str, Path], tmp_path: Path) -> None:
    """Would catch a link that fetches what it likes, or a film that the scripts table names and
    nobody finds."""
    film = _film_of(_rows(tmp_path, "film.mp4"), tmp_path)
    assert film["uri"].endswith("/film.mp4") and len(film["sha256"]) == 64
    assert _film_of(_rows(tmp_path, "https://shop.example.com/a.mp4"), tmp_path) is None
    assert _film_of(_rows(tmp_path, "../../etc/passwd"), tmp_path) is None
    assert _film_of(_rows(tmp_path, ""), tmp_path) is None
    own = _film_of(_rows(tmp_path, "", scripts="film.mp4"), tmp_path)
    assert own["sha256"] == film["sha256"]
    with pytest.raises(Unplannable, match="beside the scripts table"):
        _film_of(_rows(tmp_path, "", scripts="gone.mp4"), tmp_path)
