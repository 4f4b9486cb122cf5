"""Forced alignment: finds known words in a sound, with CMU Pocketsphinx and its English model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

RATE_HZ = 16_000
FRAME_S = 0.01
MARGIN_S = 0.3
"""Silence put around the sound: the model needs some to find the first and the last word."""


@dataclass(frozen=True)
class Word:
    """A word to find: what is said ("twenty four") and its ARPAbet symbols, without stress."""

    spoken: str
    phonemes: tuple[str, ...]


@dataclass(frozen=True)
class Span:
    """Where a word was found, in seconds of the sound."""

    start_s: float
    end_s: float


class Aligner:
    """Pocketsphinx with the acoustic model of its wheel; 0.01 CPU seconds per second of sound.

    A word of which the dictionary lacks a part (a brand) is found by its phonemes. What was
    aligned before has no influence on a result.
    """

    def __init__(self) -> None:
        self._decoder = _open_decoder()

    def find(self, samples: np.ndarray, words: Sequence[Word]) -> list[Span] | None:
        """Spans of the words in `samples` (float32, (samples,), at `RATE_HZ`), in order.

        None if the sound and the words don't match, so that no path through the model is found.
        """
        text: list[str] = []
        owners: list[int] = []
        for index, word in enumerate(words):
            parts = self._entries(word)
            text += parts
            owners += [index] * len(parts)
        if not text or len(set(owners)) != len(words):
            return None
        segments = self._decode(samples, text)
        if segments is None:
            return None
        spans: list[Span] = []
        for owner, (start_s, end_s) in zip(owners, segments, strict=True):
            if owner == len(spans):
                spans.append(Span(start_s, end_s))
            else:
                spans[owner] = Span(spans[owner].start_s, end_s)
        return spans

    def _entries(self, word: Word) -> list[str]:
        """Entries of the dictionary for a word: its own, or one made of its phonemes."""
        parts = word.spoken.split()
        if parts and all(self._decoder.lookup_word(part) for part in parts):
            return parts
        if not word.phonemes:
            return []
        entry = "+".join(word.phonemes).lower()  # no word is written so: nothing is overwritten
        if not self._decoder.lookup_word(entry):
            self._decoder.add_word(entry, " ".join(word.phonemes), True)
        return [entry]

    def _decode(self, samples: np.ndarray, text: Sequence[str]) -> list[tuple[float, float]] | None:
        margin = np.zeros(round(MARGIN_S * RATE_HZ), np.float32)
        padded = np.clip(np.concatenate([margin, samples, margin]), -1.0, 1.0)
        decoder = self._decoder
        try:
            decoder.set_align_text(" ".join(text))
            decoder.start_utt()
            decoder.process_raw((padded * 32767).astype("<i2").tobytes(), full_utt=True)
            decoder.end_utt()
        except RuntimeError:
            self._decoder = _open_decoder()  # in the old one a failed utterance stays open
            return None
        if decoder.hyp() is None:
            return None
        found = [
            (part.start_frame * FRAME_S - MARGIN_S, (part.end_frame + 1) * FRAME_S - MARGIN_S)
            for part in decoder.seg()
            if part.word[0] not in "<["
        ]
        return found if len(found) == len(text) else None


def _open_decoder() -> Any:
    from pocketsphinx import Decoder  # type: ignore[import-untyped]

    return Decoder(samprate=RATE_HZ, loglevel="FATAL", lm=None)
