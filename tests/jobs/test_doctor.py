"""The doctor: what is ready, what is not, and what to do, before anything is spent."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from typer.testing import CliRunner

from cluster.doctor import examine, examine_pools
from cluster.machines import Machines
from jobs.doctor import doctor
from pipeline.campaign_file import read_campaign
from pipeline.examination import examine_recipe, examine_services, examine_store
from schemas.campaign import Campaign
from schemas.examined import Examined
from stages.base import Hardware
from tests.stages.time_authority import time_authority

DEMO = Path(__file__).parents[2] / "examples" / "demo" / "campaign.yaml"


def campaign(folder: Path, *more: str) -> Campaign:
    """The demo with other settings, and a development key of its own."""
    return read_campaign(str(DEMO), [f"signing.folder={folder}", *more])


def by_name(found: list[Examined]) -> dict[str, Examined]:
    """Checks by their name."""
    return {one.check: one for one in found}


def closed_port() -> int:
    """A port on loopback at which nobody answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_the_demo_is_ready_but_for_whom_it_is_signed_by(tmp_path: Path) -> None:
    """Would catch a doctor that stops at the first warning, or tells machines no JSON."""
    import typer

    app = typer.Typer()
    app.command()(doctor)
    told = [str(DEMO), "--out", str(tmp_path / "out"), "--set", f"signing.folder={tmp_path}/key"]
    done = CliRunner().invoke(app, [*told, "--json"])
    found = {one["check"]: one for one in json.loads(done.stdout)}
    assert done.exit_code == 0, done.stdout
    assert {"python", "ray", "ffmpeg", "store", "conditional writes", "clock"} <= set(found)
    assert found["recipe laptop"]["state"] == found["pools"]["state"] == "ok"
    assert found["signer"]["state"] == "warn" and "kms" in found["signer"]["fix"]
    assert list((tmp_path / "out").glob("*")) == [], "nothing is left behind"
    table = CliRunner().invoke(app, [*told, "--set", "brand.logo=gone.png"])
    assert table.exit_code == 1 and "gone.png" in table.stdout.replace("\n", "")


def test_a_store_in_which_the_second_writer_wins_fails() -> None:
    """Would catch leases that two drivers hold, in a store that obeys no condition."""

    class Careless(MemoryFileSystem):
        protocol = "careless"

        def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **more: Any) -> None:
            super().pipe_file(path, value, mode="overwrite", **more)

    fsspec.register_implementation("careless", Careless, clobber=True)
    assert all(one.state == "ok" for one in examine_store("memory://doctor"))
    found = by_name(list(examine_store("careless://doctor")))
    assert found["store"].state == "ok" and found["conditional writes"].state == "fail"


def test_a_store_without_credentials_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a traceback of botocore's in the place of the two variables to set."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    from pipeline import storage

    storage._filesystem.cache_clear()
    (found,) = examine_store("s3://doctor/out")
    storage._filesystem.cache_clear()
    assert found.state == "fail" and found.check == "store" and found.fix


def test_authorities_are_asked_for_a_stamp(tmp_path: Path) -> None:
    """Would catch an address that takes the call and is no authority, found out by a million spots
    that are not signed."""
    with time_authority(tmp_path / "tsa") as tower:
        dead = f"http://127.0.0.1:{closed_port()}/"
        many = campaign(tmp_path, f"signing.timestamp={{authorities: [{tower.url}, {dead}]}}")
        given, silent = examine_services(many)
        assert (given.state, silent.state) == ("ok", "warn") and tower.stamps == 1
        assert "does not answer" in silent.found
    alone = campaign(tmp_path, f"signing.timestamp={{authorities: [{dead}]}}")
    assert [one.state for one in examine_services(alone)] == ["fail"]
    none = examine_services(campaign(tmp_path))
    assert [one.state for one in none] == ["warn"]


def test_mlflow_that_is_away_is_no_reason_not_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch a night that is lost for want of a chart."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    away = campaign(tmp_path, f"tracking_uri=http://127.0.0.1:{closed_port()}")
    found = by_name(list(examine_services(away)))
    assert found["MLflow"].state == "warn" and "127.0.0.1" in found["MLflow"].found


def test_a_recipe_that_does_not_fit_the_machines_says_so(tmp_path: Path) -> None:
    """Would catch a job that waits for ever for GPUs that are not there."""
    stages, found = examine_recipe(campaign(tmp_path), "laptop")
    assert found[0].state == "ok"
    stages[2].hardware = Hardware(cpus=1, gpus=4, memory_gb=1)
    assert examine_pools(stages, Machines(cpus=4, gpus=0, memory_gb=16)).state == "fail"


def test_a_cluster_without_a_token_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a head that anybody may submit jobs to (CVE-2023-48022)."""
    monkeypatch.setenv("RAY_ADDRESS", "ray://head.example:10001")
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    assert by_name(list(examine()))["ray's token"].state == "warn"
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    assert by_name(list(examine()))["ray's token"].state == "ok"
