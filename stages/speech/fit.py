"""Fits a script into the spot: natural pace if it can be, else faster, with pauses that breathe."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stages.speech.normalise import ScriptSentence
from stages.speech.takes import Take

SHORTEST_PAUSE_S, NATURAL_PAUSE_S, LONGEST_PAUSE_S = 0.18, 0.32, 0.57
"""Between sentences: the least that is heard as a full stop, what a speaker leaves, and that
with the quarter second more at which a cut can breathe."""
SHORT_VOICE = 0.74
"""A voice that fills less of its time than this (10.7 of 14.4 s) is slowed, within the range."""
SLACK = 1.005
"""Durations are counted in whole frames, so a speed is not met exactly: aim a little beyond."""
WORDS_PER_SECOND_LIMIT = 7.0
"""No voice is understood beyond it (an auctioneer speaks 4 to 5): such a script is not spoken."""


@dataclass(frozen=True)
class Reading:
    """All sentences of a script at one speed, and the silence left between two of them."""

    takes: tuple[Take, ...]
    speed: float
    pause_s: float

    @property
    def spoken_s(self) -> float:
        """Length of the sentences without the pauses between them."""
        return sum(take.length_s for take in self.takes)


class TooLong(Exception):
    """The script needs `needed_s` even at the fastest speed; `words_over` must go."""

    def __init__(self, needed_s: float, speed: float, words: int, words_over: int) -> None:
        super().__init__(f"needs {needed_s:.1f} s at speed {speed:g}")
        self.needed_s, self.speed, self.words, self.words_over = needed_s, speed, words, words_over


def fit(
    sentences: Sequence[ScriptSentence],
    record: Callable[[ScriptSentence, float], Take],
    window_s: float,
    speed_range: tuple[float, float],
) -> Reading:
    """Read the sentences so that with their pauses they take at most `window_s`.

    Every speed is tried and measured, not assumed. Raises `TooLong`.
    """
    slowest, fastest = speed_range
    words = sum(len(sentence.words) for sentence in sentences)
    said = sum(len(word.text.split("-")) for s in sentences for word in s.spoken)
    if said > WORDS_PER_SECOND_LIMIT * window_s:
        kept = WORDS_PER_SECOND_LIMIT / 2 * window_s  # a comfortable pace
        over = math.ceil(words * (1 - kept / said))
        raise TooLong(said / WORDS_PER_SECOND_LIMIT, fastest, words, over)
    gaps = len(sentences) - 1
    speed = min(max(1.0, slowest), fastest)
    reading = _read(sentences, record, speed)
    room_s = window_s - NATURAL_PAUSE_S * gaps
    if reading.spoken_s <= room_s:
        reading = _slowed(reading, sentences, record, SHORT_VOICE * window_s, slowest, gaps)
    for last_try in (False, False, True):
        if reading.spoken_s <= room_s or speed >= fastest:
            break
        speed = min(speed * reading.spoken_s / room_s * SLACK, fastest)
        reading = _read(sentences, record, fastest if last_try else speed)
    needed_s = reading.spoken_s + SHORTEST_PAUSE_S * gaps
    if needed_s > window_s:
        over = math.ceil(words * (needed_s - window_s) / reading.spoken_s)
        raise TooLong(needed_s, reading.speed, words, over)
    pause_s = min((window_s - reading.spoken_s) / gaps, LONGEST_PAUSE_S) if gaps else 0.0
    return Reading(reading.takes, reading.speed, pause_s)


def _slowed(
    reading: Reading,
    sentences: Sequence[ScriptSentence],
    record: Callable[[ScriptSentence, float], Take],
    wanted_s: float,
    slowest: float,
    gaps: int,
) -> Reading:
    """The reading, or a calmer one if even with long pauses it is over before `wanted_s`."""
    lasts_s = reading.spoken_s + LONGEST_PAUSE_S * gaps
    if lasts_s >= wanted_s or reading.speed <= slowest:
        return reading
    room_s = max(wanted_s - LONGEST_PAUSE_S * gaps, 0.1)
    return _read(sentences, record, max(reading.speed * reading.spoken_s / room_s, slowest))


def _read(
    sentences: Sequence[ScriptSentence],
    record: Callable[[ScriptSentence, float], Take],
    speed: float,
) -> Reading:
    speed = round(speed, 3)
    return Reading(tuple(record(sentence, speed) for sentence in sentences), speed, 0.0)
