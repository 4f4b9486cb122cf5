"""Tables, CSV and plot of what `python -m jobs.bench watermark` found."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import matplotlib
import numpy as np
from rich.table import Table

from jobs.bench.watermark import ISSUED, Found, Row, bounds, shares

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

COLOURS = ("#33658a", "#c8573a", "#5b8c5a", "#8c7aa9", "#d9962f")


def tables_of(found: Found) -> list[Table]:
    """Copies by attack; what the mark costs in quality and time; trials without one."""
    tables = [_attacks(found, kind) for kind in ("picture", "sound") if _of(found, kind)]
    if found.prices:
        price = Table("clip", "VMAF without", "with", "loss", "MB without", "with", "CPU s without",
                      "with", "more", title="What the mark costs in the pictures")  # fmt: skip
        for one in found.prices:
            price.add_row(
                one["clip"], f"{one['vmaf_plain']:.2f}", f"{one['vmaf_marked']:.2f}",
                f"{one['vmaf_loss']:.2f}", f"{one['bytes_plain'] / 1e6:.2f}",
                f"{one['bytes_marked'] / 1e6:.2f}", f"{one['cpu_plain_s']:.1f}",
                f"{one['cpu_marked_s']:.1f}", f"{one['cpu_extra_s']:.1f}",
            )  # fmt: skip
        tables.append(price)
    if found.sounds:
        price = Table("mix", "DNSMOS without", "with", "loss", "WER without", "with", "CPU s",
                      title="What it costs in the sound")  # fmt: skip
        for one in found.sounds:
            price.add_row(
                one["mix"], f"{one['mos_plain']:.3f}", f"{one['mos_marked']:.3f}",
                f"{one['mos_loss']:.3f}", f"{one['wer_plain']:.3f}", f"{one['wer_marked']:.3f}",
                f"{one['cpu_extra_s']:.2f}",
            )  # fmt: skip
        tables.append(price)
    if found.ways:
        ways = Table("way", "clip", "CPU s", "more than without", "wall s", "VMAF", "sync",
                     "z after 540p CRF 30", title="Two ways to put it in")  # fmt: skip
        for one in found.ways:
            ways.add_row(
                one["way"], one["clip"], f"{one['cpu_s']:.1f}", f"{one['cpu_extra_s']:.1f}",
                f"{one['wall_s']:.1f}", f"{one['vmaf']:.2f}", f"{one['sync_z']:.1f}",
                f"{one['z']:.2f}",
            )  # fmt: skip
        tables.append(ways)
    if found.trials:
        trials = Table("of", "kind", "trials", "read blind", "matched", "highest sync",
                       "highest z", title="Where there is no mark")  # fmt: skip
        for one in found.trials:
            trials.add_row(
                one["of"], one["kind"], f"{one['trials']:,}", str(one["read_blind"]),
                str(one["matched"]), f"{one['highest_sync_z']:.2f}", f"{one['highest_z']:.2f}",
            )  # fmt: skip
        tables.append(trials)
    return tables


def _attacks(found: Found, kind: str) -> Table:
    table = Table("copy", "read blind", "with the ledger", "bits put right", "least z",
                  "read in CPU s", title=f"Copies, by their {kind}")  # fmt: skip
    for attack, rows in _by_attack(_of(found, kind)).items():
        blind, ledger = (round(share * len(rows)) for share in shares(rows))
        errors = [row.errors for row in rows if row.errors is not None]
        table.add_row(
            attack, f"{blind} of {len(rows)}", f"{ledger} of {len(rows)}",
            f"{min(errors)} to {max(errors)}" if errors else "", f"{min(r.z for r in rows):.1f}",
            f"{max(row.cpu_s for row in rows):.1f}",
        )  # fmt: skip
    return table


def summary(found: Found) -> list[str]:
    """The figures in sentences."""
    told = []
    for kind in ("picture", "sound"):
        rows = _of(found, kind)
        if rows:
            blind, ledger = shares(rows)
            told.append(f"{kind}: {ledger:.1%} led back with the ledger, {blind:.1%} read blind"
                        f" ({len(rows)} copies)")  # fmt: skip
    chance = bounds()
    told.append(
        f"computed: an unmarked video is read blind with a chance of {chance['blind']:.1e}; the"
        f" ledger's match is held to {chance['ledger']:.0e}, for {ISSUED:,} ids that is z"
        f" {chance['z_for_ten_million']:.2f}, of 11.27"
    )
    return told


def write_csv(found: Found, path: Path) -> None:
    """Every copy as a line."""
    with path.open("w", newline="", encoding="utf-8") as file:
        to = csv.writer(file)
        to.writerow(Row.__dataclass_fields__)
        for row in found.rows:
            to.writerow(vars(row).values())


def plot_watermark(found: Found, path: Path) -> None:
    """Fit of the right id by copy, against the best wrong one and the threshold, as PNG."""
    kinds = [kind for kind in ("picture", "sound") if _of(found, kind)]
    counts = [len(_by_attack(_of(found, kind))) for kind in kinds]
    figure, panels = plt.subplots(
        len(kinds), 1, figsize=(9.5, 1.6 + 0.36 * sum(counts)), height_ratios=counts,
        squeeze=False, layout="constrained", sharex=True,
    )  # fmt: skip
    for axes, kind in zip(panels[:, 0], kinds, strict=True):
        _fits(axes, _of(found, kind), f"The {kind}'s mark, by copy")
    panels[-1, 0].set_xlabel("how well an id fits, in standard deviations of a wrong one")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _fits(axes: Axes, rows: list[Row], title: str) -> None:
    groups = list(_by_attack(rows).items())[::-1]
    clips = list(dict.fromkeys(row.clip for row in rows))
    for place, (_, of_one) in enumerate(groups):
        for row in of_one:
            number = clips.index(row.clip)
            at = place + 0.28 * (number / max(1, len(clips) - 1) - 0.5)
            filled = COLOURS[number % len(COLOURS)] if row.blind else "white"
            axes.plot(row.z, at, "o", color=COLOURS[number % len(COLOURS)], mfc=filled, ms=5.5)
            axes.plot(row.best, at, "|", color="0.6", ms=6)
    for number, clip in enumerate(clips):
        axes.plot([], [], "o", color=COLOURS[number % len(COLOURS)], label=clip, ms=5.5)
    axes.plot([], [], "o", color="0.3", mfc="white", label="not read blind", ms=5.5)
    axes.plot([], [], "|", color="0.6", label="best wrong id")
    axes.axvline(bounds()["z_for_ten_million"], color="0.3", linewidth=0.9, linestyle="--")
    axes.set_yticks(np.arange(len(groups)), [name for name, _ in groups])
    axes.set(title=f"{title}; dashed: needed among ten million ids", xlim=(2.5, 11.6))
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    axes.grid(axis="x", color="0.92")


def _of(found: Found, kind: str) -> list[Row]:
    return [row for row in found.rows if row.kind == kind]


def _by_attack(rows: list[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.attack].append(row)
    return groups
