"""What a model or a service made of a sentence, looked at before anybody builds on it."""

from __future__ import annotations

import numpy as np

from stages.shared.sound import levels_db
from stages.speech.engine import VoiceFault

SILENT_DB = -60.0
"""Its loudest 20 ms below this: the embedded voice is at -18, the room of one at -70."""
CLIPPED_RUN, MOST_CLIPPED = 3, 0.001
"""Samples in a row at the sound's very peak are a cut-off wave; the part that may be so."""
HEADROOM = 0.98


def sound_speech(
    samples: np.ndarray,
    rate_hz: int,
    phonemes: int,
    seconds_per_phoneme: tuple[float, float] | None,
) -> np.ndarray:
    """`samples` (samples,) as float32 within full scale. Raises `VoiceFault`.

    `seconds_per_phoneme` is what a voice can take (least, most): a model that runs on, or that
    swallows half of a sentence, lies outside. None does not look.
    """
    if samples.ndim != 1:
        raise VoiceFault(f"sound of shape {samples.shape}, not one channel")
    if not np.isfinite(samples).all():
        bad = int(np.sum(~np.isfinite(samples)))
        raise VoiceFault(f"{bad} of its {len(samples)} samples are no numbers")
    seconds = len(samples) / rate_hz
    loudest = float(levels_db(samples, rate_hz, 0.02).max(initial=-np.inf))
    if not loudest > SILENT_DB:
        raise VoiceFault(f"{seconds:.1f} s of silence, {loudest:.0f} dB at the loudest")
    if (clipped := _clipped(samples)) > MOST_CLIPPED:
        raise VoiceFault(f"clipped: {100 * clipped:.1f} % of its samples are cut off at the peak")
    if seconds_per_phoneme is not None:
        least, most = (bound * phonemes for bound in seconds_per_phoneme)
        if not least <= seconds <= most:
            raise VoiceFault(
                f"{seconds:.1f} s for {phonemes} sounds, which take {least:.1f} to {most:.1f} s:"
                " it ran on, or left words out"
            )
    peak = float(np.abs(samples).max())
    scale = HEADROOM / peak if peak > 1.0 else 1.0
    return (samples * scale).astype(np.float32)


def _clipped(samples: np.ndarray) -> float:
    """Part of the samples in runs of `CLIPPED_RUN` and more at the peak, of one sign."""
    peak = float(np.abs(samples).max())
    found = 0
    for sign in (1.0, -1.0):
        flat = (sign * samples >= peak * 0.9999).astype(np.int8)
        edges = np.flatnonzero(np.diff(np.r_[0, flat, 0])).reshape(-1, 2)
        runs = edges[:, 1] - edges[:, 0]
        found += int(runs[runs >= CLIPPED_RUN].sum())
    return found / len(samples)
