"""What earlier runs settled: the newest ledger row of every spot, small enough for a million."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline import ledger, reviews, storage
from pipeline.rows import to_table
from schemas.arrow_types import OUTPUT
from schemas.result import RESULT_SCHEMA

LEAN = (
    "run_id", "spot_id", "product_id", "variant", "status", "stage", "reason_code", "reason",
    "title", "price", "currency", "outputs", "fingerprint", "source", "inputs", "settled_by",
    "seed",
    "attempt", "another_seed", "feed_line", "review",
)  # fmt: skip
"""What a row keeps when its spot has not changed; the rest stays in the run `settled_by`."""

SCHEMA = pa.schema(
    [
        *(RESULT_SCHEMA.field(name) for name in LEAN),
        # What an earlier run published and what is still at its place, of a spot whose newest
        # row is of another end (held, failed): when its product goes, it must be withdrawn, too.
        pa.field("live_outputs", pa.list_(OUTPUT)),
    ]
)

PASSING = frozenset(
    ("timeout", "worker_died", "stage_not_loaded", "error_Retry", "error_OSError",
     "error_DamagedMedia", "error_ConnectionError", "error_EndpointConnectionError",
     "error_ClientError")
)  # fmt: skip
"""Reasons to fail that may be gone tomorrow: these spots run again without being asked for."""

_ASKED = (
    "spot_id", "status", "reason_code", "fingerprint", "source", "another_seed", "attempt",
    "inputs", "settled_by", "outputs", "review",
)  # fmt: skip

_AT_ONCE = 1 << 16

PUBLISHED = ("published", "unchanged", "withdrawn")


class Settled:
    """Rows of `SCHEMA`, one per spot, found by spot id. About 600 bytes of memory per spot."""

    def __init__(
        self, table: pa.Table | None = None, decided: frozenset[str] = frozenset()
    ) -> None:
        """`decided` are the decisions of reviewers, as `pipeline.reviews.decided` names them."""
        self._decided = decided
        table = SCHEMA.empty_table() if table is None else table
        self.table = table if table["spot_id"].num_chunks <= 1 else table.combine_chunks()
        # Sorted hashes in the place of a dict: 16 bytes per spot and not 200.
        hashes = np.empty(len(self), np.int64)
        for at in range(0, len(self), _AT_ONCE):  # not all names at once as Python objects
            names = self.table["spot_id"].slice(at, _AT_ONCE).to_pylist()
            hashes[at : at + len(names)] = np.fromiter(map(hash, names), np.int64, len(names))
        self._order = np.argsort(hashes, kind="stable")
        # As a view, which bisect asks at a quarter of the price of an array.
        self._hashes = hashes[self._order].data
        # Arrow's arrays, asked row by row: as Python objects they would take twice the memory.
        self._columns = {
            name: self.table[name].chunk(0) if len(self) else pa.array([], SCHEMA.field(name).type)
            for name in _ASKED
        }
        self.seen = np.zeros(len(self), bool)
        """Which of them the feed still has: set by the plan."""

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> Settled:
        """From ledger rows, the newest last."""
        newest = {row["spot_id"]: row for row in rows}
        return cls(_lean(to_table(list(newest.values()), RESULT_SCHEMA)))

    @classmethod
    def load(cls, output: str) -> Settled:
        """From the newest index below `output` and the runs behind it.

        A run that was still going on when a later one wrote the index is not in it: its spots
        are planned again and then found in the media store.
        """
        settled = cls(_newest(list(_tables(output))), reviews.decided(output))
        pa.default_memory_pool().release_unused()  # half as much again, left by the reading
        return settled

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def find(self, spot_id: str) -> int | None:
        """Position of a spot's row."""
        wanted = hash(spot_id)
        at = bisect_left(self._hashes, wanted)
        while at < len(self._hashes) and self._hashes[at] == wanted:
            position = int(self._order[at])
            if self._value("spot_id", position) == spot_id:
                return position
            at += 1
        return None

    def same_source(self, position: int, source: str) -> bool:
        """Whether the feed says of the spot what it said when it was settled."""
        return bool(source) and self._value("source", position) == source

    def same_fingerprint(self, position: int, print_: str) -> bool:
        """Whether all that went in is as it was when the spot was settled."""
        return bool(self._value("fingerprint", position) == print_)

    def is_published(self, position: int) -> bool:
        """Whether the spot's files are at their place, as far as the ledger knows."""
        return self._value("status", position) in PUBLISHED

    def stands(self, position: int, *, attempts: int, retry_failed: bool) -> bool:
        """Whether the row may stand when nothing has changed; else the spot runs again."""
        status = self._value("status", position)
        if status == "failed":
            return not retry_failed and self._value("reason_code", position) not in PASSING
        if status == "held" and self._decided:
            asked = f"{self._value('spot_id', position)}/{self._value('review', position)}"
            return asked not in self._decided
        if status in PUBLISHED or not self._value("another_seed", position):
            return True
        return (self._value("attempt", position) or 1) >= attempts

    def inputs(self, position: int) -> list[int] | None:
        """CRC-32 of each column of the spot's row (`pipeline.keys`); None for one that had none."""
        return self._value("inputs", position)  # type: ignore[no-any-return]

    def settled_by(self, position: int) -> str:
        """The run that settled it."""
        return str(self._value("settled_by", position))

    def outputs(self, position: int) -> list[dict[str, Any]]:
        """The spot's published files."""
        return self._value("outputs", position) or []

    def rows(self, positions: Sequence[int], run_id: str, **columns: Sequence[Any]) -> pa.Table:
        """Ledger rows for spots that stand: lean, `unchanged` where they were published."""
        taken = self.table.take(pa.array(positions, pa.int64()))
        published = pc.is_in(taken["status"], pa.array(PUBLISHED))
        nothing = pa.scalar(None, pa.string())
        new = {
            "run_id": pa.repeat(run_id, len(positions)),
            "status": pc.if_else(published, "unchanged", taken["status"]),
            "stage": pc.if_else(published, "publish", taken["stage"]),  # it may be back in the feed
            "reason_code": pc.if_else(published, nothing, taken["reason_code"]),
            "reason": pc.if_else(published, nothing, taken["reason"]),
            **{name: pa.array(values, SCHEMA.field(name).type) for name, values in columns.items()},
        }
        return _completed(taken, new)

    def withdrawn(self, run_id: str) -> pa.Table:
        """Ledger rows for published spots that the feed does not have any more."""
        live = pc.or_(_is_live(self.table), pc.is_valid(self.table["live_outputs"]))
        gone = ~self.seen & live.to_numpy(zero_copy_only=False).astype(bool)
        taken = self.table.take(pa.array(np.flatnonzero(gone)))
        count = taken.num_rows
        new = {
            "run_id": pa.repeat(run_id, count),
            "status": pa.repeat("withdrawn", count),
            "stage": pa.repeat("plan", count),
            "reason_code": pa.repeat("not_in_feed", count),
            "reason": pa.repeat("the feed has no such product any more", count),
            "feed_line": pa.nulls(count, pa.int64()),
            "outputs": pc.coalesce(taken["live_outputs"], taken["outputs"]),
        }
        return _completed(taken, new)

    def _value(self, name: str, position: int) -> Any:
        return self._columns[name][position].as_py()


