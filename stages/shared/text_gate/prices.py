"""Price gate: every price, discount, rating and stock said or shown must be the feed's."""

from __future__ import annotations

from collections.abc import Mapping

from stages.base import Verdict
from stages.shared.text_gate.claims import claims
from stages.shared.text_gate.finding import Finding, passed
from stages.shared.text_gate.offer import Fault, Offer


def screen_prices(
    texts: Mapping[str, str], offer: Offer | None, stage: str = "screen"
) -> list[Finding]:
    """Findings of the price gate over the named texts of a spot: at least one."""
    gate, findings, seen = f"{stage}.price", list[Finding](), 0
    currency, language = (offer.price.currency, offer.language) if offer else ("USD", "en")
    told = {column: claims(text, currency, language) for column, text in texts.items()}
    everything = [claim for said in told.values() for claim in said]
    for column, said in told.items():
        for claim in said:
            seen += 1
            none = Fault("block", "price_mismatch", "no price")
            fault = offer.fault(claim, everything) if offer else none
            if fault is None:
                continue
            evidence = f'{column}: "{claim.said}" ({claim.kind}); feed: {fault.feed}'
            fix = "make them agree" if fault.severity == "block" else "a person should decide"
            reason = f"The {column} says {claim.said!r}, the feed says {fault.feed}; {fix}."
            verdict = Verdict(
                gate, claim.kind, fault.severity, evidence, column=column, span=claim.said
            )
            about = f"{claim.kind} {claim.amount.normalize():f}"
            findings.append(Finding(verdict, fault.code, reason, about))
    return findings or [passed(gate, "price", f"{seen} claims, all as in the feed")]
