"""The camera: its moves, how steadily it moves, and the sets that it moves in."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from schemas.layout import FORMATS
from stages.image_to_video import CameraMotion, ClipRequest, ImageToVideo, card
from stages.image_to_video.colours import SCHEMES
from stages.image_to_video.moves import (
    BY_LAYOUT,
    INSTEAD,
    MOVES,
    OPENING,
    camera_path,
    choose_moves,
)
from stages.image_to_video.placing import homography, matrix_at, place
from stages.image_to_video.product import product_layer
from stages.image_to_video.sets import SETS, design_of
from stages.shared.ffmpeg import decode_frames
from stages.shared.picture import read_picture, write_png

FULL = FORMATS["9x16"]


@pytest.fixture
def textured(tmp_path: Path, asked: ClipRequest) -> ClipRequest:
    """A shot in full size of a photo that is full of detail: a flat card, all of it alike."""
    noise = np.random.default_rng(8).random((700, 700, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 2.2)
    photo = np.clip((soft - soft.mean()) / soft.std() * 45 + 128, 0, 255).astype(np.uint8)
    write_png(tmp_path / "texture.png", photo)
    return replace(
        asked, photo=tmp_path / "texture.png", format=FULL, areas=FULL.shots["hero"], frames=24
    )


@pytest.mark.parametrize("move", ["drift", "push_in", "parallax_slide"])
def test_clips_follow_an_ideal_warp(textured: ClipRequest, tmp_path: Path, move: str) -> None:
    """Catches shimmer and stepping, whether by the warp or by the clip's encoding: what is decoded
    is held against the same camera drawn with Lanczos at three times the size."""
    request = replace(textured, move=move)
    CameraMotion(sweep=0.0).render(request, tmp_path / "a.mp4")
    shown = list(decode_frames(tmp_path / "a.mp4", 1080, 1920, pixels="gray"))
    picture = card.rounded(read_picture(request.photo))
    height, width = picture.shape[:2]
    path = camera_path(move, request.frames, request.seed + request.shot)
    stands = place(path, width, height, request.areas.product, (1080, 1920))
    grey = cv2.cvtColor(picture[..., :3], cv2.COLOR_RGB2GRAY)
    window = slice(640, 960), slice(380, 700)
    taper = cv2.createHanningWindow((320, 320), cv2.CV_32F)
    off = []
    for index in range(4, 24, 2):
        matrix = matrix_at(path, index, stands, width, height)
        # Pixel centres: from corners at 0 to centres at 0, at three times the size.
        centre = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
        large = np.array([[3, 0, -0.5], [0, 3, -0.5], [0, 0, 1]], float)
        ideal = cv2.warpPerspective(
            grey, large @ matrix @ centre, (3240, 3240), flags=cv2.INTER_LANCZOS4
        )
        ideal = cv2.resize(ideal, (1080, 1080), interpolation=cv2.INTER_AREA)
        pair = [np.ascontiguousarray(one[window], np.float32) for one in (ideal, shown[index])]
        off.append(cv2.phaseCorrelate(*[one - one.mean() for one in pair], taper)[0])
    places = np.array(off)
    assert np.abs(places.mean(axis=0)).max() < 0.2, "it is somewhere else"
    jitter = np.sqrt((np.diff(places, axis=0) ** 2).sum(axis=1).mean())
    print(f"{move}: {jitter:.3f} px")
    assert jitter < 0.1, f"{jitter:.3f} px from frame to frame"


def test_the_foot_stays_where_it_stands() -> None:
    """Catches a product that lifts off its plinth, or slides on it, as the camera climbs."""
    for yaw, pitch in ((0.3, 0.0), (0.0, 0.07), (-0.2, -0.05)):
        foot = homography(1.5, 300.0, 900.0, yaw, pitch, 400, 600) @ (200, 600, 1)
        assert foot[:2] / foot[2] == pytest.approx((300, 900), abs=1e-6)
    above = homography(1.0, 0.0, 0.0, 0.0, 0.1, 400, 600)
    top = [above @ (x, 0, 1) for x in (0, 400)]
    wide = (top[1] / top[1][2] - top[0] / top[0][2])[0]
    assert wide > 400, "seen from above, the top is nearer"


def test_moves_suit_their_shots() -> None:
    """Catches an opening that leaves the product, one move twice where others are left, an end
    card whose text slides, and products that all move alike."""
    layouts = ["presented", "hero", "presented", "hero", "end_card"]
    plans = [choose_moves(layouts, seed) for seed in range(60)]
    assert {plan[0] for plan in plans} == set(OPENING) & set(BY_LAYOUT["presented"])
    for plan in plans:
        assert len(set(plan)) == 5 and plan[-1] == "drift"
        assert all(m in BY_LAYOUT[name] for m, name in zip(plan, layouts, strict=True))
    assert {move for plan in plans for move in plan} == set(MOVES)
    assert len({tuple(plan) for plan in plans}) > 40
    assert choose_moves(layouts, 7) == plans[7]


def test_a_template_may_narrow_the_moves() -> None:
    """Catches moves that a template has ruled out, and a plan that fails for want of any."""
    layouts = ["presented", "hero", "presented", "hero", "end_card"]
    plan = choose_moves(layouts, 3, ("rise", "crane_down", "drift"))
    assert set(plan) <= {"rise", "crane_down", "drift"} and plan[0] == "crane_down"
    assert set(choose_moves(layouts, 3, ("detail",))) == {"detail"}
    with pytest.raises(ValueError, match="moves 'spin' is not a move of camera_motion"):
        ImageToVideo(moves=("push_in", "spin"))


def test_openings_go_towards_the_product() -> None:
    """Catches a first shot that draws back: it must hold the eye."""
    for move in OPENING:
        path = camera_path(move, 60, 5, opening=True)
        assert path.scale[-1] > path.scale[0] + 0.05
        assert path.scale[20] - path.scale[0] > 0.5 * (path.scale[-1] - path.scale[0])


@pytest.mark.parametrize("move", MOVES)
def test_every_move_is_smooth_and_has_stand_ins(move: str) -> None:
    """Catches a jerk in a path, and an engine left without an answer to a move."""
    path = camera_path(move, 96, 4)
    for values in (path.scale, path.x, path.y, path.yaw, path.pitch, path.pan, path.wall):
        steps = np.diff(values)
        assert np.abs(np.diff(steps)).max() <= 0.16 * max(np.abs(steps).max(), 1e-9)
    assert INSTEAD[move] and set(INSTEAD[move]) <= set(MOVES) - {move}


def test_moves_differ_in_what_they_show() -> None:
    """Catches a new name for an old move."""
    seen = []
    for move in MOVES:
        path = camera_path(move, 2, 9)
        wall = path.pan + 0.5 * (path.wall - 1)
        parts = np.stack([path.scale, path.x * 3, path.y * 3, path.yaw, path.pitch * 3, wall])
        seen.append((parts[:, 1] - parts[:, 0], move))
    for (one, name), (other, again) in pairwise(sorted(seen, key=lambda pair: tuple(pair[0]))):
        assert np.abs(one - other).max() > 0.02, (name, again)


def test_neighbours_in_a_catalogue_look_different() -> None:
    """Catches a grid of spots that were all shot in one studio."""
    designs = [tuple(design_of(seed, shot) for shot in (0, 1)) for seed in range(200)]
    assert len(set(designs)) > 150
    same = sum(one == other for one, other in pairwise(designs))
    assert same < 5
    assert {design.back for pair in designs for design in pair} == {s.back for s in SETS.values()}
    assert {design.scheme for pair in designs for design in pair} == set(SCHEMES)
    for first, second in designs:
        assert first.back != second.back and first.scheme == second.scheme
    assert design_of(11, 0) == design_of(11, 2), "a spot comes back to where it began"


def test_sets_can_be_chosen(asked: ClipRequest) -> None:
    """Catches a template's set that is not the one drawn, and a name that fails too late."""
    assert all(design_of(seed, 1, ("cove",)).back == "cove" for seed in range(20))
    with pytest.raises(ValueError, match="'beach' is not a studio set"):
        CameraMotion(sets=("beach",))
    frames = []
    for name in SETS:
        renderer, _ = CameraMotion(sets=(name,)).stage_shot(asked)
        frames.append(renderer.draw(0)[:384].astype(int))
    for one, other in pairwise(frames):
        assert np.abs(one - other).mean() > 1.5


