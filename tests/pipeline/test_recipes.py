"""Recipes: how they are found, what the gpu recipe refuses, and what its keys hold."""

from __future__ import annotations

import pickle
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cluster.machines import Machines
from cluster.pools import ClusterTooSmall, plan_pools
from pipeline.keys import digest, stage_key
from pipeline.recipes import load_recipe
from pipeline.rows import RecipeError
from schemas.campaign import Campaign, parse_campaign
from schemas.config_error import ConfigError
from stages.base import Stage
from stages.hardware import Hardware
from stages.image_to_video import DiffusersClips, ImageToVideo

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HUB: dict[str, Any] = {"model": "shop/tiny", "revision": COMMIT, "licence_accepted": True}


def campaign(**video_model: Any) -> Campaign:
    """A campaign with that model, or with none."""
    raw: dict[str, Any] = {"name": "Test", "feed": "feed.tsv", "brand": {"name": "Shop"}}
    if video_model:
        raw["video_model"] = video_model
    return parse_campaign(raw, "campaign.yaml")


def clips(**video_model: Any) -> ImageToVideo:
    """The gpu recipe's stage that makes clips."""
    stages = load_recipe("gpu", campaign(**video_model))
    return next(stage for stage in stages if isinstance(stage, ImageToVideo))


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A folder of files that stand for weights: the recipe only takes their digest."""
    folder = tmp_path / "weights"
    (folder / "vae").mkdir(parents=True)
    (folder / "model_index.json").write_text("{}")
    (folder / "vae" / "model.safetensors").write_bytes(b"numbers")
    return folder


def test_gpu_differs_from_laptop_in_the_clips_alone() -> None:
    """Would catch two lists of stages that drift apart."""
    gpu, laptop = load_recipe("gpu", campaign(**HUB)), load_recipe("laptop", campaign())
    assert [type(stage) for stage in gpu] == [type(stage) for stage in laptop]
    differing = [a.name for a, b in zip(gpu, laptop, strict=True) if digest(a) != digest(b)]
    assert differing == ["image_to_video", "sign"], "sign names the engines in its manifest"


def test_a_laptop_campaign_may_name_a_model() -> None:
    """Would catch a model that has to be taken out of the file to try a campaign on a laptop."""
    with_model, without = (load_recipe("laptop", c) for c in (campaign(**HUB), campaign()))
    assert [digest(stage) for stage in with_model] == [digest(stage) for stage in without]


def test_without_a_model_it_is_refused() -> None:
    """Would catch GPUs that are booked to move pictures with a camera path."""
    with pytest.raises(ConfigError, match=r"video_model: not set: name one.*--recipe laptop"):
        load_recipe("gpu", campaign())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"licence_accepted": None}, "video_model.licence_accepted: false: read the licence of"),
        ({"licence_accepted": False}, "video_model.licence_accepted: false: read the licence of"),
        ({"revision": None}, "video_model.revision: not set: shop/tiny is on the hub"),
        ({"revision": "main"}, "video_model.revision: 'main': must be a commit, 40 hex digits"),
        ({"prompt": "{titel}"}, "video_model.prompt: '{titel}': in braces there can only be one"),
        ({"prompt": "{title.__doc__}"}, "in braces there can only be one of {title}, {brand}"),
        ({"prompt": "a { b"}, "in braces there can only be one"),
        ({"width_px": 700}, "video_model.width_px: 700: input should be a multiple of 16"),
        ({"dtype": "int4"}, "video_model.dtype: 'int4'"),
        ({"pipeline": "os.system"}, "video_model.pipeline: 'os.system'"),
        ({"step": 3}, "video_model.step: 3: there is no such key; did you mean 'steps'?"),
        ({"width_px": 1280, "height_px": 704}, "video_model.width_px: 1280x704: the format 9x16"),
        ({"model": "/gone/weights"}, "video_model.model: /gone/weights: there is no such folder"),
    ],
)
def test_a_bad_model_is_refused_with_its_fix(change: dict[str, Any], said: str) -> None:
    """Would catch a mistake that shows only when the first GPU is paid for, weights whose terms
    nobody read, and a branch that changes what a key stands for."""
    wanted = {name: value for name, value in {**HUB, **change}.items() if value is not None}
    with pytest.raises(ConfigError) as caught:
        load_recipe("gpu", campaign(**wanted))
    assert said in str(caught.value)


def test_hub_ids_and_folders_are_told_apart(weights: Path) -> None:
    """Would catch a folder that is looked for on the hub, or weights that are fetched twice."""
    engine = clips(**HUB).engine
    assert isinstance(engine, DiffusersClips)
    assert (engine.model, engine.revision, engine.weights_asset) == ("shop/tiny", COMMIT, None)
    folders = ["./w", "../w", "/a/w", "s3://b/w", "shop/tiny/", "file:///a/w"]
    assert not any(campaign(model=m, licence_accepted=True).video_model.is_hub_id for m in folders)  # type: ignore[union-attr]
    local = clips(model=str(weights), licence_accepted=True).engine.weights_asset
    assert local is not None and local.uri == f"{weights}/"


def test_the_key_holds_the_weights_and_not_their_place(weights: Path, tmp_path: Path) -> None:
    """Would catch clips of old weights served under new ones, and clips made again because the
    weights were moved."""
    there = {"model": str(weights), "licence_accepted": True}
    before = digest(clips(**there))
    shutil.copytree(weights, tmp_path / "elsewhere")
    assert digest(clips(**{**there, "model": str(tmp_path / "elsewhere")})) == before
    assert digest(clips(**there, steps=4)) != before
    (weights / "vae" / "model.safetensors").write_bytes(b"other numbers")
    assert digest(clips(**there)) != before
    assert digest(clips(**HUB)) != digest(clips(**{**HUB, "revision": COMMIT[::-1]}))


def test_where_it_runs_is_not_in_the_key() -> None:
    """Would catch a catalogue that is rendered again because the pool was sized otherwise."""
    stage = clips(**HUB)
    moved = replace(stage, hardware=Hardware(cpus=8, gpus=0.5), seconds_hint=9.0, timeout_s=60.0)
    assert digest(moved) == digest(stage)


def test_the_title_in_the_prompt_is_in_the_key() -> None:
    """Would catch a clip of the old title's prompt under the new title."""
    spot = {"title": "Mug", "seed": 1}
    titled, plain = clips(**HUB), clips(**HUB, prompt="A product in a studio")
    assert stage_key(titled, spot) != stage_key(titled, {**spot, "title": "Cup"})
    assert stage_key(plain, spot) == stage_key(plain, {**spot, "title": "Cup"})


