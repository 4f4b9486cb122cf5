"""The layout in the stages' keys: a box that moves makes new work for those that use it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.campaign_file import read_campaign
from pipeline.keys import digest
from pipeline.recipes import load_recipe
from schemas.layout import FORMATS, Box, Format, layout_digest
from stages.base import Stage
from stages.composite import Composite

DEMO = Path(__file__).parents[2] / "examples" / "demo" / "campaign.yaml"
BY_LAYOUT = {"image_to_video", "avatar", "composite", "inspect"}


@pytest.fixture(scope="module")
def stages() -> list[Stage]:
    """The laptop recipe of the demo campaign."""
    return load_recipe("laptop", read_campaign(str(DEMO)))


def keys(stages: list[Stage]) -> dict[str, str]:
    """Digest of each stage with its parameters, by its name."""
    return {stage.name: digest(stage) for stage in stages}


def moved(form: Format, area: str) -> Format:
    """The format with one of its boxes elsewhere; `area` is a field, or "shot.field"."""
    elsewhere = Box(0.11, 0.22, 0.33, 0.44)
    shot, _, part = area.rpartition(".")
    if not shot:
        return replace(form, **{part: elsewhere})  # type: ignore[arg-type]
    changed = replace(form.shots[shot], **{part: elsewhere})
    return replace(form, shots={**form.shots, shot: changed})


@pytest.mark.parametrize(
    "area", ["safe_zone", "price_tag", "presented.presenter", "hero.product", "end_card.captions"]
)
def test_a_box_that_moves_is_new_work_for_those_that_use_it(
    stages: list[Stage], monkeypatch: pytest.MonkeyPatch, area: str
) -> None:
    """Catches clips of the old layout served from the store, and a voice spoken again for it."""
    before = keys(stages)
    monkeypatch.setitem(FORMATS, "9x16", moved(FORMATS["9x16"], area))  # type: ignore[arg-type]
    after = keys(stages)
    assert {name for name in before if before[name] != after[name]} == BY_LAYOUT
    monkeypatch.undo()
    assert keys(stages) == before


def test_another_format_concerns_only_those_that_take_what_comes(
    stages: list[Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a new format that renders every spot of the old one again."""
    before = keys(stages)
    square = replace(FORMATS["9x16"], name="1x1", height_px=1080)
    monkeypatch.setitem(FORMATS, "1x1", square)  # type: ignore[arg-type]
    assert {name for name, key in keys(stages).items() if key != before[name]} == {"inspect"}
    (composite,) = (stage for stage in stages if isinstance(stage, Composite))
    both = replace(composite, formats=("9x16", "1x1"))
    asked = digest(both)
    monkeypatch.setitem(FORMATS, "1x1", moved(square, "ai_label"))  # type: ignore[arg-type]
    assert digest(both) != asked


def test_a_layout_that_changed_has_a_watermark_of_its_own(
    stages: list[Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches two videos that look different under one mark: a copy could not be told."""
    (composite,) = (stage for stage in stages if isinstance(stage, Composite))
    before = composite._look()
    monkeypatch.setitem(FORMATS, "9x16", moved(FORMATS["9x16"], "ai_label"))  # type: ignore[arg-type]
    assert composite._look() != before


def test_the_digest_names_what_it_is_of() -> None:
    """Catches a digest of nothing for a format with a typing error."""
    assert len(layout_digest("9x16")) == 64 and layout_digest("9x16") == layout_digest("9x16")
    with pytest.raises(KeyError, match="9x61"):
        layout_digest("9x61")
