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
    ) -> None:
        self._stages, self._output, self._pools = list(stages), output, pools
        self._cache, self._schema = cache, row_schema(stages)
        self.workers = {name: pool.workers for name, pool in pools.items()}

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
                StageAdapter,
                fn_constructor_args=(stage, self._stages, self._output, self._cache),
                batch_size=None,
                batch_format="pyarrow",
                zero_copy_batch=True,
                # One task in flight: a spot that kills its worker takes no neighbour with it.
                compute=ActorPoolStrategy(
                    size=pool.workers,
                    max_tasks_in_flight_per_actor=1,
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
