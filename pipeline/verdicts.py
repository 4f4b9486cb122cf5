"""Verdicts: from what was found in a file and a ledger to one word and one sentence."""

from __future__ import annotations

from pipeline.file_facts import FileFacts
from pipeline.ledger_entries import LedgerEntry
from stages.sign.trust import Credentials

PROVEN, CONTRADICTED, FOUND, NOTHING = 0, 1, 3, 4
"""Exit statuses; 2 is of a command that was refused."""
STATUS = {
    "intact": PROVEN,
    "altered": CONTRADICTED,
    "added to": CONTRADICTED,
    "replaced": CONTRADICTED,
    "signer unknown": CONTRADICTED,
    "recovered": FOUND,
    "stripped": FOUND,
    "marked": FOUND,
    "resembles": FOUND,
    "unknown": NOTHING,
    "not examined": NOTHING,
}
"""What each verdict proves: that the file is what was signed; that it is not, or that nobody known
says so; where it comes from, but not that it is as it was; nothing."""


def judge(
    facts: FileFacts, watermark_id: str | None, entry: LedgerEntry | None,
    recovered: Credentials | None, bits_apart: float | None, *, has_ledger: bool,
) -> tuple[str, str]:  # fmt: skip
    """(verdict, sentence), never more certain than the facts."""
    verdict, sentence = _judged(facts, watermark_id, entry, recovered, bits_apart, has_ledger)
    if entry and entry.superseded_by and bits_apart is None:
        sentence += f" Run {entry.superseded_by} has published a newer version of this spot."
    return verdict, sentence


def _judged(
    facts: FileFacts, watermark_id: str | None, entry: LedgerEntry | None,
    recovered: Credentials | None, bits_apart: float | None, has_ledger: bool,
) -> tuple[str, str]:  # fmt: skip
    credentials = facts.credentials
    who = credentials.issuer or "an unnamed signer"
    spot = f"spot {entry.spot_id} of run {entry.run_id}" if entry else "a spot not in the ledger"
    if facts.unread:
        return "not examined", f"No mark found: the file could not be examined, {facts.unread}."
    if credentials.state == "Invalid":
        return "altered", _altered(credentials, watermark_id, spot, recovered, has_ledger)
    if credentials.state == "none":
        if entry and bits_apart is not None:
            return "resembles", (
                f"No credentials and no watermark, but the pictures resemble {spot}"
                f" ({bits_apart:.0f} of 64 bits a second differ): a guess, no proof."
            )
        looked = facts.mark is not None
        return _unsigned(watermark_id, spot if entry else None, recovered, has_ledger, looked)
    if watermark_id and credentials.watermark_id and watermark_id != credentials.watermark_id:
        return "replaced", (
            f"Not to be trusted: the credentials are for watermark {credentials.watermark_id},"
            f" but the pictures carry {watermark_id}: they were moved from another file."
        )
    if credentials.state != "Trusted":
        return "signer unknown", (
            f"Intact since it was signed, but nobody vouches for {who}: name the root certificate"
            " that you trust with --trust."
        )
    if entry and facts.sha256 != entry.sha256:
        return "altered", (
            f"Signed by {who}, but byte for byte this is not the file that was published as {spot}:"
            " something was added outside of what the signature covers."
        )
    if facts.oddities and not entry:
        return "added to", (
            f"Signed by {who}, but there is more in the file than the signature covers:"
            f" {'; '.join(facts.oddities)}."
        )
    if has_ledger and not entry:
        return "intact", f"Intact and signed by {who}, but the ledger does not know it."
    return "intact", f"Intact and signed by {who}" + (f"; {spot}." if entry else ".")


def _altered(
    credentials: Credentials, watermark_id: str | None, spot: str, recovered: Credentials | None,
    has_ledger: bool,
) -> str:  # fmt: skip
    what = "altered after signing, or its signature has expired or is forged"
    known = f"; its watermark names {spot}" if watermark_id and has_ledger else ""
    kept = ", whose credentials the ledger has" if recovered and recovered.signature_intact else ""
    return f"Not to be trusted: {what} ({', '.join(credentials.failures)}){known}{kept}."


def _unsigned(
    watermark_id: str | None, spot: str | None, recovered: Credentials | None, has_ledger: bool,
    looked: bool,
) -> tuple[str, str]:  # fmt: skip
    if watermark_id is None:
        mark = "no mark found" if looked else "a watermark could not be looked for"
        return "unknown", f"Nothing says where this comes from: no credentials, and {mark}."
    if spot and recovered and recovered.signature_intact:
        who = recovered.issuer or "an unnamed signer"
        return "recovered", (
            "Recovered: signature intact, content re-encoded or packed again. The watermark names"
            f" {spot}, and the ledger has its credentials, signed by {who}; they are not of these"
            " very bytes, so what was changed since nobody can say."
        )
    if spot:
        return "stripped", (
            f"Stripped: the credentials are gone, but the watermark names {spot}; this is a copy of"
            " it that was encoded or packed again."
        )
    where = "is not in the ledger" if has_ledger else "can be looked up with --ledger"
    return "marked", f"Stripped: the credentials are gone; watermark {watermark_id} {where}."
