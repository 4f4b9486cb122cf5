"""Hosts: drawn presenters as data files. `load_host` finds one by name or path."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import yaml

from schemas.config_error import ConfigError, Refusal
from schemas.host import Host, parse_host

SHIPPED = Path(__file__).parent


def shipped_hosts() -> list[str]:
    """Names of the hosts that come with Spotmill."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def shipped_host(name: str) -> Host:
    """A shipped host by its name. Raises `ConfigError` with the nearest names."""
    if re.fullmatch(r"[a-z][a-z0-9-]*", name) and name in shipped_hosts():
        return host_of((SHIPPED / f"{name}.yaml").read_bytes(), f"host {name}")
    close = difflib.get_close_matches(name, shipped_hosts(), n=2, cutoff=0.5)
    meant = "did you mean " + " or ".join(f"host:{c}" for c in close) + "? " if close else ""
    fix = f"{meant}there are {', '.join(shipped_hosts())}, or name a .yaml file of your own"
    raise ConfigError("the presenter", [Refusal("presenter", f"host:{name}", fix)])


def host_of(content: bytes, source: str) -> Host:
    """The host that a YAML file holds. Raises `ConfigError`."""
    try:
        raw = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(source, [Refusal("(file)", "", f"is no YAML: {error}")]) from None
    return parse_host(raw, source)
