"""Places the sentences of a reading on the spot's clock and lists its words and phonemes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from stages.speech.fit import Reading
from stages.speech.phonemes import SILENCE
from stages.speech.takes import Take

TOUCHING_S = 1e-6


@dataclass
class Placed:
    """Takes with the time of their first sound, and the rows that describe them, in order."""

    takes: list[tuple[Take, float]] = field(default_factory=list)
    words: list[dict[str, Any]] = field(default_factory=list)
    phonemes: list[dict[str, Any]] = field(default_factory=list)
    sentences: list[dict[str, Any]] = field(default_factory=list)


def timeline(reading: Reading, begin_s: float) -> Placed:
    """Rows of WORD, PHONEME and SENTENCE from `begin_s` on; the phonemes leave no gap."""
    placed = Placed()
    at_s = begin_s
    for take in reading.takes:
        _place(placed, take, at_s)
        at_s += take.length_s + reading.pause_s
    return placed


def _place(placed: Placed, take: Take, at_s: float) -> None:
    shift_s = at_s - take.begin_s
    placed.takes.append((take, at_s))
    first_word = len(placed.words)
    sounds = iter(take.words)
    for word in take.sentence.words:
        own = [phoneme for _ in word.spoken for phoneme in next(sounds)]
        for phoneme in own:
            _add_phoneme(
                placed,
                phoneme.symbol,
                phoneme.stress,
                phoneme.start_s + shift_s,
                phoneme.end_s + shift_s,
            )
        said = " ".join(spoken.text for spoken in word.spoken)
        placed.words.append(
            {
                "text": word.text,
                "spoken": said.replace("-", " ").lower(),
                "start_s": own[0].start_s + shift_s,
                "end_s": own[-1].end_s + shift_s,
            }
        )
    placed.sentences.append(
        {
            "text": take.sentence.text,
            "start_s": at_s,
            "end_s": at_s + take.length_s,
            "first_word": first_word,
            "last_word": len(placed.words) - 1,
        }
    )


def _add_phoneme(placed: Placed, symbol: str, stress: int, start_s: float, end_s: float) -> None:
    if placed.phonemes:
        last_s = placed.phonemes[-1]["end_s"]
        if start_s - last_s > TOUCHING_S:
            placed.phonemes.append(_row(SILENCE, 0, last_s, start_s))
        else:
            start_s = last_s
    placed.phonemes.append(_row(symbol, stress, start_s, end_s))


def _row(symbol: str, stress: int, start_s: float, end_s: float) -> dict[str, Any]:
    return {"symbol": symbol, "stress": stress, "start_s": start_s, "end_s": end_s}
