"""The command on templates: what it lists, what it draws, what it says of a wrong file."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import yaml
from typer.testing import CliRunner

from jobs.templates import app
from pipeline.media import MediaStore
from pipeline.template_sheet import Shown, stills
from schemas.layout import FORMATS
from schemas.template import parse_template
from stages.composite.templates import load_template, shipped_templates
from stages.shared.picture import write_png


def test_all_templates_are_listed_and_shown_so_that_they_can_be_read_again() -> None:
    """Would catch a template nobody finds, or one that cannot be started from."""
    listed = CliRunner().invoke(app, ["list"]).output
    assert shipped_templates() == ["clean", "bold", "editorial", "presenter"]
    for name in shipped_templates():
        assert name in listed
        shown = CliRunner().invoke(app, ["show", name]).output
        assert parse_template(yaml.safe_load(shown), name) == load_template(name)


def test_an_unknown_template_is_refused_with_the_nearest(tmp_path: Path) -> None:
    """Would catch a typing error that costs a traceback."""
    said = CliRunner().invoke(
        app, ["sheet", "--template", "bald", "--out", str(tmp_path / "x.png")]
    )
    assert said.exit_code != 0 and "did you mean bold?" in said.output
    assert not isinstance(said.exception, AttributeError)


def test_stills_show_hook_product_and_card(tmp_path: Path) -> None:
    """Would catch a sheet that shows something else than spots do: its frames have the hook, then
    not, and the end card's field."""
    photo = tmp_path / "vase.png"
    picture = np.full((400, 400, 3), 255, np.uint8)
    cv2.ellipse(picture, (200, 210), (90, 150), 0, 0, 360, (40, 90, 160), -1)
    write_png(photo, picture)
    form = dataclasses.replace(FORMATS["9x16"], width_px=216, height_px=384)
    shown = Shown(photo, texts={"tagline": "Hold on", "cta": "Buy"}, accent="#aa2255")
    with MediaStore(str(tmp_path / "store")).workspace() as media:
        hook, later, card = stills(load_template("bold"), shown, form, media, (0.9, 2.9, 14.6))

    def accent(frame: np.ndarray) -> float:
        return float((np.abs(frame.astype(int) - (170, 34, 85)).max(axis=2) < 30).mean())

    assert accent(hook) > accent(later) + 0.01
    assert accent(card) > 0.3
