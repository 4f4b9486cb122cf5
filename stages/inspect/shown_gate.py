"""Gate on what is written in the finished picture: as it was drawn, with the moment it is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stages.base import Verdict
from stages.shared.text_gate import Finding, Offer, TextGate
from stages.shared.text_gate.finding import Known, is_new

GATE = "inspect.shown"
SIGNS = ("brand", "sting")
"""Where the advertiser's own name stands: as a brand it may be a person's."""
UNPRICED = (*SIGNS, "ai_label", "qr")


@dataclass(frozen=True)
class Drawn:
    """One text to look at: its pieces one after the other, each with the middle of its time."""

    where: str
    column: str
    pieces: tuple[tuple[str, float], ...]

    @property
    def text(self) -> str:
        """As a viewer reads it."""
        return " ".join(text for text, _ in self.pieces)

    def seen_s(self, span: str | None) -> float | None:
        """When the words are seen first: of captions, the group in which they begin."""
        place = max(self.text.find(span or ""), 0)
        for text, at_s in self.pieces:
            if place <= len(text):
                return round(at_s, 2)
            place -= len(text) + 1
        return None


def shown_findings(
    shown: Sequence[Mapping[str, Any]], known: Known, gate: TextGate,
    *, offer: Offer | None, brand: str,
) -> list[Finding]:  # fmt: skip
    """Findings over the texts that are drawn (SHOWN_TEXT structs), one at least.

    What is `known` to be left to a person in the screened texts is not asked about again.
    """
    gate, texts = replace(gate, stage=GATE, judge=None), drawn_texts(shown)
    found = gate.find(
        {one.column: one.text for one in texts if one.where not in SIGNS},
        offer=offer,
        priced=[one.column for one in texts if one.where not in UNPRICED],
        brand=brand,
    )
    for one in texts:
        if one.where in SIGNS:
            found += gate.find({one.column: one.text}, brand=one.text)
    by = {one.column: one for one in texts}
    told = [_at(finding, by) for finding in found if is_new(finding, known)]
    looked = f"{len(texts)} texts, {len(gate.policy.rules)} rules, {gate.names.audit}"
    nothing = Verdict(GATE, "shown", "pass", f"nothing beyond what was screened: {looked}")
    return told or [Finding(nothing)]


def drawn_texts(shown: Sequence[Mapping[str, Any]]) -> list[Drawn]:
    """The texts of all formats, each once; the captions of a format are one text."""
    found: dict[tuple[str, str], Drawn] = {}
    for name in dict.fromkeys(one["format"] for one in shown):
        mine = [one for one in shown if one["format"] == name]
        captions = tuple((one["text"], _middle_s(one)) for one in mine if one["where"] == "caption")
        groups = [("caption", captions)] if captions else []
        groups += [
            (one["where"], ((one["text"], _middle_s(one)),))
            for one in mine
            if one["where"] != "caption"
        ]
        for where, pieces in groups:
            drawn = Drawn(where, _column(where, name, len(found)), pieces)
            found.setdefault((where, drawn.text), drawn)
    return list(found.values())


def _column(where: str, name: str, number: int) -> str:
    """ "shown hook 3 in 9x16": each text has a name of its own."""
    return f"shown {where} {number + 1} in {name}"


def _middle_s(one: Mapping[str, Any]) -> float:
    return float(one["start_s"] + one["end_s"]) / 2


def _at(finding: Finding, by: Mapping[str, Drawn]) -> Finding:
    drawn = by.get(finding.verdict.column or "")
    at_s = drawn.seen_s(finding.verdict.span) if drawn else None
    told = replace(finding.verdict, at_s=at_s)
    return Finding(told, f"shown_{finding.reason_code}", finding.reason, finding.about)
