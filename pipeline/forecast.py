"""Forecast: what a run would do, stage by stage, before anything is spent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.keys import StageKey
from pipeline.plan import Planner
from pipeline.planned_run import stage_digests
from pipeline.stage_costs import StageCost, StageCosts
from schemas.spot import SPOT_SCHEMA
from stages.base import Stage


@dataclass(frozen=True)
class StageForecast:
    """One stage: spots that are new to it, that it must do again, and that it need not touch."""

    stage: str
    new: int
    changed: int
    unchanged: int
    cost: StageCost
    gpus: float

    @property
    def seconds(self) -> float:
        """Worker seconds that the run will take."""
        return (self.new + self.changed) * self.cost.seconds

    @property
    def saved_seconds(self) -> float:
        """Worker seconds that earlier runs spare it."""
        return self.unchanged * self.cost.seconds

    @property
    def gpu_seconds(self) -> float:
        """GPU seconds that the run will take."""
        return self.seconds * self.gpus

    @property
    def cpu_seconds(self) -> float:
        """CPU seconds that the run will take."""
        return (self.new + self.changed) * self.cost.cpu_seconds


@dataclass(frozen=True)
class Forecast:
    """All stages, and the spots as a whole."""

    stages: tuple[StageForecast, ...]
    new: int
    changed: int
    unchanged: int
    refused: int
    """Feed rows that cannot become spots."""
    withdrawn: int
    reasons: Mapping[str, int]
    """Why changed spots changed: a column of the spot, "stage <name>", or "retry"."""


def forecast(planner: Planner, output: str, costs: StageCosts) -> Forecast:
    """Plan without writing anything. `planner.settled` must be loaded.

    What a stage will write is not known before it runs; it is taken that another input makes
    another output, but for columns that the stage only `judges` by. So a stage behind may turn
    out to have nothing to do, never the other way.
    """
    settled, stages = planner.settled, planner.stages
    runs = _RunDigests(output, stages)
    again: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    new = changed = standing = refused = 0
    for unit in planner.units():
        standing, refused = standing + len(unit.standing), refused + len(unit.refused)
        for row in unit.pending:
            at = settled.find(row["spot_id"])
            before = None if at is None else settled.inputs(at)
            if at is None or before is None:
                new += 1
                continue
            columns = set(_changed_columns(before, row["inputs"]))
            other = runs.changed_since(settled.settled_by(at))
            reasons.update([*columns, *(f"stage {name}" for name in other)] or ["retry"])
            again.update(stages_to_run(stages, columns, other))
            changed += 1
    withdrawn = settled.withdrawn("forecast").num_rows if planner.is_whole else 0
    table = tuple(
        StageForecast(
            stage=stage.name,
            new=new,
            changed=again[stage.name],
            unchanged=changed + standing - again[stage.name],
            cost=costs.of(stage.name, stage.seconds_hint),
            gpus=stage.hardware.gpus,
        )
        for stage in stages
    )
    return Forecast(table, new, changed, standing, refused, withdrawn, dict(reasons.most_common()))


def stages_to_run(
    stages: Sequence[Stage], columns: Collection[str], others: Collection[str] = ()
) -> list[str]:
    """Stages that run again when these columns of a spot, and these stages, have changed."""
    dirty, running = set(columns), []
    for stage in stages:
        reads = {*stage.reads, *(("seed",) if stage.seeded else ())}
        if stage.name not in others and not reads & dirty and stage.cached:
            continue
        running.append(stage.name)
        if stage.name in others or (reads - set(stage.judges)) & dirty:
            dirty.update(stage.writes.names)
    return running


def _changed_columns(before: Sequence[int], now: Sequence[int]) -> Iterator[str]:
    for name, then, today in zip(SPOT_SCHEMA.names, before, now, strict=False):
        if then != today:
            yield name


class _RunDigests:
    """Which stages have changed since an earlier run."""

    def __init__(self, output: str, stages: Sequence[Stage]) -> None:
        self._output, self._now = output, {stage.name: StageKey(stage).digest for stage in stages}
        self._known: dict[str, frozenset[str]] = {}

    def changed_since(self, run_id: str) -> frozenset[str]:
        if run_id not in self._known:
            then: dict[str, Any] = stage_digests(self._output, run_id)
            self._known[run_id] = frozenset(
                name for name, digest in self._now.items() if then.get(name) != digest
            )
        return self._known[run_id]
