"""Which sound belongs to which visual event, and how late it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stages.shared.onsets import Event

REACH_S = 1.6
"""How far a sound may lie from its event: a second, as in the worst spots, and some more."""
SURE = 0.2
"""Confidence from which an offset is believed: below it the music would do as well as the bang."""
TOGETHER_S = 0.06
"""Pairs whose offsets differ by no more are displaced alike: a frame and a half."""


@dataclass(frozen=True)
class Matched:
    """A visual event and the onset of its sound; a positive offset is a sound that comes late."""

    visual: Event
    sound: Event

    @property
    def offset_ms(self) -> float:
        """Sound minus picture."""
        return 1000.0 * (self.sound.time_s - self.visual.time_s)


@dataclass(frozen=True)
class Match:
    """Pairs in order of time, their common offset in ms, and how sure it is, 0 to 1.

    The confidence is how much better the events fit with this offset than with any other: 0 means
    that another would do as well, 1 that no other pairs anything.
    """

    pairs: tuple[Matched, ...]
    offset_ms: float
    confidence: float


def match_events(
    visual: Sequence[Event], sounds: Sequence[Event], reach_s: float = REACH_S
) -> Match | None:
    """Pairs `visual` events with `sounds`, displaced alike by up to `reach_s`; None without any.

    Every pair proposes its offset. A proposal's score is the sum, over the visual events, of the
    strength of the strongest sound within `TOGETHER_S` of where it asks for one, each weighted by
    its event: beats of music fit some event by chance, but not all events at once, and are weaker
    than what an event sounds like. The best proposal is refined to the median of its pairs.
    """
    proposals = np.array(
        [s.time_s - v.time_s for v in visual for s in sounds if abs(s.time_s - v.time_s) <= reach_s]
    )
    if not len(proposals):
        return None
    scores = np.array([_score(visual, sounds, offset_s) for offset_s in proposals])
    best_s = float(proposals[scores.argmax()])
    other = scores[np.abs(proposals - best_s) > 2 * TOGETHER_S]
    confidence = 1.0 - float(other.max() / scores.max()) if len(other) else 1.0
    pairs = _pairs(visual, sounds, best_s)
    offsets = [pair.offset_ms for pair in pairs]
    return Match(tuple(pairs), float(np.median(offsets)), confidence)


def _score(visual: Sequence[Event], sounds: Sequence[Event], offset_s: float) -> float:
    pairs = _pairs(visual, sounds, offset_s)
    return sum(float(np.sqrt(pair.visual.strength)) * pair.sound.strength for pair in pairs)


def _pairs(visual: Sequence[Event], sounds: Sequence[Event], offset_s: float) -> list[Matched]:
    """The strongest sound near each event's displaced time."""
    pairs = []
    for event in visual:
        wanted_s = event.time_s + offset_s
        near = [sound for sound in sounds if abs(sound.time_s - wanted_s) <= TOGETHER_S]
        if near:
            pairs.append(Matched(event, max(near, key=lambda sound: sound.strength)))
    return pairs
