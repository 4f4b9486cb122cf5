"""`python -m jobs.presenter`: what it writes, and what it says to a presenter that is not there."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
from typer.testing import CliRunner

from jobs.bench.presenters import measure
from jobs.presenter import app
from pipeline.audition import PROBES, spoken
from stages.avatar import VectorPresenter
from stages.avatar.hosts import shipped_host, shipped_hosts
from stages.shared.lip_sync import ARPABET_TO_VISEME


def run(*arguments: str) -> str:
    """The command's output; it must succeed."""
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_sheet_shows_each_phoneme(tmp_path: Path) -> None:
    """Would catch a sheet of one repeated frame, or one that misses the lips."""
    out = tmp_path / "sheet.png"
    run("sheet", "--presenter", "host:slate", "--out", str(out))
    picture = cv2.imread(str(out))
    assert picture is not None and picture.shape == (4 * 246, 6 * 200, 3)
    cells = {
        symbol: picture[n // 6 * 246 : n // 6 * 246 + 200, n % 6 * 200 : n % 6 * 200 + 200]
        for n, (symbol, _) in enumerate(PROBES)
    }
    white = {s: float((c[50:130, 50:150].min(axis=2) > 150).mean()) for s, c in cells.items()}
    assert max(white[s] for s in ("M", "B", "P")) == 0.0
    assert min(white[s] for s in ("F", "V", "S", "AA")) > 0.01


def test_a_film_has_picture_and_sound(tmp_path: Path) -> None:
    """Would catch a film without a voice, or one that is cut short."""
    out = tmp_path / "film.mp4"
    run("film", "--presenter", "host:fern", "--out", str(out), "--say", "Five brave men.")
    with av.open(str(out)) as file:
        seconds = float(file.duration or 0) / 1e6
        sound = np.concatenate([f.to_ndarray() for f in file.decode(audio=0)], axis=1)
    assert seconds > 1.2 and np.abs(sound).max() > 0.1
    with av.open(str(out)) as file:
        assert abs(sum(1 for _ in file.decode(video=0)) - seconds * 24) <= 2


def test_hosts_are_listed() -> None:
    """Would catch a host nobody can find."""
    said = run("hosts")
    assert all(f"host:{name}" in said for name in shipped_hosts())


def test_an_unknown_presenter_is_one_message() -> None:
    """Would catch a traceback in place of the nearest name."""
    result = CliRunner().invoke(app, ["sheet", "--presenter", "host:ferm", "--out", "x.png"])
    assert result.exit_code == 2 and "did you mean host:fern" in result.output


def test_the_voice_says_every_probe() -> None:
    """Would catch a probe word in which the voice has another sound."""
    assert {symbol for symbol, _ in PROBES} <= set(ARPABET_TO_VISEME)
    said = {p["symbol"] for p in spoken([f"{word}." for _, word in PROBES]).phonemes}
    assert {symbol for symbol, _ in PROBES} <= said


def test_its_cost_is_of_the_take_and_in_two_parts(tmp_path: Path) -> None:
    """Would catch a figure that leaves out the encode, or counts the warming up."""
    cost = measure(VectorPresenter(host=shipped_host("amber")), tmp_path, 256, 1.0)
    assert cost.frames == 24 and cost.encode_ms > 0 and cost.draw_ms > 0
    assert cost.warm_s * 1000 > cost.draw_ms, "the bust is painted once"
    assert cost.speed == 1000 / 24 / (cost.draw_ms + cost.encode_ms)
