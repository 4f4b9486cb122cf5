"""The align stage: word times that captions and mouth are judged by, and sound effects on cuts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pyarrow as pa

from schemas.arrow_types import SOUND_EVENT, WORD
from schemas.layout import FORMATS
from stages.align.correct import Correction, correct
from stages.base import Media, Stage, Verdict
from stages.hardware import Hardware
from stages.shared.aligner import RATE_HZ, Aligner, Span, Word
from stages.shared.sound import read_sound

SILENCE = "SIL"


@dataclass(kw_only=True)
class Align(Stage):
    """Checks the voice's timing with a second opinion, and times the sound effects."""

    name: ClassVar[str] = "align"
    reads: ClassVar[tuple[str, ...]] = ("voice_uri", "words", "phonemes", "shots")
    writes: ClassVar[pa.Schema] = pa.schema(
        [("caption_words", pa.list_(WORD)), ("sound_events", pa.list_(SOUND_EVENT))]
    )
    version: ClassVar[str] = "1"
    hardware = Hardware(cpus=1, memory_gb=0.4)
    timeout_s = 120.0
    seconds_hint = 0.25

    length_s: float = 15.0
    fps: int = FORMATS["9x16"].fps
    """Effects begin on a frame of this rate."""
    max_offset_ms: float = 80.0
    """Two frames: with a larger disagreement a word is looked into; EBU R37 allows 60 late."""
    cut_effect: str | None = "whoosh"
    cut_effect_lead_s: float = 0.19
    """From the effect's onset to its loudest moment, which falls on the cut (demo whoosh: 0.19)."""
    cut_pause_s: float = 0.2
    """A cut in a shorter pause, or within a word, stays silent: the effect would mask the voice."""
    end_card_effect: str | None = "sparkle"
    end_card_effect_lead_s: float = 0.0

    _aligner: Any = field(init=False, repr=False, compare=False, default=None)

    def load(self) -> None:
        """See `Stage.load`: the acoustic model and its dictionary."""
        if self._aligner is None:
            self._aligner = Aligner()

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """See `Stage.run`. Without an alignment the voice's own times stand, and that is said."""
        voice = read_sound(media.open(spot["voice_uri"]), RATE_HZ)
        words = spot["words"]
        found = self._aligner.find(voice, _to_find(words, spot["phonemes"]))
        result: dict[str, Any] = {}
        correction = correct(words, found, self.max_offset_ms) if found else None
        if correction is None:
            verdict = Verdict(
                gate="align",
                rule="forced_alignment",
                verdict="pass",
                evidence=f"no alignment of {len(words)} words with the voice was found; captions"
                f" follow the voice's own times, which nothing has confirmed",
            )
            spans = [Span(word["start_s"], word["end_s"]) for word in words]
            metrics = {"align_fallback": 1.0, "align_words_aligned": 0.0}
            result |= {"metrics": metrics, "verdicts": [verdict]}
        else:
            spans = list(correction.spans)
            result["metrics"] = _metrics(correction)
        result["caption_words"] = [
            {
                **word,
                "start_s": min(max(span.start_s, 0.0), self.length_s),
                "end_s": min(max(span.end_s, 0.0), self.length_s),
            }
            for word, span in zip(words, spans, strict=True)
        ]
        result["sound_events"] = self._sound_events(spot["shots"], result["caption_words"])
        return result

    def _sound_events(
        self, shots: Sequence[Mapping[str, Any]], words: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """One effect per cut in a pause of the voice, and one more where the end card comes in."""
        events: list[tuple[float, str]] = []
        for shot in shots:
            cut_s = shot["start_s"]
            if self.cut_effect and cut_s > 0 and _pause_s(cut_s, words) >= self.cut_pause_s:
                events.append((self._onset_s(shot, self.cut_effect_lead_s), self.cut_effect))
            if self.end_card_effect and shot["layout"] == "end_card":
                onset_s = self._onset_s(shot, self.end_card_effect_lead_s)
                events.append((onset_s, self.end_card_effect))
        return [{"name": name, "time_s": time_s} for time_s, name in sorted(events)]

    def _onset_s(self, shot: Mapping[str, Any], lead_s: float) -> float:
        return max(round((shot["start_s"] - lead_s) * self.fps), 0) / self.fps


def _pause_s(time_s: float, words: Sequence[Mapping[str, Any]]) -> float:
    """Length of the pause between words that `time_s` lies in; 0 within a word, inf outside all."""
    if any(word["start_s"] < time_s < word["end_s"] for word in words):
        return 0.0
    before = max((word["end_s"] for word in words if word["end_s"] <= time_s), default=-math.inf)
    after = min((word["start_s"] for word in words if word["start_s"] >= time_s), default=math.inf)
    return float(after - before)


def _to_find(
    words: Sequence[Mapping[str, Any]], phonemes: Sequence[Mapping[str, Any]]
) -> list[Word]:
    """The words with the phonemes that lie, by their middle, within each of them.

    Both cover the same voice, so the first and last phoneme are laid on the first and last word:
    if someone moved or stretched the words alone, the phonemes still find theirs.
    """
    begin_s, end_s = words[0]["start_s"], words[-1]["end_s"]
    first_s, last_s = phonemes[0]["start_s"], phonemes[-1]["end_s"]
    stretch = (end_s - begin_s) / max(last_s - first_s, 1e-3)
    middles = [
        begin_s + stretch * ((phoneme["start_s"] + phoneme["end_s"]) / 2 - first_s)
        for phoneme in phonemes
    ]
    return [
        Word(
            spoken=word["spoken"],
            phonemes=tuple(
                phoneme["symbol"]
                for phoneme, middle in zip(phonemes, middles, strict=True)
                if word["start_s"] <= middle < word["end_s"] and phoneme["symbol"] != SILENCE
            ),
        )
        for word in words
    ]


def _metrics(correction: Correction) -> dict[str, float]:
    return {
        "align_offset_median_ms": correction.bias_ms,
        "align_offset_p95_ms": correction.p95_ms,
        "align_drift_ms": correction.drift_ms,
        "align_words_aligned": correction.aligned,
        "align_words_moved": float(correction.moved),
        "align_remaining_p95_ms": correction.remaining_p95_ms,
        "align_fallback": 0.0,
    }
