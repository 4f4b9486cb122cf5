"""Verify: what a video file says of its origin, and whether to believe it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

from pipeline import ledger, storage
from stages.shared.ffmpeg import FfmpegError, decode_frames
from stages.shared.watermark import GRID_HEIGHT, GRID_WIDTH, Detection, detect, matched_z
from stages.sign.trust import Credentials, read_credentials

FALSE_MATCHES = 1e-6
"""Accepted chance that a file without a mark is taken for one of the ledger's spots."""


@dataclass(frozen=True)
class LedgerEntry:
    """One published file, as the ledger knows it: `run_id` is the first run that published it.

    `superseded_by` is the run that published the file of this spot and format that holds now; None
    where it is this one.
    """

    spot_id: str
    product_id: str
    run_id: str
    watermark_id: str
    sha256: str
    superseded_by: str | None = None


@dataclass(frozen=True)
class Verification:
    """What was found. `verdict` is one of "intact", "signer unknown", "altered", "replaced",
    "stripped", "marked" and "unknown"; `sentence` says what follows. `mark` is None where no
    secret was given or the pictures cannot be decoded."""

    sha256: str
    credentials: Credentials
    mark: Detection | None
    watermark_id: str | None
    found_by: str
    entry: LedgerEntry | None
    verdict: str
    sentence: str

    @property
    def trusted(self) -> bool:
        """Whether the file is what was signed, by a signer who is trusted."""
        return self.verdict == "intact"


def verify(
    path: Path, *, anchors_pem: bytes = b"", secret: str | None = None,
    entries: Sequence[LedgerEntry] | None = None,
) -> Verification:  # fmt: skip
    """Check a file (.mp4, .jpg or .png) by its credentials, its watermark and, if given, a ledger.

    `anchors_pem` are the root certificates to trust, `secret` the watermark's, `entries` what
    `read_entries` found in a campaign's ledger. Raises `FileNotFoundError` where there is no such
    file, `ValueError` for any other kind of file.
    """
    sha256 = storage.sha256_file(path)
    credentials = read_credentials(path, anchors_pem)
    has_ledger, entries = entries is not None, entries or []
    mark = _read_mark(path, secret) if secret else None
    watermark_id, found_by = _mark_id(mark, entries)
    wanted = watermark_id or credentials.watermark_id
    same = [e for e in entries if e.sha256 == sha256]
    entry = next(iter(same or [e for e in entries if e.watermark_id == wanted]), None)
    verdict, sentence = _judge(
        credentials, watermark_id, entry, sha256, has_ledger, mark is not None
    )
    if entry and entry.superseded_by:
        sentence += f" Run {entry.superseded_by} has published a newer version of this spot."
    return Verification(sha256, credentials, mark, watermark_id, found_by, entry, verdict, sentence)


def read_entries(output: str) -> list[LedgerEntry]:
    """Every published file in the ledger below `output`, the newest first.

    Raises `ValueError` where there is no ledger: a mistyped place must not read as "unknown".
    """
    columns = ["run_id", "spot_id", "product_id", "status", "outputs", "provenance"]
    rows: list[dict[str, Any]] = []
    for run_id in ledger.runs(output):
        rows += ledger.read_ledger(output, run_id, columns=columns).to_pylist()
    if not rows:
        raise ValueError(f"{output} has no ledger: give the --out of a campaign that was rendered")
    places: dict[tuple[str, str], list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["run_id"]):
        if row["status"] in ("published", "unchanged"):
            for file in row["outputs"] or ():
                places[row["spot_id"], file["format"]].append((file["sha256"], row))
    entries = [entry for history in places.values() for entry in _entries(history)]
    return sorted(entries, key=lambda entry: entry.run_id, reverse=True)


def _entries(history: Sequence[tuple[str, dict[str, Any]]]) -> Iterator[LedgerEntry]:
    """One entry per file of one spot and format; `history` is (sha256, ledger row), oldest first.

    A file's row is the one that published it. A row that only found it unchanged stands in where
    the other is lost.
    """
    now, last = history[-1]
    published = [(sha256, row) for sha256, row in history if row["status"] == "published"]
    newest = next((row for sha256, row in reversed(published) if sha256 == now), last)
    first = dict(reversed([*published, *history]))  # of each file the one that stands first
    for sha256, row in first.items():
        yield LedgerEntry(
            spot_id=row["spot_id"],
            product_id=row["product_id"],
            run_id=row["run_id"],
            watermark_id=(row["provenance"] or {}).get("watermark_id") or "",
            sha256=sha256,
            superseded_by=None if sha256 == now else newest["run_id"],
        )


def _read_mark(path: Path, secret: str) -> Detection | None:
    try:
        frames = decode_frames(path, GRID_WIDTH, GRID_HEIGHT, fps=5, pixels="gray")
        return detect(frames, secret=secret)
    except (FfmpegError, ValueError):  # no pictures in it
        return None


def _mark_id(mark: Detection | None, entries: Sequence[LedgerEntry]) -> tuple[str | None, str]:
    """The mark's id in hex and how it was found: read outright, or picked from the ledger's."""
    if mark is None:
        return None, "not looked for"
    if mark.payload is not None:
        return f"{mark.payload:012x}", "read without any help"
    known = sorted(set(_hex_ids(entries)))
    if known:
        fits = matched_z(mark.soft_bits, [int(name, 16) for name in known])
        best = int(fits.argmax())
        if fits[best] >= NormalDist().inv_cdf(1 - FALSE_MATCHES / len(known)):
            return known[best], f"picked from {len(known)} of the ledger at {fits[best]:.1f} sigma"
    return None, "none found"


def _hex_ids(entries: Iterable[LedgerEntry]) -> Iterable[str]:
    return (entry.watermark_id for entry in entries if entry.watermark_id)


def _judge(
    credentials: Credentials, watermark_id: str | None, entry: LedgerEntry | None, sha256: str,
    has_ledger: bool, looked: bool,
) -> tuple[str, str]:  # fmt: skip
    who = credentials.issuer or "an unnamed signer"
    spot = f"spot {entry.spot_id} of run {entry.run_id}" if entry else "a spot not in the ledger"
    if credentials.state == "Invalid":
        what = "altered after signing, or its signature has expired or is forged"
        known = f"; its watermark names {spot}" if watermark_id and has_ledger else ""
        return "altered", f"Not to be trusted: {what} ({', '.join(credentials.failures)}){known}."
    if credentials.state == "none":
        return _judge_unsigned(watermark_id, spot if entry else None, has_ledger, looked)
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
    if entry and sha256 != entry.sha256:
        return "altered", (
            f"Signed by {who}, but byte for byte this is not the file that was published as {spot}:"
            " something was added outside of what the signature covers."
        )
    if has_ledger and not entry:
        return "intact", f"Intact and signed by {who}, but the ledger does not know it."
    return "intact", f"Intact and signed by {who}" + (f"; {spot}." if entry else ".")


def _judge_unsigned(
    watermark_id: str | None, spot: str | None, has_ledger: bool, looked: bool
) -> tuple[str, str]:
    if watermark_id is None:
        mark = "no watermark" if looked else "a watermark could not be looked for"
        return "unknown", f"Nothing says where this comes from: no credentials, and {mark}."
    if spot:
        return "stripped", (
            f"Stripped: the credentials are gone, but the watermark names {spot}; this is a copy of"
            " it that was encoded or packed again."
        )
    where = "is not in the ledger" if has_ledger else "can be looked up with --ledger"
    return "marked", f"Stripped: the credentials are gone; watermark {watermark_id} {where}."
