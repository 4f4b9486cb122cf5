"""Presenters of a campaign: a folder, a host by name, a file; and what a wrong one is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import diffusers
import numpy as np
import pytest
import typer
import yaml
from typer.testing import CliRunner

from jobs.presets import presets
from pipeline.campaign_file import read_campaign
from pipeline.keys import digest
from pipeline.recipes import load_recipe
from schemas.config_error import ConfigError
from stages.avatar import Avatar, ModelPresenter, PresenterRig, ProcessPresenter, VectorPresenter
from stages.avatar.hosts import SHIPPED
from stages.avatar.presets import load_presenter_preset, shipped_presenter_presets
from stages.avatar.talking.loading import check_call

DEMO = Path(__file__).parents[2] / "examples" / "demo" / "campaign.yaml"


def avatar(*overrides: str) -> Avatar:
    """The demo campaign's stage, with overrides."""
    settings = read_campaign(str(DEMO), ["signing.folder=/tmp/unused", *overrides])
    return next(s for s in load_recipe("laptop", settings) if isinstance(s, Avatar))


def test_a_folder_is_a_rendered_rig() -> None:
    """Would catch campaigns of before that no longer run."""
    assert isinstance(avatar().engine, PresenterRig)
    assert avatar("presenter=null").engine is None


def test_a_shipped_host_wears_the_brand() -> None:
    """Would catch brand colours that never reach the engine."""
    engine = avatar("presenter=host:amber").engine
    assert isinstance(engine, VectorPresenter)
    assert engine.drawn.outfit.main == "#c8573a"


def test_a_host_file_of_ones_own_is_in_the_key(tmp_path: Path) -> None:
    """Would catch a changed host file that serves old takes, and a moved one that renders all."""
    told: dict[str, Any] = yaml.safe_load((SHIPPED / "amber.yaml").read_text())
    for name in ("one.yaml", "two.yml"):
        (tmp_path / name).write_text(yaml.safe_dump(told))
    one = digest(avatar(f"presenter={tmp_path}/one.yaml"))
    assert one == digest(avatar(f"presenter={tmp_path}/two.yml"))
    assert one == digest(avatar("presenter=host:amber"))
    told["skin"] = "#101010"
    (tmp_path / "one.yaml").write_text(yaml.safe_dump(told))
    assert one != digest(avatar(f"presenter={tmp_path}/one.yaml"))


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("host:indgo", "did you mean host:indigo"),
        ("indigo", "write host:indigo"),
        ("nobody.yaml", "nobody.yaml is not there"),
        ("nowhere/", "is not there"),
    ],
)
def test_what_is_not_there_is_refused(named: str, said: str) -> None:
    """Would catch a campaign that fails at its first spot instead of at its first line."""
    with pytest.raises(ConfigError, match="presenter") as refused:
        avatar(f"presenter={named}")
    assert said in str(refused.value)


def test_a_wrong_host_file_is_refused(tmp_path: Path) -> None:
    """Would catch a file's error that does not name the file."""
    (tmp_path / "mine.yaml").write_text("title: Mine\nskin: green\n")
    with pytest.raises(ConfigError, match=r"mine\.yaml") as refused:
        avatar(f"presenter={tmp_path}/mine.yaml")
    assert "skin" in str(refused.value) and "hair" in str(refused.value)


PROCESS: dict[str, Any] = {
    "command": ["talk", "{audio}", "{portrait}", "{out}"],
    "checkout": "presenter",
    "revision": "1",
    "portrait": "presenter/base.png",
    "consent": "a rendered face of nobody",
    "licence_accepted": True,
    "gpus": 0.5,
    "timeout_s": 1200,
}


def of_process(**changes: Any) -> Avatar:
    """The stage with a program of one's own."""
    return avatar("presenter=null", f"presenter_process={json.dumps({**PROCESS, **changes})}")


def test_a_program_books_what_it_needs() -> None:
    """Would catch a talking-head model that shares a core meant for drawing, or is cut short."""
    stage = of_process()
    assert isinstance(stage.engine, ProcessPresenter)
    assert stage.hardware.gpus == 0.5 and stage.timeout_s > 1200


def test_what_runs_is_in_its_key_and_where_is_not(tmp_path: Path) -> None:
    """Would catch a new checkout that serves old takes, and a moved one that renders all."""
    assert digest(of_process()) != digest(of_process(revision="2"))
    assert digest(of_process()) != digest(
        of_process(command=["t", "{audio}", "{portrait}", "{out}"])
    )
    assert digest(of_process()) == digest(of_process(checkout=str(tmp_path)))
    assert digest(of_process()) == digest(of_process(timeout_s=60))


def test_a_portrait_without_a_face_is_refused_before_anything_is_spent() -> None:
    """Would catch a catalogue that is voiced and animated before the first take fails."""
    with pytest.raises(ConfigError, match=r"presenter_process\.portrait") as refused:
        of_process(portrait="products/candle.jpg")
    assert "No face was found" in str(refused.value)


@pytest.mark.parametrize("key", ["presenter_process", "presenter_model"])
def test_two_presenters_are_refused(key: str) -> None:
    """Would catch one of two that is left out without a word."""
    told = {"presenter_process": PROCESS, "presenter_model": MODEL}[key]
    with pytest.raises(ConfigError, match=f"presenter: .*{key} makes the presenter"):
        avatar(f"{key}={json.dumps(told)}")


MODEL: dict[str, Any] = {
    "preset": "wan-animate",
    "revision": "0123456789abcdef0123456789abcdef01234567",
    "portrait": "presenter/base.png",
    "consent": {
        "given_by": "its maker", "given_on": "2026-01-05", "scope": "a rendered face of nobody",
        "record": "examples/demo/PROVENANCE.md",
    },
    "licence_accepted": True,
}  # fmt: skip


