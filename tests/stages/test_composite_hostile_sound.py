"""Loudness and peaks of encoded sound, with music that no one should have handed in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from schemas.encoding import Encoding
from stages.composite.encoders import audio_options
from stages.composite.mix import Levels
from stages.composite.soundtrack import Soundtrack, measure
from stages.shared.ffmpeg import run_ffmpeg

RATE_HZ, LENGTH_S = 48_000, 5.1
LEVELS = Levels(music_below_voice_db=13.0, music_rise_db=6.0, effects_below_voice_db=5.0)
WORDS = [{"start_s": 0.5, "end_s": 2.2}, {"start_s": 3.4, "end_s": 5.0}]


def _tone(rate_hz: int, level: float, channels: int) -> np.ndarray:
    time_s = np.arange(round(LENGTH_S * rate_hz)) / rate_hz
    chord = sum(np.sin(2 * np.pi * f * time_s + f) for f in (110, 220, 331, 440)) / 4
    return np.repeat((level * chord)[:, None], channels, axis=1)


def _clicks() -> np.ndarray:
    sound = 0.02 * _tone(RATE_HZ, 1.0, 2)
    sound[:: RATE_HZ // 3] = 0.99
    return sound


BEDS = {
    "none": (None, RATE_HZ),
    "near_silent": (_tone(RATE_HZ, 1e-4, 2), RATE_HZ),
    "silent": (np.zeros((RATE_HZ, 2)), RATE_HZ),
    "clipped": (np.clip(_tone(RATE_HZ, 40.0, 2), -1, 1), RATE_HZ),
    "mono": (_tone(RATE_HZ, 0.3, 1), RATE_HZ),
    "telephone": (_tone(8000, 0.3, 1), 8000),
    "one_sided": (_tone(RATE_HZ, 0.3, 2) * [1.0, 0.0], RATE_HZ),
    "clicks": (_clicks(), RATE_HZ),
}


@pytest.mark.parametrize(
    ("bed", "lufs", "peak_dbtp"),
    [*((bed, -14.0, -1.0) for bed in BEDS), ("clicks", -24.0, -2.0), ("none", -24.0, -2.0)],
)
def test_encoded_sound_is_where_it_should_be(
    tmp_path: Path, bed: str, lufs: float, peak_dbtp: float
) -> None:
    """Would catch music that pushes the spot out of a platform's limits, in either direction."""
    time_s = np.arange(round(LENGTH_S * RATE_HZ)) / RATE_HZ
    spoken = sum((time_s >= w["start_s"]) & (time_s <= w["end_s"]) for w in WORDS)
    voice = tmp_path / "voice.flac"
    buzz = np.sign(np.sin(2 * np.pi * 140 * time_s)) * np.sin(2 * np.pi * 7 * time_s) ** 2
    soundfile.write(voice, 0.2 * buzz * spoken, RATE_HZ)
    sound, rate_hz = BEDS[bed]
    music = None
    if sound is not None:
        music = tmp_path / "bed.wav"
        soundfile.write(music, sound, rate_hz)
    track = Soundtrack.of(voice, music, {}, WORDS, [], LENGTH_S, LEVELS, lufs, peak_dbtp)
    wave, encoded = tmp_path / "sound.wav", tmp_path / "sound.mp4"
    options = [t for k, v in audio_options(Encoding()).items() for t in (f"-{k}", str(v))]
    for _ in range(4):
        track.write(wave)
        run_ffmpeg(["-i", str(wave), *options, str(encoded)])
        measured = measure(encoded)
        if not track.correct(measured):
            break
    track.require(measured)
    assert measured["loudness_lufs"] == pytest.approx(lufs, abs=0.5)
    assert measured["true_peak_dbtp"] <= peak_dbtp
