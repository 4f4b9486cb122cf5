"""Presenters of a campaign: a folder, a host by name, a file; and what a wrong one is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.campaign_file import read_campaign
from pipeline.keys import digest
from pipeline.recipes import load_recipe
from schemas.config_error import ConfigError
from stages.avatar import Avatar, PresenterRig, ProcessPresenter, VectorPresenter
from stages.avatar.hosts import SHIPPED

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


def test_two_presenters_are_refused() -> None:
    """Would catch one of two that is left out without a word."""
    with pytest.raises(ConfigError, match="presenter_process"):
        avatar(f"presenter_process={json.dumps(PROCESS)}")