def save_index(output: str, run_id: str) -> None:
    """Write the index that the next plan starts from: the rows of a run that is over, and of
    spots that it has none of those of the index and the runs before it.
    """
    # What the run has published, or knows as published, needs no earlier row; what else there is,
    # is small: the two tables are never in memory together.
    ended = ledger.read_ledger(output, run_id, columns=("spot_id", "status"))
    over = ended["spot_id"].filter(pc.is_in(ended["status"], pa.array(PUBLISHED)))
    earlier = [
        table.filter(pc.invert(pc.is_in(table["spot_id"], value_set=over)))
        for table in _tables(output, before=run_id)
    ]
    table = _newest([*earlier, _lean(ledger.read_ledger(output, run_id, columns=LEAN))])
    place = storage.join(_folder(output), f"{run_id}.parquet")
    storage.replace_bytes(ledger.parquet_bytes(table), place)
    for old in storage.list_files(_folder(output), ".parquet")[:-2]:
        storage.remove(old)


def _tables(output: str, before: str | None = None) -> Iterator[pa.Table]:
    """The newest index and the runs behind it, oldest first; of all or those before a run."""
    indexes = [
        uri
        for uri in storage.list_files(_folder(output), ".parquet")
        if before is None or _run_of(uri) < before
    ]
    since = ""
    if indexes:
        since = _run_of(indexes[-1])
        # As one chunk, which need not be copied to become one.
        yield _filled(pq.ParquetFile(pa.BufferReader(storage.read_bytes(indexes[-1]))).read())
    for run_id in ledger.runs(output):
        if run_id <= since or (before is not None and run_id >= before):
            continue
        # Without a plan it is what a planner left that was killed.
        if storage.exists(storage.join(ledger.run_folder(output, run_id), "plan.json")):
            yield _lean(ledger.read_ledger(output, run_id, columns=LEAN))


