"""Where a fleet saturates, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jobs.simulate.fleet import Costs, Fleet, predict
from jobs.simulate.unit import Site
from stages.base import Stage


def plot_saturation(
    stages: Sequence[Stage],
    costs: Costs,
    fleet: Fleet,
    site: Site,
    spots: int,
    gpus: Sequence[int],
    path: Path,
) -> None:
    """Pace and price against GPUs, for jobs of several sizes and for one job alone."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    curves = [(f"{n * fleet.gpus_per_node} GPUs a driver", n) for n in (1, 4, 16)]
    for label, nodes_per_driver in [*curves, ("one driver", 1 << 30)]:
        counts = [count for count in gpus if count >= fleet.gpus_per_node]
        found = [
            predict(
                stages,
                costs,
                replace(
                    fleet, gpus=count,
                    nodes_per_driver=min(nodes_per_driver, max(1, count // fleet.gpus_per_node)),
                ),
                site,
                spots,
            )
            for count in counts
        ]  # fmt: skip
        axes[0].plot(counts, [one.spots_per_hour for one in found], "o-", ms=3, label=label)
        axes[1].plot(counts, [one.usd_per_spot for one in found], "o-", ms=3, label=label)
        if nodes_per_driver == fleet.nodes_per_driver:
            ideal = found[0].spots_per_hour / counts[0]
            axes[0].plot(counts, [ideal * count for count in counts], "k:", lw=1, label="linear")
    axes[0].set(title=f"{spots:,} spots: pace", xlabel="GPUs", ylabel="spots an hour",
                xscale="log", yscale="log")  # fmt: skip
    axes[1].set(title="price", xlabel="GPUs", ylabel="USD per spot", xscale="log", yscale="log")
    for axis in axes:
        axis.grid(alpha=0.3, which="both")
    axes[0].legend(frameon=False)
    figure.savefig(path, dpi=110)
    plt.close(figure)
