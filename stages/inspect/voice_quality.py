"""Measures the voice by itself, before music lies under it: quality, clipping, pace and pitch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from stages.inspect.pitch import pitch_hz
from stages.inspect.soundness import SILENT_DB
from stages.inspect.speech_quality import RATE_HZ, QualityModel
from stages.shared.sound import levels_db, sounding_span

VOWELS = frozenset((
    "AA", "AE", "AH", "AO", "AW", "AX", "AXR", "AY", "EH", "ER", "EY", "IH", "IX", "IY", "OW", "OY",
    "UH", "UW", "UX",
))  # fmt: skip
"""Of ARPAbet."""
_NEAR_PEAK = 0.98
_FEWEST_VOICED = 20
"""Frames with a pitch (0.2 s) that a median must rest on."""


def voice_metrics(
    voice: np.ndarray, phonemes: Sequence[Mapping[str, Any]] | None, model: QualityModel
) -> dict[str, float]:
    """Metrics of the voice-over at 16 kHz, mono float32 (samples,).

    `phonemes` are PHONEME structs. What cannot be told (pace where no vowel is known, pitch of a
    whisper) is left out. Silence has the worst scores, so that a gate stops it.
    """
    if sounding_span(voice, RATE_HZ) is None:
        return {f"voice_mos_{name}": 1.0 for name in ("sig", "bak", "ovrl")}
    scores = model.scores(voice)
    return {
        **{f"voice_mos_{name}": value for name, value in scores.items()},
        "voice_clipped_ratio": clipped_ratio(voice),
        "voice_longest_pause_s": longest_pause_s(voice),
        **_pace(phonemes or ()),
        **_pitch(voice),
    }


def clipped_ratio(sound: np.ndarray) -> float:
    """Part of the samples within 2 % of the highest, 0 to 1.

    Speech is there for a moment (below 0.0001); what was cut off somewhere on its way stays there
    at any level it was brought to later, where a look for full scale would find nothing.
    """
    level = np.abs(sound)
    return float(np.mean(level > _NEAR_PEAK * level.max()))


def longest_pause_s(voice: np.ndarray) -> float:
    """Longest stretch below `SILENT_DB` between the first sound and the last, in s, to 10 ms."""
    step_s = 0.01
    sounds = np.flatnonzero(levels_db(voice, RATE_HZ, step_s) >= SILENT_DB)
    return float(max(np.diff(sounds).max(initial=1) - 1, 0) * step_s)


def _pace(phonemes: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Syllables, one per vowel, over the time from the first phoneme to the last, pauses and all.

    Syllables and not words, which are twice as long in one script as in another.
    """
    said = [phoneme for phoneme in phonemes if phoneme["symbol"] != "SIL"]
    vowels = sum(phoneme["symbol"] in VOWELS for phoneme in said)
    if not vowels or said[-1]["end_s"] <= said[0]["start_s"]:
        return {}
    return {"voice_syllables_per_s": vowels / (said[-1]["end_s"] - said[0]["start_s"])}


def _pitch(voice: np.ndarray) -> dict[str, float]:
    """Median, and how far the middle 90 % reach in semitones; nothing for a whisper."""
    found = pitch_hz(voice, RATE_HZ)
    found = found[~np.isnan(found)]
    if len(found) < _FEWEST_VOICED:
        return {}
    low, median, high = np.percentile(found, (5, 50, 95))
    return {
        "voice_f0_median_hz": float(median),
        "voice_f0_range_st": float(12 * np.log2(high / low)),
    }
