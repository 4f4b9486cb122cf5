"""The interface of a voice: the words of one sentence in, sound and phoneme times out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from schemas.asset import Asset


@dataclass(frozen=True)
class SpokenWord:
    """One word as it is to be said: digits, signs and abbreviations are spelled out already.

    `text` has letters, apostrophes and hyphens only; a hyphen joins parts that carry one stress
    ("forty-five"). `phonemes`, if not empty, is how it must be said: ARPAbet with a stress digit
    on each vowel ("HH", "AE1", "L"). `pause` is the punctuation behind it: "", ",", ";", ":",
    ".", "!" or "?".
    """

    text: str
    phonemes: tuple[str, ...] = ()
    pause: str = ""


@dataclass(frozen=True)
class TimedPhoneme:
    """An ARPAbet symbol without its digit, its stress (0, 1 or 2) and its time in the sound."""

    symbol: str
    stress: int
    start_s: float
    end_s: float


Timing = Literal["own", "aligned", "estimated"]
"""Where times are from: the voice's own durations, an aligner that found the words in the sound,
or only an estimate from the words' lengths, because it did not find them."""


@dataclass(frozen=True)
class Utterance:
    """One spoken sentence.

    `samples` is float32, shape (samples,), full scale 1.0, at `rate_hz`; `words` holds the
    phonemes of each spoken word that was asked for, in order, none without phonemes. Within a
    word they touch; between words may lie silence. Times are seconds from the first sample.
    """

    samples: np.ndarray
    rate_hz: int
    words: tuple[tuple[TimedPhoneme, ...], ...]
    timing: Timing = "own"


class Unspeakable(ValueError):
    """The voice has no sounds for a word, for instance one in another script."""

    def __init__(self, word: str) -> None:
        super().__init__(f"the voice has no sounds for {word!r}")
        self.word = word


class VoiceFault(ValueError):
    """What the voice made of a sentence is no speech: silent, clipped, endless or no numbers."""


class SpeechEngine(ABC):
    """A voice behind the `Speech` stage.

    To add one: a file beside this one with a dataclass that names
    `name`, `version` and `languages` as class variables and has `load` and `speak`. Its fields
    (voice, model folder as an `Asset`, address) are what its sound depends on, and part of the
    stage's key. What `load` makes (a session, a client) goes into fields with `init=False` and a
    leading underscore: they are in no key, and still empty when the engine travels to a worker.

    `speak` must return, for every sentence, true times of each phoneme within 50 ms of the sound:
    from its own durations if it knows them, else from an aligner. Only the silence of a pause may
    be counted as part of the sound before it; it is cut off later. The same words at the same
    speed must give the same samples, whatever was spoken before. A service that is down raises
    `stages.base.Retry`. A voice that cannot know its times (`Utterance.timing` "estimated") says
    so, and the ledger does.

    It then joins the list `VOICES` of the suite in `tests/stages/test_speech_engines.py`, which
    every voice must pass.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    languages: ClassVar[tuple[str, ...]]
    """BCP 47 primary subtags that it speaks: ("en",)."""

    def speaks(self, language: str) -> bool:
        """Whether it speaks a language, a BCP 47 tag such as "en-GB"."""
        return language.partition("-")[0].lower() in self.languages

    @property
    def assets(self) -> Mapping[str, Asset]:
        """Files and folders that the stage opens for it, such as its model, each by a name."""
        return {}

    @property
    def cloned(self) -> bool:
        """Whether it speaks with the voice of a person who exists: the stage then needs consent."""
        return False

    def prepare(self) -> None:
        """Once per node: fetch weights to local disk. Most voices have nothing to fetch."""
        return None

    @abstractmethod
    def load(self) -> None:
        """Once per worker: warm the model. `speak` may assume that it was called."""

    def receive(self, files: Mapping[str, Path]) -> None:
        """Before each spot: its `assets` on local disk; what needs them to be loaded, now is."""
        return None

    @abstractmethod
    def speak(self, words: Sequence[SpokenWord], speed: float) -> Utterance:
        """Say the words of one sentence; `speed` 1.0 is the voice's own pace, 1.1 is faster.

        Raises `Unspeakable` for a word that it has no sounds for, and `VoiceFault` where what it
        made is no speech.
        """
