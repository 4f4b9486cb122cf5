"""Presets: video models as data files. `load_preset` finds one by name or path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.checked import checked
from schemas.data_files import read_named, shipped_names
from schemas.video_preset import VideoPreset, merged

SHIPPED = Path(__file__).parent


def shipped_presets() -> list[str]:
    """Names of the presets that come with Spotmill."""
    return shipped_names(SHIPPED)


def load_preset(name: str, over: Mapping[str, Any] | None = None) -> VideoPreset:
    """A shipped preset by its name, or one in a YAML file, with the keys of `over` on top.

    Raises `ConfigError` naming key, value and fix.
    """
    raw = read_named(SHIPPED, name, "video_model.preset")
    return parse_preset(merged(raw, over or {}), f"preset {name}")


def parse_preset(raw: Mapping[str, Any], source: str) -> VideoPreset:
    """The preset of a parsed document. Raises `ConfigError`."""
    return checked(VideoPreset, raw, source)
