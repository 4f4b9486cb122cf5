"""Pools: how many workers each stage gets, fixed for a unit, from what each spot costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cluster.machines import Machines
from stages.base import Stage
from stages.hardware import Pool

SPARE = 0.95
"""Share of the cores that pools may book; the rest is for Ray's own small tasks."""


HEADROOM = 0.8
"""How busy a stage that needs no GPU may be when one that does is the bottleneck: a queue before a
cheap stage must not let a card wait (1 % of the pace, by `jobs.simulate`)."""


class ClusterTooSmall(ValueError):
    """The recipe's smallest pools do not fit; the message says which stage asks for what."""


def plan_pools(
    stages: Sequence[Stage], machines: Machines, seconds: Mapping[str, float] | None = None
) -> dict[str, Pool]:
    """A pool per stage. `seconds` is what a spot costs each stage; else the stages' own hints.

    Every stage gets one worker; what is left goes, worker by worker, to the stage that holds up
    the others most; where that is one on GPUs and they are all given out, to those on cores that
    would be busier than `HEADROOM`. Pools are fixed because autoscaling pools starve each other
    (ray#59144, ray#65540). Where the cores are fewer than the stages, workers share them.
    Raises `ClusterTooSmall`: Ray itself would wait for ever.
    """
    _check_gpus(stages, machines)
    cost = {s.name: max(0.01, (seconds or {}).get(s.name, s.seconds_hint)) for s in stages}
    workers = {stage.name: 1 for stage in stages}
    booked = sum(stage.hardware.cpus for stage in stages)
    scale = min(1.0, machines.cpus * SPARE / booked) if booked else 1.0
    cores_left = machines.cpus * SPARE - booked * scale
    gpus_left = machines.gpus - sum(stage.hardware.gpus for stage in stages)
    memory_left = machines.memory_gb * 0.7 - sum(stage.hardware.memory_gb for stage in stages)

    def pace(stage: Stage) -> float:
        return cost[stage.name] / workers[stage.name]

    while True:
        fitting = [
            stage
            for stage in stages
            if 0 < stage.hardware.cpus <= cores_left
            and stage.hardware.gpus <= gpus_left
            and stage.hardware.memory_gb <= memory_left
        ]
        slowest = more = max(stages, key=pace)
        if slowest not in fitting:  # a second worker elsewhere would not make the run faster
            tight = [
                stage
                for stage in fitting
                if not stage.hardware.gpus and pace(stage) > HEADROOM * pace(slowest)
            ]
            if not slowest.hardware.gpus or not tight:
                break
            more = max(tight, key=pace)
        workers[more.name] += 1
        cores_left -= more.hardware.cpus
        gpus_left -= more.hardware.gpus
        memory_left -= more.hardware.memory_gb
    return {
        stage.name: Pool(
            workers=workers[stage.name],
            cpus=max(0.01, int(stage.hardware.cpus * scale * 1000) / 1000),
            gpus=stage.hardware.gpus,
            accelerator=stage.hardware.accelerator,
            labels=stage.hardware.labels,
        )
        for stage in stages
    }


def _check_gpus(stages: Sequence[Stage], machines: Machines) -> None:
    asks = [stage for stage in stages if stage.hardware.gpus > 0]
    wanted = sum(stage.hardware.gpus for stage in asks)
    if wanted > machines.gpus:
        each = ", ".join(f"{stage.name} {stage.hardware.gpus:g}" for stage in asks)
        raise ClusterTooSmall(
            f"the recipe needs at least {wanted:g} GPUs ({each}), the cluster has"
            f" {machines.gpus:g}; add GPU nodes, let stages share one (gpus=0.5), or use the"
            " laptop recipe"
        )
    for stage in asks:
        kind = stage.hardware.accelerator
        if kind and kind not in machines.accelerators:
            found = ", ".join(sorted(machines.accelerators)) or "none"
            raise ClusterTooSmall(
                f"{stage.name} asks for a GPU of type {kind}; the cluster has {found}"
            )
