"""Recipes: readable lists of stages. `load_recipe` finds one by name or in a file."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path

from pipeline.rows import check_recipe
from schemas.campaign import Campaign
from schemas.config_error import ConfigError, Refusal
from stages.base import Stage

SHIPPED = ("laptop", "gpu")


def load_recipe(name: str, campaign: Campaign) -> list[Stage]:
    """The stages of a shipped recipe or of a `FILE.py` that defines `recipe(campaign)`.

    Raises `ConfigError` for a name that is not known and a file without that function, and
    `pipeline.rows.RecipeError` for stages that do not fit together.
    """
    stages = _function(name)(campaign)
    check_recipe(stages)
    return stages


def _function(name: str) -> Callable[[Campaign], list[Stage]]:
    if name in SHIPPED:
        return importlib.import_module(f"pipeline.recipes.{name}").recipe  # type: ignore[no-any-return]
    path = Path(name)
    if path.suffix != ".py" or not path.is_file():
        fix = f"use one of {', '.join(SHIPPED)}, or the path of a .py file that is there"
        raise ConfigError("--recipe", [Refusal("recipe", name, fix)])
    spec = importlib.util.spec_from_file_location(f"recipe_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = getattr(module, "recipe", None)
    if not callable(found):
        fix = "define recipe(campaign) there, returning a list of stages"
        raise ConfigError("--recipe", [Refusal("recipe", name, fix)])
    return found  # type: ignore[no-any-return]
