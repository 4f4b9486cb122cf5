"""Verify: what a video file says of its origin, and whether to believe it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from pipeline.file_facts import TIME_LIMIT_S, FileFacts, examine, picture_hashes, recover
from pipeline.ledger_entries import LedgerEntry, read_entries
from pipeline.verdicts import judge
from stages.shared.picture_hash import likeness
from stages.shared.watermark import Detection, SoundDetection, blind_chance, match
from stages.sign.trust import Credentials

__all__ = ["LedgerEntry", "Mark", "Verification", "read_entries", "verify"]

FALSE_MATCHES = 1e-6
"""Accepted chance that a file without a mark is taken for one of the ledger's spots: half of it by
its pictures, half by its sound."""
_HEX_ID = re.compile("[0-9a-f]{1,12}")
MOST_BITS_APART, LEAST_SECONDS = 10.0, 5
"""Pictures that resemble each other: encoded anew they differ by 2 to 8 of 64 bits a second, two
spots of one campaign by 18 and more (measured on the demo)."""


@dataclass(frozen=True)
class Mark:
    """The watermark's id in hex, how it was found, and the chance that a film without one gives as
    much; None for one that was not found."""

    id: str | None
    found_by: str
    p_value: float | None = None
    errors: int | None = None
    """Bits of 127 that were put right; None where it was not read without help."""
    z: float | None = None
    """With the ledger's help: how well the best of its ids fits, in standard deviations."""
    needed_z: float | None = None
    """And how well it has to, for so many ids."""


@dataclass(frozen=True)
class Verification:
    """What was found. `verdict` is one of those of `pipeline.verdicts.STATUS`; `sentence` says what
    follows. `recovered` are the credentials that the ledger kept of a file that lost its own."""

    facts: FileFacts
    mark: Mark
    entry: LedgerEntry | None
    recovered: Credentials | None
    bits_apart: float | None
    """Of a film that only resembles the entry: mean over its seconds, of 64."""
    verdict: str
    sentence: str
    heard: Mark
    """The mark of the sound. `mark` is that of the pictures where they have one, else this one."""

    @property
    def trusted(self) -> bool:
        """Whether the file is what was signed, by a signer who is trusted."""
        return self.verdict == "intact"


def verify(
    path: Path, *, anchors_pem: bytes = b"", stamp_anchors_pem: bytes = b"",
    secret: str | None = None, entries: Sequence[LedgerEntry] | None = None,
    seconds: float = TIME_LIMIT_S, since: date | None = None, until: date | None = None,
) -> Verification:  # fmt: skip
    """Check a file (.mp4, .jpg or .png) by its credentials, its watermark and, if given, a ledger.

    `anchors_pem` are the root certificates to trust, `stamp_anchors_pem` those of time-stamp
    authorities, `secret` the watermark's, `entries` what `read_entries` found in a campaign's
    ledger; ids that were signed before `since` or after `until` are left out where one is looked
    for by what fits, so that fewer need less. Whatever is in the file, it is examined for `seconds`
    at the most, and no error of its making comes out. Raises `FileNotFoundError` where there is no
    such file, `ValueError` for any other kind of file.
    """
    facts = examine(
        path, anchors_pem=anchors_pem, stamp_anchors_pem=stamp_anchors_pem, secret=secret,
        seconds=seconds,
    )  # fmt: skip
    known = entries or []
    issued = _issued(known, since, until)
    seen, heard = _mark(facts.mark, issued), _mark(facts.sound_mark, issued)
    mark = seen if seen.id or not heard.id else replace(heard, found_by=f"{heard.found_by} (sound)")
    entry = _entry(facts, mark, known)
    recovered = None
    if entry and mark.id and facts.kind and facts.credentials.state in ("none", "Invalid"):
        manifest = entry.manifest()
        if manifest is not None:
            recovered = recover(path, facts.kind, manifest, anchors_pem, stamp_anchors_pem)
        if recovered is not None and recovered.watermark_id != mark.id:
            recovered = None  # of another spot: says nothing of this file
    bits_apart = None
    nameless = entry is None and mark.id is None and facts.credentials.state == "none"
    if nameless and known and facts.kind == "video/mp4" and not facts.unread:
        entry, bits_apart = _resembling(picture_hashes(path, seconds), known)
    verdict, sentence = judge(
        facts, mark.id, entry, recovered, bits_apart, has_ledger=entries is not None
    )
    return Verification(facts, mark, entry, recovered, bits_apart, verdict, sentence, heard)


def _entry(facts: FileFacts, mark: Mark, entries: Sequence[LedgerEntry]) -> LedgerEntry | None:
    """The ledger's row for this very file, or else for what its mark or credentials name."""
    wanted = mark.id or facts.credentials.watermark_id
    same = [entry for entry in entries if entry.sha256 == facts.sha256]
    marked = [entry for entry in entries if wanted and entry.watermark_id == wanted]
    return next(iter(same or marked), None)


def _resembling(
    hashes: Sequence[int], entries: Sequence[LedgerEntry]
) -> tuple[LedgerEntry | None, float | None]:
    """The entry whose pictures are most like these, if they are alike at all."""
    found: tuple[LedgerEntry | None, float | None] = (None, None)
    least = MOST_BITS_APART
    for entry in entries:
        apart, seconds = likeness(hashes, entry.picture_hashes)
        if apart < least and seconds >= LEAST_SECONDS:
            least, found = apart, (entry, apart)
    return found


def _mark(read: Detection | SoundDetection | None, issued: np.ndarray) -> Mark:
    """The mark's id: read outright, or picked from those that were issued, uint64 (n,)."""
    if read is None:
        return Mark(None, "not looked for")
    if read.payload is not None:
        errors = read.errors_corrected or 0
        chance = blind_chance(errors, len(read.soft_bits))
        return Mark(f"{read.payload:012x}", "read without any help", chance, errors)
    fit = match(read.soft_bits, issued, false_matches=FALSE_MATCHES / 2)
    if fit is None:
        return Mark(None, "none found")
    if fit.sure:
        found_by = f"picked from {fit.candidates} of the ledger at {fit.z:.1f} sigma"
        name = f"{fit.id:012x}"
        return Mark(name, found_by, fit.p_value, z=fit.z, needed_z=fit.threshold)
    found_by = f"none found, {fit.candidates} of the ledger tried"
    return Mark(None, found_by, fit.p_value, z=fit.z, needed_z=fit.threshold)


def _issued(entries: Iterable[LedgerEntry], since: date | None, until: date | None) -> np.ndarray:
    """The ids that were given out in that time, uint64, each once. An entry that does not tell its
    time counts."""
    first, last = since and since.isoformat(), until and until.isoformat()
    ids = {
        int(entry.watermark_id, 16)
        for entry in entries
        if _HEX_ID.fullmatch(entry.watermark_id)  # a ledger may hold what others wrote
        and (not entry.signed_at or not first or entry.signed_at[:10] >= first)
        and (not entry.signed_at or not last or entry.signed_at[:10] <= last)
    }
    return np.array(sorted(ids), np.uint64)
