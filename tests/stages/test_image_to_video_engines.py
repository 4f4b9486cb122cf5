"""The suite that every clip engine must pass, and what only the embedded one promises."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from schemas.asset import Asset
from schemas.layout import FORMATS, Box
from stages.image_to_video import CameraMotion, ClipEngine, ClipRequest, DiffusersClips
from stages.image_to_video.keying import key_plain_backdrop
from stages.image_to_video.moves import MOVES, camera_path, glide
from stages.image_to_video.product import clean_edges
from stages.shared.ffmpeg import decode_frames
from stages.shared.motion import jitter_rms_px
from stages.shared.picture import write_png
from tests.stages.test_image_to_video_diffusers import tiny_preset
from tests.stages.tiny_models import tiny_wan

FULL = FORMATS["9x16"]
SMALL = replace(FULL, width_px=432, height_px=768)


def _product(size: int = 400) -> np.ndarray:
    """A textured magenta bottle with a cap, RGBA: no set is of its colour."""
    noise = np.random.default_rng(2).random((size, size)).astype(np.float32)
    texture = cv2.GaussianBlur(noise, (0, 0), 2.5)
    texture = (texture - texture.mean()) / texture.std()
    picture = np.zeros((size, size, 4), np.uint8)
    shape = np.zeros((size, size), np.uint8)
    cv2.rectangle(
        shape, (int(size * 0.3), int(size * 0.3)), (int(size * 0.7), int(size * 0.9)), 255, -1
    )
    cv2.rectangle(
        shape, (int(size * 0.42), int(size * 0.1)), (int(size * 0.58), int(size * 0.3)), 255, -1
    )
    picture[..., 0] = np.clip(190 + 22 * texture, 0, 255)
    picture[..., 1] = np.clip(20 + 10 * texture, 0, 255)
    picture[..., 2] = np.clip(150 + 22 * texture, 0, 255)
    picture[..., 3] = cv2.GaussianBlur(shape, (0, 0), 0.8)
    return picture


def _on(backdrop: np.ndarray | int, product: np.ndarray) -> np.ndarray:
    alpha = product[..., 3:].astype(np.float32) / 255
    return (product[..., :3] * alpha + backdrop * (1 - alpha)).astype(np.uint8)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A photo on white, one on a busy ground, and the cut-out."""
    folder, product = tmp_path_factory.mktemp("pictures"), _product()
    noise = np.random.default_rng(3).integers(0, 256, (400, 400, 3), np.uint8)
    busy = cv2.GaussianBlur(noise, (0, 0), 5).astype(np.float32)
    made = {"white": _on(255, product), "busy": _on(busy * 2 - 128, product), "cutout": product}
    for name, picture in made.items():
        write_png(folder / f"{name}.png", picture)
    return {name: folder / f"{name}.png" for name in made}


