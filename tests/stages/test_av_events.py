"""Visual events, onsets of sounds and their match, on scenes whose truth is known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from jobs.bench.explosions import (
    Blast,
    blast_frames,
    blast_sound,
    first_frames_s,
    sounds_at,
    under,
)
from stages.base import Reject
from stages.shared.audio_onsets import audio_onsets
from stages.shared.av_sync import measure_sound, set_sound_right
from stages.shared.event_match import match_events
from stages.shared.onsets import Event, pick_onsets
from stages.shared.sound import read_sound
from stages.shared.visual_events import expected_event, visual_events

RATE_HZ, FPS = 48_000, 25
BLASTS = [Blast(1.53, 0.4, 0.5, 0.9), Blast(3.71, 0.6, 0.45, 0.6)]
LENGTH_S = 6.0


def scene(blasts: list[Blast], length_s: float = LENGTH_S, fps: int = FPS) -> list[np.ndarray]:
    """Grey frames of a street with explosions."""
    frames = blast_frames(blasts, length_s, fps, (135, 240), seed=2)
    return [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]


def bangs(times_s: list[float], music_below_db: float | None = 9.0) -> np.ndarray:
    """Bangs at these times, with the demo's music under them."""
    dice = np.random.default_rng(3)
    track = sounds_at(times_s, blast_sound(dice, RATE_HZ), LENGTH_S, RATE_HZ)
    if music_below_db is None:
        return track
    folder = Path(__file__).parents[2] / "examples" / "demo" / "audio"
    return under(track, read_sound(folder / "bed_upbeat.ogg", RATE_HZ), music_below_db, dice)


@pytest.fixture(scope="module")
def frames() -> list[np.ndarray]:
    """Two explosions."""
    return scene(BLASTS)


