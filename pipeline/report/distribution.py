"""Distribution: how one metric is spread over the spots of a run, with the gate that judges it."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.report.gates import Limits, limits_of
from pipeline.report.rows import Rows, each_row
from pipeline.report.words import KEY_METRICS

Gates = Mapping[str, tuple[float | None, float | None]]
"""Metric to (least, most) that passes; None is no limit."""

BINS = 24


@dataclass(frozen=True)
class Distribution:
    """Values of a metric, in its unit, over spots; sorted, finite, at least one."""

    metric: str
    values: npt.NDArray[np.float64]
    limits: Limits | None = None

    def quantile(self, share: float) -> float:
        """The value below which that share (0 to 1) of the spots lies, interpolated linearly."""
        return float(np.quantile(self.values, share))

    def statistics(self) -> dict[str, float]:
        """p05, p50, p95, p99, mean, min and max."""
        return {
            "p05": self.quantile(0.05),
            "p50": self.quantile(0.50),
            "p95": self.quantile(0.95),
            "p99": self.quantile(0.99),
            "mean": float(self.values.mean()),
            "min": float(self.values[0]),
            "max": float(self.values[-1]),
        }

    def span(self) -> tuple[float, float]:
        """Ends of the axis: all values and the gate's lines, with a margin of 6 % each side.

        The axis of what is never negative starts at zero or above.
        """
        ends = [float(self.values[0]), float(self.values[-1])]
        if self.limits:
            ends += [line for line in (self.limits.low, self.limits.high) if line is not None]
        low, high = min(ends), max(ends)
        margin = (high - low) * 0.06 or abs(high) * 0.05 or 0.5
        return (max(low - margin, 0.0) if low >= 0 else low - margin), high + margin

    def bins(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """(spots per bin, edges of the bins) over `span`."""
        counts, edges = np.histogram(self.values, bins=BINS, range=self.span())
        return counts.astype(np.int64), edges

    def outside(self) -> int:
        """How many spots lie beyond the gate's lines."""
        if self.limits is None:
            return 0
        low = -math.inf if self.limits.low is None else self.limits.low
        high = math.inf if self.limits.high is None else self.limits.high
        return int(((self.values < low) | (self.values > high)).sum())


def distributions(rows: Rows, gates: Gates | None = None) -> dict[str, Distribution]:
    """Every metric of the rows by name; those of `KEY_METRICS` first, the others by name.

    Limits come from `gates`, else from the first verdict whose evidence names them. Values that
    are not finite are left out.
    """
    values: dict[str, array[float]] = {}
    limits = {name: Limits(low, high) for name, (low, high) in (gates or {}).items()}
    for row in each_row(rows):
        for name, value in row["metrics"].items():
            if value is None or not math.isfinite(value):
                continue
            values.setdefault(name, array("d")).append(value)
            unknown = name in KEY_METRICS and name not in limits
            if unknown and (found := limits_of(name, row["verdicts"])):
                limits[name] = found
    return {
        name: Distribution(name, np.sort(np.asarray(values[name])), limits.get(name))
        for name in _in_order(values)
    }


def _in_order(names: Iterable[str]) -> list[str]:
    rank = {name: place for place, name in enumerate(KEY_METRICS)}
    return sorted(names, key=lambda name: (rank.get(name, len(rank)), name))
