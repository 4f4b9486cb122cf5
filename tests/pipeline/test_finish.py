"""What follows a run: nothing that fails there fails the run, and nothing is forgotten."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import ledger
from pipeline.campaign_run import FinishedRun
from pipeline.finish import finish
from pipeline.rows import to_rows
from pipeline.stage_costs import Prices
from pipeline.tracking import UNIT_METRIC, LiveUnits
from stages.base import Stage
from tests.pipeline.test_campaign_run import campaign_run, long_feed
from tests.pipeline.test_plan import write_campaign
from tests.pipeline.toy_stages import Count, Loud


def runs_in(database: Path) -> set[str]:
    """Campaign runs that MLflow knows."""
    import mlflow

    client = mlflow.MlflowClient(f"sqlite:///{database}")
    names = [one.experiment_id for one in client.search_experiments()]
    return {run.data.tags["spotmill.run_id"] for run in client.search_runs(names)}


def steps_in(database: Path) -> list[list[int]]:
    """Of each MLflow run, oldest first, the units that it was told of."""
    import mlflow

    client = mlflow.MlflowClient(f"sqlite:///{database}")
    names = [one.experiment_id for one in client.search_experiments()]
    runs = sorted(client.search_runs(names), key=lambda run: run.data.tags["spotmill.run_id"])
    histories = (client.get_metric_history(run.info.run_id, UNIT_METRIC) for run in runs)
    return [[point.step for point in history] for history in histories]


def test_each_unit_is_a_step_told_while_the_others_are_rendered(tmp_path: Path) -> None:
    """Would catch a quality that slips for eight hours before anybody can see it."""
    path, out = write_campaign(tmp_path, feed=long_feed(8)), tmp_path / "out"
    prices = Prices(cpu_hour_usd=3600.0)
    live = LiveUnits(str(out), "Test", prices=prices)
    stages: list[Stage] = [Loud(), Count()]
    run = replace(
        campaign_run(path, str(out), stages), unit_spots=3, prices=prices, on_unit=live.add
    )
    done = run.run()
    live._thread.shutdown(wait=True)  # type: ignore[union-attr]
    assert steps_in(out / "mlflow.db") == [[0, 1]], "the last one is told with the run"
    finish(done, recipe="toy", say=lambda _: None)
    assert steps_in(out / "mlflow.db") == [[0, 1, 2]]

    import mlflow

    client = mlflow.MlflowClient(f"sqlite:///{out / 'mlflow.db'}")
    (mlflow_run,) = client.search_runs([client.get_experiment_by_name("Test").experiment_id])
    values = mlflow_run.data.metrics
    for name in ("letters/p50", "letters/p95", "letters/p99", "cost/usd_p95", "stage_loud/executed",
                 "stage_loud/seconds_p99", "cached_share", "cost/usd_total"):  # fmt: skip
        assert name in values and f"unit/{name}" in values, name
    cpu = sum(
        ran["cpu_seconds"]
        for row in to_rows(ledger.read_ledger(str(out), done.run_id))
        for ran in row["stages"]
    )
    assert values["cost/usd_total"] == pytest.approx(cpu)  # a dollar a second
    points = client.get_metric_history(mlflow_run.info.run_id, "unit/spots/published")
    assert [(point.step, point.value) for point in points] == [(0, 3.0), (1, 3.0), (2, 2.0)]


def test_a_tracker_that_was_away_is_told_later(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Would catch a run that fails, or is missing in MLflow for ever, because a server was down."""
    path, out = write_campaign(tmp_path), tmp_path / "out"

    def run(tracking_uri: str | None) -> FinishedRun:
        done = campaign_run(path, str(out)).run()
        campaign = done.campaign.model_copy(update={"tracking_uri": tracking_uri})
        finish(replace(done, campaign=campaign), recipe="toy", say=lambda _: None)
        return done

    with socket.socket() as closed:  # bound, but nobody listens
        closed.bind(("127.0.0.1", 0))
        run(f"http://127.0.0.1:{closed.getsockname()[1]}")
    assert "MLflow: not recorded" in capsys.readouterr().out
    assert len(list(out.glob("ledger/run=*/untold.json"))) == 1
    assert (out / "report" / "index.html").is_file()

    run(None)
    assert steps_in(out / "mlflow.db") == [[0], []], "the second run rendered nothing"
    assert runs_in(out / "mlflow.db") == set(ledger.runs(str(out)))
    assert not list(out.glob("ledger/run=*/untold.json"))
