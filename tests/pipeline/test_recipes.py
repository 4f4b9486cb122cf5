"""Recipes: how they are found, what the gpu recipe refuses, and what its keys hold."""

from __future__ import annotations

import pickle
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
import yaml
from typer.testing import CliRunner

from cluster.machines import Machines
from cluster.pools import ClusterTooSmall, plan_pools
from jobs.presets import presets
from pipeline.keys import digest, stage_key
from pipeline.recipes import load_recipe
from schemas.campaign import Campaign, Quality, parse_campaign
from schemas.config_error import ConfigError
from schemas.layout import FORMATS
from stages.base import Stage
from stages.hardware import Hardware
from stages.image_to_video import ClipRequest, DiffusersClips, ImageToVideo
from stages.image_to_video.diffusion.families import able_to_batch
from stages.image_to_video.diffusion.loading import check_call
from stages.image_to_video.presets import load_preset, shipped_presets
from stages.shared.ffmpeg import decode_frames
from stages.shared.picture import write_png
from tests.stages.tiny_models import tiny_wan

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


@pytest.mark.parametrize(
    ("formats", "said"),
    [
        (["16x9", "9x16"], r"clips are made in the first of the formats \(16x9, 9x16\); put 9x16"),
        (["16x9", "1x1"], r"the first is 1920x1080; take a size of its aspect, or begin .* 9x16"),
    ],
)
@pytest.mark.parametrize("served", [True, False])
def test_a_model_whose_aspect_is_not_the_first_formats_is_refused(
    formats: list[str], said: str, served: bool
) -> None:
    """Would catch a vertical clip that is stretched over a wide screen."""
    model = {"model": "m", "service": "http://127.0.0.1:9/v1"} if served else HUB
    asked = campaign(**model).model_copy(update={"formats": tuple(formats)})
    with pytest.raises(ConfigError, match=said):
        load_recipe("gpu", asked)
    load_recipe("gpu", asked.model_copy(update={"formats": ("9x16", "16x9")}))


@pytest.mark.parametrize("recipe", ["laptop", "gpu"])
def test_cuts_that_keep_time_read_the_music_and_others_do_not(recipe: str) -> None:
    """Would catch a campaign key that reaches no stage, and clips that a new bed makes anew
    although nothing of them follows it."""
    spot = {"music": {"uri": "a.ogg", "sha256": "1" * 64}, "words": [], "sentences": []}
    other = {**spot, "music": {"uri": "b.ogg", "sha256": "2" * 64}}
    preset = {"preset": "wan22-5b-fast", **HUB}
    asked = campaign(**(preset if recipe == "gpu" else {}))
    for snap in (False, True):
        sound = asked.sound.model_copy(update={"music": "a.ogg", "snap_cuts": snap})
        stages = load_recipe(recipe, asked.model_copy(update={"sound": sound}))
        stage = next(stage for stage in stages if isinstance(stage, ImageToVideo))
        assert ("music" in stage.reads) is snap
        assert (stage_key(stage, spot) != stage_key(stage, other)) is snap


def test_a_laptop_campaign_may_name_a_model() -> None:
    """Would catch a model that has to be taken out of the file to try a campaign on a laptop."""
    with_model, without = (load_recipe("laptop", c) for c in (campaign(**HUB), campaign()))
    assert [digest(stage) for stage in with_model] == [digest(stage) for stage in without]


