"""`ray job submit` on a real cluster with token authentication, as a scheduler would do it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.ledger import counts, runs
from tests.conftest import _free_ports
from tests.pipeline.test_campaign_run import long_feed
from tests.pipeline.test_plan import write_campaign

pytestmark = pytest.mark.ray

ROOT = Path(__file__).parents[2]
RAY = Path(sys.executable).parent / "ray"

RECIPE = """
from dataclasses import dataclass
from typing import ClassVar
import pyarrow as pa
from schemas.arrow_types import OUTPUT
from stages.base import Hardware, Stage

@dataclass(kw_only=True)
class Shout(Stage):
    name: ClassVar[str] = "shout"
    version: ClassVar[str] = "1"
    reads: ClassVar[tuple[str, ...]] = ("script",)
    writes: ClassVar[pa.Schema] = pa.schema([("outputs", pa.list_(OUTPUT))])
    hardware: ClassVar[Hardware] = Hardware(cpus=0.5, memory_gb=0.2)

    def run(self, spot, media):
        path = media.scratch("shout.txt")
        path.write_text(spot["script"].upper())
        done = media.publish(media.save(path), f"spots/{spot['script'].split()[2]}.txt")
        output = {"format": "txt", "uri": done.uri, "sha256": done.sha256, "bytes": done.bytes}
        return {"outputs": [output]}

def recipe(campaign):
    return [Shout()]
"""


@dataclass(frozen=True)
class Cluster:
    """A head node on loopback, and the environment of those who have its token."""

    address: str
    environment: dict[str, str]

    def submit(self, submission_id: str, *command: str) -> subprocess.CompletedProcess[str]:
        """`ray job submit`, its log as it comes."""
        call = [str(RAY), "job", "submit", "--address", self.address, "--submission-id"]
        call += [submission_id, "--working-dir", str(ROOT), "--", "python", "-m", *command]
        for _ in range(30):  # the head answers before its agent does
            done = subprocess.run(
                call, env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=240,
                check=False,
            )  # fmt: skip
            if "No available agent" not in done.stderr:
                break
            time.sleep(2)
        return done


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """`ray start --head` with a token of its own; ended by its process group."""
    folder = tmp_path_factory.mktemp("cluster")
    token = folder / "token"
    token.write_text(secrets.token_hex(32))
    token.chmod(0o600)
    environment = {
        **os.environ,
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        "RAY_raylet_start_wait_time_s": "120",
        "PATH": f"{RAY.parent}:{os.environ['PATH']}",
    }
    environment.pop("RAY_ADDRESS", None)
    for attempt in range(3):  # on a busy machine a head may miss its own time limit
        head, address = _start_head(folder / f"log-{attempt}", environment)
        try:
            if _answers(address, head):
                yield Cluster(address, environment)
                return
        finally:
            _end(head)
    raise RuntimeError((folder / "log-2").read_text()[-2000:])


def _start_head(log: Path, environment: dict[str, str]) -> tuple[subprocess.Popen[bytes], str]:
    port, dashboard, agent, agent_grpc, metrics = _free_ports(5)
    call = [str(RAY), "start", "--head", "--block", "--node-ip-address=127.0.0.1",
            f"--port={port}", "--dashboard-host=127.0.0.1", f"--dashboard-port={dashboard}",
            f"--dashboard-agent-listen-port={agent}", f"--dashboard-agent-grpc-port={agent_grpc}",
            f"--metrics-export-port={metrics}",
            "--num-cpus=2", "--object-store-memory=200000000", "--disable-usage-stats",
            f"--temp-dir=/tmp/spotmill-{secrets.token_hex(3)}"]  # fmt: skip
    with log.open("w") as file:
        head = subprocess.Popen(
            call, env=environment, stdout=file, stderr=file, start_new_session=True
        )
    return head, f"http://127.0.0.1:{dashboard}"


def _answers(address: str, head: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and head.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/api/version", timeout=2)
        except urllib.error.HTTPError:
            return True  # if only to those who have the token
        except OSError:
            time.sleep(0.5)
        else:
            return True
    return False


def _end(head: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(head.pid, signal.SIGTERM)
    try:
        head.wait(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(head.pid, signal.SIGKILL)
        head.wait()


ONCE = """
import json, sys, time
from ray.job_submission import JobSubmissionClient
from cluster.submit import submit_once

jobs, told = JobSubmissionClient(sys.argv[1]), []
for command in ("true", "true", "false", "true"):
    name = "good" if command == "true" and len(told) < 2 else "bad"
    done = submit_once(jobs, f"{name}-2026-11-24", command)
    while str(jobs.get_job_status(done.submission_id).value) in ("PENDING", "RUNNING"):
        time.sleep(0.2)
    told.append([done.submission_id, done.fresh])
print(json.dumps(told))
"""


def test_a_night_is_submitted_once_and_a_failed_one_again(cluster: Cluster) -> None:
    """Would catch words of Ray's that `submit_once` does not know: of a status, of an id taken."""
    done = subprocess.run(
        [sys.executable, "-c", ONCE, cluster.address], env=cluster.environment, cwd=ROOT,
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == [
        ["good-2026-11-24", True], ["good-2026-11-24", False],
        ["bad-2026-11-24", True], ["bad-2026-11-24-2", True],
    ]  # fmt: skip


def test_a_stranger_is_turned_away(cluster: Cluster) -> None:
    """Would catch a cluster that runs anybody's code (CVE-2023-48022)."""
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{cluster.address}/api/jobs/", timeout=10)


def test_a_campaign_is_submitted_and_submitted_again(cluster: Cluster, tmp_path: Path) -> None:
    """Would catch a job whose workers cannot import the stages, a log that says nothing, and a
    schedule that renders twice.
    """
    campaign, out = write_campaign(tmp_path, feed=long_feed(5)), tmp_path / "out"
    recipe = tmp_path / "shout.py"
    recipe.write_text(RECIPE)
    command = ("jobs.render", campaign, "--out", str(out), "--recipe", str(recipe))
    first = cluster.submit("test-2026-11-24", *command)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "[5/5]" in first.stdout and "5 spots in, 5 accounted for" in first.stdout
    (run_id,) = runs(str(out))
    assert counts(str(out), run_id)["published"] == 5
    assert len(list(out.glob("spots/*.txt"))) == 5
    assert "ray://" not in first.stdout and "2 cores" in first.stdout, "it joined the cluster"

    again = cluster.submit("test-2026-11-24", *command)
    assert again.returncode != 0 and "already exists" in again.stdout + again.stderr
    later = cluster.submit("test-2026-11-25", *command)
    assert later.returncode == 0 and "Nothing was rendered" in later.stdout, later.stdout

    wrong = cluster.submit("test-wrong", *command, "--set", "feeed=x")
    assert wrong.returncode != 0 and "did you mean 'feed'?" in wrong.stdout + wrong.stderr
