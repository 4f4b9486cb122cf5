"""A take is one spoken sentence, trimmed, its word and phoneme times settled on the sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from stages.shared.sound import levels_db
from stages.speech.engine import SpeechEngine, TimedPhoneme, Timing, Utterance
from stages.speech.normalise import ScriptSentence

HOP_S = 0.005
QUIET_DB = 38.0
"""Sound this far below the sentence's loudest moment counts as silence: it lies between the
faintest consonant (an f, 30 to 36 dB below) and the room of a synthetic voice (50 and more)."""
REAL_PAUSE_S = 0.04
"""A stop consonant closes for up to 40 ms; only a longer gap at a comma is a pause."""
ONSET_SLACK_S = 0.12
"""How far the sound of a word's first phoneme may lie from the time that the engine gave."""
SHORTEST_PHONEME_S = 0.01


@dataclass(frozen=True)
class Take:
    """One spoken sentence: `samples` (samples,) with a little silence around the voice, which
    sounds from `begin_s` to `end_s`; times are from the first sample, as in `Utterance`."""

    sentence: ScriptSentence
    samples: np.ndarray
    rate_hz: int
    words: tuple[tuple[TimedPhoneme, ...], ...]
    timing: Timing = "own"

    @property
    def begin_s(self) -> float:
        """Start of the first word."""
        return self.words[0][0].start_s

    @property
    def end_s(self) -> float:
        """End of the last word."""
        return self.words[-1][-1].end_s

    @property
    def length_s(self) -> float:
        """From the first sound to the last."""
        return self.end_s - self.begin_s


def record(engine: SpeechEngine, sentence: ScriptSentence, speed: float) -> Take:
    """Let the engine speak a sentence. Raises `Unspeakable` for a word it has no sounds for.

    Raises `TypeError` or `ValueError` for an engine that does not return what `SpeechEngine` asks.
    """
    utterance = engine.speak(sentence.spoken, speed)
    _check(engine, utterance, len(sentence.spoken))
    paused = [bool(word.pause) for word in sentence.spoken]
    words = _settle(utterance, paused)
    return Take(sentence, utterance.samples, utterance.rate_hz, words, utterance.timing)


def _check(engine: SpeechEngine, utterance: object, words: int) -> None:
    """Name an engine that breaks its contract, before its result fails somewhere else."""
    if not isinstance(utterance, Utterance):
        found = "None" if utterance is None else f"a {type(utterance).__name__}"
        raise TypeError(f"voice {engine.name} returned {found}, not an Utterance")
    if len(utterance.words) != words or not all(utterance.words):
        timed = sum(bool(word) for word in utterance.words)
        raise ValueError(
            f"voice {engine.name} returned an Utterance with phonemes for {timed} words, but"
            f" {words} were to be spoken; each needs its phonemes, in order"
        )
    if not np.any(utterance.samples):
        raise ValueError(f"voice {engine.name} returned silence for {words} words")


def _settle(utterance: Utterance, paused: Sequence[bool]) -> tuple[tuple[TimedPhoneme, ...], ...]:
    """Times of the words beside a pause, moved to where their sound ends and begins.

    Engines count a pause as part of the sound before it, which would leave a mouth open.
    """
    levels = levels_db(utterance.samples, utterance.rate_hz, HOP_S)
    loud = levels > levels.max() - QUIET_DB
    words = [list(word) for word in utterance.words]
    sounding = np.flatnonzero(loud)
    first, last = float(sounding[0] * HOP_S), float((sounding[-1] + 1) * HOP_S)
    _begin(words[0], first)
    for before, after, pause in zip(words, words[1:], paused, strict=False):
        if pause:
            quiet = _longest_quiet(loud, before[-1].start_s, after[0].start_s + ONSET_SLACK_S)
            if quiet is None:
                before[-1] = replace(before[-1], end_s=after[0].start_s)
            else:
                _end(before, quiet[0])
                _begin(after, quiet[1])
    _end(words[-1], last)
    return tuple(tuple(word) for word in words)


def _longest_quiet(loud: np.ndarray, from_s: float, to_s: float) -> tuple[float, float] | None:
    """The longest silence between two times, in seconds; None if none is a pause."""
    first, last = round(from_s / HOP_S), min(round(to_s / HOP_S), len(loud))
    edges = np.flatnonzero(np.diff(np.r_[1, loud[first:last].astype(np.int8), 1]))
    runs = edges.reshape(-1, 2)
    if not len(runs):
        return None
    start, end = runs[np.argmax(runs[:, 1] - runs[:, 0])]
    if (end - start) * HOP_S < REAL_PAUSE_S:
        return None
    return float((first + start) * HOP_S), float((first + end) * HOP_S)


def _begin(word: list[TimedPhoneme], at_s: float) -> None:
    """Let the word begin at `at_s`, within reason and without ending before it begins."""
    first = word[0]
    at_s = min(max(at_s, first.start_s - ONSET_SLACK_S), first.start_s + ONSET_SLACK_S)
    word[0] = replace(first, start_s=min(at_s, first.end_s - SHORTEST_PHONEME_S))


def _end(word: list[TimedPhoneme], at_s: float) -> None:
    last = word[-1]
    word[-1] = replace(last, end_s=max(at_s, last.start_s + SHORTEST_PHONEME_S))
