"""The sound of a video that brings its own, set right by what is seen in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stages.base import Reject
from stages.shared.audio_onsets import audio_onsets
from stages.shared.clock import Clock, DriftTooLarge, fit_clock, set_right
from stages.shared.event_match import SURE, Match, match_events
from stages.shared.onsets import Event
from stages.shared.visual_events import visual_events

NEAREST_MS = 20.0
"""A sound this near to its event is left where it is: half a frame, as near as a picture tells."""


@dataclass(frozen=True)
class SetRight:
    """Sound that was set right, and the match of sounds and events before and after that."""

    samples: np.ndarray
    clock: Clock
    before: Match
    after: Match | None


def measure_sound(
    frames: Sequence[np.ndarray], fps: float, samples: np.ndarray, rate_hz: int
) -> Match | None:
    """Onsets of the sound, (samples,) or (samples, channels), matched with what grey frames, uint8
    (h, w), show; None where nothing happens, or nothing is heard."""
    return match_events(visual_events(frames, fps), _onsets(samples, rate_hz))


def set_sound_right(
    frames: Sequence[np.ndarray], fps: float, samples: np.ndarray, rate_hz: int
) -> SetRight:
    """The sound shifted, and resampled if it drifts, onto what is seen, and measured again.

    Raises `Reject`: "sound_not_matched" if nothing matches surely, "sound_drifts" if it drifts by
    more than may be resampled, "sound_not_set_right" if more than a frame is left afterwards.
    """
    return set_right_by(visual_events(frames, fps), fps, len(frames) / fps, samples, rate_hz)


def set_right_by(
    visual: Sequence[Event], fps: float, length_s: float, samples: np.ndarray, rate_hz: int,
    heard: Sequence[Event] | None = None,
) -> SetRight:  # fmt: skip
    """The same by the events of a picture of that length; `heard` are the sound's onsets, if they
    are known."""
    before = match_events(visual, _onsets(samples, rate_hz) if heard is None else heard)
    if before is None or before.confidence < SURE:
        sure = "nothing" if before is None else f"confidence {before.confidence:.2f}"
        raise Reject(
            "sound_not_matched",
            f"which sound belongs to which event of the picture is not clear ({sure}; {SURE:g} is"
            f" needed): place the sound as an effect of its own, or take another clip",
        )
    clock = fit_clock(
        [pair.visual.time_s for pair in before.pairs], [pair.sound.time_s for pair in before.pairs]
    )
    if abs(clock.worst_ms(length_s)) <= NEAREST_MS:
        return SetRight(samples, clock, before, before)
    try:
        righted = set_right(samples, rate_hz, clock)
    except DriftTooLarge as large:
        raise Reject(
            "sound_drifts", str(large), metrics={"sound_drift_ppm": clock.drift_ppm}
        ) from large
    after = match_events(visual, _onsets(righted, rate_hz))
    if after is None or abs(after.offset_ms) > 1000 / fps:
        left = "is not found again" if after is None else f"is still {after.offset_ms:+.0f} ms off"
        raise Reject(
            "sound_not_set_right",
            f"the sound was {before.offset_ms:+.0f} ms off and, moved by that, {left}",
            metrics={"sound_offset_ms": before.offset_ms},
        )
    return SetRight(righted, clock, before, after)


def _onsets(samples: np.ndarray, rate_hz: int) -> list[Event]:
    return audio_onsets(samples if samples.ndim == 1 else samples.mean(axis=1), rate_hz)
