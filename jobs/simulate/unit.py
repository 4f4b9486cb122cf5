"""One unit on one driver's machines, event by event: pools, cores shared by all, one driver.

The model: every stage is a station with the workers of its pool and a queue before it. A stage
on a GPU has its card for as long as it was measured to take. Stages without one share the cores
in equal parts (processor sharing: Kleinrock, Queueing Systems II, 1976, ch. 4), so that nine
workers on two cores slow each other down as they do in fact. Between two stages a row passes the
driver, which handles one at a time. A worker has the next row at hand while it works
(`pipeline.ray_runner.IN_FLIGHT`). Workers start when the unit does.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

Row = Sequence[tuple[float, float] | None]
"""Per stage what a row costs it: (wall seconds, CPU seconds), or None where the row skips it (it
has ended before, or its result is in the store)."""


@dataclass(frozen=True)
class Station:
    """A stage as the model sees it."""

    name: str
    workers: int
    gpu: bool = False
    start_s: float = 4.0
    """CPU seconds until a worker is up; for a stage with weights, seconds of loading them."""


@dataclass(frozen=True)
class Site:
    """What the stations run on. Seconds."""

    cores: float
    driver_s: float = 0.01
    """The driver's work per row and stage: `jobs.bench engine`, streaming, no-op stages."""
    store_s: float = 0.0
    """What the object store adds to each stage, beyond what was measured."""
    start_s: float = 3.0
    """From the order to run a unit to the start of its workers."""


@dataclass
class UnitTimes:
    """What became of a unit. Seconds since its start."""

    wall_s: float
    first_s: float
    """Until its first row was done."""
    busy: dict[str, float] = field(default_factory=dict)
    """Share of its workers' time in which each stage worked."""


class _Cores:
    """Work that shares the cores: equal rates, at most one core each; times in virtual seconds."""

    def __init__(self, cores: float) -> None:
        self._cores, self._heap = cores, list[tuple[float, int, tuple[int, int]]]()
        self._virtual, self._at, self._count = 0.0, 0.0, 0

    def _rate(self) -> float:
        return min(1.0, self._cores / len(self._heap)) if self._heap else 1.0

    def _advance(self, now: float) -> None:
        self._virtual += (now - self._at) * self._rate()
        self._at = now

    def add(self, now: float, work_s: float, what: tuple[int, int]) -> None:
        """Begin a piece of work."""
        self._advance(now)
        self._count += 1
        heapq.heappush(self._heap, (self._virtual + work_s, self._count, what))

    def next_end(self) -> float:
        """When the first of them will be done, if nothing else begins."""
        if not self._heap:
            return float("inf")
        return self._at + max(0.0, self._heap[0][0] - self._virtual) / self._rate()

    def pop(self, now: float) -> tuple[int, int]:
        """The one that is done now."""
        self._advance(now)
        return heapq.heappop(self._heap)[2]


_STARTED = -1
"""In the place of a row: a worker is up."""


def simulate_unit(stations: Sequence[Station], rows: Sequence[Row], site: Site) -> UnitTimes:
    """Take the rows through the stations; when it is all over."""
    cores, clock = _Cores(site.cores), list[tuple[float, int, tuple[int, int]]]()
    waiting = [deque[int]() for _ in stations]
    idle = [0] * len(stations)
    busy = [0.0] * len(stations)
    begun: dict[tuple[int, int], float] = {}
    driver_free, first, done, count = site.start_s, 0.0, 0, 0
    now = site.start_s

    def later(at: float, what: tuple[int, int]) -> None:
        nonlocal count
        count += 1
        heapq.heappush(clock, (at, count, what))

    def start(stage: int) -> None:
        while idle[stage] and waiting[stage]:
            row = waiting[stage].popleft()
            idle[stage] -= 1
            begun[stage, row] = now
            wall_s, cpu_s = rows[row][stage] or (0.0, 0.0)
            if stations[stage].gpu:
                later(now + wall_s + site.store_s, (stage, row))
            else:
                cores.add(now, cpu_s + site.store_s, (stage, row))

    def arrive(row: int, stage: int) -> None:
        """The row is before this stage, or before the next one that it does not skip."""
        nonlocal first, done
        while stage < len(stations) and rows[row][stage] is None:
            stage += 1
        if stage == len(stations):
            first, done = first or now, done + 1
        else:
            waiting[stage].append(row)
            start(stage)

    for number, station in enumerate(stations):
        for _ in range(station.workers):
            if station.gpu:
                later(now + station.start_s, (number, _STARTED))
            else:
                cores.add(now, station.start_s, (number, _STARTED))
    for row in range(len(rows)):
        arrive(row, 0)
    passing = deque[tuple[float, int, int]]()  # rows at the driver, first come first served
    while done < len(rows):
        ends = (
            clock[0][0] if clock else float("inf"),
            cores.next_end(),
            passing[0][0] if passing else float("inf"),
        )
        now = min(ends)
        if now == float("inf"):
            raise ValueError("rows wait for a stage that has no worker")
        if ends[2] == now:
            _, row, stage = passing.popleft()
            arrive(row, stage)
            continue
        stage, row = cores.pop(now) if ends[1] == now else heapq.heappop(clock)[2]
        idle[stage] += 1
        if row != _STARTED:
            busy[stage] += now - begun.pop((stage, row))
            driver_free = max(driver_free, now) + site.driver_s
            passing.append((driver_free, row, stage + 1))
        start(stage)
    share = {
        station.name: spent / station.workers / now
        for station, spent in zip(stations, busy, strict=True)
    }
    return UnitTimes(now, first, share)