def test_it_books_one_gpu_and_says_so_where_there_is_none() -> None:
    """Would catch a run that waits for ever on a cluster without GPUs."""
    stages = load_recipe("gpu", campaign(**HUB))
    assert {s.name: s.hardware.gpus for s in stages if s.hardware.gpus} == {"image_to_video": 1}
    with pytest.raises(ClusterTooSmall, match=r"at least 1 GPUs \(image_to_video 1\)"):
        plan_pools(stages, Machines(cpus=16, gpus=0, memory_gb=64))
    pools = plan_pools(stages, Machines(cpus=16, gpus=2, memory_gb=128))
    assert pools["image_to_video"].workers == 2 and pools["image_to_video"].gpus == 1


def test_its_stages_travel_to_workers() -> None:
    """Would catch an engine that cannot be sent to the machine with the GPU."""
    stages: list[Stage] = load_recipe("gpu", campaign(**HUB))
    again = pickle.loads(pickle.dumps(stages))  # noqa: S301
    assert [digest(stage) for stage in again] == [digest(stage) for stage in stages]
    assert again[2].reads == stages[2].reads and "title" in again[2].reads


def test_a_prompt_naming_an_unknown_column_does_not_fit(tmp_path: Path) -> None:
    """Would catch a recipe of one's own whose prompt names a column that nobody writes."""
    own = tmp_path / "own.py"
    own.write_text(
        "from pipeline.recipes import laptop\n"
        "from stages.image_to_video import DiffusersClips, ImageToVideo\n"
        "def recipe(campaign):\n"
        f"    engine = DiffusersClips(model='a/b', revision='{COMMIT}', prompt='{{titel}}')\n"
        "    return laptop.recipe(campaign, ImageToVideo(engine=engine))\n"
    )
    with pytest.raises(RecipeError, match="image_to_video reads 'titel', which no stage"):
        load_recipe(str(own), campaign())
