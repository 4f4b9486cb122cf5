"""Recipes: readable lists of stages. `load_recipe` finds one by name or in a file."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

from pipeline.rows import check_recipe
from schemas.campaign import Campaign
from schemas.config_error import ConfigError, Refusal
from stages.base import Stage

SHIPPED = ("laptop", "gpu")
RECIPE_FILE = "spotmill_recipe_"
"""Begins the module name of a recipe that came from a file."""


def load_recipe(name: str, campaign: Campaign) -> list[Stage]:
    """The stages of a shipped recipe or of a `FILE.py` that defines `recipe(campaign)`.

    Raises `ConfigError` for a name that is not known and a file without that function, and
    `pipeline.rows.RecipeError` for stages that do not fit together.
    """
    function = _function(name)
    try:
        stages = function(campaign)
    except ConfigError:
        raise
    except (ValueError, TypeError, FileNotFoundError) as error:  # a stage refused its parameters
        raise ConfigError(f"recipe {name}", [Refusal("(parameters)", "", str(error))]) from error
    check_recipe(stages)
    return stages


def _function(name: str) -> Callable[[Campaign], list[Stage]]:
    if name in SHIPPED:
        return importlib.import_module(f"pipeline.recipes.{name}").recipe  # type: ignore[no-any-return]
    path = Path(name)
    if path.suffix != ".py" or not path.is_file():
        fix = f"use one of {', '.join(SHIPPED)}, or the path of a .py file that is there"
        if Path(f"{name}.py").is_file():
            fix += f"; did you mean {name}.py?"
        raise ConfigError("--recipe", [Refusal("recipe", name, fix)])
    spec = importlib.util.spec_from_file_location(f"{RECIPE_FILE}{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        fix = f"{type(error).__name__}: {error}"
        raise ConfigError("--recipe", [Refusal("recipe", name, fix)]) from error
    found = getattr(module, "recipe", None)
    if not callable(found):
        fix = "define recipe(campaign) there, returning a list of stages"
        raise ConfigError("--recipe", [Refusal("recipe", name, fix)])
    return found  # type: ignore[no-any-return]
