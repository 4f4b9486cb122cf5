"""The text gate over a finished spot: what it says of the words in sound and picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.asset import Asset
from stages.base import Media, Reject, Verdict
from stages.inspect.hearing import HeardWord
from stages.inspect.script_place import ScriptPlaces
from stages.inspect.shown_gate import shown_findings
from stages.inspect.speech_gate import GATE as SPEECH
from stages.inspect.speech_gate import speech_findings
from stages.shared.ocr import TextReader
from stages.shared.read_text import Looked, read_findings
from stages.shared.text_gate import Finding, Offer, TextGate, passed
from stages.shared.text_gate.finding import Known, known_in

SCREENED = ("script", "tagline", "cta", "hook", "title", "brand")
"""What the text gate has read before anything was spent."""


@dataclass(frozen=True)
class WordGates:
    """Looks at what was heard and what is drawn, with the lists that the campaign names."""

    gate: TextGate

    @classmethod
    def of(
        cls, names: Asset | None, rules: Asset | None, profiles: Sequence[str], media: Media | None
    ) -> WordGates:
        """With the campaign's own lists beside the shipped ones; `media` opens them."""
        assert media is not None or names is rules is None, "lists of its own need a media store"
        own = (media.open(names).read_bytes(), names.uri) if media and names else None
        policy = (media.open(rules).read_text("utf-8-sig"), rules.uri) if media and rules else None
        return cls(TextGate.of_files(names=own, rules=policy, profiles=profiles, stage="inspect"))

    def heard(
        self, spot: Mapping[str, Any], heard: str, names: Sequence[str], language: str,
        listen: Callable[[], Sequence[HeardWord]],
    ) -> list[Finding]:  # fmt: skip
        """Findings over the words of the finished mix; `listen` hears it once more, closely."""
        words = spot.get("words") or []
        places = ScriptPlaces(spot["script"], words, heard, names, language)
        return speech_findings(
            heard, places, self._known(spot), self.gate, listen,
            offer=Offer.of_spot(spot), brand=spot.get("brand") or "",
        )  # fmt: skip

    def shown(self, spot: Mapping[str, Any]) -> list[Finding]:
        """Findings over the texts that are drawn, in all formats."""
        return shown_findings(
            spot.get("shown_texts") or [], self._known(spot), self.gate,
            offer=Offer.of_spot(spot), brand=spot.get("brand") or "",
        )  # fmt: skip

    def read(
        self, spot: Mapping[str, Any], pictures: Sequence[Looked], reader: TextReader
    ) -> list[Finding]:
        """Findings over what stands in the pictures themselves; what is drawn over them is left
        out, for `shown` looks at it."""
        drawn = [one["text"] for one in spot.get("shown_texts") or []]
        return read_findings(
            pictures, reader, self.gate, known=self._known(spot), drawn=drawn,
            offer=Offer.of_spot(spot), brand=spot.get("brand") or "",
        )  # fmt: skip

    def _known(self, spot: Mapping[str, Any]) -> Known:
        texts = {name: spot.get(name) or "" for name in SCREENED}
        # As it is spoken, too: numbers in words.
        texts["said"] = " ".join(word["spoken"] for word in spot.get("words") or [])
        found = self.gate.find(
            texts, offer=Offer.of_spot(spot), priced=tuple(texts), brand=texts["brand"]
        )
        return known_in(found)


def unheard(language: str) -> list[Finding]:
    """Nobody here understands that language."""
    said = f"no recogniser here understands {language!r}: name one in recogniser.model"
    return [passed(SPEECH, "not_heard", said)]


def reject_words(
    findings: Sequence[Finding], verdicts: tuple[Verdict, ...], metrics: Mapping[str, float]
) -> None:
    """Raises `Reject` for the first finding that blocks, with all that was measured and found."""
    for finding in findings:
        if finding.verdict.verdict == "block":
            raise Reject(finding.reason_code, finding.reason, verdicts=verdicts, metrics=metrics)
