"""Draws what `python -m jobs.bench safety` found: shares stopped, by way of hiding and by class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import matplotlib
import numpy as np

from jobs.bench.safety import Answer, Line

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

BLOCKED, HELD = "#b3392f", "#d9962f"


def plot_safety(answers: Sequence[Answer], table: Sequence[Line], path: Path) -> None:
    """Three panels as PNG: names by how they are hidden, policy by class, time per text."""
    figure = plt.figure(figsize=(11.5, 8.6), layout="constrained")
    left, right = cast(Any, figure.subfigures(1, 2, width_ratios=(1.15, 1)))
    _shares(
        left.subplots(),
        [one for one in table if one.part == "names"],
        "Names, by how they are hidden",
    )
    upper, lower = right.subplots(2, 1, height_ratios=(2, 1))
    others = [one for one in table if one.part in ("policy", "benign", "policy_near")]
    _shares(upper, others, "Plain goods; policy, by class")
    times = np.sort([answer.ms for answer in answers])
    lower.plot(times, 100 * np.arange(1, len(times) + 1) / len(times), color="#33658a")
    lower.axvline(2, color="0.6", linewidth=0.8, linestyle=":")
    lower.set(
        title="CPU time per text",
        xlabel="ms",
        ylabel="% of the texts",
        xlim=(0, 2.5),
        ylim=(0, 101),
    )
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _shares(axes: Axes, table: Sequence[Line], title: str) -> None:
    shown = [one for one in table if one.kind not in ("plain goods",)][::-1]
    at = np.arange(len(shown))
    axes.barh(at, [one.caught for one in shown], color=HELD, label="held for a person")
    axes.barh(at, [one.blocked for one in shown], color=BLOCKED, label="blocked")
    for place, one in enumerate(shown):
        inside = one.caught > 88
        axes.text(
            one.caught - 1 if inside else one.caught + 1, place, f"{one.caught:.1f}", va="center",
            ha="right" if inside else "left", fontsize=7, color="white" if inside else "0.3",
        )  # fmt: skip
    named = [
        f"{one.part}: {one.kind}" if one.kind == "in all" else one.kind.replace("_", " ")
        for one in shown
    ]
    axes.set_yticks(at, named, fontsize=8)
    axes.set(title=title, xlabel="% of the texts", xlim=(0, 100))
    axes.set_ylim(-0.7, len(shown) - 0.3)
    if table[0].part == "names":
        axes.legend(
            loc="upper left", bbox_to_anchor=(-0.02, -0.06), ncols=2, fontsize=7, frameon=False
        )
