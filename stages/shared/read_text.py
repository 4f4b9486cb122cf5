"""What is read in pictures goes through the text gate: texts that stand in a photo or a frame."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from stages.base import Verdict
from stages.shared.ocr import SeenText, TextReader
from stages.shared.text_gate import Finding, Offer, TextGate
from stages.shared.text_gate.finding import Known, is_new

SURE = 0.9
"""Least probability of the lines that block; what is less certain is for a person."""
OURS = 0.7
"""Likeness from which a line is one that was drawn over the picture, which is known as data."""


@dataclass(frozen=True)
class Looked:
    """A picture to read: a name for it, when it is seen (None for a file), uint8 RGB."""

    where: str
    at_s: float | None
    picture: np.ndarray


def read_findings(
    pictures: Sequence[Looked], reader: TextReader, gate: TextGate, *, known: Known,
    drawn: Collection[str] = (), offer: Offer | None = None, brand: str = "",
) -> list[Finding]:  # fmt: skip
    """Findings over the texts that are read in pictures, one at least. About 0.3 s a picture.

    Lines that are like one of the `drawn` texts are left out, and what is `known` of the screened
    texts is not asked again. Evidence has the place: a box in fractions of the picture.
    """
    gate, own = replace(gate, stage=f"{gate.stage}.read", judge=None), [_letters(d) for d in drawn]
    told, read = list[Finding](), 0
    for looked in pictures:
        lines = [one for one in reader.texts(looked.picture) if not _is_ours(one.text, own)]
        read += len(lines)
        text, column = " ".join(one.text for one in lines), f"read in {looked.where}"
        found = gate.find({column: text}, offer=offer, priced=(column,), brand=brand)
        told += [_placed(one, lines, looked.at_s) for one in found if is_new(one, known)]
    where = ", ".join(looked.where for looked in pictures)
    nothing = f"nothing beyond what was screened: {read} lines in {where}, {gate.names.audit}"
    return _once(told) or [Finding(Verdict(gate.stage, "read", "pass", nothing))]


def _placed(finding: Finding, lines: Sequence[SeenText], at_s: float | None) -> Finding:
    """With the place of its words and how surely they are read, which may soften it."""
    mine = _lines_of(finding.verdict.span or "", lines)
    sure = min(one.probability for one in mine)
    asked = finding.verdict.verdict
    verdict = "review" if asked == "block" and sure < SURE else asked
    x0, y0 = (min(one.box[n] for one in mine) for n in (0, 1))
    x1, y1 = (max(one.box[n] for one in mine) for n in (2, 3))
    evidence = (
        f"{finding.verdict.evidence}; in the box {x0:.2f},{y0:.2f} to {x1:.2f},{y1:.2f},"
        f" probability {sure:.2f}"
    )
    told = replace(
        finding.verdict, verdict=verdict, evidence=evidence, score=round(sure, 3), threshold=SURE,
        at_s=None if at_s is None else round(at_s, 2),
    )  # fmt: skip
    return Finding(told, f"read_{finding.reason_code}", finding.reason, finding.about)


def _lines_of(span: str, lines: Sequence[SeenText]) -> list[SeenText]:
    """The lines that hold the words; all of them where these stand in none."""
    text = " ".join(one.text for one in lines)
    first, found, place = text.find(span), list[SeenText](), 0
    for one in lines:
        if first >= 0 and place < first + len(span) and place + len(one.text) > first:
            found.append(one)
        place += len(one.text) + 1
    return found or list(lines)


def _once(findings: Sequence[Finding]) -> list[Finding]:
    """What several pictures show is told of the first, or of the first that blocks."""
    found: dict[tuple[str, str, str], Finding] = {}
    for one in sorted(findings, key=lambda one: one.verdict.verdict != "block"):
        found.setdefault((one.verdict.gate, one.verdict.rule, one.about), one)
    return list(found.values())


def _is_ours(line: str, drawn: Sequence[str]) -> bool:
    plain = _letters(line)
    return any(
        plain in text or difflib.SequenceMatcher(None, plain, text).ratio() >= OURS
        for text in drawn
    )


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
