"""Finding: what one gate says about a spot, and the words for the ledger if it stops it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from stages.base import Reject, Verdict


@dataclass(frozen=True)
class Finding:
    """A verdict; for "block" and "review" with the reason that a person reads."""

    verdict: Verdict
    reason_code: str = ""
    reason: str = ""


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
