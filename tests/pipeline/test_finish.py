"""What follows a run: nothing that fails there fails the run, and nothing is forgotten."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import ledger
from pipeline.campaign_run import FinishedRun
from pipeline.finish import finish
from tests.pipeline.test_campaign_run import campaign_run
from tests.pipeline.test_plan import write_campaign


def runs_in(database: Path) -> set[str]:
    """Campaign runs that MLflow knows."""
    import mlflow

    client = mlflow.MlflowClient(f"sqlite:///{database}")
    names = [one.experiment_id for one in client.search_experiments()]
    return {run.data.tags["spotmill.run_id"] for run in client.search_runs(names)}


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
    assert runs_in(out / "mlflow.db") == set(ledger.runs(str(out)))
    assert not list(out.glob("ledger/run=*/untold.json"))
