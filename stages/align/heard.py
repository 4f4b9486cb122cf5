"""The phonemes that an aligner heard, as rows, for whatever is judged by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stages.shared.aligner import Part, Span

SILENCE = "SIL"
_TOUCHING_S = 0.015


def heard_phonemes(
    words: Sequence[Mapping[str, Any]], spans: Sequence[Span],
    phonemes: Sequence[Mapping[str, Any]], finds_phonemes: bool,
) -> list[dict[str, Any]]:  # fmt: skip
    """PHONEME rows as the aligner heard them, with silence between words.

    They are the parts of the spans. Of an aligner that finds letters alone, or no parts for a
    word, the voice's own `phonemes` within that word (of `words`, WORD rows) are laid into the
    word's span. Stress, which no aligner tells, is that of the same symbol next to it in time
    among the voice's own (within 0.2 s), else 0.
    """
    rows: list[dict[str, Any]] = []
    for word, span in zip(words, spans, strict=True):
        if finds_phonemes and span.parts:
            own = [
                _row(part.symbol, _stress(part, phonemes), part.start_s, part.end_s)
                for part in span.parts
            ]
        else:
            own = _laid(word, span, phonemes)
        if own and rows and own[0]["start_s"] - rows[-1]["end_s"] > _TOUCHING_S:
            rows.append(_row(SILENCE, 0, rows[-1]["end_s"], own[0]["start_s"]))
        rows += own
    return rows


def _laid(
    word: Mapping[str, Any], span: Span, phonemes: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The word's own phonemes, moved and stretched with it."""
    scale = (span.end_s - span.start_s) / max(word["end_s"] - word["start_s"], 1e-3)

    def at_s(time_s: float) -> float:
        return span.start_s + scale * (time_s - word["start_s"])

    return [
        _row(p["symbol"], int(p["stress"] or 0), at_s(p["start_s"]), at_s(p["end_s"]))
        for p in phonemes
        if word["start_s"] <= (p["start_s"] + p["end_s"]) / 2 < word["end_s"]
        and p["symbol"] != SILENCE
    ]


def _stress(part: Part, phonemes: Sequence[Mapping[str, Any]]) -> int:
    middle_s = (part.start_s + part.end_s) / 2
    found = [
        (abs((p["start_s"] + p["end_s"]) / 2 - middle_s), int(p["stress"] or 0))
        for p in phonemes
        if p["symbol"] == part.symbol
    ]
    away_s, stress = min(found, default=(1.0, 0))
    return stress if away_s < 0.2 else 0


def _row(symbol: str, stress: int, start_s: float, end_s: float) -> dict[str, Any]:
    return {"symbol": symbol, "stress": stress, "start_s": start_s, "end_s": end_s}
