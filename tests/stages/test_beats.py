"""Beats: tempo and times of music whose beats are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stages.shared.beats import RATE_HZ, find_beats, mel_levels
from stages.shared.ffmpeg import decode_audio
from tests.stages.music_made import struck

BEDS = Path(__file__).parents[2] / "examples" / "demo" / "audio"


def _errors_ms(found: tuple[float, ...], truth: np.ndarray) -> np.ndarray:
    return np.array([1000 * min((t - time_s for t in found), key=abs) for time_s in truth])


@pytest.mark.parametrize("kind", ["click", "note"])
@pytest.mark.parametrize("bpm", [62.0, 84.0, 100.0, 120.0, 128.0, 140.0])
def test_beats_of_a_click_track(bpm: float, kind: str) -> None:
    """Would catch a wrong tempo, a beat off by half, and attacks found a window too early."""
    truth = np.arange(0.31, 15.6, 60 / bpm)
    found = find_beats(struck(truth, 16.0, RATE_HZ, kind=kind))
    assert found.tempo_bpm == pytest.approx(bpm, rel=0.004)
    assert np.abs(_errors_ms(found.times_s, truth)).max() < 10
    assert len(found.times_s) == pytest.approx(16 * bpm / 60, abs=1)


@pytest.mark.parametrize("bpm", [84.0, 120.0, 136.0])
@pytest.mark.parametrize("seed", range(4))
def test_beats_among_noise_and_strokes_off_the_beat(bpm: float, seed: int) -> None:
    """Would catch a tracker that runs after whatever is loud: half as many strokes again at random
    times, weaker ones between the beats, noise, and every fifth beat missing."""
    random = np.random.default_rng(seed)
    truth = np.arange(0.2, 19.6, 60 / bpm)
    kept = np.delete(truth, np.arange(3, len(truth), 5))
    sound = struck(kept, 20.0, RATE_HZ, kind="note")
    sound += struck(truth + 30 / bpm, 20.0, RATE_HZ, level=0.02)
    sound += struck(random.uniform(0, 20, len(truth) // 2), 20.0, RATE_HZ, level=0.05)
    sound += 0.004 * random.standard_normal(len(sound)).astype(np.float32)
    found = find_beats(sound)
    assert found.tempo_bpm == pytest.approx(bpm, rel=0.01)
    errors = np.abs(_errors_ms(found.times_s, kept))
    assert np.median(errors) < 5 and np.percentile(errors, 90) < 50


def test_a_tempo_that_drifts_is_followed() -> None:
    """Would catch beats that are laid out from one tempo and run away from the music."""
    steps = np.linspace(0.52, 0.47, 30)
    truth = 0.1 + np.cumsum(steps)
    found = find_beats(struck(truth, 16.0, RATE_HZ, kind="note"))
    assert np.abs(_errors_ms(found.times_s, truth)).max() < 20


def test_what_has_no_beat_has_none() -> None:
    """Would catch cuts that snap to a drone, to noise, to the rhythm of speech."""
    from hibari import SAMPLE_RATE, Hibari

    from stages.shared.sound import resample

    random = np.random.default_rng(1)
    time_s = np.arange(15 * RATE_HZ) / RATE_HZ
    script = "Slow mornings deserve a better mug. It keeps your coffee hot for hours, and fits you."
    said = resample(Hibari()(f"{script} {script}", seed=1), SAMPLE_RATE, RATE_HZ)
    for sound in (
        0.1 * random.standard_normal(len(time_s)), np.sin(2 * np.pi * 220 * time_s),
        np.zeros(len(time_s)), said, np.zeros(100), np.zeros(0),
    ):  # fmt: skip
        found = find_beats(sound.astype(np.float32))
        assert found.times_s == () and found.tempo_bpm == 0.0, found.steadiness


@pytest.mark.parametrize(
    ("bed", "bpm", "count"), [("upbeat", 120, 32), ("premium", 96, 32), ("calm", 160, 49)]
)
def test_the_shipped_beds(bed: str, bpm: float, count: int) -> None:
    """Would catch a tracker that is good at clicks alone: the loops are 16, 20 and 18 s of whole
    bars, so 120, 96 and 80 beats a minute; the calm one's eighths are found."""
    found = find_beats(decode_audio(BEDS / f"bed_{bed}.ogg", RATE_HZ))
    assert found.tempo_bpm == pytest.approx(bpm, rel=0.003)
    assert len(found.times_s) == pytest.approx(count, abs=1)
    assert found.steadiness > 0.6
    apart = np.diff(found.times_s[1:-1])
    assert apart.std() < 0.02


def test_levels_are_about_their_frame() -> None:
    """Would catch a spectrogram that is shifted by half a window."""
    sound = struck(np.array([0.5]), 1.0, RATE_HZ)
    loud = mel_levels(sound).mean(axis=1)
    assert len(loud) == 101 and 49 <= int(loud.argmax()) <= 51
    assert mel_levels(np.zeros(800, np.float32)).max() == 0
