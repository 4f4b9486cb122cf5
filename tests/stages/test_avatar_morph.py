"""In-between pictures of a presenter rig: lips without ghosts, lids that hide, a firm bust."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from stages.avatar.bust import Bust
from stages.avatar.lips import face_tones, find_opening
from stages.avatar.morph import Blend
from stages.avatar.motion import Motion
from stages.avatar.mouth import MouthBlend
from stages.avatar.rig import Rig, extend_colours, load_rig
from stages.shared.lip_sync import mouth_openness

FOLDER = Path(__file__).parents[2] / "examples" / "demo" / "presenter"


@pytest.fixture(scope="module")
def rig() -> Rig:
    """The demo's rig."""
    cv2.setNumThreads(1)
    return load_rig(FOLDER)


@pytest.fixture(scope="module")
def mouth(rig: Rig) -> MouthBlend:
    """Blends of five of its mouths."""
    names = ("sil", "PP", "aa", "O", "U", "SS")
    return MouthBlend({name: rig.mouth.sprites[name] for name in names}, "sil")


def posture(**values: float) -> Motion:
    """One frame of motion, at rest but for `values`."""
    names = ("turn", "nod", "tilt_deg", "sway_px", "breath_px", "lids")
    return Motion(*(np.array([values.get(n, 0.0)], np.float32) for n in names))


def detail(picture: np.ndarray) -> float:
    """Energy of fine detail around the lips."""
    gray = picture[50:125, 80:176].mean(axis=2).astype(np.float32)
    return float(cv2.Laplacian(gray, cv2.CV_32F).var())


class TestMouth:
    """`MouthBlend`."""

    def test_the_shapes_themselves_are_untouched(self, rig: Rig, mouth: MouthBlend) -> None:
        """Would catch a closed mouth that is drawn a little open, or a blurred vowel."""
        assert np.array_equal(mouth.mix("PP", "aa", 0.0), rig.mouth.sprites["PP"])
        assert np.array_equal(mouth.mix("PP", "aa", 1.0), rig.mouth.sprites["aa"])

    def test_the_opening_is_found_in_every_shape(self, rig: Rig) -> None:
        """Would catch lips taken for teeth: then shapes fall back to a plain blend."""
        tones = face_tones(rig.mouth.sprites["sil"])
        heights = {}
        for name, sprite in rig.mouth.sprites.items():
            opening = find_opening(sprite, tones)
            assert opening is not None, name
            heights[name] = opening.height_px
        assert heights["sil"] == heights["PP"] == 0.0
        assert heights["aa"] > heights["E"] > heights["nn"] > heights["U"] > 2

    @pytest.mark.parametrize(("a", "b"), [("sil", "aa"), ("PP", "O"), ("O", "SS")])
    def test_in_betweens_are_as_sharp_as_the_shapes(
        self, mouth: MouthBlend, a: str, b: str
    ) -> None:
        """Would catch a crossfade, whose two half-shown mouths blur each other."""
        ends = min(detail(mouth.mix(a, b, 0.0)), detail(mouth.mix(a, b, 1.0)))
        faded = 0.5 * (mouth.mix(a, b, 0.0) + mouth.mix(a, b, 1.0))
        between = detail(mouth.mix(a, b, 0.5))
        assert between > 0.6 * ends and between > 1.15 * detail(faded)

    @pytest.mark.parametrize(("a", "b"), [("sil", "aa"), ("PP", "aa"), ("U", "O")])
    def test_it_opens_step_by_step(self, mouth: MouthBlend, a: str, b: str) -> None:
        """Would catch an opening that is there at once and only gets clearer."""
        x0, y0, x1, y1 = mouth.lips_px()
        crops = [
            np.clip(mouth.mix(a, b, t)[y0:y1, x0:x1, ::-1], 0, 255).astype(np.uint8)
            for t in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
        ]
        opened = mouth_openness(crops)
        assert list(opened) == sorted(opened)
        assert 0.05 < opened[2] < 0.8

    def test_a_drawn_face_falls_back_to_flow(self) -> None:
        """Would catch a crash on a rig whose lips are no redder than its skin."""
        faces = {}
        for name, height in (("sil", 2), ("aa", 24)):
            face = np.full((96, 128, 3), 200, np.uint8)
            cv2.ellipse(face, (64, 50), (30, height), 0, 0, 360, (40, 40, 40), -1, cv2.LINE_AA)
            faces[name] = face
        blend = MouthBlend(faces, "sil")
        x0, y0, x1, y1 = blend.lips_px()
        assert not blend.openings and x0 < 50 < 80 < x1 and y0 < 40 < 60 < y1
        assert blend.mix("sil", "aa", 0.5).shape == (96, 128, 3)


