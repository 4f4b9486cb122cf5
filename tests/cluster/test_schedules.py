"""Schedules: a night is rendered once, however it is started; files that start it are sound."""

from __future__ import annotations

import ast
import re
import shlex
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from cluster.submit import submission_id, submit_once
from jobs.submit import app
from tests.pipeline.test_plan import write_campaign

ROOT = Path(__file__).parents[2]
DAY = date(2026, 11, 24)


@dataclass
class Job:
    """As Ray lists them."""

    submission_id: str
    status: str


@dataclass
class Board:
    """Ray's job list: an id is taken once. tests/cluster/test_job_submit.py asks a real one."""

    jobs: list[Job] = field(default_factory=list)

    def list_jobs(self) -> list[Job]:
        """All."""
        return list(self.jobs)

    def submit_job(self, *, entrypoint: str, submission_id: str, **more: Any) -> str:
        """As Ray: RuntimeError where the id is taken."""
        if submission_id in {job.submission_id for job in self.jobs}:
            raise RuntimeError(f"Job with submission_id {submission_id} already exists.")
        self.jobs.append(Job(submission_id, "PENDING"))
        return submission_id


@pytest.mark.parametrize("status", ["PENDING", "RUNNING", "SUCCEEDED"])
def test_a_night_that_is_there_is_left_alone(status: str) -> None:
    """Would catch a catch-up hour that renders a second time."""
    board = Board([Job("a-2026-11-24", status)])
    done = submit_once(board, "a-2026-11-24", "true")
    assert (done.fresh, done.status, len(board.jobs)) == (False, status, 1)


def test_a_night_that_failed_is_tried_again_but_not_for_ever() -> None:
    """Would catch a failed night that nobody repeats, and one that is repeated hour by hour."""
    board = Board()
    for attempt in ("a-2026-11-24", "a-2026-11-24-2", "a-2026-11-24-3"):
        done = submit_once(board, "a-2026-11-24", "true")
        assert (done.submission_id, done.fresh) == (attempt, True)
        board.jobs[-1].status = "FAILED"
    last = submit_once(board, "a-2026-11-24", "true")
    assert (last.fresh, last.status, len(board.jobs)) == (False, "FAILED", 3)


def test_of_two_who_ask_at_once_one_starts_it() -> None:
    """Would catch a crash of the slower one of two schedules."""
    board = Board()
    board.list_jobs = list  # type: ignore[method-assign]  # it sees nothing yet
    assert submit_once(board, "a", "true").fresh
    assert not submit_once(board, "a", "true").fresh and len(board.jobs) == 1


@pytest.mark.parametrize(
    ("campaign", "expected"),
    [
        ("Spring Sale", "spring-sale-2026-11-24"),
        ("../x; rm", "x-rm-2026-11-24"),
        ("春", "campaign-2026-11-24"),
    ],
)
def test_ids_are_campaign_and_date(campaign: str, expected: str) -> None:
    """Would catch a name that a shell or a path reads otherwise."""
    assert submission_id(campaign, DAY) == expected


def test_the_command_says_what_it_would_submit(tmp_path: Path) -> None:
    """Would catch options that do not reach jobs.render, and a space that splits a path."""
    path = write_campaign(tmp_path / "a shop")
    options = ["--out", "s3://b/o", "--date", "2026-11-24", "--when-running", "take-over"]
    more = ["--dry-run", "--", "--recipe", "gpu"]
    done = CliRunner().invoke(app, [path, *options, *more])
    assert done.exit_code == 0, done.output
    job, _, command = done.output.strip().partition(": ")
    assert job == "test-2026-11-24"
    assert shlex.split(command) == [
        "python", "-m", "jobs.render", path, "--out", "s3://b/o",
        "--when-running", "take-over", "--log", "json", "--recipe", "gpu",
    ]  # fmt: skip


def test_a_head_that_is_away_ends_with_one(tmp_path: Path) -> None:
    """Would catch a traceback by mail, and a status that a schedule takes for done."""
    address = "http://127.0.0.1:9"
    done = CliRunner().invoke(
        app, [write_campaign(tmp_path), "--out", "out", "--address", address], env={"NO_PROXY": "*"}
    )
    assert done.exit_code == 1 and "does not answer" in done.output


