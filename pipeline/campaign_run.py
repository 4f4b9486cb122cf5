"""A campaign run: plan, run each unit, reconcile, record, until the ledger adds up."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import pyarrow as pa

from pipeline import ledger, storage
from pipeline.assets import AssetDigests
from pipeline.audit import UnitAudit, about_run, link_run
from pipeline.budget import Budget
from pipeline.keys import StageKey
from pipeline.leases import TTL_S, Leases
from pipeline.overlap import Turn, WhenRunning
from pipeline.plan import UNIT_SPOTS, Planner, new_run_id, next_seed
from pipeline.planned_run import PlannedRun, forget, keep_run, keep_unit, open_run
from pipeline.progress import Progress
from pipeline.rows import to_result
from pipeline.settled import Settled, save_index
from pipeline.stage_costs import Prices, StageCosts, measured_costs
from pipeline.web.files import WebFiles
from schemas.campaign import Campaign
from schemas.config_error import ConfigError, Refusal
from stages.base import Stage

OUTPUT_LAYOUT = "1"
"""Of ledger, plans and media in an output. A new one only where the old could not be read."""


@dataclass(frozen=True)
class FinishedRun:
    """A run whose every spot is accounted for. `closed_here` is False for all drivers but one."""

    campaign: Campaign
    output: str
    run_id: str
    started_at: datetime
    closed_here: bool


class Runner(Protocol):
    """Takes rows through all stages. A row that is lost with its worker is simply not yielded."""

    def run(self, rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Each row as it comes out of the last stage, in any order, at most once."""
        ...


