"""The watermark's benchmark, on as little as shows that it measures."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from jobs.bench.__main__ import app
from jobs.bench.watermark import Found, Row, bounds, shares
from jobs.bench.watermark_attacks import PICTURE, SOUND, named
from jobs.bench.watermark_clips import CONTENTS, draw
from jobs.bench.watermark_shown import plot_watermark, summary, tables_of
from jobs.bench.watermark_sounds import mixes
from jobs.bench.watermark_trials import try_sounds
from schemas.layout import FORMATS


def row(attack: str, *, blind: bool, ledger: bool, kind: str = "picture") -> Row:
    """A copy as it would be told of."""
    return Row(kind, "flat", attack, blind, ledger, 3 if blind else None, 9.0, 8.0, 4.2, 0.5)


def test_a_copy_is_made_and_read(tmp_path: Path) -> None:
    """Would catch a bench that marks otherwise than spots are marked, reads the unmarked file, or
    tells of copies that it has not made."""
    options = ["--clips", "flat", "--seconds", "2.5", "--attack", "360p CRF 28"]
    options += ["--sounds", "0", "--trials", "9", "--out", str(tmp_path)]
    done = CliRunner().invoke(app, ["watermark", *options])
    assert done.exit_code == 0, done.output
    found = json.loads((tmp_path / "watermark.json").read_text())
    (copy,) = found["rows"]
    assert (copy["attack"], copy["blind"], copy["ledger"]) == ("360p CRF 28", True, True)
    assert copy["z"] > 8 > copy["best"] > 3 and copy["cpu_s"] > 0
    (price,) = found["prices"]
    assert -0.2 < price["vmaf_loss"] < 4 and price["bytes_marked"] > price["bytes_plain"]
    (trial,) = found["trials"]
    assert (trial["trials"], trial["read_blind"], trial["matched"]) == (9, 0, 0)
    assert 3 < trial["highest_sync_z"] < 7
    lines = list(csv.DictReader((tmp_path / "watermark.csv").open()))
    assert [line["attack"] for line in lines] == ["360p CRF 28"]
    assert (tmp_path / "watermark.png").stat().st_size > 5000
    assert "read blind with a chance of 1.5e-09" in done.output


def test_what_there_is_none_of_is_refused() -> None:
    """Would catch a misspelt copy that is left out without a word."""
    done = CliRunner().invoke(app, ["watermark", "--attack", "crop"])
    assert done.exit_code == 2 and "crop 10 % off-centre" in done.output
    with pytest.raises(ValueError, match="use one of flat"):
        next(draw("misty", FORMATS["9x16"], 1.0))


def test_shares_count_copies(tmp_path: Path) -> None:
    """Would catch shares that count what was not read, and a plot that needs both kinds."""
    found = Found(15.0, 0.7)
    found.rows += [row("a", blind=True, ledger=True), row("a", blind=False, ledger=True)]
    found.rows += [row("b", blind=False, ledger=False), row("b", blind=True, ledger=True)]
    assert shares(found.rows) == (0.5, 0.75) and shares([]) == (0.0, 0.0)
    assert summary(found)[0] == "picture: 75.0% led back with the ledger, 50.0% read blind" + (
        " (4 copies)"
    )
    assert [table.row_count for table in tables_of(found)] == [2]
    plot_watermark(found, tmp_path / "plot.png")
    assert cv2.imread(str(tmp_path / "plot.png")) is not None
    assert bounds()["blind"] < 1e-8 and 7.3 < bounds()["z_for_ten_million"] < 7.8


def test_clips_differ_and_move() -> None:
    """Would catch four clips of one content, or one that stands still, which is the easy case."""
    spread = {}
    for content in CONTENTS:
        frames = draw(content, FORMATS["9x16"], 1.0)
        first = next(frames)[:1920].astype(np.float32)
        fine = first - cv2.GaussianBlur(first, (0, 0), 3.0)
        spread[content] = float(fine.std())
        if content == "dark":
            assert first.mean() < 60
        for _ in range(9):
            later = next(frames)[:1920].astype(np.float32)
        assert np.abs(later - first).mean() > 0.05  # of the same grain: things have moved
    assert spread["textured"] > 2 * spread["flat"]


def test_names_are_told_apart() -> None:
    """Would catch two copies in one line of the table."""
    for attacks in (PICTURE, SOUND):
        assert len(set(named(attacks))) == len(attacks)


def test_sounds_are_real_mixes(tmp_path: Path) -> None:
    """Would catch a bench whose sound is silence, and keys that read an unmarked sound."""
    (made,) = mixes(1, 4.0, tmp_path)
    assert made.sound.shape == (4 * 48_000, 2) and np.abs(made.sound).max() > 0.05
    assert made.said.startswith("Slow mornings")
    found = Found(4.0, 0.7)
    try_sounds(found, [made.sound], 5, lambda part: None)
    (trial,) = found.trials
    assert (trial["read_blind"], trial["matched"]) == (0, 0) and trial["highest_z"] < 6
