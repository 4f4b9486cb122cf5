"""Sound as numpy arrays: reading, writing, resampling, loudness, peaks and where a voice begins."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyloudnorm  # type: ignore[import-untyped]
import soundfile  # type: ignore[import-untyped]
from scipy import ndimage, signal  # type: ignore[import-untyped]

from stages.shared.ffmpeg import decode_audio

SILENCE_DB = -120.0
"""Level reported for digital silence, in LUFS or dBTP."""
OVERSAMPLING = 4
"""ITU-R BS.1770 asks for at least 4 times 48 kHz to find the peaks between samples."""


def read_sound(path: Path, rate_hz: int) -> np.ndarray:
    """Sound of any media file, mixed to mono: float32, shape (samples,), full scale 1.0.

    It is decoded in a process of its own, so that a hostile file cannot take the worker down.
    Raises `FfmpegError` if it cannot be decoded.
    """
    return decode_audio(path, rate_hz).copy()


def write_flac(path: Path, samples: np.ndarray, rate_hz: int) -> None:
    """Write float samples, shape (samples,) or (samples, channels), as 16-bit FLAC.

    Raises `ValueError` for samples beyond full scale: they would be clipped.
    """
    peak = float(np.abs(samples).max(initial=0.0))
    if not peak <= 1.0:
        raise ValueError(f"{path.name}: peak {peak:.3f} is beyond full scale; limit it to 1.0")
    soundfile.write(path, samples, rate_hz, format="FLAC", subtype="PCM_16")


def resample(samples: np.ndarray, from_hz: int, to_hz: int) -> np.ndarray:
    """`samples` (samples,) at another rate: polyphase, linear phase, so timing stays as it is."""
    if from_hz == to_hz:
        return samples.astype(np.float32)
    common = math.gcd(from_hz, to_hz)
    window = ("kaiser", 9.0)  # 90 dB of stop band: images of the voice stay below 16 bits
    changed = signal.resample_poly(samples, to_hz // common, from_hz // common, window=window)
    return changed.astype(np.float32)


def high_pass(samples: np.ndarray, rate_hz: int, cutoff_hz: float) -> np.ndarray:
    """`samples` without what lies below `cutoff_hz`, run both ways so that nothing is delayed."""
    sections = signal.butter(2, cutoff_hz, "highpass", fs=rate_hz, output="sos")
    return signal.sosfiltfilt(sections, samples).astype(np.float32)


def loudness_lufs(samples: np.ndarray, rate_hz: int) -> float:
    """Integrated, gated loudness by ITU-R BS.1770-4; `SILENCE_DB` for silence.

    Sound shorter than one gating block of 0.4 s is measured as if it went on.
    """
    block = math.ceil(0.4 * rate_hz)
    if 0 < len(samples) < block:
        samples = np.resize(samples, (block, *samples.shape[1:]))
    if not len(samples) or not np.any(samples):
        return SILENCE_DB
    meter = pyloudnorm.Meter(rate_hz)
    with np.errstate(divide="ignore"):
        return max(float(meter.integrated_loudness(samples.astype(np.float64))), SILENCE_DB)


def true_peak_dbtp(samples: np.ndarray) -> float:
    """Highest level of the waveform between and on the samples, in dB of full scale."""
    if not np.any(samples):
        return SILENCE_DB
    fine = signal.resample_poly(samples, OVERSAMPLING, 1, axis=0)
    return float(20 * np.log10(max(np.abs(fine).max(), np.abs(samples).max())))


def limit_peaks(samples: np.ndarray, rate_hz: int, ceiling_dbtp: float) -> np.ndarray:
    """`samples` (samples,) with true peaks held below `ceiling_dbtp` by a look-ahead limiter.

    The gain falls within 5 ms before a peak and recovers within 40 ms behind it, both smoothly,
    so that no click or pumping is heard on speech.
    """
    ceiling = 10 ** (ceiling_dbtp / 20)
    fine = np.abs(signal.resample_poly(samples, OVERSAMPLING, 1)[: len(samples) * OVERSAMPLING])
    peaks = np.maximum(fine.reshape(-1, OVERSAMPLING).max(axis=1), np.abs(samples))
    if peaks.max(initial=0.0) <= ceiling:
        return samples.astype(np.float32)
    gain = np.minimum(1.0, ceiling * 0.99 / np.maximum(peaks, 1e-9))
    ahead, behind = round(0.005 * rate_hz), round(0.040 * rate_hz)
    held = ndimage.minimum_filter1d(gain, ahead + behind + 1, origin=(behind - ahead) // 2)
    smooth = np.hanning(2 * ahead + 1)
    held = ndimage.minimum_filter1d(held, 2 * ahead + 1)
    gain = ndimage.convolve1d(held, smooth / smooth.sum(), mode="nearest")
    return (samples * gain).astype(np.float32)


def normalise_loudness(
    samples: np.ndarray, rate_hz: int, target_lufs: float, ceiling_dbtp: float
) -> np.ndarray:
    """`samples` (samples,) at `target_lufs`, true peaks below `ceiling_dbtp`; silence stays so."""
    for _ in range(3):  # limiting takes a little loudness away: measure and make up for it
        now = loudness_lufs(samples, rate_hz)
        if now <= SILENCE_DB:
            return samples.astype(np.float32)
        samples = samples * np.float32(10 ** ((target_lufs - now) / 20))
        samples = limit_peaks(samples, rate_hz, ceiling_dbtp)
    return samples


def levels_db(samples: np.ndarray, rate_hz: int, hop_s: float = 0.005) -> np.ndarray:
    """Power of each stretch of `hop_s` seconds in dB of full scale: shape (hops,)."""
    hop = round(hop_s * rate_hz)
    count = len(samples) // hop
    power = np.square(samples[: count * hop].astype(np.float64)).reshape(count, hop).mean(axis=1)
    return 10 * np.log10(power + 10 ** (SILENCE_DB / 10))


def sounding_span(
    samples: np.ndarray, rate_hz: int, *, below_peak_db: float = 35.0
) -> tuple[float, float] | None:
    """First and last moment, in seconds, at which the sound is within `below_peak_db` of its peak.

    A larger `below_peak_db` takes in fainter sound (breath, room); 35 dB finds the first
    consonant of the embedded voice and ignores its noise floor. None for silence.
    """
    hop_s = 0.005
    levels = levels_db(samples, rate_hz, hop_s)
    if not len(levels) or levels.max() <= SILENCE_DB + 1:
        return None
    loud = np.flatnonzero(levels > levels.max() - below_peak_db)
    return float(loud[0] * hop_s), float((loud[-1] + 1) * hop_s)
