"""Presets: video models as data files. `load_preset` finds one by name or path."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from schemas.config_error import ConfigError, Refusal
from schemas.video_preset import VideoPreset, merged

SHIPPED = Path(__file__).parent


def shipped_presets() -> list[str]:
    """Names of the presets that come with Spotmill."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def load_preset(name: str, over: Mapping[str, Any] | None = None) -> VideoPreset:
    """A shipped preset by its name, or one in a YAML file, with the keys of `over` on top.

    Raises `ConfigError` naming key, value and fix.
    """
    path = SHIPPED / f"{name}.yaml"
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", name) or not path.is_file():
        path = Path(name)
    if path.suffix not in (".yaml", ".yml") or not path.is_file():
        close = difflib.get_close_matches(name, shipped_presets(), n=1)
        fix = f"did you mean {close[0]}? " if close else ""
        fix += f"there are {', '.join(shipped_presets())}, or name a .yaml file that is there"
        raise ConfigError("the video model", [Refusal("video_model.preset", name, fix)])
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
    except yaml.YAMLError as error:
        raise ConfigError(str(path), [Refusal("(YAML)", "", str(error))]) from None
    if not isinstance(raw, Mapping):
        raise ConfigError(str(path), [Refusal("(file)", "", "write `key: value` lines")])
    return parse_preset(merged(raw, over or {}), f"preset {name}")


def parse_preset(raw: Mapping[str, Any], source: str) -> VideoPreset:
    """The preset of a parsed document. Raises `ConfigError`."""
    try:
        return VideoPreset.model_validate(raw)
    except ValidationError as error:
        refusals = [_refusal(one) for one in error.errors()]
        raise ConfigError(source, refusals) from None


def _refusal(error: Any) -> Refusal:
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "missing":
        return Refusal(key, "", "is missing; add it")
    if error["type"] == "extra_forbidden":
        known = _keys(error["loc"][:-1])
        close = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
        fix = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
        return Refusal(key, repr(error["input"]), f"there is no such key; {fix}")
    message = re.sub(r"^Value error, ", "", error["msg"])
    value = "" if isinstance(error["input"], Mapping) else repr(error["input"])
    return Refusal(key, value, message[0].lower() + message[1:])


def _keys(place: tuple[Any, ...]) -> list[str]:
    """Keys of the part of a preset at this place."""
    model: Any = VideoPreset
    for name in place:
        field = getattr(model, "model_fields", {}).get(str(name))
        model = field.annotation if field is not None else model
        found = re.findall(r"schemas\.video_preset\.(\w+)", str(model))
        if found:
            from schemas import video_preset

            model = getattr(video_preset, found[-1])
    return list(getattr(model, "model_fields", {}))
