"""The runner on Ray Data: one streaming execution per call, one pool of actors per stage."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.adapter import ATTEMPTS, StageAdapter
from pipeline.recipes import RECIPE_FILE
from pipeline.rows import row_schema, to_rows, to_table
from stages.base import Stage
from stages.hardware import Pool

IN_FLIGHT = 2
"""Rows that a worker has: the one it works on and the next one, or it would wait for the driver
after each (18 % of the time with stages of a second). A row that kills its worker takes the other
with it; that one is found missing and runs again."""
LOAD_S = 1800
"""Longest time that loading a model may take."""


class RayRunner:
    """Streams rows through pools of warm workers. Ray must be connected before `run`.

    Each row is a block of its own: Ray hands out work by the block, and the default (one block
    for all rows) would leave all but one worker idle.
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        output: str,
        pools: Mapping[str, Pool],
        cache: Path | None = None,
        cores: float | None = None,
    ) -> None:
        """`cores` of the cluster, where they are known, go into receipts."""
        self._stages, self._output, self._pools = list(stages), output, pools
        self._cache, self._schema = cache, row_schema(stages)
        self.workers = {name: pool.workers for name, pool in pools.items()}
        self.about = {"workers": self.workers, "cores": cores}

    def run(self, rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Each row as it comes out of the last stage, in any order; a lost one is not yielded."""
        dataset = self._dataset(rows)
        for block in dataset.iter_batches(batch_size=None, batch_format="pyarrow"):
            assert isinstance(block, pa.Table)
            # A worker that died leaves blocks without columns: those rows are missing, not empty.
            if block.num_rows and "spot_id" in block.column_names:
                yield from to_rows(block.cast(self._schema))

    def _dataset(self, rows: Sequence[dict[str, Any]]) -> Any:
        import ray.data
        from ray.data import ActorPoolStrategy

        # Ray gives up when nothing moves for so long: it must not be before the stages' own limits.
        _configure(LOAD_S + ATTEMPTS * int(max(stage.timeout_s for stage in self._stages)))
        _take_along(self._stages)
        dataset: Any = ray.data.from_arrow([to_table([row], self._schema) for row in rows])
        for stage in self._stages:
            pool = self._pools[stage.name]
            dataset = dataset.map_batches(
                MeteredAdapter,
                fn_constructor_args=(stage, self._stages, self._output, self._cache),
                batch_size=1,  # a block; Ray takes no stage on a GPU without saying so
                batch_format="pyarrow",
                zero_copy_batch=True,
                compute=ActorPoolStrategy(
                    size=pool.workers,
                    max_tasks_in_flight_per_actor=IN_FLIGHT,
                    # The stage then runs in the worker's main thread, where a time limit can act.
                    enable_true_multi_threading=True,
                ),
                num_cpus=pool.cpus,
                num_gpus=pool.gpus or None,
                accelerator_type=pool.accelerator,
                label_selector=dict(pool.labels) or None,
                max_restarts=-1,
                max_task_retries=0,
            )
        return dataset


class MeteredAdapter(StageAdapter):
    """The adapter on a Ray worker: it counts for Prometheus what it does.

    `spotmill_stage_rows_total` by stage, status ("pending" for a row that goes on) and whether the
    work came from the store; `spotmill_stage_seconds`, by stage, of work that was done.
    """

    def __init__(
        self, stage: Stage, stages: list[Stage], output: str, cache: Path | None = None
    ) -> None:
        super().__init__(stage, stages, output, cache)
        from ray.util.metrics import Counter, Histogram

        self._rows = Counter(
            "spotmill_stage_rows_total",
            description="Rows that a stage has worked on.",
            tag_keys=("stage", "status", "cached"),
        )
        self._seconds = Histogram(
            "spotmill_stage_seconds",
            description="Wall seconds of a stage on one spot.",
            boundaries=[0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000],
            tag_keys=("stage",),
        )

    def run_row(self, row: dict[str, Any]) -> dict[str, Any]:
        """See `StageAdapter.run_row`."""
        done = super().run_row(row)
        if len(done["stages"]) > len(row["stages"]):  # else it had ended before this stage
            ran = done["stages"][-1]
            tags = {"stage": self.stage.name, "status": done["status"]}
            self._rows.inc(1, {**tags, "cached": str(ran["cached"]).lower()})
            if not ran["cached"]:
                self._seconds.observe(ran["seconds"], {"stage": self.stage.name})
        return done


def _take_along(stages: Sequence[Stage]) -> None:
    """Send stages that a recipe file defines by value: workers cannot import that file."""
    from ray import cloudpickle

    for stage in stages:
        parts = (stage, getattr(stage, "engine", None))
        for name in {type(part).__module__ for part in parts if part is not None}:
            if name.startswith(RECIPE_FILE):
                cloudpickle.register_pickle_by_value(sys.modules[name])


def _configure(no_progress_s: int) -> None:
    """Settings found the hard way: a row may be lost (and is then run alone), a run may not."""
    from ray.data import DataContext

    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.max_errored_blocks = -1  # what is lost is found missing and reconciled by the run
    context.execution_options.preserve_order = False
    context.execution_no_progress_timeout_s = no_progress_s
    context.actor_init_retry_on_errors = True
    context.max_consecutive_actor_init_deaths = 3
    for name in ("ray.data", "ray"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # No named parameter sets max_task_retries yet; its default retries a poisoned row for ever.
    warnings.filterwarnings("ignore", message=".*ray_remote_args.*")
