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
    write_wav,
)
from stages.shared.ffmpeg import run_ffmpeg
from stages.shared.sound import loudness_lufs, true_peak_dbtp

BEDS = Path(__file__).parents[2] / "examples" / "demo" / "audio"
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


def _music_alone(tmp_path: Path, voice: Path, words: list[dict], bed_s: float) -> np.ndarray:
    """The music in a mix of 5 s: noise, so that its level can be read every 20 ms."""
    bed = _write(tmp_path / f"bed{bed_s:g}.wav", _noise(bed_s, 0.1))
    return mix(voice, bed, {}, words, [], 5.0, LEVELS) - mix(
        voice, None, {}, words, [], 5.0, LEVELS
    )


def _levels_db(sound: np.ndarray, step_s: float = 0.02) -> np.ndarray:
    step = round(step_s * RATE_HZ)
    count = len(sound) // step
    power = np.square(sound[: count * step].astype(np.float64)).reshape(count, -1).mean(axis=1)
    return 10 * np.log10(power + 1e-12)


def test_ducking_is_as_deep_and_as_quick_as_it_says(tmp_path: Path, voice: Path) -> None:
    """Would catch a first syllable under full music, and music that stays down for a second."""
    levels = _levels_db(_music_alone(tmp_path, voice, WORDS, 6.0))
    up_db, down_db = np.median(levels[20:25]), np.median(levels[55:120])
    assert up_db - down_db == pytest.approx(LEVELS.music_rise_db, abs=0.3)
    half_db = (up_db + down_db) / 2

    def crossing_s(first: int, last: int, falling: bool) -> float:
        part = levels[first:last] < half_db if falling else levels[first:last] > half_db
        return (first + int(np.argmax(part))) * 0.02

    assert 1.0 - crossing_s(25, 60, True) == pytest.approx(0.28, abs=0.06)
    assert crossing_s(125, 190, False) - 2.5 == pytest.approx(0.40, abs=0.06)
    assert np.abs(levels[48:133] - down_db).max() < 1.2, "from 40 ms before the first word on"


@pytest.mark.parametrize("bed_s", [1.3, 4.9, 5.0, 60.0])
def test_the_fade_ends_with_the_spot(tmp_path: Path, voice: Path, bed_s: float) -> None:
    """Would catch music that is cut off, or that is over before the spot is, however long it is."""
    levels = _levels_db(_music_alone(tmp_path, voice, [], bed_s))
    assert len(levels) == 250
    steady_db = np.median(levels[50:200])
    assert abs(levels[203] - steady_db) < 1.0, "0.94 s before the end it is whole"
    assert -8 < levels[227] - steady_db < -4, "in the middle of the fade: sin^2 of 45 degrees"
    assert levels[-1] < steady_db - 45
    assert np.all(np.diff(levels[205:].reshape(-1, 5).mean(axis=1)) < 0)


def test_loudness_and_peaks_by_another_meter(tmp_path: Path) -> None:
    """Would catch a meter of ours that agrees with itself alone: ffmpeg's ebur128 measures the
    demo's beds under a voice of bursts, mastered to -14 LUFS and -1.7 dBTP."""
    random = np.random.default_rng(2)
    bursts = np.repeat(random.uniform(0, 1, 75), RATE_HZ // 5) ** 2
    speech = 0.2 * random.standard_normal(15 * RATE_HZ) * bursts
    said = _write(tmp_path / "voice.flac", speech.clip(-0.9, 0.9))
    words = [{"start_s": 0.3, "end_s": 9.0}, {"start_s": 11.0, "end_s": 13.0}]
    for name in ("calm", "upbeat", "premium"):
        bed = BEDS / f"bed_{name}.ogg"
        done = master(mix(said, bed, {}, words, [], 15.0, LEVELS), -14.0, -1.7)
        path = tmp_path / f"{name}.wav"
        write_wav(path, done)
        said_by = run_ffmpeg(
            ["-i", str(path), "-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"]
        )
        summary = said_by[said_by.rindex("Summary:") :]
        loudness = float(summary.split("I:")[1].split("LUFS")[0])
        peak = float(summary.split("Peak:")[1].split("dBFS")[0])
        assert loudness == pytest.approx(-14.0, abs=0.2)
        assert peak <= -1.6
