"""Voice presets: text-to-speech models as data files. `load_voice_preset` finds one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from schemas.config_error import ConfigError, Refusal
from schemas.video_preset import merged
from schemas.voice_preset import VoicePreset

SHIPPED = Path(__file__).parent


def shipped_voice_presets() -> list[str]:
    """Names of the presets that come with Spotmill."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def load_voice_preset(name: str, over: Mapping[str, Any] | None = None) -> VoicePreset:
    """A shipped preset by its name, or one in a YAML file, with the keys of `over` on top.

    Raises `ConfigError` naming key, value and fix.
    """
    path = SHIPPED / f"{name}.yaml"
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", name) or not path.is_file():
        path = Path(name)
    if path.suffix not in (".yaml", ".yml") or not path.is_file():
        close = difflib.get_close_matches(name, shipped_voice_presets(), n=1)
        fix = f"did you mean {close[0]}? " if close else ""
        fix += f"there are {', '.join(shipped_voice_presets())}, or name a .yaml file that is there"
        raise ConfigError("the voice", [Refusal("voice.preset", name, fix)])
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
    except yaml.YAMLError as error:
        raise ConfigError(str(path), [Refusal("(YAML)", "", str(error))]) from None
    if not isinstance(raw, Mapping):
        raise ConfigError(str(path), [Refusal("(file)", "", "write `key: value` lines")])
    try:
        return VoicePreset.model_validate(merged(raw, over or {}))
    except ValidationError as error:
        refusals = [_refusal(one) for one in error.errors()]
        raise ConfigError(f"voice preset {name}", refusals) from None


def _refusal(error: Any) -> Refusal:
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "missing":
        return Refusal(key, "", "is missing; add it")
    if error["type"] == "extra_forbidden":
        known = [field.alias or name for name, field in VoicePreset.model_fields.items()]
        close = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
        fix = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
        return Refusal(key, repr(error["input"]), f"there is no such key; {fix}")
    message = re.sub(r"^Value error, ", "", error["msg"])
    value = "" if isinstance(error["input"], Mapping) else repr(error["input"])
    return Refusal(key, value, message[0].lower() + message[1:])
