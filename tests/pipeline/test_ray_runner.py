"""The Ray runner, on one real cluster that all of its tests share."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.connect import connect
from cluster.machines import Machines
from cluster.pools import plan_pools
from pipeline.campaign_file import read_campaign
from pipeline.campaign_run import CampaignRun
from pipeline.local_runner import LocalRunner
from pipeline.plan import Planner
from pipeline.ray_runner import RayRunner
from pipeline.recipes import load_recipe
from pipeline.rows import new_row
from schemas.campaign import parse_campaign
from stages.base import Stage
from tests.pipeline.toy_stages import Count, Hanging, Loud, Meeting, Napping, spot

pytestmark = pytest.mark.ray

DEMO = Path(__file__).parents[2] / "examples" / "demo" / "campaign.yaml"
TIMES = ("seconds", "cpu_seconds", "peak_memory_mb")


@pytest.fixture(scope="session")
def machines() -> Iterator[Machines]:
    """A Ray cluster on this machine, for the whole session."""
    import ray

    yield connect()
    ray.shutdown()


def ray_runner(stages: list[Stage], output: Path, machines: Machines) -> RayRunner:
    """A runner with the pools that the cluster planned."""
    return RayRunner(stages, str(output), plan_pools(stages, machines))


def run_unit(stages: list[Stage], output: Path, machines: Machines, *rows: Any) -> list[dict]:
    """Rows through a campaign run, with its reconciliation."""
    campaign = parse_campaign({"name": "t", "feed": "f", "brand": {"name": "b"}}, "test")
    run = CampaignRun(
        campaign, stages, str(output), lambda _: ray_runner(stages, output, machines), print
    )
    ready = [new_row(row, "print", 1) for row in rows]
    return list(run.results(ready, "run"))


def without_times(row: dict[str, Any]) -> dict[str, Any]:
    """A row as it must be whatever ran it."""
    stages = [{k: v for k, v in ran.items() if k not in TIMES} for ran in row["stages"]]
    return {**row, "stages": stages}


def test_same_rows_and_same_keys_as_in_one_process(machines: Machines, tmp_path: Path) -> None:
    """Would catch a value that changes its type or a key that changes on the way through Ray."""
    scripts = ["hello", "reject me", "hold me", "bug", "exit", "good bye"]
    rows = [new_row(spot(f"s{n}", text), "print", n) for n, text in enumerate(scripts)]
    stages: list[Stage] = [Loud(), Count()]
    far = list(ray_runner(stages, tmp_path / "ray", machines).run(rows))
    near = list(LocalRunner(stages, str(tmp_path / "local")).run(rows))
    by_id = {row["spot_id"]: without_times(row) for row in far}
    assert len(by_id) == len(far) == len(rows)
    assert [by_id[row["spot_id"]] for row in near] == [without_times(row) for row in near]


def test_prometheus_is_told_what_the_stages_do(machines: Machines, tmp_path: Path) -> None:
    """Would catch a dashboard that stays empty while a campaign runs."""
    import ray

    rows = [spot("s1", "hello"), spot("s2", "reject me")]
    run_unit([Loud(), Count()], tmp_path, machines, *rows)
    port = ray.nodes()[0]["MetricsExportPort"]
    deadline = time.monotonic() + 30
    text = ""
    while "spotmill_stage_seconds_count" not in text and time.monotonic() < deadline:
        time.sleep(1)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as page:
            text = page.read().decode()
    counted = [line for line in text.splitlines() if "spotmill_stage_rows_total{" in line]
    assert any('stage="loud"' in line and 'status="rejected"' in line for line in counted), counted
    assert any('stage="count"' in line and 'cached="false"' in line for line in counted)


def test_workers_of_a_pool_work_at_the_same_time(machines: Machines, tmp_path: Path) -> None:
    """Would catch rows that travel in one block, which Ray hands to one worker: the other idles."""
    folder = tmp_path / "log"
    folder.mkdir()
    stages: list[Stage] = [Meeting(log=str(folder)), Count()]
    pools = plan_pools(stages, machines, {"loud": 1.0, "count": 0.01})
    assert pools["loud"].workers > 1
    rows = [new_row(spot(f"s{n}", f"hello {n}"), "print", n) for n in range(12)]
    assert len(list(RayRunner(stages, str(tmp_path / "out"), pools).run(rows))) == 12
    assert (folder / "met").exists()


def test_a_row_that_kills_its_worker_costs_itself_only(machines: Machines, tmp_path: Path) -> None:
    """Would catch a poisoned row that ends the run, is retried for ever, or takes neighbours."""
    rows = [spot(f"s{n}", "die" if n == 3 else f"hello {n}") for n in range(8)]
    results = run_unit([Loud(), Count()], tmp_path, machines, *rows)
    ends = {row["spot_id"]: (row["status"], row["reason_code"]) for row in results}
    assert len(results) == 8
    assert ends.pop("s3") == ("failed", "worker_died")
    assert set(ends.values()) == {("published", None)}


def test_an_actor_killed_mid_run_loses_nothing(machines: Machines, tmp_path: Path) -> None:
    """Would catch a run that hangs on a dead actor or a spot that is lost with it."""
    pid_file = tmp_path / "pid"

    def kill_once() -> None:
        while not pid_file.exists() or not pid_file.read_text():
            time.sleep(0.1)
        os.kill(int(pid_file.read_text()), signal.SIGKILL)

    killer = threading.Thread(target=kill_once, daemon=True)
    killer.start()
    rows = [spot(f"s{n}", f"hello {n}") for n in range(4)]
    stages: list[Stage] = [Napping(log=str(pid_file)), Count()]
    results = run_unit(stages, tmp_path / "out", machines, *rows)
    killer.join(timeout=5)
    assert not killer.is_alive()
    assert sorted(row["spot_id"] for row in results) == ["s0", "s1", "s2", "s3"]
    assert {row["status"] for row in results} == {"published"}


def test_a_stage_that_hangs_is_stopped_on_ray_too(machines: Machines, tmp_path: Path) -> None:
    """Would catch a worker whose stage runs in a thread, where no alarm can ring."""
    stages: list[Stage] = [Hanging(log=str(tmp_path / "pid")), Count()]
    (row,) = run_unit(stages, tmp_path / "out", machines, spot("s", "hello"))
    assert (row["status"], row["reason_code"]) == ("failed", "timeout")


OWN_RECIPE = """
from dataclasses import dataclass
from tests.pipeline.toy_stages import Count, Loud

