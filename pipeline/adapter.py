"""The adapter between a stage and the engine: errors become columns, made things are not remade.

It works on Arrow tables, so that both runners use it, and it never raises for a spot: what went
wrong is written into the row, which always goes on to the ledger.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from pipeline import storage
from pipeline.keys import StageKey
from pipeline.media import SCHEME, MediaStore
from pipeline.redact import redacted
from pipeline.rows import PENDING, row_schema, to_rows, to_table
from stages.base import Reject, Retry, Stage, Verdict

logger = logging.getLogger("spotmill")

ATTEMPTS = 3
"""How often a passing fault (`Retry`, an error of the store) is tried before the spot fails."""
WAIT_S = (1.0, 5.0)
"""Seconds between those attempts."""


_LASTING = (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)
"""Errors of the operating system that another try does not cure."""

T = TypeVar("T")


class StageTimeout(Exception):
    """A stage took longer than its `timeout_s`."""


class StageNotLoaded(RuntimeError):
    """A stage's `prepare` or `load` failed: this worker can do nothing for any spot."""


class StageAdapter:
    """Runs one stage on the rows of Arrow tables. One per worker; loads the stage when made."""

    def __init__(
        self, stage: Stage, stages: list[Stage], output: str, cache: Path | None = None
    ) -> None:
        """`stages` is the whole recipe, for the rows' schema; `output` the campaign's output."""
        self.stage, self._key = stage, StageKey(stage)
        self._schema = row_schema(stages)
        self._store = MediaStore(output, cache)
        self._loaded = False
        self._not_loaded: StageNotLoaded | None = None
        self._attempt = 1

    def __call__(self, table: pa.Table) -> pa.Table:
        """The same rows, in the same order, each with this stage's columns or its end."""
        return to_table([self.run_row(row) for row in to_rows(table)], self._schema)

    def run_row(self, row: dict[str, Any]) -> dict[str, Any]:
        """Run the stage on one row unless the row has ended or the stage's key is known."""
        if row["status"] != PENDING:
            return row
        stage, begun = self.stage, _Usage()
        key, self._attempt = "", 1
        try:
            key = self._key.of(row)
            receipt, cached = self._receipt(row, key, begun)
        except (Exception, SystemExit) as error:  # an exit would hang the worker's pool
            logger.error("%s failed on %s\n%s", stage.name, row["spot_id"], traceback.format_exc())
            receipt, cached = {**begun.so_far(), "end": _end_of_bug(error, stage)}, False
        return _extend(row, stage, key, receipt, cached=cached, attempt=self._attempt)

    def _receipt(
        self, row: dict[str, Any], key: str, begun: _Usage
    ) -> tuple[Mapping[str, Any], bool]:
        """(what the stage wrote or how it ended the spot, whether it was known already)."""
        if not self.stage.cached:
            return self._trying(lambda: self._run_once(row, begun)), False
        known = self._trying(lambda: self._store.recall(self.stage.name, key))
        if known is not None and self._trying(lambda: self._is_whole(known)):
            return known, True
        made = self._trying(lambda: self._run_once(row, begun))
        first = self._trying(
            lambda: self._store.remember(self.stage.name, key, made, replace=known is not None)
        )
        # Of two workers on one key the first one counts, or the store and the ledger disagree.
        winner = None if first else self._store.recall(self.stage.name, key)
        return winner or made, False

    def _is_whole(self, receipt: Mapping[str, Any]) -> bool:
        """Whether a receipt has today's columns and all its files are still there."""
        if receipt["end"] is None and set(receipt["written"]) != set(self.stage.writes.names):
            return False
        return all(storage.exists(self._store.place(uri)) for uri in media_uris(receipt))

    def _trying(self, work: Callable[[], T]) -> T:
        """The result of `work`, tried again where the fault may pass."""
        for attempt in range(1, ATTEMPTS + 1):
            self._attempt = max(self._attempt, attempt)
            try:
                return work()
            except Exception as error:
                passing = isinstance(error, (Retry, OSError)) or storage.is_away(error)
                if not passing or isinstance(error, _LASTING) or attempt == ATTEMPTS:
                    raise
                logger.warning("%s: %s; again", self.stage.name, redacted(str(error)))
                time.sleep(WAIT_S[attempt - 1])
        raise AssertionError("unreachable")

    def _load(self) -> None:
        """Load the stage; a worker on which that failed does not try again for every spot."""
        if self._not_loaded is not None:
            raise self._not_loaded
        try:
            self.stage.prepare()
            self.stage.load()
        except Exception as error:
            said = f"{self.stage.name} could not be loaded here: {type(error).__name__}: {error}"
            self._not_loaded = StageNotLoaded(said)
            raise self._not_loaded from error
        self._loaded = True

    def _run_once(self, row: dict[str, Any], begun: _Usage) -> dict[str, Any]:
        if not self._loaded:
            self._load()
            begun.restart()  # loading is the worker's cost, not the spot's
        # Only what is part of the key: a stage cannot depend on what it did not declare.
        seed = ("seed",) if self.stage.seeded else ()
        reads = _Reads({name: row.get(name) for name in (*self.stage.reads, *seed)})
        try:
            with self._store.workspace() as media, _time_limit(self.stage.timeout_s):
                written = dict(self.stage.run(reads, media))
        except Reject as end:
            return {**begun.so_far(), "end": _end_of_reject(end, self.stage)}
        metrics = {k: float(v) for k, v in dict(written.pop("metrics", None) or {}).items()}
        verdicts = [_verdict(v) for v in written.pop("verdicts", None) or []]
        self._check_written(written)
        done = {"written": written, "metrics": metrics, "verdicts": verdicts}
        # Through JSON also when new, so that a value is the same whether remembered or fresh.
        return {**begun.so_far(), **json.loads(json.dumps(done))}

    def _check_written(self, written: Mapping[str, Any]) -> None:
        declared = set(self.stage.writes.names)
        if set(written) != declared:
            raise TypeError(
                f"{self.stage.name} wrote {sorted(written)} but declares {sorted(declared)}"
            )
        pa.Table.from_pylist([dict(written)], schema=self.stage.writes)  # raises if it cannot be


