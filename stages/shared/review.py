"""Review: what gates left to a person, and what becomes of it once a person has decided."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from stages.base import Decision, Hold, Media, Reject, Verdict

GATE = "review"
SHORT = 16
"""Hex digits by which a finding is named in the verdict that settles it."""


def finding_digest(verdict: Mapping[str, Any]) -> str:
    """sha256, as hex, of a verdict: gate, rule, what it says and its evidence."""
    return _digest([verdict[name] for name in ("gate", "rule", "verdict", "evidence")])


def open_findings(verdicts: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The "review" verdicts of a spot that no approval has settled yet."""
    told = [dict(verdict) for verdict in verdicts]
    settled = {one["rule"] for one in told if one["gate"] == GATE and one["verdict"] == "pass"}
    asking = [one for one in told if one["verdict"] == "review"]
    return [one for one in asking if finding_digest(one)[:SHORT] not in settled]


def decide(
    spot_id: str, verdicts: Iterable[Mapping[str, Any]] | None, seen: Mapping[str, Any],
    media: Media,
) -> list[Verdict]:  # fmt: skip
    """A verdict for each finding that a person has approved; [] where nothing is open.

    `seen` is what the person looks at. Together with the findings it makes the digest that a
    decision covers: of a spot that has changed nothing is decided. Raises `Hold` where nobody has
    decided yet, `Reject` where the decision was no.
    """
    findings = open_findings(verdicts or ())
    if not findings:
        return []
    asked = sorted(finding_digest(one) for one in findings)
    covers = _digest([spot_id, asked, dict(seen)])
    decision = media.decision(spot_id, covers)
    if decision is None:
        raise Hold(_code(findings[0]), _question(findings), covers=covers)
    if not decision.approved:
        said = f"rejected {_who(decision)}"
        verdict = Verdict(GATE, "rejected", "block", said)
        reason = f"A reviewer rejected it, {_who(decision)}. That is final until its input changes."
        raise Reject("rejected_in_review", reason, verdicts=(verdict,))
    return [_approval(one, decision) for one in findings]


def _approval(finding: Mapping[str, Any], decision: Decision) -> Verdict:
    said = f"{finding['gate']} {finding['rule']}: approved {_who(decision)}"
    return Verdict(GATE, finding_digest(finding)[:SHORT], "pass", said)


def _who(decision: Decision) -> str:
    record = decision.sha256[:SHORT]
    return f'by {decision.by} on {decision.at}: "{decision.why}" (decision {record})'


def _question(findings: list[dict[str, Any]]) -> str:
    told = "; ".join(f"{one['gate']} {one['rule']}: {one['evidence']}" for one in findings)
    return f"A person must decide: {told}"


def _code(finding: Mapping[str, Any]) -> str:
    """ "review_" and the rule as a snake_case word."""
    return "review_" + (re.sub("[^a-z0-9]+", "_", finding["rule"].lower()).strip("_") or "rule")


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
