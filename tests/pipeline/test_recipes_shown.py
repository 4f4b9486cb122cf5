"""The image gate as a campaign asks for it: lists are opened before anything is spent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from jobs.plan import plan
from pipeline.campaign_file import read_campaign
from pipeline.keys import digest
from pipeline.recipes import load_recipe
from pipeline.recipes.shown import faces_notice, image_gate
from schemas.campaign import Campaign, parse_campaign
from schemas.config_error import ConfigError
from stages.inspect import Inspect
from stages.screen import Screen
from stages.shared.image_gate import BannedFaces
from stages.shared.image_gate.face_key import KEY_VARIABLE
from tests.pipeline.test_plan import write_campaign

KEY = "1f" * 32
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def campaign(policy: dict[str, Any], **more: Any) -> Campaign:
    """A campaign with that policy."""
    raw = {"name": "Test", "feed": "feed.tsv", "brand": {"name": "Shop"}, "policy": policy}
    return parse_campaign(raw | more, "campaign.yaml")


def asked(given: Campaign) -> tuple[Screen, Inspect]:
    """The stages that look at pictures."""
    stages = load_recipe("laptop", given)
    screen = next(stage for stage in stages if isinstance(stage, Screen))
    return screen, next(stage for stage in stages if isinstance(stage, Inspect))


def many(count: int) -> BannedFaces:
    """A list of so many made-up faces."""
    embeddings = np.random.default_rng(0).normal(size=(count, 128)).astype(np.float32)
    return BannedFaces(tuple(f"case {n}" for n in range(count)), embeddings)


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A list of three faces."""
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    place = tmp_path / "faces.bin"
    place.write_bytes(many(3).sealed())
    return str(place)