class _Reads(dict[str, Any]):
    """A spot as its stage may see it."""

    def __missing__(self, name: str) -> Any:
        raise KeyError(f"the stage reads {name!r} without naming it in `reads`")


class _Usage:
    """Wall time, CPU time (with child processes) and peak memory since it was made."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self._wall, self._cpu = time.monotonic(), _cpu_seconds()

    def so_far(self) -> dict[str, Any]:
        peak_kb = max(
            resource.getrusage(who).ru_maxrss
            for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        return {
            "seconds": round(time.monotonic() - self._wall, 3),
            "cpu_seconds": round(_cpu_seconds() - self._cpu, 3),
            "peak_memory_mb": round(peak_kb / 1024, 1),
            "written": {},
            "metrics": {},
            "verdicts": [],
            "end": None,
        }


def _cpu_seconds() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise `StageTimeout` in the running stage after that many seconds.

    Only the main thread can be interrupted (by SIGALRM); elsewhere the stage's own limits on its
    subprocesses must do.
    """
    if threading.current_thread() is not threading.main_thread():
        logger.warning("no time limit of %g s: not in the main thread", seconds)
        yield
        return

    def ring(signum: int, frame: object) -> None:
        raise StageTimeout(f"took longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _verdict(verdict: Verdict | Mapping[str, Any]) -> dict[str, Any]:
    return verdict.as_row() if isinstance(verdict, Verdict) else dict(verdict)


def _end_of_reject(end: Reject, stage: Stage) -> dict[str, Any]:
    return {
        "status": end.status,
        "stage": stage.name,
        "reason_code": end.reason_code,
        "reason": redacted(end.reason),
        "another_seed": end.another_seed,
        "metrics": {name: float(value) for name, value in end.metrics.items()},
        "verdicts": _verdicts_of_end(end, stage),
        "review": getattr(end, "covers", None),
    }


def _verdicts_of_end(end: Reject, stage: Stage) -> list[dict[str, Any]]:
    """Those of the end; where none of them blocks, the end itself: a rejection has its rule and
    its evidence, whichever stage it comes from."""
    told = [_verdict(verdict) for verdict in end.verdicts]
    told = [{**one, "evidence": redacted(one["evidence"])} for one in told]
    if end.status == "rejected" and not any(one["verdict"] == "block" for one in told):
        told.append(_verdict(Verdict(stage.name, end.reason_code, "block", redacted(end.reason))))
    return told


def _end_of_bug(error: BaseException, stage: Stage) -> dict[str, Any]:
    code = f"error_{type(error).__name__}"
    if isinstance(error, StageTimeout):
        code = "timeout"
    elif isinstance(error, StageNotLoaded):
        code = "stage_not_loaded"
    words = str(error).strip() or type(error).__name__
    return {
        "status": "failed",
        "stage": stage.name,
        "reason_code": code,
        "reason": redacted(f"{type(error).__name__}: {words}")[:2000],
        "another_seed": False,
        "metrics": {},
        "verdicts": [],
    }


def _extend(
    row: dict[str, Any], stage: Stage, key: str, receipt: Mapping[str, Any], *, cached: bool,
    attempt: int,
) -> dict[str, Any]:  # fmt: skip
    """The row with what the stage wrote, or with the end it set to the spot."""
    end = receipt["end"] or {}
    ran = {
        "stage": stage.name,
        "engine": stage.engine_name,
        "version": stage.version,
        "key": key,
        "seconds": receipt["seconds"],
        "cpu_seconds": receipt["cpu_seconds"],
        "peak_memory_mb": receipt["peak_memory_mb"],
        "cached": cached,
        "attempt": attempt,
    }
    extended = {
        **row,
        **receipt["written"],
        "metrics": {**row["metrics"], **receipt["metrics"], **end.get("metrics", {})},
        "verdicts": [*(row["verdicts"] or []), *receipt["verdicts"], *end.get("verdicts", [])],
        "stages": [*(row["stages"] or []), ran],
    }
    for name in ("status", "stage", "reason_code", "reason", "another_seed", "review"):
        if end:
            extended[name] = end.get(name)
    return extended


def media_uris(value: Any) -> Iterator[str]:
    """Every media URI in a value, however deep."""
    if isinstance(value, str):
        if value.startswith(SCHEME):
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from media_uris(item)
    elif isinstance(value, list):
        for item in value:
            yield from media_uris(item)
