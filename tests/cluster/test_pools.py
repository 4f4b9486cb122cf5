"""Pools: they fit the cluster, the slowest stage gets what is left, too little is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from cluster.machines import Machines, this_machine
from cluster.pools import SPARE, ClusterTooSmall, plan_pools
from stages.hardware import Hardware
from tests.pipeline.toy_stages import Loud


def stage(name_: str, seconds: float, **hardware: float | str) -> Loud:
    """A stage that only says what it needs."""

    @dataclass(kw_only=True)
    class Named(Loud):
        name: ClassVar[str] = name_
        seconds_hint: ClassVar[float] = seconds

    made = Named()
    made.hardware = Hardware(**hardware)  # type: ignore[arg-type,misc]
    return made


def test_nine_stages_fit_on_two_cores() -> None:
    """Would catch pools that book more than there is: Ray would wait for ever, saying nothing."""
    pools = plan_pools([stage(f"s{n}", 1.0) for n in range(9)], Machines(2, 0, 24))
    assert all(pool.workers == 1 for pool in pools.values())
    assert sum(pool.cpus for pool in pools.values()) <= 2 * SPARE


def test_what_is_left_goes_to_the_slowest_stage() -> None:
    """Would catch equal pools, in which one slow stage holds up all others."""
    stages = [stage("fast", 1.0), stage("slow", 10.0), stage("light", 0.1, cpus=0.1)]
    pools = plan_pools(stages, Machines(16, 0, 128))
    assert pools["slow"].workers >= 8 > pools["fast"].workers
    assert sum(pool.cpus * pool.workers for pool in pools.values()) <= 16
    measured = plan_pools(stages, Machines(16, 0, 128), {"fast": 50.0, "slow": 1.0})
    assert measured["fast"].workers > measured["slow"].workers


def test_memory_limits_the_workers() -> None:
    """Would catch a node that is filled with models until the kernel kills them."""
    pools = plan_pools([stage("big", 10.0, memory_gb=8)], Machines(64, 0, 32))
    assert pools["big"].workers == 2


def test_too_few_gpus_are_refused_naming_who_asks() -> None:
    """Would catch a run that starts, waits for a GPU that will never come, and hangs."""
    stages = [stage("video", 9.0, gpus=1), stage("avatar", 4.0, gpus=0.5)]
    said = r"1.5 GPUs \(video 1, avatar 0.5\), the cluster has 1"
    with pytest.raises(ClusterTooSmall, match=said):
        plan_pools(stages, Machines(16, 1, 64))
    assert plan_pools(stages, Machines(16, 4, 64))["video"].workers == 3
    with pytest.raises(ClusterTooSmall, match="of type L4; the cluster has T4"):
        asks = [stage("video", 1.0, gpus=1, accelerator="L4")]
        plan_pools(asks, Machines(8, 1, 64, frozenset({"T4"})))


def test_this_machine_is_described() -> None:
    """Would catch zero cores or bytes in the place of gibibytes."""
    here = this_machine()
    assert here.cpus >= 1 and 0.5 < here.memory_gb < 10_000 and "cores" in str(here)
