"""What a family of text-to-speech models has in common: a sentence in, raw sound out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


class ModelRefused(ValueError):
    """Preset and weights do not fit together: every spot would fail, so none is begun."""


@dataclass(frozen=True)
class Sentence:
    """One sentence as a model is given it: each word as it is written, with what follows it
    ("", ",", ";", ":", ".", "!", "?"); and the seed of its noise."""

    words: tuple[str, ...]
    pauses: tuple[str, ...]
    seed: int

    @property
    def text(self) -> str:
        """All of it."""
        return " ".join(w + p for w, p in zip(self.words, self.pauses, strict=True))


@dataclass(frozen=True)
class RawSpeech:
    """What a model made: float32 (samples,), and where each word lies, in seconds, if it knows."""

    samples: np.ndarray
    spans: Sequence[tuple[float, float]] | None = None


class Family(ABC):
    """A loaded model. The same sentence and speed give the same sound."""

    rate_hz: int
    paced = False
    """Whether it has a speed of its own; others are asked for 1.0 only."""

    @abstractmethod
    def unsayable(self, word: str) -> bool:
        """Whether it has no symbols for a word."""

    @abstractmethod
    def say(self, sentence: Sentence, speed: float) -> RawSpeech:
        """Speak it."""
