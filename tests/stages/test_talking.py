"""What a talking-head model is given, portrait, posture, sound; and what is cut of its film."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from schemas.presenter_preset import Segments
from stages.avatar.motion import Motion
from stages.avatar.talking.cutout import MOST_SPREAD, cut_out, ground_of
from stages.avatar.talking.portrait import FACE_SHARE, GROUND, framed
from stages.avatar.talking.skeleton import joints, skeletons
from stages.avatar.talking.voice_latents import log_mel
from stages.base import Reject

FACE = Path(__file__).parents[2] / "examples" / "demo" / "presenter" / "base.png"
"""A rendered face of nobody, cut out."""
BOX = (90.0, 60.0, 190.0, 160.0)


def still(**changes: float) -> Motion:
    """Two frames: nothing moves in the first; in the second, what is named."""
    names = ("turn", "nod", "tilt_deg", "sway_px", "breath_px", "lids")
    return Motion(*(np.array([0.0, changes.get(name, 0.0)], np.float32) for name in names))


class TestPortrait:
    """The square that a model goes on from."""

    @pytest.mark.parametrize(("width", "height"), [(1500, 900), (900, 1500), (1800, 1700)])
    def test_any_aspect_becomes_a_bust(self, width: int, height: int, tmp_path: Path) -> None:
        """Would catch a squeezed face, one at the edge, and one lost in a wide room."""
        face = cv2.resize(cv2.imread(str(FACE)), (720, 720))
        room = np.full((height, width, 3), 220, np.uint8)
        left, top = (width - 720) // 3, (height - 720) // 2
        room[top : top + 720, left : left + 720] = face
        cv2.imwrite(str(tmp_path / "room.png"), room)
        portrait = framed(tmp_path / "room.png", 512)
        x0, y0, x1, y1 = portrait.face
        assert portrait.picture.shape == (512, 512, 3)
        assert abs((x1 - x0) - (y1 - y0)) < 8 and x1 - x0 >= FACE_SHARE * 512 - 2
        assert abs((x0 + x1) / 2 - 256) < 60 and 120 < (y0 + y1) / 2 < 330

    def test_a_cut_out_one_stands_on_plain_grey(self) -> None:
        """Would catch the black that lies under transparent pixels."""
        picture = framed(FACE, 256).picture
        assert (picture[:12] == GROUND).all()
        assert ground_of(picture).spread < 1


class TestSkeleton:
    """Stick figures in the place of the portrait's head and shoulders."""

    def test_the_head_turns_nods_and_tilts_and_the_shoulders_stay(self) -> None:
        """Would catch a left that is a right, a nod upwards, and shoulders that turn along."""
        rest, turned = joints(still(turn=0.3), BOX)
        assert turned["nose"][0] - rest["nose"][0] > turned["left_ear"][0] - rest["left_ear"][0]
        assert turned["nose"][0] > rest["nose"][0] + 5, "to her left is to the picture's right"
        assert turned["left_shoulder"] == rest["left_shoulder"]
        rest, nodding = joints(still(nod=0.4), BOX)
        assert nodding["nose"][1] > rest["nose"][1] + 3
        rest, tilted = joints(still(tilt_deg=2.0), BOX)
        assert tilted["nose"][0] > rest["nose"][0] and tilted["left_eye"][1] > rest["left_eye"][1]
        rest, swayed = joints(still(sway_px=6.0, breath_px=4.0), BOX)
        assert swayed["neck"][0] > rest["neck"][0] and swayed["neck"][1] < rest["neck"][1]

    def test_it_is_where_the_face_is(self) -> None:
        """Would catch a figure that pulls the face out of its place: eyes above the middle of the
        box and within it, shoulders below it and wider."""
        points = joints(still(), BOX)[0]
        assert BOX[0] < points["right_eye"][0] < points["nose"][0] < points["left_eye"][0] < BOX[2]
        assert BOX[1] < points["left_eye"][1] < points["nose"][1] < BOX[3]
        assert points["right_shoulder"][0] < BOX[0] and points["neck"][1] > BOX[3]

    def test_it_is_drawn_in_the_colours_of_its_convention(self) -> None:
        """Would catch a figure in BGR, which the model was never shown."""
        picture = skeletons(still(), BOX, 280)[0]
        assert picture.shape == (280, 280, 3)
        point = {name: tuple(round(v) for v in at) for name, at in joints(still(), BOX)[0].items()}
        assert tuple(picture[point["nose"][1], point["nose"][0]]) == (255, 0, 0)
        assert tuple(picture[point["left_eye"][1], point["left_eye"][0]]) == (255, 0, 255)
        x = (point["neck"][0] + point["right_shoulder"][0]) // 2
        column = picture[:, x].reshape(-1, 3)
        assert (153, 0, 0) in {tuple(int(v) for v in c) for c in column}, "six tenths of red"
        assert (picture.max(axis=2) == 0).mean() > 0.9


