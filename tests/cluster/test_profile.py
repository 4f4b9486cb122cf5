"""Hardware profiles: they place stages, cost nothing in keys, and are refused with the fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster.machines import Machines
from cluster.pools import ClusterTooSmall, plan_pools
from cluster.profile import SHIPPED, load_profile
from pipeline.keys import StageKey
from schemas.config_error import ConfigError
from tests.pipeline.toy_stages import Count, Loud


@pytest.mark.parametrize("name", [file.stem for file in SHIPPED.glob("*.yaml")])
def test_shipped_profiles_load(name: str) -> None:
    """Would catch a profile that nobody tried."""
    assert load_profile(name).cpu_hour_usd >= 0


def write(folder: Path, text: str) -> str:
    """A profile file."""
    (folder / "mine.yaml").write_text(text)
    return str(folder / "mine.yaml")


def test_a_stage_is_placed_and_its_key_stays(tmp_path: Path) -> None:
    """Would catch a new cluster on which the whole catalogue is rendered anew."""
    text = "stages: {loud: {gpus: 0.5, accelerator: L4, labels: {ray.io/market-type: spot}}}"
    stages = [Loud(), Count()]
    placed = load_profile(write(tmp_path, text)).apply(stages)
    assert stages[0].hardware.gpus == 0, "the recipe's own stage is left as it is"
    assert [StageKey(one).digest for one in placed] == [StageKey(one).digest for one in stages]
    pool = plan_pools(placed, Machines(8, 1, 32, frozenset({"L4"})))["loud"]
    assert (pool.gpus, pool.accelerator) == (0.5, "L4")
    assert dict(pool.labels) == {"ray.io/market-type": "spot"}
    with pytest.raises(ClusterTooSmall, match="type L4; the cluster has H100"):
        plan_pools(placed, Machines(8, 1, 32, frozenset({"H100"})))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stages: {lowd: {gpus: 1}}", "stages.lowd.*it has loud, count"),
        ("stages: {loud: {gpus: 1.5}}", "write 1 or 2"),
        ("stages: {loud: {gpu: 1}}", "stages.loud.gpu"),
        ("gpu_hour_usd: -1", "gpu_hour_usd"),
        ("stages: [", "YAML"),
    ],
)
def test_a_wrong_profile_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """Would catch a typo that silently runs a GPU stage on a CPU."""
    with pytest.raises(ConfigError, match=said):
        load_profile(write(tmp_path, text)).apply([Loud(), Count()])


def test_labels_for_all_stages_and_for_one(tmp_path: Path) -> None:
    """Would catch a stage that is left out of a rule for all, and one whose own label is lost."""
    text = "labels: {role: '!sign', zone: a}\nstages: {loud: {cpus: 2, labels: {role: sign}}}"
    loud, count = load_profile(write(tmp_path, text)).apply([Loud(), Count()])
    assert dict(loud.hardware.labels) == {"role": "sign", "zone": "a"}
    assert dict(count.hardware.labels) == {"role": "!sign", "zone": "a"}
    assert loud.hardware.cpus == 2 and count.hardware.cpus == Count().hardware.cpus


def test_an_unknown_profile_names_those_there_are() -> None:
    """Would catch a traceback for a typing error."""
    with pytest.raises(ConfigError, match="use one of h100, kubernetes, laptop"):
        load_profile("h200")
