"""Streaming, measured: how busy the slowest stage is kept, against two plain ways to do it.

Three ways to take the same spots through the same three sleeping stages, each of which reads the
media of the one before and writes its own:

- engine: `RayRunner`, media in the store, rows of a few kB between the stages
- chain: `map_batches` on Ray Data as its manual shows it, media as a column of the blocks
- loop: one process, one spot after the other

Each in a process of its own, on a Ray of its own. The stages sleep, so that the figures are the
engine's and not the machine's.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa

from schemas.arrow_types import OUTPUT
from stages.base import Media, Stage

WAYS = ("engine", "chain", "loop")
NAMES = ("draft", "render", "finish")
SLOW = 1
"""Which of them is the bottleneck."""
WORKERS = (1, 2, 1)


@dataclass(frozen=True)
class Load:
    """What to measure: spots, seconds that the slowest stage takes (the others a twentieth of it),
    and megabytes that each stage writes."""

    spots: int = 60
    seconds: float = 1.0
    media_mb: float = 8.0

    def sleep(self, stage: int) -> float:
        """Seconds of a stage."""
        return self.seconds if stage == SLOW else self.seconds / 20


@dataclass(kw_only=True)
class Sleeping(Stage):
    """Reads its media, sleeps, writes as much, and tells from when to when."""

    version: ClassVar[str] = "1"
    number: int
    seconds: float
    media_mb: float

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """One file in, one file out."""
        begun = time.monotonic()
        name = NAMES[self.number]
        if self.number:
            media.open(spot[f"{NAMES[self.number - 1]}_uri"]).read_bytes()
        time.sleep(self.seconds)
        path = media.scratch(f"{name}.bin")
        path.write_bytes(_content(f"{spot['script']} {name}", self.media_mb))
        written: dict[str, Any] = {f"{name}_uri": media.save(path)}
        if self.number == len(NAMES) - 1:
            written["outputs"] = []
        times = {f"{name}_begun": begun, f"{name}_ended": time.monotonic()}
        return {**written, "metrics": times}


def sleeping_stages(load: Load) -> list[Stage]:
    """The recipe."""
    return [_sleeping(number, load) for number in range(len(NAMES))]


def _sleeping(number: int, load: Load) -> Stage:
    fields = [pa.field(f"{NAMES[number]}_uri", pa.string())]
    if number == len(NAMES) - 1:
        fields.append(pa.field("outputs", pa.list_(OUTPUT)))
    before = (f"{NAMES[number - 1]}_uri",) if number else ()

    @dataclass(kw_only=True)
    class Named(Sleeping):
        name: ClassVar[str] = NAMES[number]
        reads: ClassVar[tuple[str, ...]] = ("script", *before)
        writes: ClassVar[pa.Schema] = pa.schema(fields)

    return Named(number=number, seconds=load.sleep(number), media_mb=load.media_mb)


def _content(seed: str, megabytes: float) -> bytes:
    """Bytes that no two spots share, at no cost."""
    return (seed.encode() + bytes(range(256)) * int(megabytes * 4096))[: int(megabytes * 2**20)]


def measure_streaming(way: str, load: Load) -> dict[str, float]:
    """One way in a process of its own."""
    call = [sys.executable, "-m", "jobs.bench.streaming", way]
    call += [str(load.spots), str(load.seconds), str(load.media_mb)]
    done = subprocess.run(call, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _measure(way: str, load: Load) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="spotmill-bench-") as folder:
        if way != "loop":
            from cluster.connect import connect

            connect()
        # What is made once per machine (Ray, the modules on disk) is no part of the run.
        cpu, begun = _cpu_s(), time.monotonic()
        arrivals, spans = [], []
        for row in _WAYS[way](load, folder):
            arrivals.append(time.monotonic() - begun)
            spans.append((row[f"{NAMES[SLOW]}_begun"], row[f"{NAMES[SLOW]}_ended"]))
        wall, used = time.monotonic() - begun, _cpu_s() - cpu
    window = max(end for _, end in spans) - min(start for start, _ in spans)
    workers = 1 if way == "loop" else WORKERS[SLOW]
    return {
        "spots": len(arrivals),
        "wall_s": wall,
        "first_spot_s": arrivals[0],
        "window_s": window,
        "busy": sum(end - start for start, end in spans) / workers / window,
        "busy_in_all": sum(end - start for start, end in spans) / workers / wall,
        "driver_cpu_ms_per_spot": used / len(arrivals) * 1000,
        "driver_peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _cpu_s() -> float:
    used = os.times()
    return used.user + used.system


def _rows(load: Load) -> list[dict[str, Any]]:
    from pipeline.rows import new_row
    from schemas.spot import SPOT_SCHEMA

    rows = []
    for n in range(load.spots):
        row: dict[str, Any] = dict.fromkeys(SPOT_SCHEMA.names)
        row.update(spot_id=f"s{n}", product_id=f"s{n}", variant="main", seed=7, script=f"spot {n}",
                   title=f"s{n}", images=[])  # fmt: skip
        rows.append(new_row(row, "print", n))
    return rows


def _engine(load: Load, folder: str) -> Iterator[Mapping[str, float]]:
    from pipeline.ray_runner import RayRunner
    from stages.hardware import Pool

    pools = {name: Pool(workers, 0.3) for name, workers in zip(NAMES, WORKERS, strict=True)}
    for row in RayRunner(sleeping_stages(load), folder, pools).run(_rows(load)):
        yield row["metrics"]


def _loop(load: Load, folder: str) -> Iterator[Mapping[str, float]]:
    from pipeline.local_runner import LocalRunner

    for row in LocalRunner(sleeping_stages(load), folder).run(_rows(load)):
        yield row["metrics"]


class Link:
    """A stage as Ray Data's manual would have it: media come in a column and go on in it."""

    def __init__(self, number: int, load: Load) -> None:
        self.number, self.load = number, load

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Each row with the times of this stage, and new media."""
        rows = []
        for row in batch.to_pylist():
            begun, name = time.monotonic(), NAMES[self.number]
            time.sleep(self.load.sleep(self.number))
            row["media"] = _content(f"{row['script']} {name}", self.load.media_mb)
            row |= {f"{name}_begun": begun, f"{name}_ended": time.monotonic()}
            rows.append(row)
        return pa.Table.from_pylist(rows)


def _chain(load: Load, folder: str) -> Iterator[Mapping[str, float]]:
    import ray.data

    ray.data.DataContext.get_current().enable_progress_bars = False
    dataset: Any = ray.data.from_items([{"script": f"spot {n}"} for n in range(load.spots)])
    for number, workers in enumerate(WORKERS):
        dataset = dataset.map_batches(
            Link, fn_constructor_args=(number, load), batch_size=1, batch_format="pyarrow",
            concurrency=workers, num_cpus=0.3,
        )  # fmt: skip
    yield from dataset.iter_rows()


_WAYS = {"engine": _engine, "chain": _chain, "loop": _loop}


def plot_streaming(found: Sequence[tuple[Load, str, Mapping[str, float]]], path: Path) -> None:
    """Busy share of the slowest stage and seconds to the first spot, by way and load."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(12, 3.4), layout="constrained")
    loads = list(dict.fromkeys(load for load, _, _ in found))
    shown = (
        ("busy", "busy share of the slowest stage"),
        ("first_spot_s", "seconds to the first spot"),
        ("driver_peak_mb", "peak memory of the driver, MB"),
    )
    for axis, (name, title) in zip(axes, shown, strict=True):
        for place, way in enumerate(WAYS):
            values = [one[name] for _, which, one in found if which == way]
            at = [n + (place - 1) * 0.27 for n in range(len(values))]
            axis.bar(at, values, 0.25, label=way)
        labels = [f"{load.seconds:g} s, {load.media_mb:g} MB" for load in loads]
        axis.set(title=title, xticks=range(len(loads)), xticklabels=labels)
        axis.grid(axis="y", alpha=0.3)
    axes[0].legend(frameon=False)
    figure.savefig(path, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    _way, *_numbers = sys.argv[1:]
    _load = Load(int(_numbers[0]), float(_numbers[1]), float(_numbers[2]))
    print(json.dumps(_measure(_way, _load)))
