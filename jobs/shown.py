"""What commands show of a data file."""

from __future__ import annotations

import typer
import yaml
from pydantic import BaseModel


def show(preset: BaseModel) -> None:
    """Print it whole, as the YAML that would make it, without what is as by default."""
    plain = preset.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    typer.echo(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100), nl=False)
