"""Measures the sound of a finished master: level, peaks, gaps, and where the voice is."""

from __future__ import annotations

import hashlib
from pathlib import Path

import av
import numpy as np

from stages.shared.sound import levels_db, loudness_lufs, true_peak_dbtp

RATE_HZ = 48000
SILENT_DB = -50.0
"""Below this level, in dB of full scale, a viewer hears nothing."""


def sound_digest(path: Path) -> str:
    """sha256, as hex, of the file's sound as it is encoded; of nothing where there is none."""
    digest = hashlib.sha256()
    with av.open(str(path)) as file:
        for stream in file.streams.audio[:1]:
            for packet in file.demux(stream):
                digest.update(bytes(packet))
    return digest.hexdigest()


def sound_metrics(samples: np.ndarray) -> dict[str, float]:
    """Metrics of decoded sound at 48 kHz, float32 (samples, 2)."""
    return {
        "loudness_lufs": loudness_lufs(samples, RATE_HZ),
        "true_peak_dbtp": true_peak_dbtp(samples),
        "longest_silence_s": longest_silence_s(samples),
        "clipped_samples": float(np.count_nonzero(np.abs(samples) >= 0.9999)),
    }


def longest_silence_s(samples: np.ndarray) -> float:
    """Longest stretch below `SILENT_DB` in both channels, in seconds, to 10 ms."""
    step_s = 0.01
    loudest = np.max([levels_db(samples[:, c], RATE_HZ, step_s) for c in (0, 1)], axis=0)
    longest = run = 0
    for level in loudest:
        run = run + 1 if level < SILENT_DB else 0
        longest = max(longest, run)
    return longest * step_s


def voice_offset_ms(mix: np.ndarray, voice: np.ndarray, rate_hz: int) -> float:
    """How late (positive) the voice is in the mix, in ms, up to half a second either way.

    Both mono, float32. Peak of the generalised cross-correlation with phase transform (Knapp and
    Carter, 1976), in which music that the voice-over lacks only adds noise.
    """
    size = 1 << (max(len(mix), len(voice)) * 2 - 1).bit_length()
    cross = np.fft.rfft(mix, size) * np.conj(np.fft.rfft(voice, size))
    weight = np.abs(cross)
    together = np.fft.irfft(cross / (weight + 1e-3 * weight.max() + 1e-12), size)
    reach = rate_hz // 2
    near = np.concatenate([together[-reach:], together[: reach + 1]])
    return float((int(near.argmax()) - reach) * 1000.0 / rate_hz)
