"""A campaign run: plan, run each unit, reconcile, record, until the ledger adds up."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from pipeline import ledger
from pipeline.plan import Planner, Unit, new_run_id, next_seed
from pipeline.rows import decided, to_result
from schemas.campaign import Campaign
from stages.base import Stage


class Runner(Protocol):
    """Takes rows through all stages. A row that is lost with its worker is simply not yielded."""

    def run(self, rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Each row as it comes out of the last stage, in any order, at most once."""
        ...


@dataclass
class CampaignRun:
    """One run of a campaign. `run()` returns every ledger row; nothing is ever left out."""

    campaign: Campaign
    stages: list[Stage]
    output: str
    make_runner: Callable[[], Runner]
    """Called when there is work: a run in which nothing changed never starts a cluster."""
    say: Callable[[str], None] = print
    only: Sequence[str] = ()
    limit: int | None = None
    run_id: str = field(default_factory=new_run_id)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    _runner: Runner | None = field(init=False, default=None)

    def run(self) -> list[dict[str, Any]]:
        """Plan and run all units; the ledger rows of this run.

        Raises `FeedError` or `ConfigError` before anything is spent.
        """
        known = ledger.latest_rows(self.output)
        planner = Planner(self.campaign, self.stages, known, only=self.only, limit=self.limit)
        planner.check()
        results: list[dict[str, Any]] = []
        for unit in planner.units():
            results.extend(self.run_unit(unit))
        return results

    def run_unit(self, unit: Unit) -> list[dict[str, Any]]:
        """Run one unit and record it: its rows in the ledger, then its receipt."""
        begun = time.monotonic()
        self.say(
            f"unit {unit.number}: {len(unit)} spots, {len(unit.pending)} to render,"
            f" {len(unit.decided)} settled without work"
        )
        writer = ledger.UnitWriter(self.output, self.run_id, unit.number)
        results = []
        for done in self._results(unit):
            result = {**done, "run_id": self.run_id}
            writer.add(result)
            results.append(result)
        receipt = {
            "run_id": self.run_id,
            "unit": unit.number,
            "input_digest": unit.digest,
            "seconds": round(time.monotonic() - begun, 1),
            "stage_versions": {stage.name: stage.version for stage in self.stages},
        }
        writer.close(len(unit), receipt)
        return results

    def _results(self, unit: Unit) -> Iterator[dict[str, Any]]:
        """Ledger rows of a unit: settled ones first, then each spot as it gets done."""
        yield from unit.decided
        waiting, done_count = unit.pending, 0
        first = {row["spot_id"]: row for row in unit.pending}
        for attempt in range(1, self.campaign.quality.attempts + 1):
            again = []
            for row in self._run_rows(waiting):
                if row["another_seed"] and attempt < self.campaign.quality.attempts:
                    again.append(_with_another_seed(row, first[row["spot_id"]]))
                    self.say(f"  {row['spot_id']}: {row['reason']}; trying another seed")
                    continue
                done_count += 1
                result = to_result(row, self.run_id)
                self.say(_progress(done_count, len(unit.pending), result))
                yield result
            waiting = again
            if not waiting:
                return

    def _run_rows(self, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Every row once. What is lost with a worker runs again, then alone, then has failed."""
        if not rows:
            return
        if self._runner is None:
            self._runner = self.make_runner()
        missing = {row["spot_id"]: row for row in rows}
        why = yield from self._collect(rows, missing)
        if len(missing) > 1:  # most were only beside the one that killed the worker
            self.say(f"  {len(missing)} spots were lost with a worker and run once more")
            why = yield from self._collect(list(missing.values()), missing)
        for row in list(missing.values()):
            self.say(f"  {row['spot_id']}: lost with its worker, runs once more, alone")
            why = yield from self._collect([row], missing)
            if missing.pop(row["spot_id"], None) is not None:
                yield _lost(row, why)

    def _collect(
        self, rows: list[dict[str, Any]], missing: dict[str, dict[str, Any]]
    ) -> Generator[dict[str, Any], None, str]:
        """Rows as they come out, taken off `missing`. Returns why the runner stopped, or ""."""
        assert self._runner is not None
        try:
            for row in self._runner.run(rows):
                if missing.pop(row["spot_id"], None) is not None:
                    yield row
        except Exception as error:  # of the execution: spots' own errors are columns by now
            self.say(f"  the runner stopped: {type(error).__name__}: {str(error)[:500]}")
            return f" (the runner stopped: {type(error).__name__})"
        return ""


def _with_another_seed(row: dict[str, Any], first: dict[str, Any]) -> dict[str, Any]:
    """The row as it went in, with the next seed, and what became of the seeds before."""
    verdict = {
        "gate": "quality",
        "rule": f"seed {row['seed']}",
        "verdict": "pass",
        "evidence": f"turned down: {row['reason']}",
    }
    spent = sum(run["cpu_seconds"] for run in row["stages"] if not run["cached"])
    spent += row["metrics"].get("earlier_seeds_cpu_s", 0.0)
    earlier = [v for v in row["verdicts"] if v["gate"] == "quality"]
    return {
        **first,
        "seed": next_seed(row["seed"]),
        "attempt": row["attempt"] + 1,
        "metrics": {"earlier_seeds_cpu_s": spent},
        "verdicts": [*first["verdicts"], *earlier, verdict],
    }


def _lost(row: dict[str, Any], why: str) -> dict[str, Any]:
    reason = (
        "the worker died each time this spot was on it (out of memory, or a crash in native"
        f" code){why}; see the Ray logs of the run for the signal"
    )
    lost = decided(row["spot_id"], row["product_id"], "failed", "worker_died", reason)
    return {**row, **{k: v for k, v in lost.items() if v is not None}, "stage": "unknown"}


def _progress(done: int, of: int, result: dict[str, Any]) -> str:
    seconds = sum(run["seconds"] for run in result["stages"] or [] if not run["cached"])
    cached = sum(1 for run in result["stages"] or [] if run["cached"])
    text = f"  [{done}/{of}] {result['spot_id']}: {result['status']}, {seconds:.1f} s of work"
    if cached:
        text += f", {cached} stages from the store"
    if result["status"] != "published":
        text += f" ({result['stage']}: {result['reason']})"
    return text
