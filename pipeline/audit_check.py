"""Audit check: whether the audit of an output is as it was written, and where it is not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline import ledger, storage
from pipeline.audit import BEGINNING, audit_folder, chain_folder, first_hash, hashed


@dataclass(frozen=True)
class AuditCheck:
    """`head` is the hash of the last link: noted elsewhere, it shows later that nothing of what
    stands before it was written anew. `broken` says where the chain breaks first, "" if nowhere;
    `unlinked` are rows of runs that are not over, which only their unit's receipt vouches for."""

    runs: int
    rows: int
    head: str
    broken: str
    unlinked: int
    without: tuple[str, ...]
    """Runs of a Spotmill that kept no audit yet."""

    @property
    def holds(self) -> bool:
        """Whether there is an audit and nothing in it is broken."""
        return self.runs > 0 and not self.broken

    @property
    def sentence(self) -> str:
        """For people."""
        if self.broken:
            return f"Broken: {self.broken}."
        if self.runs == 0:
            return "There is no audit here: give the --out of a campaign that was rendered."
        more = f", {self.unlinked} of them of runs that are not over" if self.unlinked else ""
        old = f" Without an audit: {', '.join(self.without)}." if self.without else ""
        return (
            f"The audit holds: {self.rows} rows of {self.runs} runs{more}. Head {self.head}.{old}"
        )


class _Broken(Exception):
    """The first thing that is not as it was written."""


def check_audit(output: str, *, head: str | None = None) -> AuditCheck:
    """Follow the chain from its beginning through every row.

    `head` is one noted before: a chain that was written anew as a whole does not have it.
    """
    rows = unlinked = 0
    last, links, open_runs, without = BEGINNING, {}, set[str](), []
    broken = ""
    try:
        for link in _links(output):
            links[link["sha256"]], last = link["run_id"], link["sha256"]
            rows += _check_run(output, link["run_id"], link["units"])
        for run_id in ledger.runs(output):
            closed = _closed(output, run_id)
            if closed is not None and "audit" not in closed:
                without.append(run_id)
            elif closed is not None and closed["audit"]["sha256"] not in links:
                raise _Broken(f"link {closed['audit']['n']}, of run {run_id}, is gone or another")
            elif closed is None and run_id not in links.values():
                units = _units_of(output, run_id)
                unlinked += _check_run(output, run_id, list(units.values()))
                open_runs |= {run_id} if units else set()
        if head is not None and head not in links:
            raise _Broken(f"no link has the hash {head} that was noted before")
    except _Broken as error:
        broken = str(error)
    runs = len(set(links.values()) | open_runs)
    return AuditCheck(runs, rows + unlinked, last, broken, unlinked, tuple(without))


def _links(output: str) -> Iterator[dict[str, Any]]:
    before: dict[str, Any] = {"n": 0, "sha256": BEGINNING}
    for place in storage.list_files(chain_folder(output), ".json"):
        name = place.rpartition("/")[2]
        try:
            link = json.loads(storage.read_bytes(place))
            content = {key: value for key, value in link.items() if key != "sha256"}
            fits = hashed(content)["sha256"] == link["sha256"]
            number, prev, run_id = link["n"], link["prev"], link["run_id"]
        except (ValueError, KeyError, AttributeError, TypeError):
            raise _Broken(f"the link {name} cannot be read") from None
        where = f"the link {name}, of run {run_id},"
        if not fits:
            raise _Broken(f"{where} was changed")
        if number != before["n"] + 1 or name != f"{number:06d}.json":
            raise _Broken(f"{where} stands behind link {before['n']}: one is gone or was moved")
        if prev != before["sha256"]:
            raise _Broken(f"{where} does not follow from the link before it")
        before = link
        yield link


def _closed(output: str, run_id: str) -> dict[str, Any] | None:
    place = storage.join(ledger.run_folder(output, run_id), "closed.json")
    content = storage.read_bytes_or_none(place)
    return None if content is None else dict(json.loads(content))


def _units_of(output: str, run_id: str) -> dict[int, dict[str, Any]]:
    """What the receipts of a run say of its audit, by unit."""
    receipts = ledger.receipts(output, run_id)
    return {r["unit"]: {"unit": r["unit"], **r["audit"]} for r in receipts if "audit" in r}


def _check_run(output: str, run_id: str, units: list[dict[str, Any]]) -> int:
    """Rows of a run. Raises `_Broken` at the first that is not as it was written."""
    recorded, rows = _units_of(output, run_id), 0
    for unit in units:
        rows += _check_unit(output, run_id, unit)
        if recorded.get(unit["unit"]) != unit:
            where = f"run {run_id}, unit {unit['unit']}"
            raise _Broken(f"{where}: the ledger's receipt names other rows than the audit has")
    return rows


def _check_unit(output: str, run_id: str, unit: Mapping[str, Any]) -> int:
    where = f"run {run_id}, unit {unit['unit']}"
    content = storage.read_bytes_or_none(
        storage.join(audit_folder(output, run_id), str(unit["file"]))
    )
    if content is None:
        raise _Broken(f"{where}: its file {unit['file']} is gone")
    last, lines = first_hash(run_id, unit["unit"]), content.splitlines()
    for number, line in enumerate(lines):
        last = _check_row(line, number, last, where)
    if len(lines) < unit["rows"]:
        raise _Broken(f"{where}, row {len(lines)}: it and what followed is gone")
    if last != unit["head"]:
        raise _Broken(f"{where}, row {len(lines) - 1}: the rows do not end as they were recorded")
    return len(lines)


def _check_row(line: bytes, number: int, before: str, where: str) -> str:
    """The row's hash. Raises `_Broken`."""
    try:
        row = json.loads(line)
        content = {key: value for key, value in row.items() if key != "sha256"}
        made, said, place, prev = hashed(content)["sha256"], row["sha256"], row["n"], row["prev"]
        spot = row["row"].get("spot_id")
    except (ValueError, KeyError, AttributeError, TypeError):
        raise _Broken(f"{where}, row {number}: it cannot be read") from None
    named = f"{where}, row {number}" + (f" (spot {spot})" if spot else "")
    if made != said:
        raise _Broken(f"{named}: its content is not what was hashed")
    if place != number:
        raise _Broken(f"{named}: row {place} stands in its place; one is gone or was moved")
    if prev != before:
        raise _Broken(f"{named}: it does not follow from the row before it")
    return str(said)