def _request(pictures: dict[str, Path], **changes: object) -> ClipRequest:
    layout = str(changes.get("layout", "hero"))
    form = changes.get("format", SMALL)
    base = ClipRequest(
        photo=pictures["white"], cutout=pictures["cutout"], format=form, layout=layout,  # type: ignore[arg-type]
        areas=FULL.shots[layout], move="orbit_left", frames=10, accent="#2f8084", seed=11, shot=1,
        files={"model": pictures["weights"]} if "weights" in pictures else {},
        texts={"title": "A bottle"},
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


def _seen(path: Path, width: int, height: int) -> Box:
    """Where magenta is, over all frames of a clip."""
    found = np.zeros((height, width), bool)
    for frame in decode_frames(path, width, height):
        red, green, blue = (frame[..., i].astype(int) for i in range(3))
        found |= (red - green > 75) & (blue - green > 55)
    rows, columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
    return Box(
        columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height
    )


@pytest.fixture(params=[CameraMotion.name, DiffusersClips.name])
def engine(request: pytest.FixtureRequest, pictures: dict[str, Path]) -> ClipEngine:
    """Every engine that can render here; models are tiny ones with random weights."""
    pictures.pop("weights", None)
    made: ClipEngine = CameraMotion()
    if request.param == DiffusersClips.name:
        pictures["weights"] = tiny_wan(pictures["white"].parent / "weights")
        preset = tiny_preset(size={"width": 96, "height": 160})
        made = DiffusersClips(preset=preset, model=Asset(f"{pictures['weights']}/", "0" * 64))
    made.load()
    return made


def test_clip_has_the_asked_frames_and_size(
    engine: ClipEngine, pictures: dict[str, Path], tmp_path: Path
) -> None:
    """Catches a clip a frame short, which would shift everything behind it, and black frames."""
    engine.render(_request(pictures), tmp_path / "a.mp4")
    frames = list(decode_frames(tmp_path / "a.mp4", 432, 768))
    assert len(frames) == 10
    assert min(float(frame.mean()) for frame in frames) > 50


@pytest.mark.parametrize("layout", ["presented", "hero", "end_card"])
def test_product_box_is_true_and_inside_its_area(
    engine: ClipEngine, pictures: dict[str, Path], tmp_path: Path, layout: str
) -> None:
    """Catches a box that misses the product (captions would cover it), one that is generous, and
    a product that leaves its area."""
    if isinstance(engine, DiffusersClips):
        pytest.skip("random weights draw no product")
    clip = engine.render(_request(pictures, layout=layout), tmp_path / "b.mp4")
    seen = _seen(tmp_path / "b.mp4", 432, 768)
    assert clip.product_box.contains(seen, slack=0.006)
    assert seen.contains(clip.product_box, slack=0.012)
    assert FULL.shots[layout].product.contains(clip.product_box)


def test_same_request_same_bytes(
    engine: ClipEngine, pictures: dict[str, Path], tmp_path: Path
) -> None:
    """Catches hidden state or chance: results are cached by what made them."""
    for name in ("a", "b"):
        engine.render(_request(pictures), tmp_path / f"{name}.mp4")
        engine.render(_request(pictures, seed=5, move="rise"), tmp_path / "between.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    engine.render(_request(pictures, seed=12), tmp_path / "c.mp4")
    assert (tmp_path / "a.mp4").read_bytes() != (tmp_path / "c.mp4").read_bytes()


# What the camera-motion engine promises


@pytest.mark.parametrize("move", MOVES)
def test_all_moves_stay_in_their_area(pictures: dict[str, Path], move: str) -> None:
    """Catches a path whose far end takes the product into the captions."""
    request = _request(pictures, move=move, frames=48)
    renderer, _ = CameraMotion().stage_shot(request)
    for index in (0, 15, 31, 47):
        renderer.draw(index)
    area = request.areas.product
    if move == "detail":
        area = replace(area, x0=0.0, x1=1.0)
    assert area.contains(renderer.product_box)
    filled = (renderer.product_box.y1 - renderer.product_box.y0) / (area.y1 - area.y0)
    assert filled > 0.85, "the product should fill its area"


def test_mode_follows_the_picture(pictures: dict[str, Path], tmp_path: Path) -> None:
    """Catches a busy photo cut to shreds, and a packshot on white shown as a white card."""
    engine = CameraMotion()
    studio = _request(pictures, cutout=None, frames=2)
    assert engine.render(studio, tmp_path / "a.mp4").mode == "studio"
    card = replace(studio, photo=pictures["busy"])
    rendered = engine.render(card, tmp_path / "b.mp4")
    assert rendered.mode == "card"
    assert card.areas.product.contains(rendered.product_box)


def test_keying_finds_the_outline_and_refuses_what_it_cannot_see() -> None:
    """Catches a key that eats the product, and a white product keyed off its white ground."""
    product = _product()
    keyed = key_plain_backdrop(_on(np.array([236.0, 238.0, 240.0]), product))
    assert keyed is not None
    assert np.abs(keyed[..., 3].astype(int) - product[..., 3]).mean() < 1.0
    pale = product.copy()
    pale[..., :3] = 250
    assert key_plain_backdrop(_on(255, pale)) is None
    cropped = _on(255, product)[60:, 130:]
    assert key_plain_backdrop(np.ascontiguousarray(cropped)) is None


def test_soft_edges_lose_the_old_backdrop() -> None:
    """Catches a green fringe around a product that was cut out of green."""
    product = _product()
    green = product.copy()
    green[..., :3] = _on(np.array([0.0, 255.0, 0.0]), product)
    edge = (product[..., 3] > 40) & (product[..., 3] < 215)
    assert green[edge][:, 1].astype(float).mean() > 90
    assert clean_edges(green)[edge][:, 1].astype(float).mean() < 45


def test_motion_is_steady(pictures: dict[str, Path]) -> None:
    """Catches whole-pixel stepping on slow moves: the flaw that gives cheap zooms away."""
    request = _request(pictures, move="drift", frames=60, format=FULL)
    renderer, _ = CameraMotion(sweep=0.0).stage_shot(request)
    frames = [renderer.draw(index)[800:1240, 340:740].copy() for index in range(20, 44)]
    assert jitter_rms_px(frames, window_px=320) < 0.1


def test_gradients_do_not_band(pictures: dict[str, Path]) -> None:
    """Catches a sweep without dither, which shows as contour lines on a phone."""
    request = _request(pictures, frames=2, layout="end_card", move="drift", format=FULL)
    renderer, _ = CameraMotion().stage_shot(request)
    luma = renderer.draw(0)[1300:1900, 100:980].astype(int)
    assert luma.max() - luma.min() > 3, "no gradient to judge"
    changes = (np.diff(luma, axis=0) != 0).mean()
    assert changes > 0.12


def test_glide_never_stands_still() -> None:
    """Catches an ease that stops dead at the cuts, or runs backwards."""
    for burst in (0.0, 0.25, 0.45):
        steps = np.diff(glide(90, burst=burst))
        assert steps.min() > 0.3 / 90
        assert np.abs(np.diff(steps)).max() < 0.15 * steps.max()


def test_seed_varies_the_path() -> None:
    """Catches variants of one product that all move alike."""
    one, other = (camera_path("push_in", 20, seed) for seed in (1, 2))
    assert not np.allclose(one.scale, other.scale) or not np.allclose(one.yaw, other.yaw)
    with pytest.raises(ValueError, match="camera move"):
        camera_path("teleport", 20, 1)