def test_without_a_model_it_is_refused() -> None:
    """Would catch GPUs that are booked to move pictures with a camera path."""
    with pytest.raises(ConfigError, match=r"video_model: not set: name a preset.*--recipe laptop"):
        load_recipe("gpu", campaign())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"licence_accepted": None}, "video_model.licence_accepted: false: read the licence of"),
        ({"licence_accepted": False}, "video_model.licence_accepted: false: read the licence of"),
        ({"licence_accepted": None, "preset": "svd-xt", "model": None},
         "stable-video-diffusion-img2vid-xt: Stability AI Community License, https"),
        ({"preset": "wan22-5b-quick"}, "wan22-5b-quick: did you mean wan22-5b-fast?"),
        ({"preset": "../x.yaml"}, "preset: ../x.yaml: there are cogvideox-fun-control"),
        ({"revision": None}, "video_model.revision: not set: shop/tiny is on the hub"),
        ({"revision": "main"}, "video_model.revision: 'main': must be a commit, 40 hex digits"),
        ({"settings": {"prompt": "{titel}"}}, "prompt: '{titel}': in braces there can only be one"),
        ({"settings": {"prompt": "{title.__doc__}"}}, "in braces there can only be one of {title}"),
        ({"settings": {"prompt": "a { b"}}, "in braces there can only be one"),
        ({"settings": {"size": {"width": 700}}}, "width 700 is not a multiple of 32; try 704"),
        ({"settings": {"dtype": "int4"}}, "dtype: 'int4'"),
        ({"settings": {"pipeline": "os.system"}}, "pipeline: 'os.system'"),
        ({"settings": {"step": 3}}, "step: 3: there is no such key"),
        ({"setings": {}}, "there is no such key; did you mean 'settings'?"),
        ({"settings": {"size": {"width": 1280, "height": 704}}}, "1280x704: the formats are 9x16"),
        ({"settings": {"lora": [{"path": "shop/lora"}]}}, "name its commit, shop/lora@<40 hex"),
        ({"model": "/gone/weights"}, "video_model.model: /gone/weights: there is no such folder"),
        ({"camera": "spin"}, "camera 'spin' is not a move of diffusers; it has push_in"),
    ],
)  # fmt: skip
def test_a_bad_model_is_refused_with_its_fix(change: dict[str, Any], said: str) -> None:
    """Would catch a mistake that shows only when the first GPU is paid for, weights whose terms
    nobody read, and a branch that changes what a key stands for."""
    wanted = {name: value for name, value in {**HUB, **change}.items() if value is not None}
    with pytest.raises(ConfigError) as caught:
        load_recipe("gpu", campaign(**wanted))
    assert said in str(caught.value)


def test_a_model_that_invents_colours_needs_a_gate_on_them(weights: Path) -> None:
    """Would catch products in the model's own colours."""
    steered = {"preset": "cogvideox-fun-control", "model": str(weights), "licence_accepted": True}
    with pytest.raises(ConfigError, match=r"quality.gates.clip_product_colours: not set: .*0.7"):
        load_recipe("gpu", campaign(**steered))
    watched = campaign(**steered).model_copy(
        update={"quality": Quality(gates={"clip_product_colours": (0.7, None)})}
    )
    stage = load_recipe("gpu", watched)[2]
    assert isinstance(stage, ImageToVideo)
    assert "control" in stage.reads and ("clip_product_colours", 0.7, None) in stage.gates


def test_hub_ids_and_folders_are_told_apart(weights: Path) -> None:
    """Would catch a folder that is looked for on the hub, or weights that are fetched twice."""
    engine = clips(**HUB).engine
    assert isinstance(engine, DiffusersClips)
    assert (engine.model, engine.revision, engine.assets) == ("shop/tiny", COMMIT, {})
    folders = ["./w", "../w", "/a/w", "s3://b/w", "shop/tiny/", "file:///a/w"]
    assert not any(campaign(model=m, licence_accepted=True).video_model.is_hub_id for m in folders)  # type: ignore[union-attr]
    local = clips(model=str(weights), licence_accepted=True).engine.assets.get("model")
    assert local is not None and local.uri == f"{weights}/"


def test_the_key_holds_the_weights_and_not_their_place(weights: Path, tmp_path: Path) -> None:
    """Would catch clips of old weights served under new ones, and clips made again because the
    weights were moved."""
    there = {"model": str(weights), "licence_accepted": True}
    before = digest(clips(**there))
    shutil.copytree(weights, tmp_path / "elsewhere")
    assert digest(clips(**{**there, "model": str(tmp_path / "elsewhere")})) == before
    assert digest(clips(**there, settings={"call": {"num_inference_steps": 4}})) != before
    told = {"licence": {"name": "Mine"}, "offload": "none", "sources": {"size": "a page"}}
    assert digest(clips(**there, settings=told)) == before, "what changes no pixel is not in it"
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
    titled, plain = clips(**HUB), clips(**HUB, settings={"prompt": "A product in a studio"})
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


