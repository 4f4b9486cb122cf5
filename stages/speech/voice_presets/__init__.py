"""Voice presets: text-to-speech models as data files. `load_voice_preset` finds one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.checked import checked
from schemas.data_files import read_named, shipped_names
from schemas.video_preset import merged
from schemas.voice_preset import VoicePreset

SHIPPED = Path(__file__).parent


def shipped_voice_presets() -> list[str]:
    """Names of the presets that come with Spotmill."""
    return shipped_names(SHIPPED)


def load_voice_preset(name: str, over: Mapping[str, Any] | None = None) -> VoicePreset:
    """A shipped preset by its name, or one in a YAML file, with the keys of `over` on top.

    Raises `ConfigError` naming key, value and fix.
    """
    raw = read_named(SHIPPED, name, "voice.preset")
    return checked(VoicePreset, merged(raw, over or {}), f"voice preset {name}")
