"""The gate behind signing: only what reads back as trusted, of this spot, and stamped, ships."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stages.base import Reject, Verdict
from stages.sign.pen import TimeStamps
from stages.sign.trust import Credentials


def verdicts(
    read: Credentials, spot: Mapping[str, Any], name: str, stamps: TimeStamps, authority: str | None
) -> list[Verdict]:
    """What is said of the signed file of a format. Raises `Reject` where it must not ship."""
    trusted = _verdict("c2pa_state", read.state == "Trusted", f"{name}: {_said(read)}")
    if read.state != "Trusted":
        raise Reject(
            "c2pa_not_trusted",
            f"the signed {name} reads back as {read.state}, not Trusted"
            f" ({', '.join(read.failures) or 'no reason given'}); check that the signer's"
            " certificate file holds its intermediates and that its roots are the anchors",
            verdicts=(trusted,),
        )
    if (read.watermark_id, read.spot_id) != (spot["watermark_id"], spot["spot_id"]):
        raise Reject(
            "c2pa_names_another",
            f"the manifest names spot {read.spot_id} and watermark {read.watermark_id},"
            f" not {spot['spot_id']} and {spot['watermark_id']}",
        )
    if not stamps.authorities:
        return [trusted]
    return [trusted, _stamp_verdict(read, name, authority)]


def _stamp_verdict(read: Credentials, name: str, authority: str | None) -> Verdict:
    if authority is None:
        said = f"{name}: no authority answered; the signature ends with its certificate"
        return Verdict("sign", "time_stamp", "review", said)
    if not read.time_stamped:
        raise Reject(
            "time_stamp_not_trusted",
            f"the time stamp of {authority} on {name} leads to no root that is known;"
            " name the authority's roots in signing.timestamp.anchors",
            verdicts=(_verdict("time_stamp", False, f"{name}: {authority}: not trusted"),),
        )
    return _verdict("time_stamp", True, f"{name}: {authority}")


def _verdict(rule: str, holds: bool, evidence: str) -> Verdict:
    return Verdict("sign", rule, "pass" if holds else "block", evidence)


def _said(read: Credentials) -> str:
    return f"{read.state} {', '.join(read.failures)}".strip()
