"""Times of words in a sound whose voice does not tell them: by an aligner, else by estimate."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from stages.shared.aligner import RATE_HZ, Aligner, Word
from stages.shared.sound import levels_db, resample, sounding_span
from stages.speech.engine import SpokenWord, TimedPhoneme, Timing
from stages.speech.phonemes import VOWELS
from stages.speech.pronounce import Sounds

ALIGNED = ("en", "es", "fr", "it", "pt")
"""The aligner's model is English, but finds words of these by their sounds: against Kokoro's own
durations starts lie 14 to 25 ms off in the median and 42 to 65 ms at the 95th percentile."""
VOWEL_WEIGHT = 1.3
"""A vowel's length to a consonant's: with the embedded voice as truth, phonemes so laid into
aligned words lie 10 ms off in the median and 60 to 90 ms at the 95th percentile."""
PAUSE_WEIGHTS = {"": 0.0, ",": 3.0, ";": 4.0, ":": 4.0, ".": 5.0, "!": 5.0, "?": 5.0}
"""Silence behind a word, in consonants' lengths, where it is estimated."""
HURRIED_S, MOST_HURRIED = 0.035, 0.4
"""An aligner that does not hear the words gives most of them its least, three frames a phoneme:
with more than this part of the words so short it is not believed."""
HOP_S, QUIET_DB = 0.005, 38.0
"""Silence, as takes are settled by it."""
LONG_S = 0.4
"""Nor with a median phoneme longer than this: a drawl is 0.2."""


def timed_words(
    samples: np.ndarray,
    rate_hz: int,
    words: Sequence[SpokenWord],
    sounds: Sequence[Sounds],
    language: str,
) -> tuple[tuple[tuple[TimedPhoneme, ...], ...], Timing]:
    """Phoneme times of each word in the sound, and whether they were found or are estimated.

    Of languages that are not `ALIGNED` times are estimated: the sound between its first and last
    moment, shared out by the number of sounds.
    """
    spans = _found(samples, rate_hz, words, sounds) if language in ALIGNED else None
    if spans is not None:
        return spread(sounds, sounding(samples, rate_hz, words, spans)), "aligned"
    return spread(sounds, _estimated(samples, rate_hz, words, sounds)), "estimated"


def sounding(
    samples: np.ndarray,
    rate_hz: int,
    words: Sequence[SpokenWord],
    spans: Sequence[tuple[float, float]],
) -> list[tuple[float, float]]:
    """Spans of words without the silence of a pause that was counted as theirs: else a word's last
    sounds would be laid into it."""
    levels = levels_db(samples, rate_hz, HOP_S)
    loud = levels > levels.max() - QUIET_DB
    paused = [True, *(bool(word.pause) for word in words[:-1]), True]
    found = []
    for at, (start_s, end_s) in enumerate(spans):
        own = np.flatnonzero(loud[round(start_s / HOP_S) : round(end_s / HOP_S)])
        if len(own):
            first_s = start_s + float(own[0]) * HOP_S
            last_s = start_s + float(own[-1] + 1) * HOP_S
            start_s = first_s if paused[at] else start_s
            end_s = min(last_s, end_s) if paused[at + 1] else end_s
        found.append((start_s, end_s))
    return found


def spread(
    sounds: Sequence[Sounds], spans: Sequence[tuple[float, float]]
) -> tuple[tuple[TimedPhoneme, ...], ...]:
    """Each word's sounds laid into its span (start and end in seconds), vowels longer."""
    timed = []
    for word, (start_s, end_s) in zip(sounds, spans, strict=True):
        edges = np.cumsum([0.0, *(_weight(symbol) for symbol, _ in word)])
        at = (start_s + edges / edges[-1] * max(end_s - start_s, 0.01)).tolist()
        timed.append(
            tuple(
                TimedPhoneme(symbol, stress, at[number], at[number + 1])
                for number, (symbol, stress) in enumerate(word)
            )
        )
    return tuple(timed)


def _weight(symbol: str) -> float:
    return VOWEL_WEIGHT if symbol in VOWELS else 1.0


def _found(
    samples: np.ndarray, rate_hz: int, words: Sequence[SpokenWord], sounds: Sequence[Sounds]
) -> list[tuple[float, float]] | None:
    wanted = [
        Word(
            "" if word.phonemes else word.text.lower().replace("-", " "),
            tuple(symbol for symbol, _ in own),
        )
        for word, own in zip(words, sounds, strict=True)
    ]
    found = _aligner().find(resample(samples, rate_hz, RATE_HZ), wanted)
    if found is None:
        return None
    paces = [(s.end_s - s.start_s) / len(own) for s, own in zip(found, sounds, strict=True)]
    hurried = float(np.mean([pace < HURRIED_S for pace in paces]))
    if hurried > MOST_HURRIED or float(np.median(paces)) > LONG_S:
        return None
    length_s = len(samples) / rate_hz
    return [(max(span.start_s, 0.0), min(span.end_s, length_s)) for span in found]


def _estimated(
    samples: np.ndarray, rate_hz: int, words: Sequence[SpokenWord], sounds: Sequence[Sounds]
) -> list[tuple[float, float]]:
    begin_s, end_s = sounding_span(samples, rate_hz) or (0.0, len(samples) / rate_hz)
    lengths = [sum(_weight(symbol) for symbol, _ in own) for own in sounds]
    pauses = [PAUSE_WEIGHTS.get(word.pause, 0.0) for word in words]
    pauses[-1] = 0.0
    each_s = (end_s - begin_s) / (sum(lengths) + sum(pauses))
    spans, at_s = [], begin_s
    for length, pause in zip(lengths, pauses, strict=True):
        spans.append((at_s, at_s + length * each_s))
        at_s += (length + pause) * each_s
    return spans


@functools.cache
def _aligner() -> Aligner:
    return Aligner()
