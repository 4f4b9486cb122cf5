"""Two nights of a campaign: what a changed price, a new photo, a new and a removed product cost.

    python examples/nightly/nightly.py            # writes to out-nightly/

Night 1 renders seven products of the demo. Then the shop lowers the price of the perfume, takes a
new photo of the mug, lists the speaker and drops the lamp. Night 2 is the same command again.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from PIL import Image, ImageOps
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from pipeline import ledger  # noqa: E402

LATER, DROPPED = "TV-SPK-CORAL", "HV-LAMP-SAGE"
CHEAPER = ("96.00 USD", "89.00 USD")


def main() -> None:
    """Both nights, and a table of what each stage did."""
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "out-nightly").resolve()
    shop = out / "shop"
    shutil.rmtree(shop, ignore_errors=True)
    shutil.copytree(ROOT / "examples" / "demo", shop)
    feed = shop / "products.tsv"
    lines = feed.read_text().splitlines(keepends=True)

    print("Night 1: seven products")
    feed.write_text("".join(line for line in lines if not line.startswith(LATER)))
    render(shop, out)

    print("\nThe next day: a lower price, a new photo, one product more, one less")
    kept = [line for line in lines if not line.startswith(DROPPED)]
    feed.write_text("".join(kept).replace(*CHEAPER))
    take_new_photo(shop / "products")

    print("\nNight 2: first what it would do, then the same command again")
    job("plan", shop, out)
    render(shop, out)
    Console().print(both_nights(str(out)))
    print(f"Open {out}/report/index.html")


def render(shop: Path, out: Path) -> None:
    """The nightly command."""
    job("render", shop, out)


def job(name: str, shop: Path, out: Path) -> None:
    """`python -m jobs.<name>` on the shop's campaign."""
    call = [sys.executable, "-m", f"jobs.{name}", str(shop / "campaign.yaml"), "--out", str(out)]
    print("$", " ".join(["python", *call[1:]]), flush=True)
    subprocess.run(call, cwd=ROOT, check=True)


def take_new_photo(products: Path) -> None:
    """The mug from its other side: the handle is on the left now."""
    for name in ("mug.jpg", "mug_cutout.png"):
        with Image.open(products / name) as photo:
            mirrored = ImageOps.mirror(photo)
        mirrored.save(products / name, quality=95)


def both_nights(out: str) -> Table:
    """Per stage: how many spots it worked on, and how many came from the store, each night."""
    table = Table("", "night 1", "night 2", title="two nights")
    nights = [ledger.read_ledger(out, run_id) for run_id in ledger.runs(out)[-2:]]
    statuses = [Counter(night["status"].to_pylist()) for night in nights]
    for status in sorted(set().union(*statuses)):
        table.add_row(f"spots {status}", *(str(one[status]) for one in statuses))
    table.add_section()
    done: list[Counter[str]] = []
    stored: list[Counter[str]] = []
    for night in nights:
        ran = [stage for stages in night["stages"].to_pylist() for stage in stages or []]
        done.append(Counter(stage["stage"] for stage in ran if not stage["cached"]))
        stored.append(Counter(stage["stage"] for stage in ran if stage["cached"]))
    for stage in done[0]:
        cells = [
            f"{one[stage]} run" + (f", {kept[stage]} from the store" if kept[stage] else "")
            for one, kept in zip(done, stored, strict=True)
        ]
        table.add_row(stage, *cells)
    table.add_section()
    seconds = [
        sum(
            stage["cpu_seconds"]
            for stages in night["stages"].to_pylist()
            for stage in stages or []
            if not stage["cached"]
        )
        for night in nights
    ]
    table.add_row("CPU seconds", *(f"{one:.0f}" for one in seconds))
    return table


if __name__ == "__main__":
    main()