class TestVisualEvents:
    """What is seen, and when."""

    @pytest.mark.parametrize("fps", [24, 25, 30])
    def test_an_explosion_is_timed_by_its_first_frame(self, fps: int) -> None:
        """Would catch times of the brightest frame, which comes 110 ms behind the first."""
        found = visual_events(scene(BLASTS, fps=fps), fps)
        assert [e.time_s for e in found] == pytest.approx(first_frames_s(BLASTS, fps), abs=1e-6)
        assert {e.kind for e in found} == {"flash"}

    def test_a_zoom_with_grain_is_no_event(self) -> None:
        """Would catch a camera move, or film grain, taken for something that happens."""
        assert visual_events(scene([]), FPS) == []

    def test_a_cut_and_sudden_motion_are_told_apart(self) -> None:
        """Would catch events that are seen by their light alone."""
        dice = np.random.default_rng(6)
        first, second = (
            cv2.resize(dice.integers(60, 200, (15, 10), np.uint8), (96, 170)) for _ in range(2)
        )
        cut = [first] * 20 + [second] * 20
        (event,) = visual_events(cut, FPS)
        assert event.kind == "cut" and event.time_s == pytest.approx(20 / FPS)
        wide = cv2.resize(dice.integers(0, 255, (24, 24), np.uint8), (260, 170))
        box = [wide[:, :96].copy() for _ in range(40)]
        for number in range(20, 40):  # the lower half starts to run sideways
            shift = 6 * (number - 19)
            box[number][60:150] = wide[60:150, shift : shift + 96]
        moving = visual_events(box, FPS)
        assert moving and moving[0].time_s == pytest.approx(20 / FPS, abs=0.5 / FPS)
        assert moving[0].kind == "motion"

    @pytest.mark.parametrize(
        "change",
        [
            [0.57, 0.54, 0.78, 0.67, 0.96, 0.69, 0.72, 0.68, 0.54, 0.39, 0.22, 0.15],
            [0.78, 0.85, 1.03, 0.95, 1.51, 0.98, 1.25, 1.20, 1.03, 0.82, 0.61, 0.58],
            [0.43, 0.44, 0.69, 0.61, 1.00, 0.66, 0.72, 0.70, 0.50, 0.39, 0.17, 0.09],
        ],
    )
    def test_a_faint_fade_begins_with_its_first_frame(self, change: list[float]) -> None:
        """Would catch good spots that are rejected: two frames late was what a slow start of a fade
        between like pictures came to. `change` is measured on such spots, in 8-bit steps."""
        rng = np.random.default_rng(5)
        frames = [np.full((60, 60), 128, np.uint8)]
        for share in [*([0.30] * 12), *change, *([0.20] * 12)]:
            less = np.where(frames[-1] > 128, -1, 1)
            steps = -(-share // 1) * (rng.random((60, 60)) < share / -(-share // 1))
            frames.append((frames[-1] + less * steps).astype(np.uint8))
        found = expected_event(frames, 24.0, 13 / 24, 0.35, fade_s=10 / 24)
        assert found == pytest.approx(13 / 24, abs=1.01 / 24)

    def test_an_expected_crossfade_begins_where_it_begins(self) -> None:
        """Would catch a crossfade timed by its middle, or lost because no frame jumps."""
        dice = np.random.default_rng(8)
        a, b = (
            cv2.resize(dice.integers(60, 200, (15, 10), np.uint8), (96, 170)).astype(np.float32)
            for _ in range(2)
        )
        shares = np.clip((np.arange(48) - 20) / 10, 0, 1)
        fade = [(a * (1 - s) + b * s).astype(np.uint8) for s in shares]
        assert expected_event(fade, 24.0, 20 / 24, 0.35) == pytest.approx(21 / 24)
        assert expected_event(fade, 24.0, 25 / 24, 0.35) == pytest.approx(21 / 24)
        assert expected_event([a.astype(np.uint8)] * 48, 24.0, 20 / 24, 0.35) is None
        hidden = np.zeros(fade[0].shape, bool)
        hidden[:2] = True
        still = [frame.copy() for frame in fade]
        for frame in still:
            frame[:2] = 90
        assert expected_event(still, 24.0, 20 / 24, 0.35, hidden) is None, "only what is shown"


class TestAudioOnsets:
    """What is heard, and when."""

    def test_bangs_are_timed_to_a_hop(self) -> None:
        """Would catch onsets at the peak of the flux, or a window's length early."""
        times_s = [0.7, 2.113, 4.4]
        found = [e.time_s for e in audio_onsets(bangs(times_s, None), RATE_HZ)]
        assert [min(found, key=lambda t: abs(t - at)) for at in times_s] == pytest.approx(
            times_s, abs=0.008
        )

    def test_a_bang_outweighs_the_beats_of_music(self) -> None:
        """Would catch strengths in decibels alone, by which a beat out of silence wins."""
        found = audio_onsets(bangs([2.113], 9.0), RATE_HZ)
        loudest = max(found, key=lambda e: e.strength)
        assert loudest.time_s == pytest.approx(2.113, abs=0.01) and len(found) > 3

    def test_silence_and_a_steady_tone_have_none(self) -> None:
        """Would catch an onset made of rounding, and the file's own first sample."""
        tone = np.sin(np.arange(2 * RATE_HZ) * 0.05).astype(np.float32)
        assert audio_onsets(np.zeros(RATE_HZ, np.float32), RATE_HZ) == []
        assert audio_onsets(tone, RATE_HZ) == []
        assert audio_onsets(np.zeros(0, np.float32), RATE_HZ) == []

    def test_the_walk_back_ends_where_it_began(self) -> None:
        """Would catch a walk to the start of an earlier rise."""
        curve = np.zeros(200)
        curve[100:110] = np.linspace(0.1, 1.0, 10)
        curve[60] = 0.9
        found = pick_onsets(curve, 0.01, "x", least=0.5, usual_s=1.0, apart_s=0.1)
        assert [round(e.time_s, 2) for e in found] == [0.6, 1.02]


class TestMatch:
    """Which belongs to which."""

    @pytest.mark.parametrize("late_ms", [-1400, -480, -40, 0, 40, 1000, 1500])
    def test_an_injected_offset_is_found_under_music(
        self, frames: list[np.ndarray], late_ms: int
    ) -> None:
        """Would catch a wrong sign, a wrong pair, or an offset that music hides."""
        times_s = [s + late_ms / 1000 for s in first_frames_s(BLASTS, FPS)]
        found = measure_sound(frames, FPS, bangs(times_s), RATE_HZ)
        assert found is not None and len(found.pairs) == 2
        assert found.offset_ms == pytest.approx(late_ms, abs=12) and found.confidence > 0.2

    def test_events_agree_on_an_offset_that_one_alone_could_not_tell(self) -> None:
        """Would catch the nearest sound being taken for an event's own."""
        seen = [Event(t, 5.0, "flash") for t in (1.0, 2.2, 4.1)]
        heard = [Event(t, 1.0, "sound") for t in (1.9, 3.1, 5.0)]
        heard += [Event(t, 1.0, "sound") for t in (1.05, 2.6, 4.5)]
        found = match_events(seen, heard)
        assert found is not None and found.offset_ms == pytest.approx(900)
        assert 0.2 < found.confidence < 0.8
        assert match_events(seen, []) is None and match_events([], heard) is None


class TestSetRight:
    """Measured, moved, measured again."""

    def test_a_late_explosion_is_set_right(self, frames: list[np.ndarray]) -> None:
        """Would catch a correction in the wrong direction, or one that is not measured again."""
        times_s = [s + 1.0 for s in first_frames_s(BLASTS, FPS)]
        righted = set_sound_right(frames, FPS, bangs(times_s), RATE_HZ)
        assert righted.before.offset_ms == pytest.approx(1000, abs=10)
        assert righted.after is not None and abs(righted.after.offset_ms) <= 10
        assert righted.samples.shape == (round(LENGTH_S * RATE_HZ),)

    def test_stereo_is_moved_as_one_and_what_fits_is_left_alone(
        self, frames: list[np.ndarray]
    ) -> None:
        """Would catch channels that part, and sound resampled for nothing."""
        fits = np.repeat(bangs(first_frames_s(BLASTS, FPS))[:, None], 2, axis=1)
        assert set_sound_right(frames, FPS, fits, RATE_HZ).samples is fits
        late = np.roll(fits, RATE_HZ // 5, axis=0)
        moved = set_sound_right(frames, FPS, late, RATE_HZ).samples
        assert moved.shape == fits.shape and np.array_equal(moved[:, 0], moved[:, 1])

    def test_what_cannot_be_matched_is_refused(self, frames: list[np.ndarray]) -> None:
        """Would catch a shift by a guess: nothing heard, or nothing seen."""
        with pytest.raises(Reject, match="sound_not_matched"):
            set_sound_right(frames, FPS, np.zeros(RATE_HZ, np.float32), RATE_HZ)
        with pytest.raises(Reject, match="place the sound as an effect"):
            set_sound_right(scene([], 2.0), FPS, bangs([1.0]), RATE_HZ)
