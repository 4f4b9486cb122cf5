"""Data files that ship with Spotmill, and those that a team writes of the same form."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from schemas.config_error import ConfigError, Refusal


def shipped_names(folder: Path) -> list[str]:
    """Names of the YAML files of a folder."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def read_named(folder: Path, name: str, key: str) -> Mapping[str, Any]:
    """The document of a shipped file by its name, or of a YAML file by its path. `key` is where a
    campaign names it. Raises `ConfigError` with the nearest names.
    """
    path = folder / f"{name}.yaml"
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", name) or not path.is_file():
        path = Path(name)
    if path.suffix not in (".yaml", ".yml") or not path.is_file():
        known = shipped_names(folder)
        close = difflib.get_close_matches(name, known, n=1)
        fix = f"did you mean {close[0]}? " if close else ""
        fix += f"there are {', '.join(known)}, or name a .yaml file that is there"
        raise ConfigError("the campaign", [Refusal(key, name, fix)])
    return parsed_yaml(path.read_bytes(), str(path))


def parsed_yaml(content: bytes, source: str) -> Mapping[str, Any]:
    """The mapping that a YAML file holds. Raises `ConfigError`."""
    try:
        raw = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(source, [Refusal("(file)", "", f"is no YAML: {error}")]) from None
    if not isinstance(raw, Mapping):
        raise ConfigError(source, [Refusal("(file)", "", "write `key: value` lines")])
    return raw