NEW_MODEL = """
name: our-model
title: A model that was not known when Spotmill was written
model: ./weights
pipeline: WanImageToVideoPipeline
licence: {name: ours, commercial: "yes", checked: true}
dtype: float32
call: {num_inference_steps: 2}
size: {width: 96, height: 160}
frames: {rule: "4n+1", fps: 8, most: 121}
image_check: {least_change: 0.002, least_likeness: null}
"""


def test_a_new_model_is_a_file_and_no_code(tmp_path: Path) -> None:
    """Would catch a model that needs a programmer: from a YAML file to a clip, by the recipe."""
    weights = tiny_wan(tmp_path / "weights")
    (tmp_path / "our-model.yaml").write_text(NEW_MODEL)
    stage = clips(
        preset=str(tmp_path / "our-model.yaml"), model=str(weights), licence_accepted=True
    )
    photo = np.full((64, 64, 3), 255, np.uint8)
    photo[16:48, 16:48] = (150, 60, 40)
    write_png(tmp_path / "photo.png", photo)
    form = replace(FORMATS["9x16"], width_px=216, height_px=384)
    request = ClipRequest(
        photo=tmp_path / "photo.png", cutout=None, format=form, layout="hero",
        areas=form.shots["hero"], move="push_in", frames=10, accent="#2f8084", seed=1, shot=0,
        files={"model": weights}, texts={"title": "Mug"},
    )  # fmt: skip
    stage.engine.render(request, tmp_path / "clip.mp4")
    assert len(list(decode_frames(tmp_path / "clip.mp4", 54, 96))) == 10


@pytest.mark.parametrize("name", shipped_presets())
def test_every_number_of_a_preset_has_its_source(name: str) -> None:
    """Would catch a figure that nobody can check, and a licence that nobody can find."""
    preset = load_preset(name)
    assert preset.licence.url.startswith("https://") and preset.title
    told = preset.sources
    wanted = ["size", "frames", *(f"call.{key}" for key in preset.call)]
    wanted += [f"scheduler.args.{key}" for key in preset.scheduler.args] if preset.scheduler else []
    wanted += ["noise.alpha"] if preset.noise.alpha else []
    plain = ("prediction_type", "use_flow_sigmas", "num_inference_steps", "guidance_scale")
    missing = [
        key
        for key in wanted
        if key not in told
        and key.rpartition(".")[0] not in told
        and not (key.rpartition(".")[2] in plain and any(k.startswith("call") for k in told))
        and key.rpartition(".")[2] not in ("prediction_type", "use_flow_sigmas")
    ]
    assert not missing


def test_presets_name_arguments_that_their_pipelines_take() -> None:
    """Would catch a preset that cannot be called, found out on the first GPU that is paid for."""
    import diffusers

    for name in shipped_presets():
        preset = load_preset(name)
        kind = getattr(diffusers, preset.pipeline or "StableVideoDiffusionPipeline")
        check_call(able_to_batch(kind), preset, name)
        if preset.scheduler is not None:
            assert hasattr(getattr(diffusers, preset.scheduler.class_), "set_timesteps")


def test_presets_are_listed_with_their_licences() -> None:
    """Would catch a campaign that learns of its model's terms from a lawyer's letter."""
    app = typer.Typer()
    app.command()(presets)
    listed = CliRunner().invoke(app, [], env={"COLUMNS": "200"})
    assert listed.exit_code == 0
    for name in shipped_presets():
        assert name in listed.output and load_preset(name).licence.name in listed.output
    shown = CliRunner().invoke(app, ["svd-xt"])
    assert yaml.safe_load(shown.output)["licence"]["commercial"] == "conditions"
    assert CliRunner().invoke(app, ["svd"]).exit_code == 2
