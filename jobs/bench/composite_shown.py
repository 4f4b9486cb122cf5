"""Tables and the plot of `jobs.bench composite`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import matplotlib
from rich.table import Table

from jobs.bench.composite import Found, ratios
from jobs.bench.quality import Point, chosen
from schemas.encoding import PROFILES

matplotlib.use("Agg")
import matplotlib.pyplot as plt

INK, FAINT, OURS = "#1d1f24", "#a7a9ae", "#c8573a"
_COLOURS = {"decode": "#3f6d8e", "presenter": "#6b9ac4", "drawing": "#e2a33c",
            "overlays": "#f0c987", "watermark": "#8c7aa9", "encode": "#c8573a",
            "loudness": "#6a8d73"}  # fmt: skip
_MARKS = {"h264": "o", "hevc": "s", "av1": "^"}


def tables_of(found: Found) -> Iterator[Table]:
    """The ways, the phases of ours, and the encodes that were tried."""
    against = ratios(found.ways)
    ways = Table("way", "CPU s", "x encoder alone", "wall s", "peak MB", "MB", title=found.spot)
    for way in found.ways:
        ways.add_row(
            way.name, f"{way.cpu_s:.1f}", f"{against.get(way.name, 0):.2f}", f"{way.wall_s:.1f}",
            f"{way.peak_mb:.0f}", f"{way.file_bytes / 1e6:.2f}",
        )  # fmt: skip
    yield ways
    phases = Table("phase of ours", "CPU s", "share")
    total = sum(found.phases.values())
    for name, used in found.phases.items():
        phases.add_row(name, f"{used:.2f}", f"{used / total:.0%}")
    yield phases
    if found.points:
        tried = Table("codec", "preset", "crf", "CPU s", "kbit/s", "VMAF", "lowest 5 %", "PSNR dB")
        for one in found.points:
            tried.add_row(
                one.codec, one.preset, f"{one.crf:g}", f"{one.cpu_s:.1f}", f"{one.kbps:.0f}",
                f"{one.vmaf:.1f}", f"{one.vmaf_low:.1f}", f"{one.psnr_y_db:.1f}",
            )  # fmt: skip
        yield tried


def plot_composite(found: Found, path: Path) -> None:
    """Three panels: ways, phases, and quality against cost."""
    wide = 3 if found.points else 2
    figure, panels = plt.subplots(1, wide, figsize=(5.4 * wide, 4.4), constrained_layout=True)
    names = [way.name for way in found.ways]
    bars = panels[0].barh(names, [way.cpu_s for way in found.ways], color=FAINT)
    bars[0].set_color(OURS)
    against = ratios(found.ways)
    for bar, way in zip(bars, found.ways, strict=True):
        told = f" {way.cpu_s:.1f} s, {against.get(way.name, 0):.2f} x"
        panels[0].text(bar.get_width(), bar.get_y() + bar.get_height() / 2, told, va="center")
    panels[0].set(xlabel="CPU seconds a spot", title="Ways to the same spot")
    panels[0].set_xlim(0, 1.3 * max(way.cpu_s for way in found.ways))
    panels[0].invert_yaxis()
    left = 0.0
    for name, used in found.phases.items():
        panels[1].barh(
            ["ours"], [used], left=left, color=_COLOURS[name], label=f"{name} {used:.1f}"
        )
        left += used
    panels[1].set(xlabel="CPU seconds", title="Ours by phase")
    panels[1].set_ylim(-1.4, 0.8)
    panels[1].legend(loc="lower left", ncols=2, frameon=False)
    if found.points:
        _qualities(panels[2], found.points)
    for panel in panels:
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _qualities(panel: plt.Axes, points: list[Point]) -> None:
    cheapest = chosen(points)
    ways = sorted({(one.codec, one.preset) for one in points})
    for number, (codec, preset) in enumerate(ways):
        own = sorted(
            (one for one in points if (one.codec, one.preset) == (codec, preset)),
            key=lambda one: one.cpu_s,
        )
        colour = plt.get_cmap("tab10")(number)
        xs, ys = [one.cpu_s for one in own], [one.vmaf for one in own]
        panel.plot(xs, ys, marker=_MARKS[codec], color=colour, label=f"{codec} {preset}", lw=1)
        for one in own:
            panel.annotate(
                f"{one.kbps / 1000:.1f}", (one.cpu_s, one.vmaf), fontsize=7, color=INK,
                xytext=(3, 3), textcoords="offset points",
            )  # fmt: skip
    preset, crf = PROFILES["standard"]["h264"]
    for one in points:
        if (one.codec, one.preset, one.crf) == ("h264", preset, crf):
            panel.plot(one.cpu_s, one.vmaf, "o", ms=15, mfc="none", mec=OURS, label="standard")
    panel.axhline(93, color=FAINT, lw=1, ls="--")
    title = "VMAF against CPU (labels: Mbit/s)"
    if cheapest is not None:
        title += f"\ncheapest at 93 and 4 Mbit/s: {cheapest.codec} {cheapest.preset}"
        title += f" {cheapest.crf:g}"
    panel.set(xlabel="CPU seconds of the encode", ylabel="VMAF", title=title)
    panel.legend(loc="lower right", fontsize=7, frameon=False)
