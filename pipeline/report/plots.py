"""Plots of a run's metrics as one picture, for MLflow."""

from __future__ import annotations

import io
from collections.abc import Sequence

from pipeline.report.distribution import Distribution
from pipeline.report.words import metric_name, number, spots

COLUMNS = 3
MOST_PLOTS = 24
_BAR, _GATE, _INK, _LINE = "#2b7a80", "#c2541f", "#1c1f24", "#e2dfd7"


def plots_png(distributions: Sequence[Distribution]) -> bytes | None:
    """PNG of small multiples: one histogram per metric, gate lines dashed. None without metrics."""
    if not distributions:
        return None
    # Imported here: it takes a second, and only a run that ends needs it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = distributions[:MOST_PLOTS]
    columns = min(COLUMNS, len(shown))
    lines = -(-len(shown) // columns)
    figure = Figure(figsize=(4.2 * columns, 2.6 * lines), dpi=110)
    canvas = FigureCanvasAgg(figure)
    figure.subplots_adjust(
        left=0.06, right=0.98, top=1 - 0.4 / (2.6 * lines), bottom=0.55 / (2.6 * lines),
        wspace=0.2, hspace=0.75,
    )  # fmt: skip
    axes = list(figure.subplots(lines, columns, squeeze=False).flat)
    for axis, distribution in zip(axes, shown, strict=False):
        label, unit = metric_name(distribution.metric)
        counts, edges = distribution.bins()
        axis.bar(edges[:-1], counts, width=edges[1:] - edges[:-1], align="edge", color=_BAR)
        limits = distribution.limits
        for line in (limits.low, limits.high) if limits else ():
            if line is not None:
                axis.axvline(line, color=_GATE, linestyle="--", linewidth=1.2)
        median = f"median {number(distribution.quantile(0.5), unit)} {unit}".rstrip()
        axis.set_title(label, loc="left", fontsize=10, fontweight="bold", color=_INK)
        axis.set_xlabel(f"{median}, {spots(len(distribution.values))}", fontsize=8, color=_INK)
        axis.yaxis.get_major_locator().set_params(integer=True)
        axis.tick_params(labelsize=8, colors=_INK)
        axis.spines[["top", "right"]].set_visible(False)
        axis.spines[["left", "bottom"]].set_color(_LINE)
    for axis in axes[len(shown) :]:
        axis.set_visible(False)
    buffer = io.BytesIO()
    canvas.print_png(buffer)
    return buffer.getvalue()
