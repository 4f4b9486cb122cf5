"""A whole campaign on a fleet: drivers that take units, spot machines that are taken away."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cluster.machines import Machines
from cluster.pools import plan_pools
from jobs.simulate.unit import Row, Site, Station, simulate_unit
from stages.base import Stage

Costs = Mapping[str, Sequence[tuple[float, float]]]
"""By stage, (wall seconds, CPU seconds) of spots, as measured: what a spot costs is drawn from
these, all stages of one spot together where they were measured together."""

SAMPLES = 12
"""Units that are simulated event by event; the others are drawn from how long these took."""


@dataclass(frozen=True)
class Fleet:
    """Machines, how they are shared out to drivers, and what goes wrong. Seconds, hours, USD."""

    gpus: int = 1000
    gpus_per_node: int = 8
    cores_per_node: int = 128
    nodes_per_driver: int = 4
    preemptions_per_hour: float = 0.02
    """Of each node: how often in an hour it is taken away (spot market)."""
    replace_s: float = 240.0
    """Until another node is in its place."""
    plan_s_per_spot: float = 100e-6
    """By the one driver that plans: `jobs.bench engine`."""
    close_s_per_spot: float = 60e-6
    """Index and summary, by the one that closes."""
    unit_spots: int = 2000
    puts_per_second: float = 3500.0
    """What the store takes at the most, per prefix: Amazon's figure for S3."""
    prefixes: int = 256
    """The media store's folders, by the first two digits of the digest."""
    cpu_hour_usd: float = 0.04
    gpu_hour_usd: float = 3.0

    @property
    def nodes(self) -> int:
        """Machines in all."""
        return max(1, self.gpus // self.gpus_per_node)

    @property
    def drivers(self) -> int:
        """Submitted jobs, each with nodes of its own."""
        return -(-self.nodes // self.nodes_per_driver)

    @property
    def share(self) -> float:
        """Nodes that a driver has: all are given out."""
        return self.nodes / self.drivers


@dataclass(frozen=True)
class Prediction:
    """What a campaign would take."""

    spots: int
    hours: float
    usd: float
    plan_hours: float
    unit_minutes: float
    """Mean time of a unit, on one driver's machines."""
    busiest: str
    """The stage that holds up the others."""
    busy: float
    """Share of its workers' time that it works, within a unit."""
    preempted: int
    store_share: float
    """Of what the store can take, how much the fleet asks for; above 1 the store is the limit."""

    @property
    def spots_per_hour(self) -> float:
        """Pace, planning and closing included."""
        return self.spots / self.hours

    @property
    def usd_per_spot(self) -> float:
        """What one costs."""
        return self.usd / self.spots


def predict(
    stages: Sequence[Stage], costs: Costs, fleet: Fleet, site: Site, spots: int, seed: int = 7
) -> Prediction:
    """Simulate the campaign. `site.cores` is replaced by what a driver of the fleet has.

    Raises `cluster.pools.ClusterTooSmall` where a driver's machines do not hold the recipe.
    """
    draw = np.random.default_rng(seed)
    machines = _machines(stages, fleet)
    means = {
        name: float(np.mean([wall_s for wall_s, _ in measured]))
        for name, measured in _by_stage(stages, costs)
    }
    pools = plan_pools(stages, machines, means)
    stations = [
        Station(
            stage.name, pools[stage.name].workers, stage.hardware.gpus > 0,
            60.0 if stage.hardware.gpus else 4.0,
        )
        for stage in stages
    ]  # fmt: skip
    site = replace(site, cores=machines.cpus)
    size = min(fleet.unit_spots, spots)
    samples = []
    for _ in range(SAMPLES if spots > size else 1):
        rows = _draw_rows(stages, costs, size, draw)
        samples.append(simulate_unit(stations, rows, site))
    walls = np.array([one.wall_s for one in samples])
    busiest = max(samples[0].busy, key=lambda name: samples[0].busy[name])
    store = _store_share(stages, fleet, size / walls.mean() * fleet.drivers)
    hours, preempted = _work(fleet, walls * max(1.0, store), -(-spots // size), means, draw)
    plan_h = spots * fleet.plan_s_per_spot / 3600
    total = plan_h + hours + spots * fleet.close_s_per_spot / 3600
    nodes_usd = fleet.gpus_per_node * fleet.gpu_hour_usd + fleet.cores_per_node * fleet.cpu_hour_usd
    usd = fleet.nodes * hours * nodes_usd + (total - hours) * fleet.cpu_hour_usd * 8
    return Prediction(
        spots=spots,
        hours=total,
        usd=usd,
        plan_hours=plan_h,
        unit_minutes=float(walls.mean()) / 60,
        busiest=busiest,
        busy=float(np.mean([one.busy[busiest] for one in samples])),
        preempted=preempted,
        store_share=store,
    )


def _machines(stages: Sequence[Stage], fleet: Fleet) -> Machines:
    kinds = {stage.hardware.accelerator for stage in stages} - {None}
    return Machines(
        cpus=fleet.cores_per_node * fleet.share,
        gpus=fleet.gpus_per_node * fleet.share,
        memory_gb=8.0 * fleet.cores_per_node * fleet.share,
        accelerators=frozenset(kind for kind in kinds if kind),
    )


def _by_stage(
    stages: Sequence[Stage], costs: Costs
) -> list[tuple[str, Sequence[tuple[float, float]]]]:
    return [(s.name, costs.get(s.name) or [(s.seconds_hint, s.seconds_hint)]) for s in stages]


def _draw_rows(
    stages: Sequence[Stage], costs: Costs, count: int, draw: np.random.Generator
) -> list[Row]:
    measured = dict(_by_stage(stages, costs))
    which = draw.integers(0, 1 << 30, count)
    return [
        [measured[stage.name][pick % len(measured[stage.name])] for stage in stages]
        for pick in which
    ]


def _store_share(stages: Sequence[Stage], fleet: Fleet, spots_per_s: float) -> float:
    """Two objects per stage (media and receipt) and five that are published, of all puts."""
    puts = spots_per_s * (2 * len(stages) + 5)
    return puts / (fleet.puts_per_second * fleet.prefixes)


def _work(
    fleet: Fleet,
    walls: np.ndarray[tuple[int], np.dtype[np.float64]],
    units: int,
    means: Mapping[str, float],
    draw: np.random.Generator,
) -> tuple[float, int]:
    """(hours until the last unit is done, nodes taken away): drivers take the next unit as they
    get free; a node that is taken away costs its driver its share of the pace until another is
    there, and the rows that it had.
    """
    drivers = min(fleet.drivers, units)
    free = [(0.0, driver) for driver in range(drivers)]
    heapq.heapify(free)
    preempted, end = 0, 0.0
    for _ in range(units):
        at, driver = heapq.heappop(free)
        wall = float(draw.choice(walls))
        taken = int(draw.poisson(fleet.preemptions_per_hour * fleet.share * wall / 3600))
        preempted += taken
        # Pools are fixed for a unit: until the node is back, its part of the work waits.
        lost = taken * (fleet.replace_s / fleet.share + max(means.values()))
        done = at + wall + lost
        end = max(end, done)
        heapq.heappush(free, (done, driver))
    return end / 3600, preempted
