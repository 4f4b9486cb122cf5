"""The contract: what every stage and every engine must hold to. New ones are added to the lists."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import pickle
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.campaign_file import read_campaign
from pipeline.keys import canonical, digest
from pipeline.recipes import load_recipe
from stages.base import Stage

DEMO = Path(__file__).parents[2] / "examples" / "demo" / "campaign.yaml"
STAGES = load_recipe("laptop", read_campaign(str(DEMO), ["signing.folder=/tmp/unused"]))
PROCESS = {
    "command": ["talk", "{audio}", "{portrait}", "{out}"],
    "checkout": "presenter",
    "revision": "1",
    "portrait": "presenter/base.png",
    "consent": "a rendered face of nobody",
    "licence_accepted": True,
}
MODEL = {
    "preset": "wan-animate",
    "revision": "0123456789abcdef0123456789abcdef01234567",
    "portrait": "presenter/base.png",
    "consent": {
        "given_by": "its maker", "given_on": "2026-01-05", "scope": "a rendered face of nobody",
        "record": "examples/demo/PROVENANCE.md",
    },
    "licence_accepted": True,
}  # fmt: skip
OTHER_PRESENTERS = (
    ["presenter=host:amber"],
    ["presenter=null", f"presenter_process={json.dumps(PROCESS)}"],
    ["presenter=null", f"presenter_model={json.dumps(MODEL)}"],
    ["presenter=null", f"presenter_model={json.dumps({**MODEL, 'preset': 'ltx23-voice'})}"],
)
ENGINES = [(stage, stage.engine) for stage in STAGES if getattr(stage, "engine", None)]
ENGINES += [
    (stage, stage.engine)
    for other in OTHER_PRESENTERS
    for stage in load_recipe(
        "laptop", read_campaign(str(DEMO), ["signing.folder=/tmp/unused", *other])
    )
    if stage.name == "avatar"
]


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
class TestEveryStage:
    """What the adapter, the runners and the ledger rely on."""

    def test_its_name_is_where_it_lives(self, stage: Stage) -> None:
        """Would catch a stage that cannot be found from a word in the ledger."""
        module = importlib.import_module(f"stages.{stage.name}")
        assert getattr(module, type(stage).__name__) is type(stage)

    def test_it_declares_what_it_reads_and_writes(self, stage: Stage) -> None:
        """Would catch a stage whose columns cannot be checked before the run."""
        assert isinstance(stage.writes, pa.Schema)
        assert stage.reads == tuple(dict.fromkeys(stage.reads)) and stage.reads
        assert not {"metrics", "verdicts", "seed", "status"} & set(stage.writes.names)
        assert stage.version and isinstance(stage.version, str)
        assert stage.timeout_s > 0 and stage.seconds_hint > 0
        assert 0 < stage.hardware.memory_gb < 64 and stage.hardware.cpus > 0

    def test_its_parameters_are_a_key(self, stage: Stage) -> None:
        """Would catch a parameter that has no canonical form, or differs between two processes."""
        assert dataclasses.is_dataclass(stage)
        again = pickle.loads(pickle.dumps(stage))  # noqa: S301
        assert digest(stage) == digest(again)
        text = json.dumps(canonical(stage))
        assert "0x" not in text, "an object's address is no parameter"
        assert str(DEMO.parent) not in text, "a place is no parameter"

    def test_it_says_what_it_is_for(self, stage: Stage) -> None:
        """Would catch a stage without a sentence for the next engineer."""
        assert inspect.getdoc(type(stage)) and inspect.getdoc(inspect.getmodule(type(stage)))


@pytest.mark.parametrize(
    ("stage", "engine"), ENGINES, ids=lambda part: getattr(part, "name", str(part))
)
class TestEveryEngine:
    """What a stage relies on in its engine; each kind's own suite is named in its interface."""

    def test_it_is_named_and_versioned(self, stage: Stage, engine: object) -> None:
        """Would catch a ledger that cannot say which engine made a spot."""
        assert stage.engine_name == engine.name  # type: ignore[attr-defined]
        assert isinstance(engine.version, str)  # type: ignore[attr-defined]

    def test_its_version_is_in_the_stages_key(
        self, stage: Stage, engine: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Would catch an engine whose new version serves old results."""
        before = digest(stage)
        monkeypatch.setattr(type(engine), "version", "changed")
        assert digest(stage) != before

    def test_it_travels_to_workers(self, stage: Stage, engine: object) -> None:
        """Would catch an engine that holds a loaded model when it is sent to a worker."""
        assert len(pickle.dumps(engine)) < 20_000
