"""Finding: what one gate says about a spot, and the words for the ledger if it stops it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stages.base import Reject, Verdict


@dataclass(frozen=True)
class Finding:
    """A verdict; for "block" and "review" with the reason that a person reads."""

    verdict: Verdict
    reason_code: str = ""
    reason: str = ""
    about: str = ""
    """What was found, whatever the words: the person, the rule's id, the claim and its amount."""


Known = Mapping[tuple[str, str], str]
"""Findings by (last word of the gate, what it is about), each with its verdict."""


def known_in(findings: Iterable[Finding]) -> Known:
    """What was found in texts that were screened: a later look need not ask about it again."""
    return {key(one): one.verdict.verdict for one in findings if one.verdict.verdict != "pass"}


def key(finding: Finding) -> tuple[str, str]:
    """Of `Known`: the same for the same person or rule in whichever text, asked by any stage."""
    return finding.verdict.gate.rpartition(".")[2], finding.about


def is_new(finding: Finding, known: Known) -> bool:
    """Whether it stops something that the screened texts do not leave to a person already."""
    known_as = known.get(key(finding), "block")
    return finding.verdict.verdict != "pass" and known_as == "block"


def passed(gate: str, rule: str, evidence: str) -> Finding:
    """The gate found nothing, having looked at what `evidence` says."""
    return Finding(Verdict(gate, rule, "pass", evidence))


def settle(findings: Iterable[Finding]) -> tuple[Verdict, ...]:
    """All verdicts, what a person must decide among them. Raises `Reject` for the first block."""
    all_of_them = tuple(findings)
    verdicts = tuple(finding.verdict for finding in all_of_them)
    for finding in all_of_them:
        if finding.verdict.verdict == "block":
            raise Reject(finding.reason_code, finding.reason, verdicts=verdicts)
    return verdicts