class TestFaces:
    """A list of faces."""

    def test_it_reaches_both_stages_with_limits_that_fit_its_length(self, listed: str) -> None:
        """Would catch a list that is checked at planning and asked by nobody."""
        screen, inspect = asked(campaign({"faces": listed}))
        assert screen.shown == inspect.shown and screen.shown.banned is not None
        assert screen.shown.distances == (0.60, 0.45)
        Path(listed).write_bytes(many(1000).sealed())
        longer = asked(campaign({"faces": listed}))[0].shown
        assert longer.distances[0] < 0.60 and longer.distances[1] < 0.45
        assert digest(longer) != digest(screen.shown), "old verdicts would stand"

    @pytest.mark.parametrize(
        ("own", "distances"),
        [
            ({"block": 0.5}, (0.6, 0.5)), ({"review": 0.4}, (0.4, 0.4)),
            ({"review": 0.5, "block": 0.3}, (0.5, 0.3)),
        ],
    )  # fmt: skip
    def test_limits_of_ones_own(
        self, listed: str, own: dict[str, float], distances: tuple[float, float]
    ) -> None:
        """Would catch a limit that is accepted and not used, or a default that contradicts it."""
        assert image_gate(campaign({"faces": {"file": listed, **own}})).distances == distances

    @pytest.mark.parametrize(
        ("key", "said"),
        [
            (None, f"the environment has no {KEY_VARIABLE}"),
            ("2e" * 32, "sealed with another key"),
            ("short", "no key; set it to 64 hex digits"),
        ],
    )  # fmt: skip
    def test_a_key_that_does_not_open_it_is_refused_when_it_is_planned(
        self, listed: str, monkeypatch: pytest.MonkeyPatch, key: str | None, said: str
    ) -> None:
        """Would catch a run whose every spot fails in a worker, and a key in a message."""
        monkeypatch.setenv(KEY_VARIABLE, key) if key else monkeypatch.delenv(KEY_VARIABLE)
        with pytest.raises(ConfigError, match=f"policy.faces: {listed}: .*{said}") as caught:
            load_recipe("laptop", campaign({"faces": listed}))
        assert (key or KEY) not in str(caught.value)

    def test_the_commands_end_with_that_sentence(
        self, listed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Would catch a traceback, or a plan that is printed for a run that cannot be."""
        place = write_campaign(tmp_path, policy="{faces: faces.bin}")
        app = typer.Typer()
        app.command()(plan)
        done = CliRunner().invoke(app, [place, "--out", str(tmp_path / "out")])
        assert done.exit_code == 0 and "policy.faces: 3 faces of 3 people" in done.output
        monkeypatch.delenv(KEY_VARIABLE)
        done = CliRunner().invoke(app, [place, "--out", str(tmp_path / "out")])
        assert done.exit_code == 2 and f"no {KEY_VARIABLE}" in done.output

    def test_a_file_that_is_no_list_is_refused(self, listed: str, tmp_path: Path) -> None:
        """Would catch a list of nobody, and a folder of photographs taken for a list."""
        Path(listed).write_bytes(BannedFaces().sealed())
        with pytest.raises(ConfigError, match=r"policy\.faces: .*it is empty; add somebody"):
            image_gate(campaign({"faces": listed}))
        Path(listed).write_bytes(b"\x89PNG")
        with pytest.raises(ConfigError, match=r"policy\.faces: .*is no list of faces"):
            image_gate(campaign({"faces": listed}))
        with pytest.raises(ConfigError, match=r"policy\.faces.*gone\.bin"):
            read_campaign(write_campaign(tmp_path / "c", policy="{faces: gone.bin}"))

    def test_who_plans_is_told_how_often_strangers_are_stopped(self, listed: str) -> None:
        """Would catch limits that hold one stranger in three and say nothing."""
        (said,) = faces_notice(campaign({"faces": listed}))
        assert "3 faces of 3 people" in said and "0.013 % would be blocked" in said
        Path(listed).write_bytes(many(1000).sealed())
        first, second = faces_notice(campaign({"faces": {"file": listed, "review": 0.6}}))
        assert "of strangers" in first and "one stranger in 1;" in second
        assert "are the default" in second
        assert faces_notice(campaign({})) == []

    def test_a_drawn_host_is_nobody_and_a_rendered_one_may_be_listed(self, listed: str) -> None:
        """Would catch a rendered presenter, who may well be somebody, let by wherever he stands."""
        drawn = image_gate(campaign({"faces": listed}, presenter="host:amber"))
        assert len(drawn.host_face) == 128
        demo = Path(__file__).parents[2] / "examples" / "demo" / "presenter"
        rendered = image_gate(campaign({"faces": listed}, presenter=f"{demo}/"))
        assert rendered.host_face == ()


def test_limits_on_indecency_reach_both_stages() -> None:
    """Would catch a limit that is read and not kept."""
    screen, inspect = asked(campaign({"nsfw": {"review": 0.1, "block": 0.3}}))
    assert screen.shown.nsfw == inspect.shown.nsfw == (0.1, 0.3)
    assert asked(campaign({}))[0].shown.nsfw == (0.2, 0.8)


class TestSafeguard:
    """A model that judges pictures."""

    def test_it_reaches_both_stages_and_books_their_gpus(self, tmp_path: Path) -> None:
        """Would catch a model that is loaded on a worker without the GPU that it needs."""
        folder = tmp_path / "weights"
        folder.mkdir()
        (folder / "config.json").write_text("{}")
        given = {"model": f"{folder}/", "licence_accepted": True, "gpus": 0.5, "block": 0.7}
        screen, inspect = asked(campaign({"image_safeguard": given}))
        assert screen.shown.safeguard is not None and screen.shown.safeguard.block == 0.7
        assert screen.shown == inspect.shown
        assert screen.hardware.gpus == inspect.hardware.gpus == 0.5

    def test_what_may_change_or_is_not_there_is_refused(self, tmp_path: Path) -> None:
        """Would catch weights that move under a key, and a folder looked for by a worker."""
        hub = {"model": "owner/name", "licence_accepted": True}
        key = r"policy\.image_safeguard"
        with pytest.raises(ConfigError, match=rf"{key}\.revision: not set: .*40 hex digits"):
            image_gate(campaign({"image_safeguard": hub}))
        model = image_gate(campaign({"image_safeguard": {**hub, "revision": COMMIT}})).safeguard
        assert str(model) == f"owner/name@{COMMIT[:12]}"
        gone = {"model": f"{tmp_path}/gone/", "licence_accepted": True}
        with pytest.raises(ConfigError, match=rf"{key}\.model: .*gone"):
            image_gate(campaign({"image_safeguard": gone}))
