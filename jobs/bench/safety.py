"""How well the text gate finds what it must, and how often it stops what it should not."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jobs.bench.safety_mutations import MUTATIONS
from jobs.bench.safety_set import WORDS, Case, cases
from schemas.money import Price
from stages.shared.text_gate import Finding, Offer, TextGate

RANK = {"pass": 0, "age_gate": 1, "review": 2, "block": 3}


@dataclass(frozen=True)
class Answer:
    """What the gate said of a case: the strictest verdict, its rule and evidence, and CPU ms."""

    case: Case
    verdict: str
    rule: str
    evidence: str
    ms: float

    @property
    def is_right(self) -> bool:
        """Stopped what must be stopped, or let pass what may."""
        return (self.verdict != "pass") == (self.case.expected == "stop")


@dataclass(frozen=True)
class Line:
    """A line of the table: a kind of text, shares in percent."""

    part: str
    kind: str
    texts: int
    caught: float
    blocked: float
    ms: float


def measure_texts(seed: int, gate: TextGate | None = None, every: int = 1) -> list[Answer]:
    """The gate's answers to all cases of a seed, of people each `every`-th. Two runs give the same
    verdicts."""
    gate = gate or TextGate.of_files()
    asked = cases(seed, gate.names.people[::every])
    for language in WORDS["prices"]:  # tables that a worker makes once
        _ask(gate, Case("price", language, "7", "pass", language=language))
    for case in asked[:50]:
        _ask(gate, case)
    return [_ask(gate, case) for case in asked]


def _ask(gate: TextGate, case: Case) -> Answer:
    begun = time.process_time()
    offer = Offer(
        Price(case.price, "USD" if case.language == "en" else "EUR"), case.regular, case.language
    )
    found = gate.find({"script": case.text}, offer=offer, priced=("script",))
    ms = (time.process_time() - begun) * 1000
    worst = max(_about(found, case), key=lambda one: RANK[one.verdict.verdict], default=None)
    if worst is None:
        return Answer(case, "pass", "", "", ms)
    verdict = worst.verdict
    return Answer(case, verdict.verdict, verdict.rule, verdict.evidence, ms)


def _about(found: Iterable[Finding], case: Case) -> list[Finding]:
    """Findings that count for a case: a name must be found by the name gate, a class by its rule,
    a price by the price gate; of a plain text each one counts."""
    if case.expected == "pass":
        gates: tuple[str, ...] = ("screen.names", "screen.policy", "screen.price")
    else:
        gates = {"names": ("screen.names",), "policy": ("screen.policy",)}.get(
            case.part, ("screen.price",)
        )
    counted = [one for one in found if one.verdict.gate in gates]
    if case.part == "policy":
        return [one for one in counted if one.verdict.rule == case.about]
    return counted


def lines(answers: Sequence[Answer]) -> list[Line]:
    """A line for each kind, in order, and one for the whole of each part."""
    groups: dict[tuple[str, str], list[Answer]] = {}
    for answer in answers:
        groups.setdefault((answer.case.part, answer.case.kind), []).append(answer)
    for answer in answers:
        groups.setdefault((answer.case.part, "in all"), []).append(answer)
    order = list(dict.fromkeys(answer.case.part for answer in answers))
    found = [_line(part, kind, group) for (part, kind), group in groups.items()]
    return sorted(found, key=lambda line: order.index(line.part))


def _line(part: str, kind: str, group: Sequence[Answer]) -> Line:
    caught = sum(answer.verdict != "pass" for answer in group)
    blocked = sum(answer.verdict == "block" for answer in group)
    count = len(group)
    ms = sum(answer.ms for answer in group) / count
    return Line(part, kind, count, 100 * caught / count, 100 * blocked / count, ms)


def write_answers(answers: Sequence[Answer], place: Path) -> None:
    """The set and what was said of it, as CSV, so that every figure can be gone through."""
    with place.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["part", "kind", "text", "expected", "about", "price", "regular_price",
                       "language", "verdict", "rule", "right", "evidence"])  # fmt: skip
        for one in answers:
            case = one.case
            rows.writerow([case.part, case.kind, case.text, case.expected, case.about, case.price,
                           case.regular or "", case.language, one.verdict, one.rule, one.is_right,
                           one.evidence])  # fmt: skip


def in_words(answers: Sequence[Answer], seed: int) -> str:
    """The figures that count, as sentences."""
    by = {(line.part, line.kind): line for line in lines(answers)}
    names, plain, policy = by["names", "in all"], by["benign", "in all"], by["policy", "in all"]
    times = sorted(answer.ms for answer in answers)
    untrue, true = by["price", "in all"], by["price_true", "in all"]
    return (
        f"seed {seed}: {names.caught:.2f} % of {names.texts:,} hidden names stopped"
        f" ({names.blocked:.2f} % blocked), in {len(MUTATIONS)} ways;"
        f" {policy.caught:.1f} % of {policy.texts} policy claims;"
        f" {untrue.caught:.1f} % of {untrue.texts} untrue claims on price;\n"
        f"of {plain.texts:,} plain titles {plain.blocked:.2f} % blocked,"
        f" {plain.caught - plain.blocked:.2f} % held; of {true.texts} true prices"
        f" {true.caught:.1f} % stopped;\n"
        f"CPU per text {sum(times) / len(times):.2f} ms, 99 of 100 under"
        f" {times[int(0.99 * len(times))]:.2f} ms"
    )
