"""Parts of the inspection that are measured on made-up signals, where the truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from schemas.layout import Box
from stages.base import Reject
from stages.inspect.caption_timing import MISSING_MS, caption_offsets_ms
from stages.inspect.contact_sheet import sheet_times_s
from stages.inspect.footage import Footage
from stages.inspect.gates import judge, reject_if_blocked
from stages.inspect.lips import lip_sync
from stages.inspect.picture_faults import flashes_per_s, frozen_s, warp_error
from stages.inspect.product_fidelity import product_fidelity, references
from stages.inspect.soundness import voice_offset_ms
from stages.inspect.word_errors import number_words, spoken_words, word_error_rate
from stages.shared.lip_sync import expected_openness

FPS = 24.0
PRODUCTS = Path(__file__).parents[2] / "examples" / "demo" / "products"


def footage(luma: np.ndarray, mouth: np.ndarray | None = None) -> Footage:
    """Footage of grey frames (n, 480, 270)."""
    return Footage(FPS, luma, mouth, {}, luma[:1])


def _colour(luma: np.ndarray) -> np.ndarray:
    """Grey frames (n, height, width) as RGB."""
    return np.repeat(luma.astype(np.uint8)[..., None], 3, axis=3)


class TestWords:
    """Word error rate."""

    def test_numbers_are_compared_as_spoken(self) -> None:
        """Would catch a price that counts as wrong because it was written in figures."""
        said = "one thousand two hundred ninety nine dollars fifty and twenty percent off"
        assert " ".join(spoken_words("$1,299.50 & 20% off!")) == said
        assert word_error_rate("for twenty four dollars", "For $24.") == 0.0
        assert number_words(999_999).startswith("nine hundred ninety nine thousand nine")
        assert [number_words(n) for n in (0, 19, 20, 100, 1_000_001)] == [
            "zero", "nineteen", "twenty", "one hundred", "one zero zero zero zero zero one",
        ]  # fmt: skip

    def test_names_are_compared_by_sound(self) -> None:
        """Would catch a good voice-over rejected for a name that no recogniser can spell."""
        said = "Meet the Tarnwick mug by Kelvoro."
        heard = "Meet the tarn wick mug by Calvaro."
        assert word_error_rate(said, heard) > 0.1
        assert word_error_rate(said, heard, ("Tarnwick", "Kelvoro")) == 0.0
        assert word_error_rate(said, "Meet the Harvard mug by Calvaro", ("Tarnwick",)) > 0.3
        said = "the new eau de parfum is here"
        assert word_error_rate(said, "the new Oda parfum is here", ("eau de parfum",)) == 0.0
        assert word_error_rate(said, "the new car is here", ("eau de parfum",)) > 0.3

    def test_errors_are_counted(self) -> None:
        """Would catch a rate that forgets left out, added or wrong words."""
        assert word_error_rate("one two three four", "one two four") == 0.25
        assert word_error_rate("one two three four", "one two big three four") == 0.25
        assert word_error_rate("one two three four", "one two tree four") == 0.25
        assert word_error_rate("one two three four", "") == 1.0
        assert word_error_rate("dishwasher safe", "dish washer safe") == 0.0


class TestLips:
    """Lip-sync, on a drawn mouth that follows known phonemes."""

    SAID = (
        "HH", "AA", "M", "IY", "B", "AE", "P", "OW", "M", "AH", "F", "EY", "P", "AA", "B", "OW",
        "M", "AE", "N", "AA", "P", "IY",
    )  # fmt: skip
    PHONEMES = [
        {"symbol": symbol, "stress": 1, "start_s": 0.2 + 0.13 * i, "end_s": 0.33 + 0.13 * i}
        for i, symbol in enumerate(SAID)
    ]

    def mouth(self, late_s: float) -> np.ndarray:
        """Frames of a mouth that opens as the phonemes ask, but late."""
        times = np.arange(84) / FPS - late_s
        drawn = []
        for openness in expected_openness(self.PHONEMES, times):
            crop = np.full((120, 270, 3), (214, 160, 138), np.uint8)
            cv2.ellipse(crop, (135, 60), (70, 26), 0, 0, 360, (178, 84, 80), -1)
            height = int(2 + 20 * float(openness))
            cv2.ellipse(crop, (135, 60), (50, height), 0, 0, 360, (40, 18, 16), -1)
            drawn.append(crop)
        return np.array(drawn)

    def measured(self, late_s: float, **spot: Any) -> dict[str, float]:
        """What is measured of that mouth in one presented shot."""
        shot = {"layout": "presented", "start_s": 0.0, "end_s": 3.5, "handle_s": 0.0}
        row = {"shots": [shot], "avatar_start_s": 0.0, "avatar_end_s": 3.5}
        grey = np.zeros((84, 480, 270), np.uint8)
        row |= {"phonemes": self.PHONEMES, **spot}
        return lip_sync(footage(grey, self.mouth(late_s)), row)

    @pytest.mark.parametrize("late_ms", [-125.0, 0.0, 83.0])
    def test_an_offset_is_found(self, late_ms: float) -> None:
        """Would catch sound and mouth that drifted apart in the mux, in either direction."""
        found = self.measured(late_ms / 1000)
        assert found["lip_offset_ms"] == pytest.approx(late_ms, abs=25)
        assert found["lip_r"] > 0.8

    def test_frames_without_the_presenter_do_not_count(self) -> None:
        """Would catch a product shot taken for a mouth."""
        shot = {"layout": "hero", "start_s": 0.0, "end_s": 3.5, "handle_s": 0.0}
        assert self.measured(0.0, shots=[shot]) == {}
        assert self.measured(0.0, avatar_start_s=None) == {}


class TestPictures:
    """Captions, flicker, flashes and the product."""

    @pytest.mark.parametrize("late_frames", [-6, 0, 5])
    def test_captions_are_timed_by_their_pixels(self, late_frames: int) -> None:
        """Would catch captions that run ahead of the voice or behind it."""
        luma = np.full((72, 480, 270), 180, np.uint8)
        for index in range(24 + late_frames, 60):
            cv2.putText(luma[index], "Slow mornings", (40, 300), 0, 0.8, 30, 2, cv2.LINE_AA)
        box = {"x0": 0.1, "y0": 0.56, "x1": 0.9, "y1": 0.66}
        caption = {"text": "Slow mornings", "start_s": 1.0, "end_s": 2.5, "box": box}
        [offset_ms] = caption_offsets_ms(footage(luma), [caption])
        assert offset_ms == pytest.approx(late_frames * 1000 / FPS, abs=1)
        missing = {**caption, "box": {**box, "y0": 0.76, "y1": 0.86}}
        assert caption_offsets_ms(footage(luma), [missing]) == [MISSING_MS]

    def test_motion_is_no_flicker(self) -> None:
        """Would catch a moving product that counts as flicker, and flicker that does not."""
        dice = np.random.default_rng(1)
        coarse = dice.uniform(60, 200, (80, 60)).astype(np.float32)
        picture = cv2.resize(coarse, (400, 600), interpolation=cv2.INTER_CUBIC)
        moving = np.stack([picture[40:520, 2 * i : 270 + 2 * i] for i in range(30)])
        moving = moving.clip(0, 255).astype(np.uint8)
        steady = warp_error(moving, FPS, [])
        flicker = moving.copy()
        flicker[::2] += 8
        assert steady < 2.0 and warp_error(flicker, FPS, []) > steady + 4
        assert warp_error(flicker, FPS, [(0.0, 2.0)]) == 0.0, "crossfades are left out"
        assert frozen_s(moving, FPS) == 0.0
        assert frozen_s(np.repeat(moving[:1], 13, axis=0), FPS) == 0.5

    def test_flashes_are_counted_as_the_rule_says(self) -> None:
        """Would catch flashes counted twice, small or dim ones counted, slow fades counted."""
        frames = np.full((48, 480, 270), 60, np.uint8)
        for start in range(0, 48, 6):
            frames[start : start + 3] = 190
        assert flashes_per_s(_colour(frames), FPS)[0] == pytest.approx(4.0, abs=0.6)
        small = np.full((48, 480, 270), 60, np.uint8)
        small[::6, :200, :100] = 190
        assert flashes_per_s(_colour(small), FPS) == (0.0, 0.0)
        fade = np.linspace(30, 220, 48).astype(np.uint8)
        whole = np.ones((48, 480, 270), np.uint8) * fade[:, None, None]
        assert flashes_per_s(_colour(whole), FPS) == (0.0, 0.0)

    def test_each_product_is_like_itself_alone(self) -> None:
        """Would catch a likeness that any object on a wall would have."""
        names = ("mug", "watch", "candle", "speaker")
        cutouts = {
            name: cv2.cvtColor(
                cv2.imread(str(PRODUCTS / f"{name}_cutout.png"), cv2.IMREAD_UNCHANGED),
                cv2.COLOR_BGRA2RGBA,
            )
            for name in names
        }
        known = {name: references(cutout) for name, cutout in cutouts.items()}
        for name, cutout in cutouts.items():
            scene = np.full((960, 540, 3), (205, 210, 214), np.float32)
            x, y, w, h = cv2.boundingRect(cutout[..., 3])
            scale = 330 / max(w, h)
            part = cv2.resize(cutout[y : y + h, x : x + w], None, fx=scale, fy=scale)
            turn = cv2.getRotationMatrix2D((part.shape[1] / 2, part.shape[0] / 2), 3, 1)
            turn[:, 2] += (270 - part.shape[1] / 2, 400 - part.shape[0] / 2)
            layer = cv2.warpAffine(part, turn, (540, 960)).astype(np.float32)
            share = layer[..., 3:] / 255
            scene = (scene * (1 - share) + layer[..., :3] * share) * 0.93
            box = Box(0.12, 0.2, 0.88, 0.62)
            fits = {
                other: product_fidelity(scene.astype(np.uint8), box, known[other])
                for other in names
            }
            assert max(fits, key=lambda other: fits[other]) == name
            assert fits.pop(name) > 0.6 and max(fits.values()) < 0.45

    def test_the_sheet_shows_no_crossfades(self) -> None:
        """Would catch a contact sheet of double exposures."""
        times = sheet_times_s(15.0, [(2.6, 3.0), (10.2, 10.6)])
        assert times[1] == pytest.approx(3.15) and times[5] == pytest.approx(10.75)
        assert times[0] == pytest.approx(0.9375) and len(times) == 8


class TestSound:
    """The voice in the mix."""

    @pytest.mark.parametrize("late_ms", [-120.0, 0.0, 45.0])
    def test_the_voice_is_found_under_music(self, late_ms: float) -> None:
        """Would catch an encoder's delay that moves the voice off the mouth."""
        dice, rate = np.random.default_rng(2), 16000
        burst = np.repeat(dice.uniform(0, 1, 30) > 0.4, rate // 10)
        voice = dice.standard_normal(3 * rate).astype(np.float32) * burst
        music = np.sin(2 * np.pi * 330 * np.arange(3 * rate) / rate).astype(np.float32)
        mix = np.roll(voice, round(late_ms * rate / 1000)) + 0.5 * music
        assert voice_offset_ms(mix, voice, rate) == pytest.approx(late_ms, abs=1)


class TestGates:
    """From numbers to verdicts."""

    GATES = (("loudness_lufs", -14.5, -13.5), ("lip_r", 0.6, None), ("nsfw_score", None, 0.3))

    def test_evidence_names_value_and_limits(self) -> None:
        """Would catch a verdict that a reviewer can't check."""
        said = judge({"loudness_lufs": -14.1, "lip_r": 0.2, "nsfw_score": 0.31}, self.GATES)
        assert [v.verdict for v in said] == ["pass", "block", "block"]
        assert said[0].evidence == "loudness_lufs -14.1 within -14.5..-13.5"
        assert said[1].evidence == "lip_r 0.2 must be at least 0.6"

    def test_what_does_not_apply_passes_and_what_is_unknown_does_not(self) -> None:
        """Would catch a spot without presenter that is rejected, and a NaN that is published."""
        said = judge({"loudness_lufs": float("nan"), "nsfw_score": 0.1}, self.GATES)
        assert [v.verdict for v in said] == ["block", "pass", "pass"]
        assert said[1].evidence == "lip_r does not apply"

    def test_another_seed_only_where_it_may_help(self) -> None:
        """Would catch hours of rendering for a loudness that stays as it is."""
        for metrics, again in (
            ({"loudness_lufs": -20.0, "lip_r": 0.1}, False),
            ({"loudness_lufs": -14.0, "lip_r": 0.1}, True),
        ):
            with pytest.raises(Reject) as caught:
                reject_if_blocked(metrics, judge(metrics, self.GATES))
            assert caught.value.another_seed is again
