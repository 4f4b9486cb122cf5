"""Histogram: a distribution as bars and lines of a small inline SVG, all in its own pixels."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.report.distribution import Distribution
from pipeline.report.words import metric_name, number, spots

WIDTH_PX, HEIGHT_PX = 260, 84


@dataclass(frozen=True)
class Bar:
    """One bar: its left edge, top, width and height in pixels of the drawing; what it counts."""

    x: float
    y: float
    width: float
    height: float
    outside: bool
    """Whether its middle lies beyond the gate."""
    title: str


@dataclass(frozen=True)
class Line:
    """A gate line at `x` pixels, with its label."""

    x: float
    label: str


@dataclass(frozen=True)
class Histogram:
    """What the page draws and says of one metric."""

    label: str
    unit: str
    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    low: str
    high: str
    median: str
    spread: str
    gate: str
    outside: int
    count: int
    width_px: int = WIDTH_PX
    height_px: int = HEIGHT_PX

    @property
    def description(self) -> str:
        """The drawing in words, for those who do not see it."""
        text = f"{self.label} of {spots(self.count)}: median {self.median} {self.unit}".rstrip()
        text += f", nine in ten between {self.spread}"
        return text + (f"; {self.gate}, {spots(self.outside)} outside" if self.gate else "")


def histogram(distribution: Distribution) -> Histogram:
    """The drawing of a distribution."""
    label, unit = metric_name(distribution.metric)
    low, high = distribution.span()
    limits = distribution.limits
    gate_low = limits.low if limits else None
    gate_high = limits.high if limits else None

    def at(value: float) -> float:
        return round((value - low) / (high - low) * WIDTH_PX, 1)

    counts, edges = distribution.bins()
    tallest = int(counts.max())
    bars = []
    for count, left, right in zip(counts.tolist(), edges[:-1], edges[1:], strict=True):
        if count:
            middle, height = (left + right) / 2, round(max(count / tallest * (HEIGHT_PX - 6), 2), 1)
            outside = (gate_low is not None and middle < gate_low) or (
                gate_high is not None and middle > gate_high
            )
            title = f"{number(left)} to {number(right)} {unit}".rstrip() + f": {spots(count)}"
            width = round(at(right) - at(left) - 1, 1)
            bars.append(Bar(at(left), HEIGHT_PX - height, width, height, outside, title))
    return Histogram(
        label=label,
        unit=unit,
        bars=tuple(bars),
        lines=tuple(Line(at(v), number(v, unit)) for v in (gate_low, gate_high) if v is not None),
        low=number(float(f"{low:.3g}"), unit),
        high=number(float(f"{high:.3g}"), unit),
        median=number(distribution.quantile(0.5), unit),
        spread=" and ".join(number(distribution.quantile(share), unit) for share in (0.05, 0.95)),
        gate=_gate_words(gate_low, gate_high, unit),
        outside=distribution.outside(),
        count=len(distribution.values),
    )


def _gate_words(low: float | None, high: float | None, unit: str) -> str:
    least, most = number(low, unit), number(high, unit)
    if low is not None and high is not None:
        return f"gate {least} to {most}"
    if low is not None:
        return f"gate at least {least}"
    return f"gate at most {most}" if high is not None else ""
