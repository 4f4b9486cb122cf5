"""The specification report, printed for a good file and for one that a platform would refuse."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from jobs.spec import main
from stages.shared.ffmpeg import run_ffmpeg


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    """The command."""
    made = typer.Typer()
    made.command()(main)
    return made


def _film(path: Path, *, tags: bool = True, loud_db: float = -11.5) -> Path:
    sources = ["-f", "lavfi", "-i", "testsrc2=s=540x960:r=24:d=2", "-f", "lavfi", "-i"]
    sources += [f"anoisesrc=d=2:c=pink:r=48000:seed=3,volume={loud_db}dB"]
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    coding += ["-c:a", "aac", "-ac", "2"]
    said = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    coding += ["-vf", said, "-movflags", "+faststart"] if tags else []
    run_ffmpeg([*sources, *coding, str(path)])
    return path


def test_every_rule_is_printed_with_its_outcome(app: typer.Typer, tmp_path: Path) -> None:
    """Would catch a report that leaves a failed rule out, or ends well in spite of it."""
    good, bad = _film(tmp_path / "good.mp4"), _film(tmp_path / "bad.mp4", tags=False)
    told = {}
    for path in (good, bad):
        done = CliRunner().invoke(app, [str(path), "--length-s", "2", "--platform", "ctv"])
        told[path] = done.output
        assert done.exit_code == 1, "neither is for television"
    for rule, passes in (("colour_tags", True), ("faststart", True), ("constant_rate", True)):
        line = next(one for one in told[good].splitlines() if f" {rule} " in one)
        assert ("pass" in line) == passes
    for rule in ("colour_tags", "faststart"):
        assert "FAIL" in next(one for one in told[bad].splitlines() if f" {rule} " in one)
    refused = [one for one in told[good].splitlines() if "│ ctv" in one and "FAIL" in one]
    assert any("loudness_lufs" in one for one in refused) and any("format" in o for o in refused)


def test_what_is_no_video_is_said_to_be_none(app: typer.Typer, tmp_path: Path) -> None:
    """Would catch a traceback for a text that is called .mp4, and for a platform with a typo."""
    path = tmp_path / "text.mp4"
    path.write_text("not a video")
    assert CliRunner().invoke(app, [str(path)]).exit_code == 2
    done = CliRunner().invoke(app, [str(path), "--platform", "tictoc"])
    assert done.exit_code == 2 and "tiktok" in done.output
