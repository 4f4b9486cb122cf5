"""Forecast: says before the run what the run then does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from jobs.plan import plan as plan_command
from pipeline.campaign_file import read_campaign
from pipeline.forecast import Forecast, forecast, stages_to_run
from pipeline.plan import Planner
from pipeline.recipes import load_recipe
from pipeline.settled import Settled
from pipeline.stage_costs import StageCosts, measured_costs
from stages.base import Stage
from tests.pipeline.test_campaign_run import campaign_run, long_feed, rows_of
from tests.pipeline.test_plan import write_campaign
from tests.pipeline.toy_stages import Count, Loud

DEMO = Path(__file__).parents[2] / "examples" / "demo" / "campaign.yaml"
LAPTOP = load_recipe("laptop", read_campaign(str(DEMO), ["signing.folder=/tmp/unused"]))
BEHIND = ["composite", "inspect", "release", "sign", "publish"]


def foretell(path: str, output: str, stages: list[Stage]) -> Forecast:
    """A forecast for a campaign file."""
    planner = Planner(read_campaign(path), stages, Settled.load(output))
    return forecast(planner, output, measured_costs(output))


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (["price"], ["screen", *BEHIND]),
        (["tagline"], ["screen", *BEHIND]),
        (["music"], BEHIND),
        (["accent"], ["image_to_video", "avatar", "align", *BEHIND]),
        (["images"], ["screen", "image_to_video", "avatar", "align", *BEHIND]),
        (["script"], [stage.name for stage in LAPTOP]),
        (["description"], ["release", "publish"]),
    ],
)
def test_a_change_reaches_what_reads_it_and_what_lies_behind(
    columns: list[str], expected: list[str]
) -> None:
    """Would catch a plan that promises GPU work for a new price, or hides it for a new photo."""
    assert stages_to_run(LAPTOP, columns) == expected


def test_a_changed_stage_reaches_those_behind_it() -> None:
    """Would catch a new encoder that is said to cost nothing."""
    assert stages_to_run(LAPTOP, [], ["composite"]) == BEHIND


def test_what_it_foretells_is_what_then_happens(tmp_path: Path) -> None:
    """Would catch counts that have nothing to do with the run."""
    path, output = write_campaign(tmp_path, feed=long_feed(10)), str(tmp_path / "out")
    stages: list[Stage] = [Loud(), Count()]
    first = foretell(path, output, stages)
    assert [(one.stage, one.new, one.changed) for one in first.stages] == [
        ("loud", 10, 0),
        ("count", 10, 0),
    ]
    assert not (tmp_path / "out").exists(), "a forecast writes nothing"
    rows_of(campaign_run(path, output, stages))

    feed = tmp_path / "feed.tsv"
    lines = feed.read_text().splitlines()
    lines[1] = lines[1].replace("24.00 USD", "23.00 USD")
    lines[2] = lines[2].replace("Mug 1", "Cup 1")
    lines.pop()
    feed.write_text("\n".join([*lines, lines[3].replace("mug-02", "new-99")]))
    second = foretell(path, output, stages)
    assert (second.new, second.changed, second.unchanged, second.withdrawn) == (1, 2, 7, 1)
    done = {row["spot_id"]: row for row in rows_of(campaign_run(path, output, stages))}
    for one in second.stages:
        ran = [
            run["stage"]
            for row in done.values()
            if row["status"] == "published"
            for run in row["stages"]
            if run["stage"] == one.stage and not run["cached"]
        ]
        # The new product has another's script and price: it comes from the store, as a bonus.
        assert len(ran) in (one.new + one.changed, one.changed), one.stage
    assert second.reasons["price"] == 1 and second.reasons["title"] == 1

    other = foretell(path, output, [Loud(), replace(Count(), log="x")])
    assert [(one.stage, one.changed) for one in other.stages] == [("loud", 0), ("count", 10)]
    assert other.reasons == {"stage count": 10}


def test_costs_are_measured_and_a_guess_says_so(tmp_path: Path) -> None:
    """Would catch hours foretold from a hint although thousands of spots were measured."""
    costs = StageCosts()
    assert costs.of("loud", 7.0).spots == 0 and costs.of("loud", 7.0).seconds == 7.0
    for _ in range(4):
        ran = {"stage": "loud", "cached": False, "seconds": 2.0, "cpu_seconds": 3.0}
        costs.add([ran, {**ran, "stage": "count", "cached": True}])
    again = StageCosts()
    again.merge(costs.to_json())
    assert (again.of("loud", 7.0).seconds, again.of("loud", 7.0).cpu_seconds) == (2.0, 3.0)
    assert again.of("count", 5.0).spots == 0


def test_the_command_prints_the_table(tmp_path: Path) -> None:
    """Would catch a command that needs a cluster, or writes, to say what would happen."""
    app = typer.Typer()
    app.command()(plan_command)
    prices = tmp_path / "prices.yaml"
    prices.write_text("cpu_hour_usd: 0.05\n")
    options = ["--out", str(tmp_path / "out"), "--profile", str(prices)]
    done = CliRunner().invoke(app, [str(DEMO), *options], env={"COLUMNS": "140"})
    assert done.exit_code == 0, done.output
    assert "8 spots new" in done.output and "image_to_video" in done.output
    assert "USD" in done.output and not (tmp_path / "out").exists()
    refused = CliRunner().invoke(app, [str(DEMO), *options, "--only", "TW-MUG-LAGOON-35"])
    assert refused.exit_code == 2 and "did you mean TW-MUG" in refused.output
