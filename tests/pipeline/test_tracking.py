"""MLflow tracking, against a real MLflow with a SQLite database."""

from __future__ import annotations

import io
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from PIL import Image

from pipeline import tracking
from pipeline.media import MediaStore
from pipeline.report import RunSummary, summarise, write_report
from pipeline.tracking import default_tracking_uri, track
from pipeline.tracking_content import metrics
from schemas.result import RESULT_SCHEMA

RUN_ID = "20261123T061500123Z"


def rows_of(output: Path) -> list[dict[str, Any]]:
    """Twenty published spots, of which one has a contact sheet, and a rejected one."""
    sheet = output / "sheet.png"
    Image.new("RGB", (60, 20), "navy").save(sheet)
    empty: dict[str, Any] = dict.fromkeys(RESULT_SCHEMA.names)
    ran = {"stage": "composite", "engine": "ffmpeg", "version": "1", "key": "0" * 64,
           "seconds": 2.0, "cpu_seconds": 3.0, "peak_memory_mb": 90.0, "attempt": 1}  # fmt: skip
    rows = [
        {
            **empty, "run_id": RUN_ID, "spot_id": f"s{n:02d}", "product_id": f"S{n}",
            "variant": "main", "status": "published", "stage": "publish", "title": f"Spot {n}",
            "outputs": [], "verdicts": [], "metrics": {"lip_offset_ms": float(n)},
            "stages": [{**ran, "cached": n % 2 == 1}],
        }
        for n in range(20)
    ]  # fmt: skip
    rows[0]["contact_sheet_uri"] = MediaStore(str(output)).put(sheet)
    end = {"status": "rejected", "stage": "screen", "reason_code": "price_mismatch"}
    rows.append({**rows[0], **end, "spot_id": "bad", "metrics": {}, "stages": []})
    return rows


class Tracked:
    """A run that MLflow was told of twice, as when a campaign run is continued."""

    def __init__(self, output: Path) -> None:
        self.output, self.rows = output, rows_of(output)
        self.summary = summarise(
            self.rows, campaign="Spring sale", seconds=42.0, recipe="laptop", machine="2 cores"
        )
        self.report_uri = write_report(str(output), "Spring sale", self.rows, self.summary)
        self.ids = [
            track(
                str(output), "Spring sale", RUN_ID, self.rows, self.summary,
                parameters={"seed": seed, "git": "abc1234"}, report_uri=self.report_uri,
                gates={"lip_offset_ms": (None, 15.0)},
            )
            for seed in ("7", "8")
        ]  # fmt: skip
        from mlflow.tracking import MlflowClient

        self.client: Any = MlflowClient(tracking_uri=default_tracking_uri(str(output)))


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Tracked:
    """One real database for all tests: making it takes 2 s."""
    return Tracked(tmp_path_factory.mktemp("campaign"))


def test_the_run_is_there_once_with_its_numbers(tracked: Tracked) -> None:
    """Catches metrics lost on the way, and a second MLflow run for the same campaign run."""
    assert tracked.ids[0] is not None and tracked.ids[0] == tracked.ids[1]
    experiment = tracked.client.get_experiment_by_name("Spring sale")
    (run,) = tracked.client.search_runs([experiment.experiment_id])
    values = run.data.metrics
    assert values["spots/published"] == 20 and values["spots/total"] == 21
    assert values["reasons/price_mismatch"] == 1
    assert values["lip_offset_ms/p50"] == 9.5 and values["lip_offset_ms/max"] == 19
    assert values["lip_offset_ms/p95"] == pytest.approx(18.05)
    assert values["lip_offset_ms/outside_gate"] == 4
    assert values["stage_composite/executed"] == 10 and values["stage_composite/cached"] == 10
    assert values["stage_composite/cpu_seconds"] == 30.0
    assert values["seconds_per_spot"] == 2.0
    assert run.info.status == "FINISHED" and RUN_ID in run.info.run_name


def test_parameters_stay_as_first_recorded(tracked: Tracked) -> None:
    """Catches MLflow refusing the whole batch because a parameter changed."""
    params = tracked.client.get_run(tracked.ids[0]).data.params
    assert params["seed"] == "7" and params["git"] == "abc1234" and params["recipe"] == "laptop"


def test_files_are_kept_with_the_run(tracked: Tracked) -> None:
    """Catches artifacts that are missing, empty, or written into the current folder."""
    names = {item.path for item in tracked.client.list_artifacts(tracked.ids[0])}
    assert names == {"ledger.parquet", "ledger.csv", "metrics.json", "report.html", "plots.png",
                     "contact_sheets.png"}  # fmt: skip
    (folder,) = (tracked.output / "mlflow-artifacts").glob("*/artifacts")
    table = pq.read_table(folder / "ledger.parquet")
    assert table.num_rows == 21 and table.schema.equals(RESULT_SCHEMA)
    for name in ("plots.png", "contact_sheets.png"):
        with Image.open(io.BytesIO((folder / name).read_bytes())) as picture:
            assert picture.width > 300 and len(picture.convert("RGB").getcolors(1 << 24) or []) > 3
    assert (folder / "report.html").read_bytes() == Path(tracked.report_uri).read_bytes()


def test_the_database_is_whole_and_alone(tracked: Tracked) -> None:
    """Catches a half-made database put at its place, and parts left behind."""
    with sqlite3.connect(tracked.output / "mlflow.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert [path.name for path in tracked.output.glob("*mlflow.db*")] == ["mlflow.db"]


def test_a_tracker_that_fails_does_not_fail_the_run(tracked: Tracked, capfd: Any) -> None:
    """Catches MLflow's errors ending a finished run, and a password printed with them."""
    uri = "nonsense://me:secret@example.invalid/db"
    found = track(
        str(tracked.output), "X", RUN_ID, tracked.rows, tracked.summary, tracking_uri=uri,
        parameters={},
    )  # fmt: skip
    said = capfd.readouterr().out
    assert found is None and said.startswith("MLflow: not recorded: ")
    assert said.count("\n") == 1 and "secret" not in said


def test_a_remote_output_needs_a_server(tracked: Tracked, capfd: Any) -> None:
    """Catches a SQLite file made in the current folder for an output in a bucket."""
    assert default_tracking_uri("s3://bucket/out") is None
    found = track("s3://bucket/out", "X", RUN_ID, [], tracked.summary, parameters={})
    assert found is None and "no tracking server is set" in capfd.readouterr().out


def test_names_that_mlflow_refuses_are_made_fit(tracked: Tracked) -> None:
    """Catches one odd reason code making MLflow refuse all metrics."""
    summary = RunSummary(
        run_id=RUN_ID, campaign="X", started_at=None, seconds=None, counts={}, recipe="",
        machine="", stage_seconds=(), reasons={"error: it's (odd)": 2},
    )  # fmt: skip
    values = metrics(summary, {})
    assert values["reasons/error_ it_s _odd_"] == 2.0 and "seconds" not in values


def test_mlflow_is_not_imported_before_it_is_needed() -> None:
    """Catches the seconds of MLflow's import on the way to every --help and every test."""
    asked = "import sys, pipeline.tracking; print({'mlflow', 'matplotlib'} & set(sys.modules))"
    root = Path(tracking.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
