"""The command that tries a names list on a catalogue."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from jobs.names import app
from tests.pipeline.test_plan import write_campaign

FEED = """id\ttitle\timage_link\tprice\tbrand
mug\tElon Musk mug\thttps://shop.example.com/mug.jpg\t28.00 USD\tTarnwick
cup\tTailor swift delivery cup\thttps://shop.example.com/mug.jpg\t9 USD\tTarnwick
lamp\tQuillfeather lamp\thttps://shop.example.com/mug.jpg\t9 USD\tZarbo
bad\tBroken\thttps://shop.example.com/mug.jpg\tfree\tTarnwick
"""


def command(*arguments: str) -> Any:
    """Run the command as a person would."""
    return CliRunner().invoke(app, ["check", *arguments], env={"COLUMNS": "140"})


@pytest.fixture
def campaign(tmp_path: Path) -> str:
    """A campaign of three products that can be sold, one of them Elon Musk's."""
    return write_campaign(tmp_path, feed=FEED)


def test_it_says_how_many_products_which_and_by_which_rule(campaign: str, tmp_path: Path) -> None:
    """Would catch a count without the products, or a rule that is not the screen stage's."""
    done = command(campaign, "--out", str(tmp_path / "hits.csv"))
    assert done.exit_code == 0, done.output
    assert "3 products: 1 would be blocked, 1 held for a person" in done.output
    assert "by rule: named 1, looks or sounds alike 1" in done.output
    assert "names.json sha256:" in done.output
    with (tmp_path / "hits.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["product_id"], row["person"], row["would_be"]) for row in csv.DictReader(file)]
    assert rows == [("mug", "Elon Musk", "block"), ("cup", "Taylor Swift", "review")]


def test_an_own_list_is_added_or_tried_alone(campaign: str, tmp_path: Path) -> None:
    """Would catch a list that is read and not tried, or a shipped one that hides what it does."""
    names = tmp_path / "own.json"
    names.write_text('{"people": [{"name": "Zarbo Quillfeather", "aliases": ["zarbo"]}]}')
    both = command(campaign, "--names", str(names))
    assert "3 products: 2 would be blocked, 1 held" in both.output
    alone = command("--feed", str(tmp_path / "feed.tsv"), "--names", str(names), "--alone")
    assert "3 products: 1 would be blocked, 0 held" in alone.output and "lamp" in alone.output


@pytest.mark.parametrize("names", ["gone.json", "feed.tsv"])
def test_what_cannot_be_read_is_refused(campaign: str, tmp_path: Path, names: str) -> None:
    """Would catch a traceback, or a list of nothing that finds nothing."""
    done = command(campaign, "--names", str(tmp_path / names))
    assert done.exit_code == 2 and "--names" in done.output and names in done.output
    assert command().exit_code == 2
