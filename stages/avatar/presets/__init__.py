"""Presenter presets: talking-head models as data files. `load_presenter_preset` finds one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.checked import checked
from schemas.data_files import read_named, shipped_names
from schemas.presenter_preset import PresenterPreset
from schemas.video_preset import merged

SHIPPED = Path(__file__).parent


def shipped_presenter_presets() -> list[str]:
    """Names of the presets that come with Spotmill."""
    return shipped_names(SHIPPED)


def load_presenter_preset(name: str, over: Mapping[str, Any] | None = None) -> PresenterPreset:
    """A shipped preset by its name, or one in a YAML file, with the keys of `over` on top.

    Raises `ConfigError` naming key, value and fix.
    """
    raw = read_named(SHIPPED, name, "presenter_model.preset")
    return parse_presenter_preset(merged(raw, over or {}), f"preset {name}")


def parse_presenter_preset(raw: Mapping[str, Any], source: str) -> PresenterPreset:
    """The preset of a parsed document. Raises `ConfigError`."""
    return checked(PresenterPreset, raw, source)
