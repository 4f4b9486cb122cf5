"""A node of the cluster dies while a campaign runs on it: nothing lost, nothing twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import ledger
from pipeline.ledger import read_ledger
from pipeline.rows import to_rows
from tests.pipeline.test_campaign_run import long_feed
from tests.pipeline.test_plan import write_campaign

pytestmark = [pytest.mark.chaos, pytest.mark.ray]

# In a process of its own: a simulated cluster and the session's would be in each other's way.
STORY = """
import json, os, signal, sys, threading, time
os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
os.environ["RAY_health_check_period_ms"] = "1000"
os.environ["RAY_health_check_failure_threshold"] = "3"
os.environ["RAY_BACKEND_LOG_LEVEL"] = "fatal"
from dataclasses import replace
from pathlib import Path
import ray
from ray.cluster_utils import Cluster
from cluster.connect import cluster_machines
from cluster.pools import plan_pools
from pipeline.campaign_file import read_campaign
from pipeline.campaign_run import CampaignRun
from pipeline.ray_runner import RayRunner
from stages.hardware import Hardware
from tests.pipeline.toy_stages import Count, Slow

path, output, log = sys.argv[1:]
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
nodes = [cluster.add_node(num_cpus=2, object_store_memory=100_000_000) for _ in range(2)]
ray.init(address=cluster.address, log_to_driver=False,
         runtime_env={"env_vars": {"PYTHONPATH": os.getcwd(), "OMP_NUM_THREADS": "1"}})
stages = [Slow(log=log), Count()]
stages[0].hardware = Hardware(cpus=0.9, memory_gb=0.2)
pools = plan_pools(stages, cluster_machines(), {"loud": 1.0, "count": 0.01})
told = {}

def kill():
    while not Path(log).exists() or len(Path(log).read_text().splitlines()) < 8:
        time.sleep(0.05)
    victim = nodes[0].all_processes["raylet"][0].process.pid
    told["killed_at"] = time.time()
    os.kill(victim, signal.SIGKILL)

threading.Thread(target=kill, daemon=True).start()
lines = []
def say(text):
    lines.append((time.time(), text))
    print(text, file=sys.stderr)
run = CampaignRun(read_campaign(path), stages, output, lambda _: RayRunner(stages, output, pools),
                  say=say)
run.run()
after = [at for at, text in lines if ": published" in text and at > told["killed_at"] + 5]
print(json.dumps({"workers": pools["loud"].workers, "killed": "killed_at" in told,
                  "stall_s": min(after) - told["killed_at"] if after else 0.0}))
ray.shutdown()
cluster.shutdown()
"""


def test_a_node_that_dies_costs_time_only(tmp_path: Path) -> None:
    """Would catch rows that vanish with their node, are rendered twice, or a run that hangs."""
    path = write_campaign(tmp_path, feed=long_feed(40))
    output, log = str(tmp_path / "out"), tmp_path / "log"
    done = subprocess.run(
        [sys.executable, "-c", STORY, path, output, str(log)], cwd=Path(__file__).parents[2],
        env={**os.environ, "RAY_ADDRESS": ""}, capture_output=True, text=True, timeout=420,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    rows = to_rows(read_ledger(output, ledger.runs(output)[0]))
    assert told["killed"] and told["workers"] > 1, "both nodes had work"
    assert len(rows) == 40 == len({row["spot_id"] for row in rows})
    assert {row["status"] for row in rows} == {"published"}, done.stderr[-2000:]
    redone = len(log.read_text().splitlines()) - 40
    assert redone <= 2 * told["workers"], "what was in flight, and no more, is done again"
    assert told["stall_s"] < 90
