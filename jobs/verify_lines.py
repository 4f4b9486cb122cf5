"""What `jobs.verify` says of a file: lines for people, and the same as JSON data."""

from __future__ import annotations

from typing import Any

from pipeline.verify import Mark, Verification
from stages.sign.trust import Credentials


def lines(found: Verification) -> list[tuple[str, str]]:
    """(name, text) of all that is known, in the order in which it is shown."""
    facts = found.facts
    told = [("sha256", facts.sha256)]
    if facts.unread:
        return told
    told += _of_credentials(facts.credentials)
    if facts.source_type:
        told.append(("XMP says", facts.source_type))
    if facts.oddities:
        told.append(("not covered", "; ".join(facts.oddities)))
    told.append(("watermark", _of_mark(found)))
    told.append(("in the sound", _of_sound(found)))
    told += _of_ledger(found)
    return told


def _of_credentials(c: Credentials) -> list[tuple[str, str]]:
    told = [("credentials", c.state)]
    if c.state != "none" and c.issuer:
        told.append(("signed by", f"{c.issuer} ({c.common_name})"))
    if c.signed_at:
        by = "a time-stamp service" if c.time_stamped else "the signer's own clock"
        told.append(("signed at", f"{c.signed_at:%Y-%m-%d %H:%M:%S %Z}, by {by}"))
    if c.failures:
        told.append(("did not hold", ", ".join(c.failures)))
    if c.actions:
        told.append(("actions", ", ".join(a.removeprefix("c2pa.") for a in c.actions)))
    if c.ingredients:
        told.append(("made of", ", ".join(c.ingredients)))
    if c.spot_id:
        told.append(("says it is", f"spot {c.spot_id} of product {c.product_id}"))
    return told


def _of_mark(found: Verification) -> str:
    read, mark = found.facts.mark, found.mark
    if read is None:
        return "could not be looked for: this is no video that can be played"
    return _in_words(mark, read.sync_z)


def _of_sound(found: Verification) -> str:
    read = found.facts.sound_mark
    if read is None:
        return "could not be looked for: there is no sound, or silence"
    tempo = "" if read.tempo == 1.0 or not found.heard.id else f", {read.tempo - 1:+.1%} in tempo"
    return _in_words(found.heard, read.sync_z) + tempo


def _in_words(mark: Mark, sync_z: float) -> str:
    if mark.id is None:
        best = "" if mark.z is None else f", best fit {mark.z:.1f} of {mark.needed_z:.1f} needed"
        return f"{mark.found_by} (sync {sync_z:.1f} sigma{best})"
    bits = "" if mark.errors is None else f", {mark.errors} of 127 bits put right"
    chance = "" if mark.p_value is None else f", p {mark.p_value:.0e}"
    return f"{mark.id} ({mark.found_by}, sync {sync_z:.1f} sigma{bits}{chance})"


def _of_ledger(found: Verification) -> list[tuple[str, str]]:
    entry, told = found.entry, []
    if entry is None:
        return []
    same = "this very file" if found.facts.sha256 == entry.sha256 else "another file than this"
    told.append(("ledger", f"spot {entry.spot_id}, run {entry.run_id}: published {same}"))
    if entry.label is not None:
        told.append(("label", entry.label or "none: it was switched off, see the audit"))
    if found.recovered is not None:
        state = "intact" if found.recovered.signature_intact else "not to be trusted"
        told.append(("kept credentials", f"signature {state}"))
        when = found.recovered.signed_at
        if when:
            told.append(("signed at", f"{when:%Y-%m-%d %H:%M:%S %Z}"))
    if entry.superseded_by:
        told.append(("superseded", f"run {entry.superseded_by} published a newer version"))
    return told


def record(found: Verification) -> dict[str, Any]:
    """As JSON data. Numbers are as measured; what was not looked for is null."""
    facts, mark, entry = found.facts, found.mark, found.entry
    read = facts.mark
    return {
        "sha256": facts.sha256,
        "kind": facts.kind,
        "verdict": found.verdict,
        "sentence": found.sentence,
        "credentials": _credentials(facts.credentials),
        "xmp_source_type": facts.source_type,
        "not_covered": list(facts.oddities),
        "watermark": {
            "id": mark.id,
            "found_by": mark.found_by,
            "p_value": mark.p_value,
            "sync_z": read and round(read.sync_z, 2),
            "bits_corrected": read and read.errors_corrected,
            "z": mark.z and round(mark.z, 2),
            "needed_z": mark.needed_z and round(mark.needed_z, 2),
        },
        "sound_watermark": {
            "id": found.heard.id,
            "found_by": found.heard.found_by,
            "p_value": found.heard.p_value,
            "sync_z": facts.sound_mark and round(facts.sound_mark.sync_z, 2),
            "bits_corrected": found.heard.errors,
            "z": found.heard.z and round(found.heard.z, 2),
            "tempo": facts.sound_mark and facts.sound_mark.tempo,
        },
        "ledger": entry
        and {
            "spot_id": entry.spot_id,
            "product_id": entry.product_id,
            "run_id": entry.run_id,
            "sha256": entry.sha256,
            "same_file": entry.sha256 == facts.sha256,
            "superseded_by": entry.superseded_by,
            "label": entry.label,
            "signed_at": entry.signed_at or None,
            "certificate_serial": entry.certificate_serial or None,
            "watermark_key_id": entry.watermark_key_id or None,
            "picture_bits_apart": found.bits_apart,
        },
        "recovered": None if found.recovered is None else _credentials(found.recovered),
    }


def _credentials(c: Credentials) -> dict[str, Any]:
    return {
        "state": c.state,
        "signature_intact": c.signature_intact,
        "issuer": c.issuer,
        "common_name": c.common_name,
        "certificate_serial": c.serial,
        "signed_at": c.signed_at and c.signed_at.isoformat(),
        "time_stamped": c.time_stamped,
        "failures": list(c.failures),
        "actions": list(c.actions),
        "ingredients": list(c.ingredients),
        "watermark_id": c.watermark_id,
        "spot_id": c.spot_id,
        "product_id": c.product_id,
    }