class TestSound:
    """The voice as the audio VAE hears it."""

    def test_tones_and_clicks_are_where_they_belong(self) -> None:
        """Would catch a spectrogram that is late, on another scale of pitch, or of power: Slaney's
        scale is 15 mel at 1 kHz and has 45.2 at 8 kHz, in 64 + 1 equal steps."""
        time_s = np.arange(16_000) / 16_000
        tone = log_mel(0.5 * np.sin(2 * np.pi * 1000 * time_s), 16_000, 160, 64)
        assert tone.shape == (101, 64) and tone.dtype == np.float32
        assert abs(int(tone[50].argmax()) - (15.0 / 45.245 * 65 - 1)) <= 1
        louder = log_mel(np.sin(2 * np.pi * 1000 * time_s), 16_000, 160, 64)
        gain = louder[50].max() - tone[50].max()
        assert abs(gain - np.log(2)) < 1e-3, "magnitudes, and a natural logarithm"
        click = np.zeros(16_000)
        click[8000] = 1.0
        assert log_mel(click, 16_000, 160, 64).sum(axis=1).argmax() == 50
        assert np.allclose(log_mel(np.zeros(4000), 16_000, 160, 64), np.log(1e-5))


class TestSegments:
    """How a long stretch is divided."""

    @pytest.mark.parametrize(
        ("rule", "most", "overlap"),
        [("4n+1", 77, 1), ("4n+1", 77, 5), ("8n+1", 121, 9), ("any", 50, 3)],
    )
    def test_any_length_is_covered_by_equal_ones(self, rule: str, most: int, overlap: int) -> None:
        """Would catch a stretch that is a frame short, and a last segment of two frames."""
        frames = Segments(rule=rule, fps=24, most=most, overlap=overlap)
        for wanted in range(1, 400):
            length, count = frames.plan(wanted)
            made = overlap + count * (length - overlap)
            assert made >= wanted and 2 * overlap < length <= most and frames.snap(length) == length
            assert count == 1 or made - wanted < count * 8 + 1


class TestCutout:
    """The presenter without the ground."""

    @pytest.mark.parametrize("ground", [(200, 200, 200), (240, 240, 240), (60, 130, 90)])
    def test_a_noisy_ground_is_taken_away_and_nothing_else(self, ground: tuple[int, ...]) -> None:
        """Would catch a bright rim around dark hair, holes in a face, and a veil of noise."""
        source = cv2.resize(cv2.imread(str(FACE), cv2.IMREAD_UNCHANGED), (480, 480),
                            interpolation=cv2.INTER_AREA).astype(np.float32)  # fmt: skip
        alpha = source[..., 3:] / 255.0
        shade = np.array(ground) + np.linspace(-12, 12, 480)[None, :, None]
        mixed = source[..., 2::-1] * alpha + shade * (1 - alpha)
        noise = np.random.default_rng(0).normal(0, 2.0, mixed.shape)
        found = cut_out(np.clip(mixed + noise, 0, 255).astype(np.uint8))
        assert np.abs(found[..., 3] - source[..., 3]).mean() < 1.5
        assert found[:60, :60, 3].max() < 20 and found[170:460, 215:265, 3].min() == 255
        share = found[..., 3:] / 255.0
        other = np.array((60, 200, 240))
        shown, true = (
            p[..., :3] * a + other * (1 - a) for p, a in ((found, share), (source, alpha))
        )
        rim = cv2.Canny(source[..., 3].astype(np.uint8), 50, 150)
        rim = cv2.dilate(rim, np.ones((5, 5), np.uint8)) > 0
        assert np.abs(shown - true)[rim].mean() < 12, "on another ground it looks like hers"

    def test_a_room_is_no_plain_ground(self) -> None:
        """Would catch a presenter with holes where a picture hung behind her."""
        room = np.random.default_rng(0).integers(0, 255, (12, 12, 3), np.uint8)
        picture = cv2.resize(room, (300, 300), interpolation=cv2.INTER_NEAREST)
        assert ground_of(picture).spread > MOST_SPREAD
        with pytest.raises(Reject) as refused:
            cut_out(picture)
        assert refused.value.reason_code == "presenter_model_ground"
