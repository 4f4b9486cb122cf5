"""Hosts: drawn presenters as data files. `load_host` finds one by name or path."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from schemas.config_error import ConfigError, Refusal
from schemas.data_files import parsed_yaml, shipped_names
from schemas.host import Host, parse_host

SHIPPED = Path(__file__).parent


def shipped_hosts() -> list[str]:
    """Names of the hosts that come with Spotmill."""
    return shipped_names(SHIPPED)


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
    return parse_host(parsed_yaml(content, source), source)
