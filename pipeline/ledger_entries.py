"""Ledger entries: every published file that a ledger knows, and how to know it again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline import ledger, storage


@dataclass(frozen=True)
class LedgerEntry:
    """One published file, as the ledger knows it: `run_id` is the first run that published it.

    `superseded_by` is the run that published the file of this spot and format that holds now; None
    where it is this one. `label` is the visible label that was drawn; None where the ledger is
    older than that. The credentials lie below `output`, by `manifest_sha256`.
    """

    spot_id: str
    product_id: str
    run_id: str
    watermark_id: str
    sha256: str
    superseded_by: str | None = None
    output: str = ""
    manifest_sha256: str = ""
    watermark_key_id: str = ""
    signed_at: str = ""
    certificate_serial: str = ""
    label: str | None = None
    picture_hashes: tuple[int, ...] = ()

    def manifest(self) -> bytes | None:
        """The credentials as they were signed, if the output keeps them."""
        name = self.manifest_sha256
        if not name:
            return None
        place = storage.join(self.output, "credentials", name[:2], f"{name}.c2pa")
        return storage.read_bytes_or_none(place)


def read_entries(output: str) -> list[LedgerEntry]:
    """Every published file in the ledger below `output`, the newest first.

    Raises `ValueError` where there is no ledger: a mistyped place must not read as "unknown".
    """
    columns = [
        "run_id", "spot_id", "product_id", "status", "outputs", "provenance", "credentials",
        "disclosure",
    ]  # fmt: skip
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
    entries = [entry for history in places.values() for entry in _entries(history, output)]
    return sorted(entries, key=lambda entry: entry.run_id, reverse=True)


def _entries(history: Sequence[tuple[str, dict[str, Any]]], output: str) -> Iterator[LedgerEntry]:
    """One entry per file of one spot and format; `history` is (sha256, ledger row), oldest first.

    A file's row is the one that published it. A row that only found it unchanged stands in where
    the other is lost.
    """
    now, last = history[-1]
    published = [(sha256, row) for sha256, row in history if row["status"] == "published"]
    newest = next((row for sha256, row in reversed(published) if sha256 == now), last)
    first = dict(reversed([*published, *history]))  # of each file the one that stands first
    for sha256, row in first.items():
        kept: dict[str, Any] = next(
            (c for c in row["credentials"] or () if c["sha256"] == sha256), {}
        )
        yield LedgerEntry(
            spot_id=row["spot_id"],
            product_id=row["product_id"],
            run_id=row["run_id"],
            watermark_id=(row["provenance"] or {}).get("watermark_id") or "",
            sha256=sha256,
            superseded_by=None if sha256 == now else newest["run_id"],
            output=output,
            manifest_sha256=kept.get("manifest_sha256") or "",
            watermark_key_id=kept.get("watermark_key_id") or "",
            signed_at=kept.get("signed_at") or "",
            certificate_serial=kept.get("certificate_serial") or "",
            label=(row["disclosure"] or {}).get("label"),
            picture_hashes=tuple(kept.get("picture_hashes") or ()),
        )
