"""A voice without a speed of its own: it says a sentence once, and paces are made of that."""

from __future__ import annotations

from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from stages.speech.engine import SpeechEngine, SpokenWord, Utterance
from stages.speech.stretch import stretched

KEPT = 32
"""Sentences kept at their natural pace: a script is tried at several speeds until it fits, and
neither a model of a minute per sentence nor a service that bills them is asked anew for each."""


@dataclass(kw_only=True)
class PacedVoice(SpeechEngine):
    """Speaks at its natural pace by `say`, and faster or slower by WSOLA, at the same pitch."""

    _said: OrderedDict[tuple[SpokenWord, ...], Utterance] = field(
        init=False, repr=False, compare=False, default_factory=OrderedDict
    )

    @abstractmethod
    def say(self, words: Sequence[SpokenWord]) -> Utterance:
        """The sentence at the voice's own pace; see `SpeechEngine.speak`."""

    def speak(self, words: Sequence[SpokenWord], speed: float) -> Utterance:
        """See `SpeechEngine.speak`."""
        asked = tuple(words)
        if asked not in self._said:
            self._said[asked] = self.say(asked)
            while len(self._said) > KEPT:
                self._said.popitem(last=False)
        return at_pace(self._said[asked], speed)


def at_pace(said: Utterance, speed: float) -> Utterance:
    """The same sentence `speed` times as fast, its times with it."""
    if speed == 1.0:
        return said
    words = tuple(
        tuple(replace(p, start_s=p.start_s / speed, end_s=p.end_s / speed) for p in word)
        for word in said.words
    )
    samples = stretched(said.samples, said.rate_hz, speed)
    return replace(said, samples=samples, words=words)
