"""The sound that a model made for a clip, brought to the clip's own rate, pace and length."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import soundfile  # type: ignore[import-untyped]

from stages.shared.ffmpeg import decode_audio, run_ffmpeg
from stages.shared.sound import resample, write_flac

RATE_HZ = 48_000
EVEN = 0.995
"""A clip slowed down by less is heard as it is: half a percent, which nobody hears as pitch, and
which the align stage takes out."""


def write_clip_sound(
    path: Path, sound: np.ndarray, rate_hz: int, speed: float, length_s: float
) -> None:
    """Write `sound` (samples, channels) as FLAC: 48 kHz, stereo, exactly `length_s` long.

    `speed` is how fast the model's frames pass in the clip, at most 1: where it is slowed down to
    last, the sound is stretched with it and keeps its pitch (ffmpeg's atempo, overlap and add).
    One channel goes to both sides; of more than two the first two are taken.
    """
    sides = np.repeat(sound, 2, axis=1) if sound.shape[1] == 1 else sound[:, :2]
    even = np.stack([resample(side, rate_hz, RATE_HZ) for side in sides.T], axis=1)
    if speed < EVEN:
        even = _slower(even, speed)
    whole = np.zeros((round(length_s * RATE_HZ), 2), np.float32)
    count = min(len(whole), len(even))
    whole[:count] = even[:count]
    peak = float(np.abs(whole).max(initial=0.0))
    write_flac(path, whole / max(1.0, peak), RATE_HZ)


def _slower(sound: np.ndarray, speed: float) -> np.ndarray:
    filters = []
    while speed < 0.5:  # the least that one of them can do
        filters.append("atempo=0.5")
        speed /= 0.5
    filters.append(f"atempo={speed:.6f}")
    with tempfile.TemporaryDirectory(prefix="spotmill-") as folder:
        fast, slow = Path(folder) / "fast.wav", Path(folder) / "slow.wav"
        soundfile.write(fast, sound, RATE_HZ, subtype="FLOAT")
        run_ffmpeg(["-i", str(fast), "-af", ",".join(filters), "-c:a", "pcm_f32le", str(slow)])
        return decode_audio(slow, RATE_HZ, channels=2)
