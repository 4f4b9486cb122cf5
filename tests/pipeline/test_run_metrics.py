"""Metrics and log of a run: what Prometheus reads of a real one, and what a log never says."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.campaign_file import read_campaign
from pipeline.campaign_run import CampaignRun
from pipeline.ledger import LedgerError
from pipeline.local_runner import LocalRunner
from pipeline.run_log import HIDDEN, RunLog, without_secrets
from pipeline.run_metrics import MEASURES, RunMetrics
from pipeline.run_status import run_statuses
from pipeline.stage_costs import Prices
from stages.base import Stage
from tests.pipeline.test_campaign_run import long_feed
from tests.pipeline.test_plan import write_campaign
from tests.pipeline.toy_stages import Count, Loud, Slow

SCRIPTS = "id\tscript\tcta\nmug-00\treject me\tgo\nmug-01\thold me\tgo\nmug-02\tbug\tgo\n"
PRICES = Prices(gpu_hour_usd=3600.0, gpus={"loud": 1.0})


def told(text: str) -> dict[str, float]:
    """Figures by name and the value of the label beside the campaign."""
    return {
        sample.name.removeprefix("spotmill_")
        + "".join(f" {v}" for k, v in sample.labels.items() if k != "campaign"): sample.value
        for family in text_string_to_metric_families(text) for sample in family.samples
    }  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> tuple[CampaignRun, RunMetrics, io.StringIO]:
    """Six spots, of which three end before they are published; with metrics and log."""
    path, output = write_campaign(tmp_path, feed=long_feed(6)), str(tmp_path / "out")
    (tmp_path / "scripts.tsv").write_text(SCRIPTS)
    stages: list[Stage] = [Slow(), Count()]
    metrics = RunMetrics(output, "Test", stages, PRICES, budget_usd=50.0)
    stream = io.StringIO()
    log = RunLog("Test", stream)

    def on_spot(result, runner) -> None:
        metrics.spot(result, runner)
        log.spot(result)

    def on_receipt(receipt) -> None:
        metrics.unit()
        log.unit(receipt)

    made = CampaignRun(
        read_campaign(path), stages, output, lambda _: LocalRunner(stages, output),
        say=log.say, unit_spots=3, prices=PRICES, on_plan=metrics.planned, on_spot=on_spot,
        on_receipt=on_receipt, tell_spots=False,
    )  # fmt: skip
    return made, metrics, stream


def test_the_file_says_what_the_ledger_says(run, tmp_path: Path) -> None:
    """Would catch figures that are counted twice (as done and as recorded), a run that looks
    active for ever, and a file that no collector can read."""
    made, metrics, _ = run
    with metrics:
        made.run()
    found = told((tmp_path / "out" / "metrics.prom").read_text())
    counts = {name.split()[1]: n for name, n in found.items() if name.startswith("run_spots")}
    assert {n: c for n, c in counts.items() if c} == {
        "published": 3, "rejected": 1, "held": 1, "failed": 1
    }  # fmt: skip
    assert found["run_active"] == 0 and found["run_units_left"] == 0
    assert found["run_expected_spots"] == 6 and found["run_missing_spots"] == 0
    assert found["run_spend_usd"] == pytest.approx(run_statuses(made.output)[0].usd)
    assert found["run_spend_usd"] > 0 and found["budget_usd"] == 50
    assert found["review_queue_spots"] == 1 and found["review_queue_oldest_seconds"] > 0
    assert found["run_completed_timestamp_seconds"] > 1.7e9


def test_a_ledger_that_does_not_add_up_is_told(run, tmp_path: Path) -> None:
    """Would catch an alert that can never fire: the run ends before the receipt is written."""
    made, metrics, _ = run
    results = made.results
    made.results = lambda pending, run_id: list(results(pending, run_id))[:-1]
    with pytest.raises(LedgerError), metrics:
        made.run()
    found = told((tmp_path / "out" / "metrics.prom").read_text())
    assert found["run_missing_spots"] == 1 and found["run_units_left"] == 2
    assert "run_completed_timestamp_seconds" not in found


def test_the_shares_of_busy_workers(run) -> None:
    """Would catch an idle GPU that looks busy: two booked, one at work half of the time."""
    now = [0.0]
    on_gpu = Loud()
    on_gpu.hardware = type(on_gpu.hardware)(gpus=1.0)
    _, metrics, _ = run
    metrics.stages, metrics.clock = [on_gpu, Count()], lambda: now[0]
    row = {"status": "published", "stages": [{"stage": "loud", "seconds": 10.0, "cached": False}]}
    runner = type("Runner", (), {"workers": {"loud": 2, "count": 1}})()
    for _ in range(4):
        metrics.spot(row, runner)
        now[0] += 20.0
    metrics._busy(runner.workers)
    found = told(metrics.text())
    # Three spots of ten seconds in 80 s, on two cards; the first one tells when it began.
    assert found["gpu_busy_ratio"] == pytest.approx(30 / 80 / 2)
    assert found["stage_busy_ratio loud"] == found["gpu_busy_ratio"]


def test_ray_is_told_what_was_known_before_it_was_there(run, monkeypatch) -> None:
    """Would catch a run on a cluster that never looks active: that is told before Ray is there."""
    import ray.util.metrics

    seen: dict[str, float] = {}

    class Watched:
        def __init__(self, name: str, about: str, tag_keys: tuple[str, ...]) -> None:
            self.name = name

        def set(self, value: float, tags: dict[str, str]) -> None:
            seen[self.name] = value

    monkeypatch.setattr(ray.util.metrics, "Gauge", Watched)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)  # whatever ran before
    _, metrics, _ = run
    metrics.set("run_active", 1)
    assert seen == {}
    monkeypatch.setattr(ray, "is_initialized", lambda: True)
    metrics.set("budget_usd", 5)
    assert seen == {"spotmill_run_active": 1, "spotmill_budget_usd": 5}


def test_every_measure_has_a_name_that_prometheus_takes() -> None:
    """Would catch a name that one of its rules cannot ask for."""
    assert all(name.replace("_", "").isalnum() and name.islower() for name in MEASURES)


def test_a_log_for_machines_has_events_and_no_scripts(run) -> None:
    """Would catch a script, which may be unpublished, in a log that many can read."""
    made, metrics, stream = run
    with metrics:
        made.run()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    names = [line["event"] for line in lines]
    assert names.count("spot") == 6 and names.count("unit") == 2 and "note" in names
    (bug,) = [line for line in lines if line.get("status") == "failed"]
    assert bug["reason_code"] == "error_ZeroDivisionError" and "reason" not in bug
    for script in ("Meet Mug", "reject me", "hold me", "one by zero", "forbidden."):
        assert script not in stream.getvalue()


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("get https://b.s3.amazonaws.com/k?X-Amz-Signature=deadbeef00&X=1 failed", "deadbeef00"),
        ("AccessDenied for AKIAABCDEFGHIJKLMNOP", "AKIAABCDEFGHIJKLMNOP"),
        ("Authorization: Bearer abcdef0123456789", "abcdef0123456789"),
        ("http://bob:hunter22@mlflow.example.com/x", "hunter22"),
        ("watermark_secret=opensesame99", "opensesame99"),
        ('{"auth_token": "0123456789abcdef"}', "0123456789abcdef"),
        ("-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----", "MHc"),
    ],
)
def test_what_opens_doors_is_hidden(text: str, secret: str) -> None:
    """Would catch a presigned URL, which is as good as the object, or a key in a log."""
    shown = without_secrets(text)
    assert secret not in shown and HIDDEN in shown
    stream = io.StringIO()
    RunLog("Test", stream).say(text)
    assert secret not in stream.getvalue()


def test_what_is_no_secret_stays() -> None:
    """Would catch a log of which nothing can be read."""
    text = "unit 3: 200 spots, s3://bucket/out/spots/mug-1/9x16.mp4, 12.5 s"
    assert without_secrets(text) == text