@dataclass(kw_only=True)
class Shout(Loud):
    mark: str = "?!"
    def run(self, spot, media):
        return super().run(spot, media)

def recipe(campaign):
    return [Shout(), Count()]
"""


def test_a_stage_of_a_recipe_file_runs_in_one_process_and_on_ray(
    machines: Machines, tmp_path: Path
) -> None:
    """Would catch a stage that workers cannot import: its file lies on the driver only."""
    (tmp_path / "own.py").write_text(OWN_RECIPE)
    campaign = parse_campaign({"name": "t", "feed": "f", "brand": {"name": "b"}}, "test")
    stages = load_recipe(str(tmp_path / "own.py"), campaign)
    rows = [new_row(spot("s", "hello"), "print", 1)]
    (far,) = ray_runner(stages, tmp_path / "ray", machines).run(rows)
    (near,) = LocalRunner(stages, str(tmp_path / "local")).run(rows)
    assert without_times(far) == without_times(near) and far["status"] == "pending", far["reason"]
    assert far["stages"][0]["engine"] == "loud" and far["count_uri"]


@pytest.mark.demo
def test_a_real_spot_is_the_same_in_one_process_and_on_ray(
    machines: Machines, tmp_path: Path
) -> None:
    """Would catch a stage whose work depends on its process: threads, caches, earlier spots."""
    campaign = read_campaign(str(DEMO), [f"signing.folder={tmp_path / 'signer'}"])
    stages = load_recipe("laptop", campaign)
    (unit,) = Planner(campaign, stages, only=["OS-EDP-AMBREFIG-50"]).units()
    (far,) = ray_runner(stages, tmp_path / "ray", machines).run(unit.pending)
    (near,) = LocalRunner(stages, str(tmp_path / "local")).run(unit.pending)
    assert near["status"] == far["status"] == "pending", (near["reason"], far["reason"])
    for here, there in zip(near["stages"], far["stages"], strict=True):
        if here["stage"] != "publish":  # reads the signed file, and no two signatures are equal
            assert here["key"] == there["key"], here["stage"]
    assert near["metrics"] == far["metrics"] and near["verdicts"] == far["verdicts"]
    assert near["masters"] == far["masters"], "the same bytes, by digest"
    assert (near["watermark_id"], near["c2pa_state"]) == (far["watermark_id"], "Trusted")


def test_ray_listens_on_loopback_only(machines: Machines) -> None:
    """Would catch a laptop that offers code execution to its whole network."""
    addresses = listening_addresses(descendants(os.getpid()))
    assert len(addresses) > 5, "Ray has at least its GCS, raylet and agents"
    assert set(addresses) <= {"0100007F", "0000000000000000FFFF00000100007F", "0" * 24 + "01000000"}


def descendants(pid: int) -> set[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
                children.setdefault(int(parent), []).append(int(folder.name))
    found, waiting = set(), [pid]
    while waiting:
        found.add(one := waiting.pop())
        waiting += children.get(one, [])
    return found


def listening_addresses(pids: set[int]) -> list[str]:
    """Local addresses, as the kernel writes them in hex, of the sockets they listen on."""
    inodes = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            for link in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    inodes.add(os.readlink(link).removeprefix("socket:[").removesuffix("]"))
    found = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                found.append(fields[1].partition(":")[0])
    return found
