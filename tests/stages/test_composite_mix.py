"""The sound of a spot, measured: music under the voice, effects on time, peaks held down."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from stages.composite.mix import (
    RATE_HZ,
    Levels,
    limited,
    master,
    mix,
    onset_s,
    speech_envelope,
)
from stages.shared.sound import loudness_lufs, true_peak_dbtp

LEVELS = Levels(music_below_voice_db=12.0, music_rise_db=6.0, effects_below_voice_db=5.0)
WORDS = [{"start_s": 1.0, "end_s": 1.4}, {"start_s": 1.5, "end_s": 2.5}]


def _noise(seconds: float, level: float, seed: int = 1) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (level * random.standard_normal((round(seconds * RATE_HZ), 2))).astype(np.float32)


def _write(path: Path, sound: np.ndarray) -> Path:
    soundfile.write(path, sound, RATE_HZ, subtype="PCM_24")
    return path


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    """A tone while the words are said, silence around."""
    time_s = np.arange(5 * RATE_HZ) / RATE_HZ
    spoken = (time_s >= 1.0) & (time_s <= 2.5)
    return _write(tmp_path / "voice.flac", 0.15 * np.sin(2 * np.pi * 300 * time_s) * spoken)


def _level_db(sound: np.ndarray, start_s: float, end_s: float) -> float:
    part = sound[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)].astype(np.float64)
    return float(10 * np.log10(np.square(part).mean()))


def test_music_gives_way_to_the_voice(tmp_path: Path, voice: Path) -> None:
    """Would catch music that drowns words, or that never comes up where nobody speaks."""
    bed = _write(tmp_path / "bed.wav", _noise(1.3, 0.1))
    together = mix(voice, bed, {}, WORDS, [], 5.0, LEVELS)
    alone = mix(voice, None, {}, WORDS, [], 5.0, LEVELS)
    music = together - alone
    under, after = _level_db(music, 1.05, 2.45), _level_db(music, 3.2, 3.9)
    assert after - under == pytest.approx(LEVELS.music_rise_db, abs=0.4)
    bed_lufs = loudness_lufs(music[round(1.05 * RATE_HZ) : round(2.45 * RATE_HZ)], RATE_HZ)
    assert loudness_lufs(alone, RATE_HZ) - bed_lufs == pytest.approx(12.0, abs=0.7)
    assert _level_db(music, 4.97, 5.0) < after - 25, "calm at the end"


def test_ducking_is_smooth_and_does_not_pump() -> None:
    """Would catch clicks and breathing: slow glides, and none between words of a phrase."""
    envelope = speech_envelope(WORDS, 5 * RATE_HZ)
    at = {s: envelope[round(s * RATE_HZ)] for s in (0.5, 0.99, 1.45, 2.5, 3.5)}
    assert at[0.5] == 0 and at[0.99] > 0.97 and at[1.45] == 1 and at[2.5] > 0.97 and at[3.5] == 0
    assert np.abs(np.diff(envelope)).max() * RATE_HZ < 8.0, "at most 8 in a second"


@pytest.mark.parametrize("lead_s", [0.0, 0.25])
def test_an_effect_is_heard_at_its_event(tmp_path: Path, voice: Path, lead_s: float) -> None:
    """Would catch effects that are late by the quiet beginning of their file."""
    effect = _noise(0.6, 0.2)
    effect[: round(lead_s * RATE_HZ)] *= 0.001
    path = _write(tmp_path / "whoosh.wav", effect)
    events = [{"name": "whoosh", "time_s": 3.5}, {"name": "unknown", "time_s": 0.5}]
    sound = mix(voice, None, {"whoosh": path}, WORDS, events, 5.0, LEVELS)
    loud = np.abs(sound[round(3.0 * RATE_HZ) :]).max(axis=1)
    first = 3.0 + float(np.argmax(loud > 0.2 * loud.max())) / RATE_HZ
    assert first == pytest.approx(3.5, abs=0.012)
    assert onset_s(effect) == pytest.approx(lead_s, abs=0.012)
    assert not sound[: round(0.9 * RATE_HZ)].any(), "no file, no sound"


def test_an_effect_may_stick_out_at_both_ends(tmp_path: Path, voice: Path) -> None:
    """Would catch a crash, or a longer spot, where an effect begins before it or ends after it."""
    path = _write(tmp_path / "e.wav", _noise(1.0, 0.2))
    events = [{"name": "e", "time_s": -0.4}, {"name": "e", "time_s": 4.9}]
    assert mix(voice, None, {"e": path}, WORDS, events, 5.0, LEVELS).shape == (5 * RATE_HZ, 2)


@pytest.mark.parametrize("crest", [1, 12])
def test_mastering_meets_both_bars(crest: int) -> None:
    """Would catch loudness reached by clipping, or a limiter that leaves the spot too quiet."""
    sound = _noise(4.0, 0.05)
    sound[:: RATE_HZ // 7] *= crest
    done = master(sound, -14.0, -1.7)
    assert loudness_lufs(done, RATE_HZ) == pytest.approx(-14.0, abs=0.2)
    assert true_peak_dbtp(done) <= -1.7 + 0.02


def test_the_limiter_leaves_the_rest_alone() -> None:
    """Would catch a limiter that turns everything down, or one channel only."""
    sound = _noise(2.0, 0.02)
    sound[RATE_HZ, 0] = 1.5
    done = limited(sound, -3.0)
    assert np.allclose(done[: RATE_HZ // 2], sound[: RATE_HZ // 2])
    near = slice(RATE_HZ - 30, RATE_HZ - 5)
    assert np.allclose(done[near, 0] / sound[near, 0], done[near, 1] / sound[near, 1], rtol=1e-3)
    assert np.allclose(limited(sound * 0.1, -3.0), sound * 0.1)


def test_silence_stays_silent(tmp_path: Path) -> None:
    """Would catch a division by nothing, and noise that is pulled up to -14 LUFS."""
    voice = _write(tmp_path / "silent.wav", np.zeros(RATE_HZ))
    sound = mix(voice, None, {}, [], [], 2.0, LEVELS)
    assert sound.shape == (2 * RATE_HZ, 2)
    assert not master(sound, -14.0, -1.7).any()
