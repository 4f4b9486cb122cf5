"""The benchmark of sync: its truths are true, its figures are of what was measured."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from jobs.bench.sync import Findings, Sample, percentiles
from jobs.bench.sync_plot import plot_sync
from jobs.bench.sync_voices import LONGEST_S, demo_scripts, embedded, spliced, with_noise
from stages.shared.aligner import RATE_HZ
from stages.shared.picture import read_picture
from stages.shared.sound import levels_db

EXAMPLE = Path(__file__).parents[2] / "examples" / "late_explosion" / "late_explosion.py"


def test_spliced_words_are_where_they_are_said_to_be() -> None:
    """Would catch a truth that is off by a word's silence, a resampling, or a lost gap."""
    for rendering in (embedded()[0], embedded()[4]):
        spoken = spliced(rendering, demo_scripts()[0], np.random.default_rng(1))
        assert len(spoken.words) > 15 and spoken.ends_s[-1] < LONGEST_S
        levels = levels_db(spoken.samples, RATE_HZ, 0.005)
        loud = levels > -90  # between words lies digital silence
        for start_s, end_s in zip(spoken.starts_s, spoken.ends_s, strict=True):
            inside = loud[round(start_s / 0.005) + 1 : round(end_s / 0.005)]
            assert inside[:8].any() and inside[-8:].any()
        for end_s, start_s in zip(spoken.ends_s, spoken.starts_s[1:], strict=False):
            assert not loud[int(np.ceil(end_s / 0.005)) + 1 : int(start_s / 0.005) - 1].any()


def test_noise_is_as_far_below_as_asked() -> None:
    """Would catch a bench that is easy because its noise is not there."""
    dice = np.random.default_rng(2)
    tone = np.sin(np.arange(RATE_HZ) * 0.2).astype(np.float32)
    noise = with_noise(tone, dice, 20.0) - tone
    assert 10 * np.log10(np.mean(tone**2) / np.mean(noise**2)) == pytest.approx(20, abs=0.2)


def test_figures_and_plot_leave_out_what_was_refused(tmp_path: Path) -> None:
    """Would catch a refused case counted as perfect, or NaN written into JSON."""
    assert percentiles([10.0, -30.0, np.nan]) == pytest.approx((20.0, 29.0, 30.0))
    assert np.isnan(percentiles([np.nan])[0])
    findings = Findings(cpu_s={"aligner": [0.4]})
    for kind in ("words, spliced", "lip offset", "drift of a track", "explosions, music"):
        sample = Sample(kind, refused=1)
        sample.add(100.0, 100.0, 3.0, 2.0)
        sample.add(400.0, 400.0, np.nan, np.nan)
        findings.samples.append(sample)
    text = json.dumps(findings.as_json(), allow_nan=False)
    assert json.loads(text)["samples"][0]["after"] == [2.0, None]
    plot_sync(findings, tmp_path / "sync.png")
    assert read_picture(tmp_path / "sync.png").std() > 10


def test_the_late_explosion_is_set_right(tmp_path: Path) -> None:
    """Would catch an example that no longer runs, and a file whose sound is still late."""
    command = [sys.executable, str(EXAMPLE), "--out", str(tmp_path), "--late-ms", "800"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=240, check=False,
        cwd=EXAMPLE.parents[2], env={**os.environ, "PYTHONPATH": str(EXAMPLE.parents[2])},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-800:]
    made, before, after = done.stdout.splitlines()
    assert "heard +800 ms" in made
    offsets_ms = [int(re.findall(r"([+-]\d+) ms", line)[0]) for line in (before, after)]
    assert offsets_ms == pytest.approx([800, 0], abs=20)
    assert {p.name for p in tmp_path.iterdir()} == {"before.mp4", "after.mp4", "late_explosion.png"}