def scheduled_commands() -> dict[str, str]:
    """The jobs.submit lines of the schedules, by file."""
    folder = ROOT / "cluster" / "schedules"
    cron = [
        line for line in (folder / "crontab").read_text("utf-8").splitlines() if "jobs." in line
    ]
    tree = ast.parse((folder / "airflow_dag.py").read_text("utf-8"))
    (bash,) = [
        node.value.value for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "bash_command"
        and isinstance(node.value, ast.Constant)
    ]  # fmt: skip
    return {"crontab": cron[-1], "airflow_dag.py": str(bash)}


@pytest.mark.parametrize("file", ["crontab", "airflow_dag.py"])
def test_schedules_give_options_that_there_are(file: str) -> None:
    """Would catch a schedule that fails at night with "no such option"."""
    line = scheduled_commands()[file].partition("jobs.submit")[2].replace("{{ ds }}", "2026-11-24")
    own, _, passed = line.partition(" -- ")
    known = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "300"}).output
    for option in re.findall(r"--[a-z-]+", own):
        assert option in known, option
    assert "--out s3://" in own and "--recipe gpu" in passed


def test_all_schedules_run_one_command() -> None:
    """Would catch a night that depends on who started it."""
    template = ROOT / "infra/terraform/modules/schedule/submit.sh.tftpl"
    texts = [
        template.read_text("utf-8"),
        (ROOT / "cluster/kubernetes/components/nightly/raycronjob.yaml").read_text("utf-8"),
        (ROOT / "cluster/kubernetes/components/job/rayjob.yaml").read_text("utf-8"),
    ]
    assert all("python -m jobs.render" in t and "--when-running" in t for t in texts)
    assert all("--log json" in t for t in texts)
    assert all("jobs.submit" in line for line in scheduled_commands().values())
    assert "-$(date +%F)" in texts[0], "{campaign}-{date}"


def test_the_hours_of_the_crontab_make_up_for_a_missed_night() -> None:
    """Would catch a night that is lost because the head was away at two."""
    minute, hours, *days = scheduled_commands()["crontab"].split()[:5]
    first, last = map(int, hours.split("-"))
    assert (minute, days) == ("0", ["*", "*", "*"]) and last - first >= 3


class TestRayUp:
    """cluster/ray-up.yaml."""

    @pytest.fixture(scope="class")
    def config(self) -> dict[str, Any]:
        """As Ray reads it."""
        return dict(yaml.safe_load((ROOT / "cluster/ray-up.yaml").read_text("utf-8")))

    def test_ray_takes_it(self, config: dict[str, Any]) -> None:
        """Would catch a key that Ray's launcher does not know."""
        from ray.autoscaler._private.util import prepare_config, validate_config

        validate_config(prepare_config(config))
        with pytest.raises(Exception, match="Additional properties"):
            validate_config(prepare_config({**config, "head_nod_type": "head"}))

    def test_strangers_have_no_way_in(self, config: dict[str, Any]) -> None:
        """Would catch a public dashboard, a Ray without a token, and machines whose role any
        process may take."""
        assert config["provider"]["use_internal_ips"] is True
        for command in config["head_start_ray_commands"] + config["worker_start_ray_commands"]:
            if "ray start" in command:
                assert "RAY_AUTH_MODE=token" in command and "--dashboard-host=0" not in command
        for node in config["available_node_types"].values():
            assert node["node_config"]["MetadataOptions"]["HttpTokens"] == "required"

    def test_machines_are_what_the_profile_asks_for(self, config: dict[str, Any]) -> None:
        """Would catch a head that works, stages that find no machine, and a renderer that may
        sign."""
        nodes = config["available_node_types"]
        assert nodes["head"]["resources"] == {"CPU": 0, "GPU": 0}
        for name, node in nodes.items():
            if name != "head":
                role = node["labels"]["spotmill-role"]
                assert node["node_config"]["IamInstanceProfile"]["Name"].endswith(role)
                assert (role == "sign") == (name == "sign")
                assert node["min_workers"] >= 1, "pools are planned from what is there"
        assert "InstanceMarketOptions" not in nodes["sign"]["node_config"], "the driver stays"
        assert nodes["gpu"]["node_config"]["InstanceMarketOptions"] == {"MarketType": "spot"}
