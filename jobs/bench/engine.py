"""The engine's own cost, measured: planning, driving and settling a large catalogue of no-op spots.

Each step runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa

from pipeline.campaign_file import read_campaign
from pipeline.campaign_run import CampaignRun
from schemas.arrow_types import OUTPUT
from stages.base import Media, Stage

PICTURES = 1000
"""Different photos in the catalogue: products share them, as variants of an item do."""
CHANGED = 0.01
STEPS = ("first", "same", "changed")

HEADER = "id title description link image_link availability price brand condition color size"
ROW = (
    "SKU-{n:07d}\tStoneware mug no. {n}, 350 ml\tHand-glazed stoneware, safe for the dishwasher."
    " Holds 350 ml, keeps coffee warm and feels just right on slow mornings.\t"
    "https://shop.example.com/p/{n}\thttps://shop.example.com/media/{picture}.jpg\tin_stock\t"
    "{price}.00 USD\tTarnwick\tnew\tLagoon\t350 ml"
)


@dataclass(kw_only=True)
class Nothing(Stage):
    """Reads what a real recipe reads, and does nothing."""

    name: ClassVar[str] = "nothing"
    version: ClassVar[str] = "1"
    reads: ClassVar[tuple[str, ...]] = ("script", "price", "images")
    writes: ClassVar[pa.Schema] = pa.schema([("outputs", pa.list_(OUTPUT))])

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """No files."""
        return {"outputs": []}


class Instant:
    """A runner whose stages take no time: what is left is the driver."""

    def run(self, rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Every row, finished."""
        for row in rows:
            ran = {"stage": "nothing", "engine": "nothing", "version": "1", "key": "0" * 64,
                   "seconds": 0.0, "cpu_seconds": 0.0, "peak_memory_mb": 0.0, "cached": False,
                   "attempt": 1}  # fmt: skip
            yield {**row, "outputs": [], "stages": [ran], "metrics": {"quality": 1.0}}


def write_catalogue(folder: Path, rows: int, *, changed: float = 0.0) -> Path:
    """A campaign of so many products below `folder`; a share has another price."""
    pictures = folder / "pictures"
    if not pictures.exists():
        pictures.mkdir(parents=True)
        for n in range(PICTURES):
            (pictures / f"{n}.jpg").write_bytes(b"not opened here %d" % n)
    every = round(1 / changed) if changed else rows + 1
    with (folder / "feed.tsv").open("w") as feed, (folder / "scripts.tsv").open("w") as scripts:
        feed.write("\t".join(HEADER.split()) + "\n")
        scripts.write("id\tscript\ttagline\tcta\n")
        for n in range(rows):
            price = 20 + n % 50 + (100 if changed and n % every == 0 else 0)
            feed.write(ROW.format(n=n, picture=n % PICTURES, price=price) + "\n")
            scripts.write(
                f"SKU-{n:07d}\tSlow mornings deserve a better mug. Number {n} is glazed by hand, so"
                " no two are alike. It keeps coffee warm. Bring yours home today.\tNo two"
                " alike\tShop now\n"
            )
    lines = ["name: Bench", "feed: feed.tsv", "scripts: scripts.tsv", "images: pictures/"]
    (folder / "campaign.yaml").write_text(
        "\n".join([*lines, "date: 2026-11-24", "brand: {name: B}"])
    )
    return folder / "campaign.yaml"


def measure(folder: Path, step: str) -> dict[str, float]:
    """One step in this process: seconds to plan and in all, spots rendered, peak memory."""
    said: list[tuple[float, str]] = []
    begun = time.monotonic()
    run = CampaignRun(
        read_campaign(str(folder / "campaign.yaml")), [Nothing()], str(folder / "out"),
        lambda _: Instant(), say=lambda text: said.append((time.monotonic(), text)),
    )  # fmt: skip
    run.run()
    seconds = time.monotonic() - begun
    planned = next(at for at, text in said if " to render in " in text) - begun
    words = next(text for _, text in said if " to render in " in text).replace(",", "").split()
    return {
        "plan_s": planned,
        "run_s": seconds,
        "rendered": float(words[words.index("to") - 1]),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def measure_all(folder: Path, rows: int) -> dict[str, dict[str, float]]:
    """The three steps of a nightly run, each in a process of its own: everything new, nothing
    changed, 1 % changed.
    """
    found = {}
    for step in STEPS:
        write_catalogue(folder, rows, changed=CHANGED if step == "changed" else 0.0)
        call = [sys.executable, "-m", "jobs.bench.engine", str(folder), step]
        done = subprocess.run(call, check=True, capture_output=True, text=True)
        found[step] = json.loads(done.stdout.splitlines()[-1])
    return found


def plot_engine(found: Mapping[int, Mapping[str, Mapping[str, float]]], path: Path) -> None:
    """Seconds and memory against products, for each kind of run."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(12, 3.6), layout="constrained")
    what = (("plan_s", "seconds to plan"), ("run_s", "seconds of the run"), ("peak_mb", "peak MB"))
    for axis, (name, title) in zip(axes, what, strict=True):
        for step in STEPS:
            axis.plot(list(found), [one[step][name] for one in found.values()], "o-", label=step)
        axis.set(title=title, xlabel="products", xscale="log", ylim=(0, None))
        axis.grid(alpha=0.3)
    axes[0].legend(title="run", frameon=False)
    figure.savefig(path, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), sys.argv[2])))
