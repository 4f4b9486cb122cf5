"""Ray on machines of our making: with pretended GPUs and labels, and one that runs out of memory.

Each in a process of its own: Ray is connected once per process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.ray

GPUS = """
import json, os, sys, time
from dataclasses import dataclass
from typing import ClassVar
os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
os.environ["RAY_BACKEND_LOG_LEVEL"] = "fatal"
import pyarrow as pa
import ray
from cluster.connect import cluster_machines
from cluster.pools import plan_pools
from pipeline.ray_runner import RayRunner
from pipeline.rows import new_row
from stages.hardware import Hardware
from tests.pipeline.toy_stages import Count, Loud, spot

@dataclass(kw_only=True)
class Seeing(Loud):
    def run(self, spot, media):
        time.sleep(0.2)
        with open(self.log, "a") as log:
            log.write(f"{self.name} {os.getpid()} {os.environ.get('CUDA_VISIBLE_DEVICES')}\\n")
        return {**{name: None for name in self.writes.names}, "metrics": {}}

def seeing(name_, seconds, **hardware):
    @dataclass(kw_only=True)
    class Named(Seeing):
        name: ClassVar[str] = name_
        seconds_hint: ClassVar[float] = seconds
        reads: ClassVar[tuple[str, ...]] = ("script",)
        writes: ClassVar[pa.Schema] = pa.schema([(f"{name_}_uri", pa.string())])
    Named.__module__ = "__main__"
    made = Named(log=log)
    made.hardware = Hardware(cpus=0.2, memory_gb=0.1, **hardware)
    return made

log, output = sys.argv[1:]
ray.init("local", num_cpus=4, num_gpus=2, resources={"accelerator_type:H100": 1},
         include_dashboard=False, labels={"market": "spot"}, log_to_driver=False,
         object_store_memory=100_000_000,
         runtime_env={"env_vars": {"PYTHONPATH": os.getcwd(), "OMP_NUM_THREADS": "1"}})
stages = [seeing("cores", 0.01, labels=(("market", "!on-demand"),)),
          seeing("whole", 1.0, gpus=1.0, accelerator="H100"),
          seeing("half", 2.0, gpus=0.5, labels=(("market", "spot"),))]
pools = plan_pools(stages, cluster_machines())
rows = [new_row(spot(f"s{n}", f"hello {n}"), "print", n) for n in range(12)]
done = list(RayRunner(stages, output, pools).run(rows))
print(json.dumps({"done": sorted(row["status"] for row in done),
                  "reasons": [row["reason"] for row in done],
                  "workers": {name: pool.workers for name, pool in pools.items()},
                  "gpus_left": ray.cluster_resources()["GPU"]}))
"""


def story(code: str, *arguments: str, **environment: str) -> dict[str, Any]:
    """Run it; the JSON of its last line."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], cwd=Path(__file__).parents[2],
            env={**os.environ, "RAY_ADDRESS": "", **environment}, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        said = (error.stderr or b"").decode("utf-8", "replace")
        pytest.fail(f"not over after {error.timeout:g} s; it said: {said[-3000:]}")
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def test_a_worker_sees_its_own_gpu_and_no_other(tmp_path: Path) -> None:
    """Would catch stages that all work on the first card, and one that asks for a card and gets
    none: Ray gives each worker its own in CUDA_VISIBLE_DEVICES, which torch obeys."""
    told = story(GPUS, str(tmp_path / "log"), str(tmp_path / "out"))
    assert told["done"] == ["pending"] * 12, told["reasons"]
    seen: dict[str, dict[str, set[str]]] = {}
    for line in (tmp_path / "log").read_text().splitlines():
        stage, pid, devices = line.split(" ")
        seen.setdefault(stage, {}).setdefault(pid, set()).add(devices)
    cards = {stage: set().union(*workers.values()) for stage, workers in seen.items()}
    assert cards["whole"] <= {"0", "1"} and len(cards["whole"]) == told["workers"]["whole"] == 1
    assert told["workers"]["half"] == 2 and cards["half"] == {"0", "1"} - cards["whole"]
    assert all(len(devices) == 1 for workers in seen.values() for devices in workers.values())
    assert not cards["cores"] & {"0", "1", "0,1"}, "a stage without a GPU must not take one"


LEAK = """
import json, os, sys, time
from dataclasses import dataclass
os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
os.environ["RAY_BACKEND_LOG_LEVEL"] = "fatal"
from ray._private.utils import get_used_memory
from ray._common.utils import get_system_memory
limit = (get_used_memory() + 7.0e9) / get_system_memory()  # others here take memory, too
os.environ["RAY_memory_usage_threshold"] = f"{min(limit, 0.9):.3f}"
os.environ["RAY_memory_monitor_refresh_ms"] = "50"
from cluster.connect import connect
from cluster.pools import plan_pools
from pipeline.campaign_run import CampaignRun
from pipeline.ray_runner import RayRunner
from pipeline.rows import new_row
from schemas.campaign import parse_campaign
from tests.pipeline.toy_stages import Count, Leaking, spot

output = sys.argv[1]
machines = connect()
stages = [Leaking(), Count()]
pools = plan_pools(stages, machines)
campaign = parse_campaign({"name": "t", "feed": "f", "brand": {"name": "b"}}, "test")
rows = [new_row(spot(f"s{n}", "leak" if n == 2 else f"hello {n}"), "print", n) for n in range(6)]
run = CampaignRun(campaign, stages, output, lambda _: RayRunner(stages, output, pools),
                  say=lambda text: print(text, file=sys.stderr))
done = {row["spot_id"]: [row["status"], row["reason_code"]] for row in run.results(rows, "run")}
print(json.dumps(done))
"""


@pytest.mark.chaos
def test_a_row_whose_stage_eats_all_memory_costs_itself_only(tmp_path: Path) -> None:
    """Would catch a leak that takes the machine down, or that is tried again for ever."""
    done = story(LEAK, str(tmp_path / "out"))
    assert done.pop("s2") == ["failed", "worker_died"]
    assert done == {f"s{n}": ["published", None] for n in (0, 1, 3, 4, 5)}