class TestLids:
    """`Blend` on eyes."""

    def test_a_closing_lid_hides_the_iris(self, rig: Rig) -> None:
        """Would catch an eye that shines through its own lid."""
        eyes = {name: rig.eyes.sprites[name] for name in ("half", "open", "closed")}
        blend = Blend(eyes, eyes)
        half, shut = (rig.eyes.sprites[name].astype(float) for name in ("half", "closed"))
        iris = (shut - half).min(axis=2) > 25  # dark at half, lid when shut
        late = blend.mix("half", "closed", 0.4, haste=3.0)
        faded = half + 0.4 * (shut - half)
        assert iris.sum() > 50
        assert late[iris].mean() > faded[iris].mean() + 5


class TestBust:
    """`Bust` and the rig's edges."""

    def test_at_rest_it_is_the_base_picture(self, rig: Rig) -> None:
        """Would catch a warp that shifts or softens everything."""
        bust = Bust(rig, rig.base.shape[0])
        drawn = bust.draw(rig.base, posture(), 0).astype(int)
        solid = rig.base[..., 3] > 200
        assert np.abs(drawn - rig.base)[solid].max() <= 1

    def test_a_third_of_a_turn_meets_the_rendered_turn(self, rig: Rig) -> None:
        """Would catch flow applied backwards: the head would turn to the other side."""
        bust = Bust(rig, rig.base.shape[0])
        x0, y0, x1, y1 = rig.eyes.box_px
        seen = [
            bust.draw(rig.base, posture(turn=turn), 0)[y0:y1, x0 - 40 : x1 + 40, :3].astype(float)
            for turn in (-0.33, 0.0, 0.33)
        ]
        pose = rig.poses["left"][y0:y1, x0 - 40 : x1 + 40, :3].astype(float)
        away = [np.abs(picture - pose).mean() for picture in seen]
        assert away[2] < away[1] < away[0]

    @pytest.mark.parametrize(
        "moved",
        [{"breath_px": 2.0}, {"sway_px": 5.0}, {"nod": 0.4, "turn": -0.3}, {"tilt_deg": 1.8}],
    )
    def test_the_lower_edge_never_moves(self, rig: Rig, moved: dict[str, float]) -> None:
        """Would catch a strip of background under her shoulders."""
        drawn = Bust(rig, 360).draw(rig.base, posture(**moved), 0)
        still = Bust(rig, 360).draw(rig.base, posture(), 0)
        assert drawn[-1, :, 3].min() >= min(250, still[-1, :, 3].min())
        assert np.abs(drawn[-1].astype(int) - still[-1])[8:-8].max() <= 6

    def test_the_bands_cut_nothing_off(self, rig: Rig) -> None:
        """Would catch hair that is clipped where the head leans out of the part that is drawn."""
        bust = Bust(rig, 420)
        lean = posture(turn=0.34, tilt_deg=1.8, sway_px=5.0, nod=-0.3)
        drawn = bust.draw(rig.base, lean, 0)[..., 3].astype(int)
        bust._bands = [(slice(0, 420), slice(0, 420))]
        assert np.array_equal(bust.draw(rig.base, lean, 0)[..., 3], drawn)

    def test_colours_run_on_under_transparent_pixels(self) -> None:
        """Would catch a dark rim, which interpolation makes of black under transparency."""
        picture = np.zeros((64, 64, 4), np.uint8)
        picture[20:44, 20:44] = (30, 60, 200, 255)
        spread = extend_colours(picture)
        assert np.array_equal(spread[..., 3], picture[..., 3])
        assert np.abs(spread[16:48, 16:48, :3].astype(int) - (30, 60, 200)).max() <= 2
