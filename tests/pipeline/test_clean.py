"""Clean: what goes is what nobody needs, and what stays is enough to do nothing again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from jobs.clean import clean as command
from pipeline.clean import RunIsOpen, find_leftovers
from tests.pipeline.test_campaign_run import campaign_run, count, long_feed, rows_of
from tests.pipeline.test_plan import write_campaign
from tests.pipeline.toy_stages import Count, Loud


def three_runs(tmp_path: Path, output: str) -> str:
    """Ten spots; then one has a new title; then nothing changes. Returns the campaign."""
    path = write_campaign(tmp_path, feed=long_feed(10))
    rows_of(campaign_run(path, output))
    feed = tmp_path / "feed.tsv"
    feed.write_text(feed.read_text().replace("\tMug 3\t", "\tCup 3\t"))
    rows_of(campaign_run(path, output))
    rows_of(campaign_run(path, output))
    return path


@pytest.mark.parametrize("where", ["local", "s3"])
def test_only_what_the_last_runs_do_not_need_goes(
    where: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Would catch a clean-up after which the whole catalogue is rendered again, because unchanged
    spots stand in the ledger of an older run.
    """
    output = str(tmp_path / "out")
    if where == "s3":
        output = f"{request.getfixturevalue('s3_bucket')}/{tmp_path.name}"
    path = three_runs(tmp_path, output)
    assert not find_leftovers(output, runs=3, safe_hours=0).files
    left = find_leftovers(output, runs=1, safe_hours=0)
    assert left.count == {"receipts of loud": 1, "receipts of count": 1, "blobs": 1}
    assert left.kept_files == 31 and left.bytes > 0
    assert left.remove() == 3 and not find_leftovers(output, runs=1, safe_hours=0).files

    log = tmp_path / "log"
    rows = rows_of(campaign_run(path, output, [Loud(log=str(log)), Count(log=str(log))]))
    assert count(rows) == {"published": 10}, "other parameters: every row goes through the stages"
    rows = rows_of(campaign_run(path, output))
    assert count(rows) == {"published": 10}
    assert all(run["cached"] for row in rows for run in row["stages"]), "all from the store"


def test_runs_of_one_spot_do_not_push_the_others_out(tmp_path: Path) -> None:
    """Would catch a clean-up that takes a live campaign's media after a week of small fixes."""
    path, output = write_campaign(tmp_path, feed=long_feed(5)), str(tmp_path / "out")
    rows_of(campaign_run(path, output))
    for _ in range(3):
        rows_of(replace(campaign_run(path, output), only=["mug-03"]))
    assert not find_leftovers(output, runs=2, safe_hours=0).files


def test_what_is_fresh_and_what_is_open_is_left_alone(tmp_path: Path) -> None:
    """Would catch a clean-up that takes the media of a run from under it."""
    output = str(tmp_path / "out")
    three_runs(tmp_path, output)
    assert not find_leftovers(output, runs=1).files, "written a moment ago"
    max((tmp_path / "out" / "ledger").glob("run=*/closed.json")).unlink()
    with pytest.raises(RunIsOpen, match="run its command again"):
        find_leftovers(output, runs=1)


def test_the_command_says_first_and_deletes_when_told(tmp_path: Path) -> None:
    """Would catch a dry run that deletes, and a ledger's lack taken for nothing to keep."""
    app = typer.Typer()
    app.command()(command)
    output = tmp_path / "out"
    three_runs(tmp_path, str(output))
    before = sorted(output.rglob("*"))
    options = [str(output), "--runs", "1", "--safe-hours", "0"]
    dry = CliRunner().invoke(app, options)
    assert dry.exit_code == 0 and "would go: 3 files" in dry.output
    assert sorted(output.rglob("*")) == before
    assert "removed: 3 of 3 files" in CliRunner().invoke(app, [*options, "--delete"]).output
    nowhere = CliRunner().invoke(app, [str(tmp_path / "none")])
    assert nowhere.exit_code == 2 and "has no ledger" in nowhere.output
