"""Monitoring: rules and dashboard ask for what runs tell, and promtool, where it is, agrees."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.monitoring.dashboard import PLACE, dashboard
from pipeline.run_metrics import MEASURES

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "infra" / "monitoring"
OF_STAGES = {"stage_rows_total", "stage_seconds_bucket"}
"""Told by `pipeline.ray_runner.MeteredAdapter`."""
ASKED_FOR = {
    "SpotmillLedgerDoesNotAddUp", "SpotmillGpusIdle", "SpotmillFailureRate",
    "SpotmillSpendNearsBudget", "SpotmillCertificateEnds", "SpotmillReviewQueueOld",
}  # fmt: skip


def promtool() -> str | None:
    """Prometheus' own checker, by PROMTOOL or on the PATH."""
    return os.environ.get("PROMTOOL") or shutil.which("promtool")


def rules() -> list[dict[str, Any]]:
    """All alerts."""
    content = yaml.safe_load((FOLDER / "alerts.yaml").read_text("utf-8"))
    return [rule for group in content["groups"] for rule in group["rules"]]


def measures(expression: str) -> set[str]:
    """Names of Spotmill's that an expression asks for."""
    return set(re.findall(r"\bspotmill_(\w+)", expression))


def test_alerts_ask_for_what_runs_tell() -> None:
    """Would catch an alert that never fires, since its metric was renamed."""
    assert {rule["alert"] for rule in rules()} >= ASKED_FOR
    for rule in rules():
        assert measures(rule["expr"]) and measures(rule["expr"]) <= MEASURES.keys(), rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket")


def test_every_alert_has_a_runbook_that_is_there() -> None:
    """Would catch a page at night that leads nowhere."""
    for rule in rules():
        page, _, section = rule["annotations"]["runbook"].partition("#")
        headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text("utf-8"), re.MULTILINE)
        slugs = {re.sub(r"[^a-z0-9 -]", "", h.lower()).replace(" ", "-") for h in headings}
        assert section in slugs, rule["alert"]


def test_the_dashboard_asks_for_what_runs_tell() -> None:
    """Would catch a panel that stays empty, and a file that its source no longer makes."""
    assert json.loads(PLACE.read_text("utf-8")) == dashboard(), "see infra/monitoring/dashboard.py"
    asked = {m for p in dashboard()["panels"] for t in p["targets"] for m in measures(t["expr"])}
    assert asked <= MEASURES.keys() | OF_STAGES
    assert {"gpu_busy_ratio", "run_spend_usd", "run_missing_spots", "stage_rows_total"} <= asked
    places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in dashboard()["panels"]]
    assert len(set(places)) == len(places), "panels on top of each other"


def test_rays_prefix_is_taken_off() -> None:
    """Would catch rules that see laptops and no cluster."""
    content = yaml.safe_load((FOLDER / "prometheus.yaml").read_text("utf-8"))
    (relabel,) = content["scrape_configs"][0]["metric_relabel_configs"]
    found = re.fullmatch(relabel["regex"], "ray_spotmill_run_spots")
    assert found and found[1] == "spotmill_run_spots" and relabel["target_label"] == "__name__"
    assert not re.fullmatch(relabel["regex"], "ray_node_cpu_utilization")


@pytest.mark.parametrize("what", [["check", "rules", "alerts.yaml"], ["test", "rules"]])
def test_promtool_agrees(what: list[str]) -> None:
    """Would catch an expression that Prometheus refuses, and one that fires when it must not."""
    program = promtool()
    if program is None:
        pytest.skip("promtool is not here: install prometheus, or name it in PROMTOOL")
    command = [program, *what] if len(what) == 3 else [program, *what, "alerts_test.yaml"]
    done = subprocess.run(
        command, cwd=FOLDER, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_takes_the_configuration(tmp_path: Path) -> None:
    """Would catch a misspelt key. Some builds know nothing of Kubernetes: that part is left out."""
    program = promtool()
    if program is None:
        pytest.skip("promtool is not here: install prometheus, or name it in PROMTOOL")
    content = yaml.safe_load((FOLDER / "prometheus.yaml").read_text("utf-8"))
    assert content["scrape_configs"][0].pop("kubernetes_sd_configs")
    shutil.copy(FOLDER / "alerts.yaml", tmp_path)
    (tmp_path / "prometheus.yaml").write_text(yaml.safe_dump(content))
    done = subprocess.run(
        [program, "check", "config", "prometheus.yaml"], cwd=tmp_path, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