def test_a_polished_floor_shows_the_product_and_is_no_product(asked: ClipRequest) -> None:
    """Catches a mirror image that floats, or a product box that takes it in."""
    cutout = np.zeros((200, 100, 4), np.uint8)
    cutout[:, 10:90] = (200, 40, 40, 255)
    dull, shiny = (product_layer(cutout, 1.0, gloss=gloss) for gloss in (0.0, 0.4))
    foot = round(shiny.foot)
    assert shiny.height > dull.height and (dull.planes[foot + 6 :, :, 3] == 0).all()
    mirrored = shiny.planes[foot + 4 : foot + 100, 100, 3]
    assert mirrored[0] > 70 and mirrored[-1] < mirrored[0] / 3
    boxes = []
    for gloss in (True, False):
        engine = CameraMotion(sets=("cove",))
        renderer, _ = engine.stage_shot(asked)
        if not gloss:
            renderer.product = replace(
                renderer.product,
                planes=renderer.product.planes[: round(renderer.product.foot) + 16],
            )
        renderer.draw(0)
        boxes.append(renderer.product_box)
    assert boxes[0].y1 == pytest.approx(boxes[1].y1, abs=0.006)


@pytest.mark.parametrize("name", FORMATS)
def test_frames_of_every_format(asked: ClipRequest, tmp_path: Path, name: str) -> None:
    """Catches a size whose quarter is no whole number: 1080x1350."""
    form = FORMATS[name]
    small = replace(form, width_px=form.width_px // 30 * 6, height_px=form.height_px // 30 * 6)
    request = replace(asked, format=small, areas=form.shots["hero"], frames=2)
    box = CameraMotion().render(request, tmp_path / "a.mp4").product_box
    assert len(list(decode_frames(tmp_path / "a.mp4", 64, 64))) == 2
    assert form.shots["hero"].product.contains(box, slack=0.01)
