"""The sound of a spot: voice, music ducked by the words' times, effects on their events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile  # type: ignore[import-untyped]
from scipy import ndimage, signal  # type: ignore[import-untyped]

from stages.shared.bed import lay_bed
from stages.shared.effects import onset_s
from stages.shared.ffmpeg import decode_audio
from stages.shared.sound import OVERSAMPLING, SILENCE_DB, loudness_lufs

RATE_HZ = 48_000
_AHEAD_S, _BEHIND_S = 0.10, 0.22  # the music is down before a word and comes back behind it
_BRIDGED_S = 0.60  # shorter gaps between words stay ducked: no pumping
_GLIDE_S = 0.36
_RELEASE_DB_PER_S = 45.0
_FADE_IN_S, _FADE_OUT_S = 0.25, 0.90


@dataclass(frozen=True)
class Levels:
    """How loud things are against the voice, in dB."""

    music_below_voice_db: float
    music_rise_db: float
    """How much the music comes up where nobody speaks."""
    effects_below_voice_db: float


def mix(
    voice: Path, music: Path | None, effects: Mapping[str, Path],
    words: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]],
    length_s: float, levels: Levels,
) -> np.ndarray:  # fmt: skip
    """The sound before `master`: float32, shape (samples, 2), exactly `length_s` at `RATE_HZ`.

    `words` are WORD structs, `events` SOUND_EVENT structs; an event without a sound in `effects`
    stays silent.
    """
    count = round(length_s * RATE_HZ)
    spoken = _exactly(decode_audio(voice, RATE_HZ), count)
    sound = np.repeat(spoken[:, None], 2, axis=1)
    voice_lufs = loudness_lufs(sound, RATE_HZ)
    # Without a voice the music is what is heard: everything else is set against this level.
    anchor_lufs = voice_lufs if voice_lufs > -60 else -18.0
    if music is not None:
        bed = lay_bed(decode_audio(music, RATE_HZ, channels=2), count)
        bed_lufs = loudness_lufs(bed, RATE_HZ)
        if bed_lufs > -60:
            wanted = anchor_lufs - levels.music_below_voice_db - bed_lufs
            gain_db = wanted + levels.music_rise_db * (1 - speech_envelope(words, count))
            sound = sound + bed * 10 ** (gain_db / 20)[:, None] * _fades(count)[:, None]
    for event in events:
        if event["name"] in effects:
            effect = decode_audio(effects[event["name"]], RATE_HZ, channels=2)
            level = anchor_lufs - levels.effects_below_voice_db - _loudest_db(effect)
            at = round((event["time_s"] - onset_s(effect)) * RATE_HZ)
            _add(sound, effect * 10 ** (level / 20), at)
    return sound.astype(np.float32)


def master(sound: np.ndarray, target_lufs: float, ceiling_dbtp: float) -> np.ndarray:
    """`sound` (samples, 2) at the loudness, its true peaks below the ceiling; silence stays so."""
    now = loudness_lufs(sound, RATE_HZ)
    if now <= SILENCE_DB:
        return sound
    gain_db, finished, peaks = target_lufs - now, sound, _peaks(sound)
    for _ in range(8):  # the limiter takes a little loudness away: measure and make up for it
        gain = np.float32(10 ** (gain_db / 20))
        finished = _held(sound * gain, peaks * gain, ceiling_dbtp)
        missing_db = target_lufs - loudness_lufs(finished, RATE_HZ)
        if abs(missing_db) < 0.05:
            break
        gain_db += missing_db
    return finished


def limited(sound: np.ndarray, ceiling_dbtp: float) -> np.ndarray:
    """`sound` (samples, 2), true peaks below the ceiling: look-ahead, both channels alike.

    The gain falls within 8 ms before a peak and comes back at `_RELEASE_DB_PER_S` behind it.
    """
    return _held(sound, _peaks(sound), ceiling_dbtp)


def _peaks(sound: np.ndarray) -> np.ndarray:
    """Highest true peak of both channels around each sample, shape (samples,)."""
    fine = np.abs(signal.resample_poly(sound, OVERSAMPLING, 1, axis=0)).max(axis=1)
    fine = fine[: len(sound) * OVERSAMPLING].reshape(-1, OVERSAMPLING).max(axis=1)
    return np.maximum(fine, np.abs(sound).max(axis=1))


def _held(sound: np.ndarray, peaks: np.ndarray, ceiling_dbtp: float) -> np.ndarray:
    ceiling = 10 ** (ceiling_dbtp / 20)
    if peaks.max(initial=0.0) <= ceiling:
        return sound
    wanted_db = np.minimum(0.0, 20 * np.log10(ceiling * 0.995 / np.maximum(peaks, 1e-9)))
    ahead = round(0.004 * RATE_HZ / 2) * 2
    held_db = ndimage.minimum_filter1d(wanted_db, 2 * ahead + 1)
    climb_db = _RELEASE_DB_PER_S / RATE_HZ * np.arange(len(held_db))
    held_db = np.minimum.accumulate(held_db - climb_db) + climb_db
    # Two means that together reach as far as the minimum did: smooth, and never above it.
    for _ in range(2):
        held_db = ndimage.uniform_filter1d(held_db, ahead + 1)
    gain = 10 ** (held_db / 20)
    return (sound * gain[:, None]).astype(np.float32)


def speech_envelope(words: Sequence[Mapping[str, Any]], count: int) -> np.ndarray:
    """1 where somebody speaks, 0 where not, gliding between: float64, shape (count,)."""
    spans: list[list[float]] = []
    for word in words:
        if spans and word["start_s"] - spans[-1][1] < _BRIDGED_S:
            spans[-1][1] = max(spans[-1][1], word["end_s"])
        else:
            spans.append([word["start_s"], word["end_s"]])
    # Worked out 1000 times a second, which is fine enough for glides of a third of a second.
    points = np.arange(-1000, count // 48 + 1002) / 1000
    target = np.zeros(len(points))
    half = _GLIDE_S / 2
    for start_s, end_s in spans:
        target[(points >= start_s - _AHEAD_S - half) & (points <= end_s + _BEHIND_S + half)] = 1.0
    window = np.hanning(round(_GLIDE_S * 1000) + 2)[1:-1]
    smooth = np.convolve(target, window / window.sum(), mode="same")
    return np.interp(np.arange(count) / RATE_HZ, points, smooth)


def write_wav(path: Path, sound: np.ndarray) -> None:
    """Write float samples (samples, 2) as 24-bit WAV: fine enough that no dither is needed."""
    soundfile.write(path, sound, RATE_HZ, format="WAV", subtype="PCM_24")


def _exactly(sound: np.ndarray, count: int) -> np.ndarray:
    return np.pad(sound[:count], (0, max(0, count - len(sound))))


def _fades(count: int) -> np.ndarray:
    time_s = np.arange(count) / RATE_HZ
    rise = np.clip(time_s / _FADE_IN_S, 0, 1)
    fall = np.clip((count / RATE_HZ - time_s) / _FADE_OUT_S, 0, 1)
    return np.sin(np.pi / 2 * rise) ** 2 * np.sin(np.pi / 2 * fall) ** 2


def _loudest_db(effect: np.ndarray) -> float:
    """Level of its loudest 50 ms."""
    size = min(round(0.05 * RATE_HZ), len(effect))
    power = np.square(effect.astype(np.float64)).mean(axis=1)
    return float(10 * np.log10(ndimage.uniform_filter1d(power, size).max() + 1e-12))


def _add(sound: np.ndarray, effect: np.ndarray, at: int) -> None:
    """Add `effect` from sample `at` on, which may lie before the start; what sticks out is cut."""
    start, end = max(at, 0), min(at + len(effect), len(sound))
    if end > start:
        sound[start:end] += effect[start - at : end - at]
