"""Templates: looks of a spot as data files. `load_template` finds one by name or path."""

from __future__ import annotations

from pathlib import Path

from schemas.data_files import parsed_yaml, read_named, shipped_names
from schemas.template import Template, parse_template

SHIPPED = Path(__file__).parent
DEFAULT = "clean"


def shipped_templates() -> list[str]:
    """Names of the templates that come with Spotmill, the default first."""
    return sorted(shipped_names(SHIPPED), key=lambda name: (name != DEFAULT, name))


def load_template(name: str) -> Template:
    """A shipped template by its name, or one of a local .yaml file. Raises `ConfigError`."""
    return parse_template(read_named(SHIPPED, name, "template"), f"template {name}")


def template_of(content: bytes, source: str) -> Template:
    """The template that a YAML file holds. Raises `ConfigError`."""
    return parse_template(parsed_yaml(content, source), source)
