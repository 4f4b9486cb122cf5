"""Speech gate: what is heard in the finished mix may say nothing that the script must not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from stages.base import Verdict
from stages.inspect.hearing import HeardWord
from stages.inspect.script_place import Place, ScriptPlaces
from stages.shared.text_gate import Finding, Offer, TextGate
from stages.shared.text_gate.finding import Known, is_new, key

GATE = "inspect.speech"
COLUMN = "heard"
MISHEARD = 0.75
"""Likeness from which words that were heard are the script's own at that place, misheard."""
NEAR = 0.5
"""Likeness from which they may be: then nothing is blocked, and what is only alike to a name, or
heard but once, is let be."""
WORDS_ALONE = ("sale", "multi_buy", "stock")
"""Claims on price without a number."""
SURE = 0.5
"""Least probability of the words that block. Measured (docs/safety.md)."""


@dataclass(frozen=True)
class Overheard:
    """A finding in what was heard: where the script stands there, whether a second listening
    finds it too, when, and the least probability of its words."""

    finding: Finding
    place: Place
    again: bool
    at_s: float | None
    probability: float


def speech_findings(
    heard: str, places: ScriptPlaces, known: Known, gate: TextGate,
    listen: Callable[[], Sequence[HeardWord]], *, offer: Offer | None, brand: str,
) -> list[Finding]:  # fmt: skip
    """Findings over the words that were heard, one at least.

    What is `known` to be left to a person in the screened texts is not asked about again. `listen`
    hears the mix once more, closely; it is called only where something was found.
    """
    gate = replace(gate, stage=GATE, judge=None)

    def look(text: str) -> list[Finding]:
        found = gate.find({COLUMN: text}, offer=offer, priced=(COLUMN,), brand=brand)
        return [one for one in found if is_new(one, known)]

    first = look(heard)
    passed = _nothing(heard, gate)
    if not first:
        return [passed]
    words = listen()
    text = "".join(word.text for word in words)
    second = {_heard_as(one): one for one in look(text)}
    told = []
    for one in first:
        place = places.of(one.verdict.span or "")
        there = second.get(_heard_as(one))
        spoken = _words_of(there.verdict.span or "", text, words) if there is not None else []
        at_s = spoken[0].start_s if spoken else place.start_s
        sure = min((word.probability for word in spoken), default=0.0)
        told.append(_judged(Overheard(one, place, there is not None, at_s, sure)))
    return told if any(one.verdict.verdict != "pass" for one in told) else [passed, *told]


def _heard_as(finding: Finding) -> tuple[str, str]:
    """What the second listening must find, too: the person, the rule; of prices any untrue one of
    the kind, for "25.50" may be heard as "25" the second time."""
    gate, about = key(finding)
    return gate, finding.verdict.rule if gate == "price" else about


def _judged(found: Overheard) -> Finding:
    """What becomes of it: blocked where it is certain, a person's where it may be."""
    asked, like = found.finding.verdict.verdict, found.place.likeness
    price = found.finding.verdict.gate.endswith(".price")
    if price and found.finding.verdict.rule not in WORDS_ALONE:
        if found.place.same_numbers:
            return _as(found, "pass", "the script's own numbers")
        like = min(like, MISHEARD - 0.01)  # "fifteen" and "fifty" sound alike, and are not
        if like >= NEAR and found.again:
            return _as(found, "review", "heard twice, and like the script's words there")
    if like >= MISHEARD:
        return _as(found, "pass", "the script's words there, misheard")
    if asked == "block" and like < NEAR and found.again and found.probability >= SURE:
        return _as(found, "block", "heard twice")
    if like >= NEAR and not (asked == "block" and found.again):
        return _as(found, "pass", "like the script's words there")
    if asked != "block" and not found.again:
        return _as(found, "pass", "not heard again by a closer listening")
    if asked == "age_gate":
        return _as(found, "age_gate", "heard twice")
    why = "heard twice" if found.again else "heard once, not by a closer listening"
    return _as(found, "review", why)


def _as(found: Overheard, verdict: str, why: str) -> Finding:
    one, said = found.finding, f'the script has "{found.place.words}"'
    evidence = f"{one.verdict.evidence}; {said}; {why}"
    limit = None
    if found.again:
        evidence += f", probability {found.probability:.2f}"
        limit = SURE
    told = replace(
        one.verdict, verdict=verdict, evidence=evidence, column=COLUMN,
        at_s=None if found.at_s is None else round(found.at_s, 2),
        score=round(found.probability, 3) if found.again else None, threshold=limit,
    )  # fmt: skip
    fix = "a person should listen" if verdict == "review" else "the voice must be made anew"
    reason = f'The voice says "{one.verdict.span}", which is not in the script; {fix}.'
    reason += f" {one.reason}"
    return Finding(told, f"heard_{one.reason_code}", reason, one.about)


def _nothing(heard: str, gate: TextGate) -> Finding:
    count = len(heard.split())
    looked = f"{count} words heard, {len(gate.policy.rules)} rules, {gate.names.audit}"
    evidence = f"nothing beyond what was screened: {looked}"
    return Finding(Verdict(GATE, "heard", "pass", evidence, column=COLUMN))


def _words_of(span: str, text: str, words: Sequence[HeardWord]) -> list[HeardWord]:
    """The words that make up a part of the text, which is all of them one after the other."""
    first = text.find(span)
    if first < 0:
        return []
    found, place = list[HeardWord](), 0
    for word in words:
        if place < first + len(span) and place + len(word.text) > first:
            found.append(word)
        place += len(word.text)
    return found
