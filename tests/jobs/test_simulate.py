"""The simulator: cases with a known answer, and units that were really rendered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cluster.pools import ClusterTooSmall
from jobs.simulate.__main__ import app
from jobs.simulate.check import check_output
from jobs.simulate.fleet import Fleet, predict
from jobs.simulate.unit import Site, Station, simulate_unit
from pipeline.ledger import UnitWriter
from pipeline.rows import decided
from tests.cluster.test_pools import stage

FREE = Site(cores=64, driver_s=0.0, start_s=0.0)


def test_two_workers_do_ten_seconds_of_work_in_five() -> None:
    """Would catch a pool whose workers work one after the other."""
    station = Station("clip", 2, gpu=True, start_s=0.0)
    times = simulate_unit([station], [[(1.0, 0.0)]] * 10, FREE)
    assert times.wall_s == pytest.approx(5.0) and times.first_s == pytest.approx(1.0)
    assert times.busy["clip"] == pytest.approx(1.0)


def test_cores_are_shared_in_equal_parts() -> None:
    """Would catch four pieces of work on two cores that take no longer than on four: one of 1 s
    and three of 2 s, each at half a core until the first is done at 2 s, then at 2/3."""
    station = Station("draw", 4, start_s=0.0)
    rows = [[(1.0, 1.0)], [(2.0, 2.0)], [(2.0, 2.0)], [(2.0, 2.0)]]
    times = simulate_unit([station], rows, Site(cores=2, driver_s=0.0, start_s=0.0))
    assert times.first_s == pytest.approx(2.0) and times.wall_s == pytest.approx(2.0 + 1.0 * 3 / 2)


def test_stages_work_on_different_rows_at_once_and_skipped_ones_cost_nothing() -> None:
    """Would catch a chain in which each row waits for the one before to be all done."""
    stations = [Station("a", 1, True, 0.0), Station("b", 1, True, 0.0)]
    rows: list[Any] = [[(1.0, 0.0), (2.0, 0.0)]] * 5
    assert simulate_unit(stations, rows, FREE).wall_s == pytest.approx(1.0 + 5 * 2.0)
    assert simulate_unit(stations, [[(1.0, 0.0), None]] * 5, FREE).wall_s == pytest.approx(5.0)


def test_one_driver_is_the_limit_when_stages_are_short() -> None:
    """Would catch a model in which one driver feeds any number of GPUs."""
    station = Station("clip", 500, gpu=True, start_s=0.0)
    site = Site(cores=64, driver_s=0.01, start_s=0.0)
    wall = simulate_unit([station], [[(1.0, 0.0)]] * 2000, site).wall_s
    assert wall == pytest.approx(2000 * 0.01, rel=0.1)


def test_more_gpus_are_faster_until_there_are_more_drivers_than_units() -> None:
    """Would catch a prediction that knows no limit, or does not say what a fleet costs."""
    stages = [stage("clip", 30.0, gpus=1.0), stage("draw", 10.0)]
    few, many, most = (
        predict(stages, {}, Fleet(gpus=gpus), Site(cores=1), 200_000) for gpus in (64, 512, 65536)
    )
    assert few.hours / many.hours == pytest.approx(8.0, rel=0.15)
    assert few.hours > 200_000 * 30 / 64 / 3600, "no faster than the cards"
    assert most.hours * 60 > most.unit_minutes and most.usd_per_spot > 2 * few.usd_per_spot
    assert few.usd == pytest.approx((few.hours) * 64 * 3.0 * 1.213, rel=0.05)  # and 16 cores each
    assert few.preempted > 0
    with pytest.raises(ClusterTooSmall):
        predict([stage("clip", 30.0, gpus=16.0)], {}, Fleet(gpus=8), Site(cores=1), 100)


def test_units_are_checked_from_their_receipts(tmp_path: Path) -> None:
    """Would catch a check that compares the model with itself."""
    ran = {"engine": "e", "version": "1", "key": "0" * 64, "peak_memory_mb": 1.0, "attempt": 1,
           "cached": False}  # fmt: skip
    writer = UnitWriter(str(tmp_path), "20261123T061500123Z-aaaa", 0)
    for n in range(20):
        row = decided(f"s{n}", f"s{n}", "published", "", "")
        spent = {**ran, "stage": "clip", "seconds": 3.0, "cpu_seconds": 0.0}
        writer.add({**row, "run_id": "r", "stages": [spent]})
    writer.close(20, {"seconds": 40.0, "runner": {"workers": {"clip": 2}, "cores": 2.0}})
    (one,) = check_output(str(tmp_path))
    assert one.simulated_s == pytest.approx(20 * 3.0 / 2 + 3.0 + 4.0, abs=0.5) and one.spots == 20
    assert one.error == pytest.approx(one.simulated_s / 40.0 - 1)
    done = CliRunner().invoke(app, ["check", str(tmp_path)])
    assert done.exit_code == 0 and "mean error" in done.output


def test_a_stage_that_the_recipe_does_not_have_is_refused() -> None:
    """Would catch a typing mistake that is left out without a word."""
    campaign = str(Path(__file__).parents[2] / "examples" / "demo" / "campaign.yaml")
    done = CliRunner().invoke(app, ["predict", campaign, "--stage", "clips=3", "--gpus", "8"])
    assert done.exit_code == 2 and "write NAME=SECONDS" in done.output
