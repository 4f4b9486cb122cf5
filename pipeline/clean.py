"""Clean: finds what is left in the media store that no recent run refers to, and removes it."""

from __future__ import annotations

import contextlib
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pipeline import ledger, storage
from pipeline.adapter import media_uris
from pipeline.media import MediaStore
from pipeline.settled import Settled
from pipeline.web.files import remembered

SAFE_HOURS = 48.0
"""What was written since may belong to a run that has not recorded it yet."""


class RunIsOpen(RuntimeError):
    """A run is still going on, or was broken off: what it made is not in the ledger yet."""


class NoLedger(ValueError):
    """Nothing was ever rendered into this output."""


@dataclass
class Leftovers:
    """Files that no kept run refers to, and what is kept."""

    files: list[str] = field(default_factory=list)
    bytes: int = 0
    count: Counter[str] = field(default_factory=Counter)
    """Files by kind: "blobs", or "receipts of <stage>"."""
    kept_files: int = 0
    kept_bytes: int = 0

    def add(self, uri: str, size: int, kind: str) -> None:
        """One more that can go."""
        self.files.append(uri)
        self.bytes += size
        self.count[kind] += 1

    def remove(self) -> int:
        """Remove them; returns how many were still there. Receipts go first: a blob without its
        receipt is only waste, a receipt without its blob makes a stage look twice."""
        gone = 0
        for uri in sorted(self.files, key=lambda uri: "/blobs/" in uri):
            with contextlib.suppress(FileNotFoundError):
                storage.remove(uri)
                gone += 1
        return gone


def find_leftovers(
    output: str, *, runs: int, safe_hours: float = SAFE_HOURS, even_if_open: bool = False
) -> Leftovers:
    """What media below `output` no ledger row of the last `runs` runs refers to, nor the newest
    row of any spot, directly or by the receipts of its stages. Published spots are never touched.

    Raises `RunIsOpen`, and `NoLedger` where nothing was rendered.
    """
    names = [run_id for run_id in ledger.runs(output) if _has(output, run_id, "plan.json")]
    if not names:
        raise NoLedger(f"{output} has no ledger: give the --out of a campaign that was rendered")
    for run_id in names[-runs:]:
        if not even_if_open and not _has(output, run_id, "closed.json"):
            raise RunIsOpen(f"run {run_id} is not over; run its command again to finish it")
    store = MediaStore(output)
    keys, uris = _referred(output, names[-runs:])
    before = time.time() - safe_hours * 3600
    left = Leftovers()
    for uri, size, written in storage.list_details(storage.join(store.root, "stages")):
        *_, stage, _, file = uri.split("/")
        if file.removesuffix(".json") not in keys and written < before:
            left.add(uri, size, f"receipts of {stage}")
            continue
        left.kept_files, left.kept_bytes = left.kept_files + 1, left.kept_bytes + size
        content = storage.read_bytes_or_none(uri)
        with contextlib.suppress(ValueError):  # half a receipt refers to nothing
            uris.update(media_uris(json.loads(content or b"null")))
    kept = {store.place(uri).rpartition("/")[2] for uri in uris}
    for uri, size, written in storage.list_details(storage.join(store.root, "blobs")):
        if uri.rpartition("/")[2] not in kept and written < before:
            left.add(uri, size, "blobs")
        else:
            left.kept_files, left.kept_bytes = left.kept_files + 1, left.kept_bytes + size
    named = remembered(output)
    for uri, size, written in storage.list_details(storage.join(store.root, "web")):
        if uri.rpartition("/")[2] not in named and written < before:
            left.add(uri, size, "pictures of the web")
        else:
            left.kept_files, left.kept_bytes = left.kept_files + 1, left.kept_bytes + size
    return left


def _has(output: str, run_id: str, name: str) -> bool:
    return storage.exists(storage.join(ledger.run_folder(output, run_id), name))


def _referred(output: str, runs: Iterable[str]) -> tuple[set[str], set[str]]:
    """(keys of stages, media URIs) in the rows of these runs, of unchanged spots included."""
    keys: set[str] = set()
    uris: set[str] = set()
    earlier: dict[str, set[str]] = {}
    live = Settled.load(output).table  # what stands now, however long ago it was rendered
    for run_id, spot_id in zip(
        live["settled_by"].to_pylist(), live["spot_id"].to_pylist(), strict=True
    ):
        earlier.setdefault(run_id, set()).add(spot_id)
    for run_id in runs:
        for row in _rows(output, run_id):
            if row["settled_by"] not in (None, run_id):
                earlier.setdefault(row["settled_by"], set()).add(row["spot_id"])
            _note(row, keys, uris)
    for run_id, spots in earlier.items():
        for row in _rows(output, run_id):
            if row["spot_id"] in spots:
                _note(row, keys, uris)
    return keys, uris


def _rows(output: str, run_id: str) -> Iterator[dict[str, Any]]:
    columns = ("spot_id", "settled_by", "stages", "preview_uri", "contact_sheet_uri")
    for batch in ledger.read_ledger(output, run_id, columns=columns).to_batches(2000):
        yield from batch.to_pylist()


def _note(row: dict[str, Any], keys: set[str], uris: set[str]) -> None:
    keys.update(ran["key"] for ran in row["stages"] or [])
    uris.update(uri for uri in (row["preview_uri"], row["contact_sheet_uri"]) if uri)
