"""Hardware profiles: what stages occupy on the machines there are, and what those cost."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.config_error import ConfigError, Refusal
from stages.base import Stage

SHIPPED = Path(__file__).with_name("profiles")


class StageProfile(BaseModel):
    """What one worker of a stage occupies here; what is left out stays as the stage has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cpus: Annotated[float, Field(gt=0, le=256)] | None = None
    gpus: Annotated[float, Field(ge=0, le=16)] | None = None
    """A fraction lets several workers share a card; above 1 only whole numbers."""
    memory_gb: Annotated[float, Field(gt=0)] | None = None
    accelerator: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    """Ray's node labels that it must run on: {"ray.io/market-type": "spot"}."""


class Profile(BaseModel):
    """Prices of a core and of a GPU for an hour, and the stages that differ."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cpu_hour_usd: Annotated[float, Field(ge=0)] = 0.0
    gpu_hour_usd: Annotated[float, Field(ge=0)] = 0.0
    labels: dict[str, str] = Field(default_factory=dict)
    """Ray's node labels for every stage; a stage's own stand in the place of these."""
    stages: dict[str, StageProfile] = Field(default_factory=dict)

    def apply(self, stages: Sequence[Stage]) -> list[Stage]:
        """The same stages on this hardware; where a stage runs is no part of its key.

        Raises `ConfigError` for a stage that the recipe does not have.
        """
        names = [stage.name for stage in stages]
        unknown = [name for name in self.stages if name not in names]
        if unknown:
            fix = f"the recipe has no such stage; it has {', '.join(names)}"
            refusals = [Refusal(f"stages.{name}", "", fix) for name in unknown]
            raise ConfigError("the hardware profile", refusals)
        return [self._placed(stage) for stage in stages]

    def gpus(self, stages: Sequence[Stage]) -> dict[str, float]:
        """GPUs of a worker of each stage that takes any, after `apply`."""
        return {stage.name: stage.hardware.gpus for stage in stages if stage.hardware.gpus}

    def _placed(self, stage: Stage) -> Stage:
        wanted = self.stages.get(stage.name)
        if wanted is None and not self.labels:
            return stage
        wanted = wanted or StageProfile()
        change = wanted.model_dump(exclude_none=True, exclude={"labels"})
        placed = copy(stage)
        placed.hardware = replace(
            stage.hardware, **change, labels=tuple(sorted((self.labels | wanted.labels).items()))
        )
        return placed


def load_profile(name: str) -> Profile:
    """A shipped profile by its name, or a YAML file. Raises `ConfigError`."""
    path = SHIPPED / f"{name}.yaml"
    if not path.is_file():
        path = Path(name)
    known = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.yaml")))
    if path.suffix not in (".yaml", ".yml") or not path.is_file():
        fix = f"use one of {known}, or the path of a .yaml file that is there"
        raise ConfigError("--profile", [Refusal("profile", name, fix)])
    try:
        profile = Profile.model_validate(yaml.safe_load(path.read_text("utf-8")) or {})
    except yaml.YAMLError as error:
        raise ConfigError(str(path), [Refusal("(YAML)", "", str(error))]) from None
    except ValidationError as error:
        refusals = [
            Refusal(".".join(map(str, one["loc"])), repr(one["input"]), one["msg"])
            for one in error.errors()
        ]
        raise ConfigError(str(path), refusals) from None
    bad = [n for n, s in profile.stages.items() if s.gpus and s.gpus > 1 and s.gpus % 1]
    if bad:
        fix = "above 1 a worker takes whole GPUs; write 1 or 2"
        refusals = [Refusal(f"stages.{n}.gpus", str(profile.stages[n].gpus), fix) for n in bad]
        raise ConfigError(str(path), refusals)
    return profile