@dataclass
class CampaignRun:
    """One run of a campaign, by one of perhaps several drivers. Nothing is ever left out.

    The plan is made once and written down; then every driver takes units that nobody holds, until
    each has its receipt. A driver that starts later, or again, joins the run that is open.
    """

    campaign: Campaign
    stages: list[Stage]
    output: str
    make_runner: Callable[[Mapping[str, float]], Runner]
    """Called for each unit with work, with the seconds that a spot costs each stage as measured so
    far: pools are planned anew. A run in which nothing changed never starts a cluster."""
    say: Callable[[str], None] = print
    show: Callable[[str], None] | None = None
    """Gets a line on where the unit stands, after each spot: for a terminal."""
    only: Sequence[str] = ()
    limit: int | None = None
    retry_failed: bool = False
    unit_spots: int = UNIT_SPOTS
    lease_s: float = TTL_S
    prices: Prices = field(default_factory=Prices)
    command: Mapping[str, Any] = field(default_factory=dict)
    """Which campaign file and recipe it is, to find them again when a reviewer has decided."""
    on_unit: Callable[[Mapping[str, Any]], None] | None = None
    """Gets the receipt of each unit that this driver has recorded, while others are left."""
    on_receipt: Callable[[Mapping[str, Any]], None] | None = None
    """As `on_unit`, of every unit: the last one, too."""
    on_plan: Callable[[PlannedRun], None] | None = None
    """Gets the plan that this driver has made or joined."""
    on_spot: Callable[[Mapping[str, Any], Runner], None] | None = None
    """Gets the ledger row of each spot that this driver has rendered, and what rendered it."""
    when_running: WhenRunning | None = WhenRunning.JOIN
    """What to do while another driver works on the output: `pipeline.overlap`. None: this is no run
    that others are to wait for."""
    tell_spots: bool = True
    """Whether spots have lines of their own: reasons may quote scripts, which not every log may."""
    _runner: Runner | None = field(init=False, default=None)
    _costs: StageCosts | None = field(init=False, default=None)
    _turn: Turn | None = field(init=False, default=None)

    def run(self) -> FinishedRun:
        """Plan or join, render all units, close; what became of it.

        Raises `pipeline.feed.FeedError` or `ConfigError` before anything is spent,
        `pipeline.overlap.RunInProgress` or `TakenOver` where another driver goes first, and
        `pipeline.budget.BudgetSpent` where the next unit would exceed the budget.
        """
        budget = Budget(self.campaign.budget, self.prices, self.stages, self.say)
        budget.check()
        web = WebFiles(self.campaign.links, self.output, say=self.say)
        assets = AssetDigests(self.output, web)
        planner = Planner(
            self.campaign, self.stages, assets=assets, only=self.only, limit=self.limit,
            retry_failed=self.retry_failed, unit_spots=self.unit_spots,
        )  # fmt: skip
        planner.check()
        refuse_another_campaign(self.output, self.campaign.name)
        with Leases(self.output, ttl_s=self.lease_s) as leases:
            if self.when_running is not None:
                self._turn = Turn(leases, self.when_running, self.say)
                self._turn.begin()
            plan = self._plan(planner, leases)
            del planner
            if self.on_plan:
                self.on_plan(plan)
            self._render(plan, leases, budget)
            won = plan.close({"audit": link_run(self.output, plan.run_id)})
        if won:
            save_index(self.output, plan.run_id)
            plan.clear()
            leases.forget(plan.run_id)
        return FinishedRun(self.campaign, self.output, plan.run_id, plan.started_at, won)

    def _plan(self, planner: Planner, leases: Leases) -> PlannedRun:
        """The open run of this plan, or a new one. One driver plans; the others wait for it."""
        key, told = planner.key(), False
        while True:
            if plan := open_run(self.output, key):
                done = sum(plan.is_done(unit) for unit in plan.units)
                self.say(f"run {plan.run_id} is open: {done} of {len(plan.units)} units are done")
                return plan
            if leases.take("plan"):
                break
            if not told:
                self.say(f"{leases.holder('plan')} is planning; waiting for it")
            told = True
            time.sleep(min(2.0, self.lease_s / 4))
        try:
            return open_run(self.output, key) or self._new_plan(key, planner)
        finally:
            leases.release("plan")

    def _new_plan(self, key: str, planner: Planner) -> PlannedRun:
        run_id = new_run_id(after=ledger.latest_run(self.output))
        started_at = datetime.now(UTC)
        settled = planner.settled = Settled.load(self.output)
        units: dict[int, int] = {}
        pending = standing = number = 0
        try:
            for unit in planner.units():
                rows = unit.settled_rows(settled, run_id)
                if unit.to_render:
                    keep_unit(self.output, run_id, unit, rows)
                    units[unit.number] = len(unit)
                else:
                    self._record(run_id, unit.number, rows)
                pending, standing = pending + unit.to_render, standing + rows.num_rows
                number = unit.number + 1
            if planner.is_whole and (gone := settled.withdrawn(run_id)).num_rows:
                self._record(run_id, number, gone)
                self.say(f"{gone.num_rows} spots are withdrawn: the feed has them no more")
            planner.assets.save()
        except BaseException:  # of a plan that is not whole, nothing may stay
            forget(self.output, run_id)
            raise
        planner.settled = Settled()  # a million rows that nobody needs any more
        plan = PlannedRun(self.output, run_id, key, started_at, units, pending, standing)
        digests = {stage.name: StageKey(stage).digest for stage in self.stages}
        about = {"campaign": self.campaign.name, "stages": digests, "prices": self.prices.to_json()}
        keep_run(plan, {**about, "command": dict(self.command)})
        self.say(
            f"run {run_id}: {pending + standing} spots, {pending} to render in"
            f" {len(units)} units, {standing} settled without work"
        )
        return plan

    def _record(self, run_id: str, number: int, rows: pa.Table) -> None:
        """A unit without work, in the ledger at once."""
        writer = ledger.UnitWriter(self.output, run_id, number)
        writer.add_table(rows)
        writer.close(rows.num_rows, {"seconds": 0.0})

    def _render(self, plan: PlannedRun, leases: Leases, budget: Budget) -> None:
        """Work until every unit has its receipt, whoever wrote it."""
        todo, told = sorted(plan.units), False
        while todo:
            before = len(todo)
            for number in list(todo):
                name = f"{plan.run_id}/{number:05d}"
                if plan.is_done(number):
                    todo.remove(number)
                elif leases.take(name):
                    try:
                        if not plan.is_done(number):
                            if self._turn is not None:
                                self._turn.inherit()
                                self._turn.go_on()
                            budget.admit(plan, number, self._measured())
                            receipt = self._run_unit(plan, number)
                            if receipt and self.on_receipt:
                                self.on_receipt(receipt)
                            if receipt and self.on_unit and len(todo) > 1:
                                self.on_unit(receipt)
                    finally:
                        leases.release(name)
                    todo.remove(number)
            if todo and len(todo) == before:
                if not told:
                    self.say(f"waiting for {len(todo)} units that other drivers are rendering")
                told = True
                time.sleep(min(2.0, self.lease_s / 4))

    def _run_unit(self, plan: PlannedRun, number: int) -> dict[str, Any] | None:
        """Run one unit and record it: its rows in the ledger, then its receipt.

        Returns the receipt, None if another driver was first.
        """
        begun = time.monotonic()
        pending, settled = plan.to_render(number), plan.settled_rows(number)
        self.say(
            f"unit {number}: {plan.units[number]} spots, {len(pending)} to render,"
            f" {settled.num_rows} settled without work"
        )
        writer = ledger.UnitWriter(self.output, plan.run_id, number)
        writer.add_table(settled)
        self._runner = self.make_runner(self._seconds())
        costs = StageCosts()
        about = about_run(self.campaign, self.stages)
        audit = UnitAudit(self.output, plan.run_id, number, about, pending)
        for result in self.results(pending, plan.run_id):
            if self._turn is not None:
                self._turn.go_on()
            writer.add(result)
            audit.add(result)
            costs.add(result["stages"])
        receipt = {
            "seconds": round(time.monotonic() - begun, 1),
            "stage_versions": {stage.name: stage.version for stage in self.stages},
            "stage_costs": costs.to_json(),
            "runner": getattr(self._runner, "about", {}),
            "audit": audit.write(),
        }
        if self._costs is not None:
            self._costs.merge(costs.to_json())
        committed = writer.close(plan.units[number], receipt)
        if committed is None:
            audit.discard()
            self.say(f"unit {number}: another driver was first; its rows count")
        return committed

    def _seconds(self) -> dict[str, float]:
        """What a spot costs each stage: of a GPU its time, else the CPU's."""
        costs = self._measured()
        found = [(stage, costs.of(stage.name, stage.seconds_hint)) for stage in self.stages]
        return {
            stage.name: cost.seconds if stage.hardware.gpus else cost.cpu_seconds
            for stage, cost in found
        }

    def _measured(self) -> StageCosts:
        if self._costs is None:
            self._costs = measured_costs(self.output)
        return self._costs

    def results(self, pending: list[dict[str, Any]], run_id: str) -> Iterator[dict[str, Any]]:
        """The ledger row of each spot, as it gets done."""
        waiting = pending
        progress = Progress(
            len(pending), self.say if self.tell_spots else _nobody, self.show,
            getattr(self._runner, "workers", {}),
        )  # fmt: skip
        first = {row["spot_id"]: row for row in pending}
        for attempt in range(1, self.campaign.quality.attempts + 1):
            again = []
            for row in self._run_rows(waiting):
                if row["another_seed"] and attempt < self.campaign.quality.attempts:
                    again.append(_with_another_seed(row, first[row["spot_id"]]))
                    why = row["reason"] if self.tell_spots else row["reason_code"]
                    self.say(f"  {row['spot_id']}: {why}; trying another seed")
                    continue
                result = to_result(row, run_id)
                progress.add(result)
                if self.on_spot and self._runner is not None:
                    self.on_spot(result, self._runner)
                yield result
            waiting = again
            if not waiting:
                return

    def _run_rows(self, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Every row once. What is lost with a worker runs again, then alone, then has failed."""
        if not rows:
            return
        if self._runner is None:
            self._runner = self.make_runner(self._seconds())
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


def _nobody(line: str) -> None:
    """Where lines go that nobody is to read."""


def refuse_another_campaign(output: str, name: str) -> None:
    """Raises `ConfigError` where the output belongs to a campaign of another name, or was written
    by a Spotmill that lays it out otherwise."""
    place = storage.join(output, "campaign.json")
    content = {"name": name, "layout": OUTPUT_LAYOUT}
    if storage.commit_bytes(json.dumps(content).encode(), place):
        return
    found = json.loads(storage.read_bytes(place))
    owner, layout = found["name"], found.get("layout", "1")
    if layout != OUTPUT_LAYOUT:
        fix = f"its ledger is of layout {layout}, this Spotmill reads {OUTPUT_LAYOUT}; give the"
        fix += " campaign a new --out, or use the version that wrote this one"
        raise ConfigError("--out", [Refusal("out", output, fix)])
    if owner != name:
        fix = f"it holds the campaign {owner!r}; give {name!r} an --out of its own"
        fix += f" (was it renamed? then remove {place})"
        raise ConfigError("--out", [Refusal("out", output, fix)])


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
    end = {"status": "failed", "stage": "unknown", "reason_code": "worker_died", "reason": reason}
    return {**row, **end, "another_seed": False, "outputs": []}
