"""The benchmark of clips, on the tiny model: what it reports must be of the clips it made."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from jobs.bench.clips import MODEL, measure_clips, plot_clips
from stages.shared.picture import read_picture


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU runs the model in its real size")
def test_clips_are_measured_by_phase_against_plain_diffusers(tmp_path: Path) -> None:
    """Would catch a phase that is no longer timed, and an engine that skips the model's work."""
    device, found = measure_clips(tmp_path, shots=2, seconds=0.5, steps=2)
    assert device.startswith("CPU")
    plain, one, shells, batch, _ = found
    assert plain.way == "plain diffusers" and (plain.clips, plain.steps) == (2, 4)
    assert one.steps == shells.steps == 4 and batch.steps == 2, "denoiser passes"
    for way in found:
        spent = {phase for phase, seconds in way.phases.items() if seconds > 0}
        assert spent >= {*MODEL, "encode"} - {"text"}, "prompts may be known already"
        assert 0 < way.own_s < way.wall_s and way.peak_gb > 0 and 0 < way.denoiser_busy < 1
    assert plain.phases["text"] > 10 * one.phases["text"], "prompts are encoded once"
    plot_clips(device, found, tmp_path / "clips.png")
    assert read_picture(tmp_path / "clips.png").std() > 10