def _run_of(index: str) -> str:
    return index.rpartition("/")[2].removesuffix(".parquet")


def _folder(output: str) -> str:
    return storage.join(output, "ledger", "index")


def _lean(table: pa.Table) -> pa.Table:
    """Its columns of `SCHEMA`; `settled_by` is the run itself where the row is not lean already."""
    table = _filled(table)
    by = pc.coalesce(table["settled_by"], table["run_id"])
    return table.set_column(table.schema.get_field_index("settled_by"), "settled_by", by)


def _filled(table: pa.Table) -> pa.Table:
    columns = [
        table[field.name].cast(field.type)
        if field.name in table.schema.names
        else pa.nulls(table.num_rows, field.type)
        for field in SCHEMA
    ]
    return pa.table(columns, schema=SCHEMA)


def _newest(tables: Sequence[pa.Table]) -> pa.Table:
    """Of each spot the row of the last table that has it. A table has each spot once."""
    if not tables:
        return SCHEMA.empty_table()
    newest = [tables[-1]]
    for earlier in reversed(tables[:-1]):
        mine = pa.chunked_array([c for table in newest for c in table["spot_id"].chunks])
        newest = [_with_live(table, earlier) for table in newest]
        newest.append(earlier.filter(pc.invert(pc.is_in(earlier["spot_id"], value_set=mine))))
    return newest[0] if len(newest) == 1 else pa.concat_tables(newest)


def _with_live(table: pa.Table, earlier: pa.Table) -> pa.Table:
    """The table, knowing which of its spots that did not get published were so in `earlier`."""
    over = pc.is_in(table["status"], pa.array(PUBLISHED))
    asking = pc.invert(pc.or_(over, pc.is_valid(table["live_outputs"])))
    if not pc.any(asking).as_py():
        return table
    had = pc.or_(_is_live(earlier), pc.is_valid(earlier["live_outputs"]))
    had = pc.and_(had, pc.is_in(earlier["spot_id"], value_set=table["spot_id"].filter(asking)))
    there = earlier.filter(had)
    if not there.num_rows:
        return table
    outputs = pc.coalesce(there["live_outputs"], there["outputs"]).combine_chunks()
    at = pc.index_in(table["spot_id"], value_set=there["spot_id"].combine_chunks())
    found = outputs.take(pc.if_else(asking, at, pa.scalar(None, pa.int32())).combine_chunks())
    live = pc.coalesce(table["live_outputs"], pa.chunked_array([found]))
    return table.set_column(SCHEMA.get_field_index("live_outputs"), "live_outputs", live)


def _is_live(table: pa.Table) -> Any:
    return pc.is_in(table["status"], pa.array(["published", "unchanged"]))


def _completed(taken: pa.Table, new: Mapping[str, Any]) -> pa.Table:
    """The taken rows as rows of the ledger, some columns replaced, the rest null."""
    count = taken.num_rows
    columns = []
    for field in RESULT_SCHEMA:
        if field.name in new:
            column = new[field.name]
        elif field.name in taken.schema.names:
            column = taken[field.name]
        else:
            column = pa.nulls(count, field.type)
        columns.append(column.cast(field.type))
    return pa.table(columns, schema=RESULT_SCHEMA)
