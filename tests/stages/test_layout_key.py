"""The layout in the stages' keys: a box that moves makes new work for those that use it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.campaign_file import read_campaign
from pipeline.keys import digest
from pipeline.recipes import load_recipe
from schemas.layout import FORMATS, Box, Format, formats_of
from stages.base import Stage
from stages.composite import Composite

DEMO = Path(__file__).parents[2] / "examples" / "demo" / "campaign.yaml"


def stages() -> list[Stage]:
    """The laptop recipe of the demo campaign."""
    return load_recipe("laptop", read_campaign(str(DEMO)))


def keys() -> dict[str, str]:
    """Digest of each stage with its parameters, by its name."""
    return {stage.name: digest(stage) for stage in stages() if stage.name != "sign"}


def moved(form: Format, area: str) -> Format:
    """The format with one of its boxes elsewhere; `area` is a field, or "shot.field"."""
    elsewhere = Box(0.11, 0.22, 0.33, 0.44)
    shot, _, part = area.rpartition(".")
    if not shot:
        return replace(form, **{part: elsewhere})  # type: ignore[arg-type]
    changed = replace(form.shots[shot], **{part: elsewhere})
    return replace(form, shots={**form.shots, shot: changed})


@pytest.mark.parametrize(
    ("area", "more"),
    [
        ("safe_zone", set()),
        ("price_tag", set()),
        ("end_card.captions", set()),
        ("presented.presenter", {"avatar"}),
        ("hero.product", {"image_to_video"}),
    ],
)
def test_a_box_that_moves_is_new_work_for_those_that_use_it(
    monkeypatch: pytest.MonkeyPatch, area: str, more: set[str]
) -> None:
    """Catches clips of the old layout served from the store, and clips that are drawn again
    because a caption moved."""
    before = keys()
    monkeypatch.setitem(FORMATS, "9x16", moved(FORMATS["9x16"], area))  # type: ignore[arg-type]
    after = keys()
    assert {n for n in before if before[n] != after[n]} == {"composite", "inspect"} | more
    monkeypatch.undo()
    assert keys() == before


def test_a_layout_that_changed_has_a_watermark_of_its_own() -> None:
    """Catches two videos that look different under one mark: a copy could not be told."""
    (composite,) = (stage for stage in stages() if isinstance(stage, Composite))
    changed = replace(composite, formats=(moved(FORMATS["9x16"], "ai_label"),))
    assert composite._look() != changed._look()


@pytest.mark.parametrize("names", [(), ("9x61",), ("9x16", "9x16")])
def test_formats_that_are_none_are_refused(names: tuple[str, ...]) -> None:
    """Catches a name with a typing error, and a spot that is made twice."""
    with pytest.raises(ValueError, match="use one or more of 9x16"):
        formats_of(names)