def of_model(*overrides: str, **changes: Any) -> Avatar:
    """The stage with a talking-head model; keys that become None are left out."""
    told = {key: value for key, value in {**MODEL, **changes}.items() if value is not None}
    return avatar("presenter=null", f"presenter_model={json.dumps(told)}", *overrides)


def test_a_model_books_its_card() -> None:
    """Would catch a model of 34 GB on a core meant for drawing."""
    stage = of_model()
    assert isinstance(stage.engine, ModelPresenter)
    preset = stage.engine.preset
    assert (stage.hardware.gpus, stage.hardware.memory_gb) == (1, preset.memory_gb)
    assert preset.memory_gb > 40 and stage.timeout_s > 1800
    assert of_model(settings={"gpus": 0.5}).hardware.gpus == 0.5


def test_who_drives_it() -> None:
    """Would catch a driver that is not the campaign's, and one for a model that needs none."""
    assert isinstance(of_model().engine.driver, VectorPresenter)
    assert isinstance(of_model(driver="presenter/").engine.driver, PresenterRig)
    assert of_model(preset="ltx23-voice").engine.driver is None


def test_its_key_is_what_makes_its_pixels(tmp_path: Path) -> None:
    """Would catch another portrait, driver or setting that serves old takes, and a moved portrait,
    a new title or more memory that render all again."""
    key = digest(of_model())
    shutil.copy(DEMO.parent / "presenter" / "base.png", tmp_path / "moved.png")
    assert key == digest(of_model(portrait=str(tmp_path / "moved.png")))
    assert key == digest(of_model(settings={"memory_gb": 99, "offload": "model", "title": "x"}))
    for changes in (
        {"driver": "host:cedar"}, {"background": "cut"}, {"revision": 40 * "a"},
        {"preset": "ltx23-voice"}, {"settings": {"call": {"num_inference_steps": 8}}},
    ):  # fmt: skip
        assert key != digest(of_model(**changes)), changes


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"revision": None}, ["presenter_model.revision: not set", "40 hex digits"]),
        ({"revision": "main"}, ["presenter_model.revision: 'main'", "must be a commit"]),
        ({"licence_accepted": False}, ["presenter_model.licence_accepted", "Apache-2.0"]),
        ({"preset": "wan-animat"}, ["presenter_model.preset", "did you mean wan-animate?"]),
        ({"model": "nowhere/here/"}, ["presenter_model.model", "is not there"]),
        ({"consent": None}, ["presenter_model.consent", "is missing"]),
        ({"consent": {**MODEL["consent"], "until": "2026-02-01"}}, ["consent.until", "is over"]),
        ({"consent": {**MODEL["consent"], "given_on": "2999-02-01"}}, ["given_on", "future"]),
        ({"portrait": "products/candle.jpg"}, ["presenter_model.portrait", "No face was found"]),
        ({"portrait": "nobody.png"}, ["presenter_model.portrait", "is not there"]),
        ({"driver": "host:amba"}, ["presenter_model.driver", "did you mean host:amber"]),
        ({"driver": "nobody/"}, ["presenter_model.driver", "is not there"]),
        ({"preset": "ltx23-voice", "driver": "host:amber"}, ["driver", "the voice itself"]),
        ({"settings": {"sides": 3}}, ["sides", "did you mean 'side'"]),
        ({"settings": {"side": 100}}, ["side: 100", "multiple of 16"]),
        ({"background": "blur"}, ["presenter_model.background", "'keep' or 'cut'"]),
    ],
)
def test_a_wrong_model_is_refused_before_anything_is_spent(
    changes: dict[str, Any], said: list[str]
) -> None:
    """Would catch a catalogue that is voiced and animated before the first take fails."""
    with pytest.raises(ConfigError) as refused:
        of_model(**changes)
    for words in said:
        assert words in str(refused.value)


def test_only_a_plain_ground_can_be_cut_away(tmp_path: Path) -> None:
    """Would catch a presenter with holes, found after hours on a GPU."""
    picture = cv2.imread(str(DEMO.parent / "presenter" / "base.png"), cv2.IMREAD_UNCHANGED)
    share = picture[..., 3:] / 255.0
    room = np.random.default_rng(0).integers(0, 255, (9, 9, 3), np.uint8)
    room = cv2.resize(room, picture.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    cv2.imwrite(str(tmp_path / "room.png"), picture[..., :3] * share + room * (1 - share))
    assert of_model(background="cut").engine.background == "cut"
    with pytest.raises(ConfigError, match=r"presenter_model.background: cut: .*is not plain"):
        of_model(background="cut", portrait=str(tmp_path / "room.png"))


@pytest.mark.parametrize("name", shipped_presenter_presets())
def test_shipped_presets_fit_the_installed_diffusers(name: str) -> None:
    """Would catch a preset that no pipeline takes, with a note of where each number is from."""
    preset = load_presenter_preset(name)
    check_call(getattr(diffusers, preset.pipeline), preset)
    assert preset.sources and preset.licence.url
    if preset.scheduler is not None:
        assert hasattr(getattr(diffusers, preset.scheduler.class_), "set_timesteps")


def test_presets_of_both_kinds_are_listed() -> None:
    """Would catch a model whose terms nobody is told."""
    app = typer.Typer()
    app.command()(presets)
    listed = CliRunner().invoke(app, [], env={"COLUMNS": "200"}).output
    assert "presenter_model.preset" in listed
    for name in shipped_presenter_presets():
        assert name in listed
    shown = CliRunner().invoke(app, ["ltx23-voice"]).output
    assert yaml.safe_load(shown)["licence"]["commercial"] == "conditions"
