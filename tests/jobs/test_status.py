"""The status command: from the store alone, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from jobs.status import status
from pipeline.leases import Leases
from pipeline.planned_run import read_plan
from tests.pipeline.test_run_metrics import run, told  # noqa: F401  (a fixture)

app = typer.Typer()
app.command()(status)


def command(*arguments: str) -> Any:
    """Run the command as a person would."""
    return CliRunner().invoke(app, list(arguments))


def test_a_run_and_who_is_at_it(run: Any, tmp_path: Path) -> None:  # noqa: F811
    """Would catch a command that needs a cluster, one that counts wrongly, and one that takes a
    lease for a person."""
    made, metrics, _ = run
    with metrics:
        finished = made.run()
    with Leases(made.output, owner="node-7") as leases:
        leases.take("driver")
        done = command(made.output, "--json")
        assert done.exit_code == 0, done.output
        content = json.loads(done.output)
    assert content["drivers"] == ["node-7"]
    (one,) = content["runs"]
    assert one["run_id"] == finished.run_id and one["state"] == "closed"
    assert one["units"] == 2 and one["units_left"] == 0 and one["missing"] == 0
    assert one["spots_done"] == one["spots"] == 6 and one["counts"]["published"] == 3
    assert {(r["status"], r["reason_code"], r["spots"]) for r in one["reasons"]} == {
        ("rejected", "forbidden", 1), ("held", "unclear", 1),
        ("failed", "error_ZeroDivisionError", 1),
    }  # fmt: skip
    assert one["usd"] > 0 and content["review"]["spots"] == 1
    shown = command(made.output)
    assert shown.exit_code == 0 and "At work: nobody" in shown.output
    assert "1 spots wait for a person" in shown.output and "2 of 2" in shown.output
    assert read_plan(made.output, finished.run_id), "nothing was removed"


def test_metrics_of_a_run_whose_driver_is_gone(run: Any) -> None:  # noqa: F811
    """Would catch an alert on a broken run that never comes: on a cluster that went with its job
    there is nobody to ask but the store."""
    made, metrics, _ = run
    with pytest.raises(RuntimeError), metrics:
        made.on_receipt = lambda receipt: (_ for _ in ()).throw(RuntimeError("killed"))
        made.run()
    metrics.set("run_active", 1)
    metrics.write()  # as it was when the machine went
    done = command(made.output, "--prometheus")
    assert done.exit_code == 0, done.output
    found = told(done.output)
    assert found["run_active"] == 0 and found["run_units_left"] == 1
    assert found["run_expected_spots"] == 6 and found["budget_usd"] == 50


def test_nothing_was_rendered_there(tmp_path: Path) -> None:
    """Would catch a mistyped place that reads as a run without spots."""
    done = command(str(tmp_path / "nowhere"))
    assert done.exit_code == 2 and "render a campaign first" in done.output
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("runs", ["0", "-1"])
def test_a_number_of_runs_that_is_none(runs: str, tmp_path: Path) -> None:
    """Would catch a slice that shows all of a thousand runs."""
    assert command(str(tmp_path), "--runs", runs).exit_code == 2
