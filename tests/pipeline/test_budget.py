"""Budget: a run stops before the unit that would exceed it, says so, and goes on when it may."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import ledger
from pipeline.budget import BudgetSpent
from pipeline.campaign_file import read_campaign
from pipeline.campaign_run import CampaignRun
from pipeline.local_runner import LocalRunner
from pipeline.run_status import run_statuses
from pipeline.stage_costs import Prices
from schemas.config_error import ConfigError
from stages.base import Stage
from tests.pipeline.test_campaign_run import long_feed
from tests.pipeline.test_plan import write_campaign
from tests.pipeline.toy_stages import Count, Slow

PRICES = Prices(gpu_hour_usd=3600.0, gpus={"loud": 1.0})
"""A dollar for each second of the slow stage."""


@pytest.fixture
def run(tmp_path: Path) -> CampaignRun:
    """Eight spots in units of two, each a fraction of a second on a pretended GPU."""
    path = write_campaign(tmp_path, feed=long_feed(8), budget="0.9")
    stages: list[Stage] = [Slow(log=str(tmp_path / "log")), Count()]
    output = str(tmp_path / "out")
    return CampaignRun(
        read_campaign(path), stages, output, lambda _: LocalRunner(stages, output),
        say=lambda _: None, unit_spots=2, prices=PRICES,
    )  # fmt: skip


def with_budget(run: CampaignRun, usd: float | None) -> CampaignRun:
    """The same command with another budget."""
    campaign = run.campaign.model_copy(update={"budget": usd})
    return CampaignRun(
        campaign, run.stages, run.output, run.make_runner, say=lambda _: None, unit_spots=2,
        prices=run.prices,
    )  # fmt: skip


def rendered(tmp_path: Path) -> int:
    """How often the slow stage ran."""
    log = tmp_path / "log"
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_it_stops_at_a_unit_and_goes_on_when_it_may(run: CampaignRun, tmp_path: Path) -> None:
    """Would catch a run that spends what nobody allowed, one that stops in the middle of a unit,
    and one that begins anew when the budget is raised."""
    each = spent_by_a_spot(run, tmp_path)
    budget = 5.5 * each  # two units of two, and not a third
    with pytest.raises(BudgetSpent, match=r"would cost about .* units are left. Raise `budget`"):
        with_budget(run, budget).run()
    (run_id, *_), done = reversed(ledger.runs(run.output)), rendered(tmp_path)
    assert done in (2, 4), "whole units, whatever the machine's load"
    assert sum(ledger.counts(run.output, run_id).values()) == done
    (status, *_) = run_statuses(run.output)
    assert status.state == "stopped" and status.missing == 0 and status.stopped is not None
    assert status.units_left == 4 - done // 2 and status.usd is not None
    assert status.usd <= budget < status.usd + status.stopped["next_unit_usd"] + 1e-6

    finished = with_budget(run, 1000.0).run()
    assert finished.run_id == run_id and rendered(tmp_path) == 8, "it went on, and did none twice"
    assert ledger.counts(run.output, run_id)["published"] == 8
    assert run_statuses(run.output)[0].state == "closed"


def spent_by_a_spot(run: CampaignRun, tmp_path: Path) -> float:
    """What a spot of this machine costs, measured on an output of its own."""
    elsewhere = str(tmp_path / "measure")
    log = tmp_path / "other-log"
    stages: list[Stage] = [Slow(log=str(log)), Count()]
    measured = CampaignRun(
        run.campaign.model_copy(update={"budget": None}), stages, elsewhere,
        lambda _: LocalRunner(stages, elsewhere), say=lambda _: None, prices=PRICES, limit=2,
    )  # fmt: skip
    measured.run()
    (status,) = run_statuses(elsewhere)
    assert status.usd
    run.stages[0].seconds_hint = status.usd / 2  # what the first unit is foretold by
    return status.usd / 2


def test_the_first_unit_counts_too(run: CampaignRun, tmp_path: Path) -> None:
    """Would catch a check that only looks at what is spent already."""
    run.stages[0].seconds_hint = 100.0
    with pytest.raises(BudgetSpent, match=r"has cost 0\.00 of 0\.90 USD"):
        run.run()
    assert rendered(tmp_path) == 0
    (status,) = run_statuses(run.output)
    assert status.state == "stopped" and status.units_left == 4


def test_a_budget_without_prices_is_refused(run: CampaignRun) -> None:
    """Would catch a budget that looks kept because nothing is counted."""
    with pytest.raises(ConfigError, match=r"budget: 0\.9: the hardware profile has no prices"):
        replace_prices(run).run()
    assert not Path(run.output).exists()


def replace_prices(run: CampaignRun) -> CampaignRun:
    """With the laptop's profile, where nothing costs anything."""
    run.prices = replace(PRICES, gpu_hour_usd=0.0)
    return run


def test_a_budget_changes_no_spot(run: CampaignRun, tmp_path: Path) -> None:
    """Would catch a budget that is part of a key: raising it would render everything again."""
    with_budget(run, None).run()
    before = rendered(tmp_path)
    with_budget(run, 500.0).run()
    assert rendered(tmp_path) == before == 8
