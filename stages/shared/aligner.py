"""Forced alignment: finds known words in a sound, with CMU Pocketsphinx and its English model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

RATE_HZ = 16_000
FRAME_S = 0.01
MARGIN_S = 0.3
"""Silence put around the sound: the model needs some to find the first and the last word."""

FLOOR = 1e-3
"""Noise that is added where nothing is found without: -60 dB. A synthetic voice between whose
sounds lies digital silence is none that the model has heard; with a room's noise it is found, but a
little less exactly (21 ms instead of 11 on words with known starts), so it is tried second."""


@dataclass(frozen=True)
class Word:
    """A word to find: what is said ("twenty four") and its ARPAbet symbols, without stress."""

    spoken: str
    phonemes: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """A sound within a word: an ARPAbet symbol, or a letter from an aligner that knows no more."""

    symbol: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Span:
    """Where a word was found, in seconds of the sound, and its parts if they were asked for."""

    start_s: float
    end_s: float
    parts: tuple[Part, ...] = ()


class Aligner:
    """Pocketsphinx with the acoustic model of its wheel; 0.01 CPU seconds per second of sound, with
    the words' parts 0.03.

    A word of which the dictionary lacks a part (a brand) is found by its phonemes. What was
    aligned before has no influence on a result.
    """

    def __init__(self) -> None:
        self._decoder = _open_decoder()

    def find(
        self, samples: np.ndarray, words: Sequence[Word], *, parts: bool = False
    ) -> list[Span] | None:
        """Spans of the words in `samples` (float32, (samples,), at `RATE_HZ`), in order.

        None if the sound and the words don't match, so that no path through the model is found.
        `parts` adds their phonemes, by a second pass; where it fails the spans have none.
        """
        text: list[str] = []
        owners: list[int] = []
        for index, word in enumerate(words):
            entries = self._entries(word)
            text += entries
            owners += [index] * len(entries)
        if not text or len(set(owners)) != len(words):
            return None
        for floor in (0.0, FLOOR):
            pcm = _pcm(samples, floor)
            if (segments := self._decode(pcm, text)) is not None:
                break
        else:
            return None
        phones = self._phones(pcm, len(text)) if parts else [()] * len(text)
        spans: list[Span] = []
        for owner, (start_s, end_s), own in zip(owners, segments, phones, strict=True):
            if owner == len(spans):
                spans.append(Span(start_s, end_s, own))
            else:
                joined = (*spans[owner].parts, *own)
                spans[owner] = replace(spans[owner], end_s=end_s, parts=joined)
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

    def _decode(self, pcm: bytes, text: Sequence[str]) -> list[tuple[float, float]] | None:
        try:
            self._decoder.set_align_text(" ".join(text))
            self._run(pcm)
        except RuntimeError:
            self._decoder = _open_decoder()  # in the old one a failed utterance stays open
            return None
        if self._decoder.hyp() is None:
            return None
        found = [
            (part.start_frame * FRAME_S - MARGIN_S, (part.end_frame + 1) * FRAME_S - MARGIN_S)
            for part in self._decoder.seg()
            if part.word[0] not in "<["
        ]
        return found if len(found) == len(text) else None

    def _phones(self, pcm: bytes, count: int) -> list[tuple[Part, ...]]:
        """The phonemes of each entry; empty ones where the model finds no path."""
        try:
            self._decoder.set_alignment()
            self._run(pcm)
            found = [
                tuple(_part(phone) for phone in word)
                for word in self._decoder.get_alignment()
                if word.name[0] not in "<["
            ]
        except RuntimeError:
            self._decoder = _open_decoder()
            found = []
        return found if len(found) == count else [()] * count

    def _run(self, pcm: bytes) -> None:
        self._decoder.start_utt()
        self._decoder.process_raw(pcm, full_utt=True)
        self._decoder.end_utt()


def _pcm(samples: np.ndarray, floor: float) -> bytes:
    """16-bit samples with a margin of silence, over noise of that level; the same every time."""
    margin = np.zeros(round(MARGIN_S * RATE_HZ), np.float32)
    padded = np.concatenate([margin, samples, margin])
    if floor:
        noise = np.random.default_rng(0).standard_normal(len(padded), np.float32)
        padded = padded + floor * noise
    return (np.clip(padded, -1.0, 1.0) * 32767).astype("<i2").tobytes()


def _part(phone: Any) -> Part:
    start_s = phone.start * FRAME_S - MARGIN_S
    return Part(phone.name, start_s, start_s + phone.duration * FRAME_S)


def _open_decoder() -> Any:
    from pocketsphinx import Decoder  # type: ignore[import-untyped]

    return Decoder(samprate=RATE_HZ, loglevel="FATAL", lm=None)
