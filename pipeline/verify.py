"""Verify: what a video file says of its origin, and whether to believe it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path
from statistics import NormalDist

from pipeline.file_facts import TIME_LIMIT_S, FileFacts, examine, picture_hashes, recover
from pipeline.ledger_entries import LedgerEntry, read_entries
from pipeline.verdicts import judge
from stages.shared.picture_hash import likeness
from stages.shared.watermark import Detection, matched_z
from stages.sign.trust import Credentials

__all__ = ["LedgerEntry", "Mark", "Verification", "read_entries", "verify"]

FALSE_MATCHES = 1e-6
"""Accepted chance that a file without a mark is taken for one of the ledger's spots."""
TRIALS = 100
"""Positions and scales that a search for the mark reads bits at, at the most."""
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

    @property
    def trusted(self) -> bool:
        """Whether the file is what was signed, by a signer who is trusted."""
        return self.verdict == "intact"


def verify(
    path: Path, *, anchors_pem: bytes = b"", stamp_anchors_pem: bytes = b"",
    secret: str | None = None, entries: Sequence[LedgerEntry] | None = None,
    seconds: float = TIME_LIMIT_S,
) -> Verification:  # fmt: skip
    """Check a file (.mp4, .jpg or .png) by its credentials, its watermark and, if given, a ledger.

    `anchors_pem` are the root certificates to trust, `stamp_anchors_pem` those of time-stamp
    authorities, `secret` the watermark's, `entries` what `read_entries` found in a campaign's
    ledger. Whatever is in the file, it is examined for `seconds` at the most, and no error of its
    making comes out. Raises `FileNotFoundError` where there is no such file, `ValueError` for any
    other kind of file.
    """
    facts = examine(
        path, anchors_pem=anchors_pem, stamp_anchors_pem=stamp_anchors_pem, secret=secret,
        seconds=seconds,
    )  # fmt: skip
    known = entries or []
    mark = _mark(facts.mark, known)
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
    return Verification(facts, mark, entry, recovered, bits_apart, verdict, sentence)


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


def _mark(read: Detection | None, entries: Sequence[LedgerEntry]) -> Mark:
    """The mark's id: read outright, or picked from the ledger's."""
    if read is None:
        return Mark(None, "not looked for")
    if read.payload is not None:
        chance = _chance_of_a_word(read.errors_corrected or 0)
        return Mark(f"{read.payload:012x}", "read without any help", chance)
    known = sorted(set(_hex_ids(entries)))
    if known:
        fits = matched_z(read.soft_bits, [int(name, 16) for name in known])
        best = int(fits.argmax())
        chance = len(known) * NormalDist().cdf(-float(fits[best]))
        if chance <= FALSE_MATCHES:
            found_by = f"picked from {len(known)} of the ledger at {fits[best]:.1f} sigma"
            return Mark(known[best], found_by, chance)
    return Mark(None, "none found")


def _chance_of_a_word(errors: int) -> float:
    """That 127 random bits lie within so many of a word of the code (BCH, 64 bits of message) and
    its checksum (16 bits) fits, in any of the trials of a search."""
    within = sum(comb(127, wrong) for wrong in range(errors + 1))
    return TRIALS * within * 2.0 ** (64 - 127 - 16)


def _hex_ids(entries: Iterable[LedgerEntry]) -> Iterable[str]:
    return (entry.watermark_id for entry in entries if entry.watermark_id)
