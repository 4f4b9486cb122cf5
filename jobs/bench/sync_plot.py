"""Draws what `python -m jobs.bench sync` found: errors before and after correction."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np

from jobs.bench.sync import Findings, Sample

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

FRAME_MS = 1000 / 24


def plot_sync(findings: Findings, path: Path) -> None:
    """Four panels as PNG: words, lips, drift and explosions."""
    figure, panels = plt.subplots(2, 2, figsize=(11, 7.6), layout="constrained")
    by_kind = {sample.kind: sample for sample in findings.samples}
    words = [s for kind, s in by_kind.items() if kind.startswith("words")]
    _shares(panels[0, 0], words, "Caption words: error of their starts")
    _recovered(panels[0, 1], by_kind["lip offset"], 1.0, "Lip offset", "mouth late by, ms")
    drift = by_kind["drift of a track"]
    _recovered(panels[1, 0], drift, 1e-4, "Whole track that drifts: worst error in it", "drift, %")
    blasts = [s for kind, s in by_kind.items() if kind.startswith("explosions")]
    _recovered(panels[1, 1], _joined(blasts), 1.0, "Explosions under music", "sound late by, ms")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _shares(axes: Axes, samples: Sequence[Sample], title: str) -> None:
    """Share of the words within an error, before and after correction."""
    for number, sample in enumerate(samples):
        for errors, style in ((sample.before, ":"), (sample.after, "-")):
            kept = np.sort(np.abs(np.array([e for e in errors if np.isfinite(e)])))
            share = 100 * np.arange(1, len(kept) + 1) / len(kept)
            label = sample.kind.removeprefix("words, ") if style == "-" else None
            axes.plot(kept, share, style, color=f"C{number}", label=label)
    axes.plot([], [], "k:", label="as given")
    axes.axvline(100, color="0.6", linewidth=0.8)
    axes.set(title=title, xlabel="error, ms (absolute)", ylabel="% of the words", xlim=(0, 250))
    axes.legend(loc="lower right", fontsize=8)


def _recovered(axes: Axes, sample: Sample, scale: float, title: str, label: str) -> None:
    """Each case: how far off it was, and what is left; refused ones stand where they were."""
    at = scale * np.array(sample.truth)
    after, before = np.array(sample.after), np.array(sample.before)
    done = np.isfinite(after)
    axes.axhspan(-FRAME_MS, FRAME_MS, color="C2", alpha=0.15, label="one frame")
    axes.plot(at, before, ".", color="0.7", label="as given", markersize=4)
    axes.plot(at[done], after[done], ".", color="C0", label="after correction", markersize=5)
    if (~done).any():
        axes.plot(at[~done], before[~done], "x", color="C3", label="refused, said so")
    axes.set(title=title, xlabel=label, ylabel="error, ms")
    axes.set_yscale("symlog", linthresh=50)
    axes.set_yticks(
        [-1000, -200, -50, 0, 50, 200, 1000], ["-1000", "-200", "-50", "0", "50", "200", "1000"]
    )
    axes.legend(loc="upper left", fontsize=8)


def _joined(samples: Sequence[Sample]) -> Sample:
    whole = Sample("all")
    for one in samples:
        for values in zip(one.truth, one.before, one.found, one.after, strict=True):
            whole.add(*values)
    return whole
