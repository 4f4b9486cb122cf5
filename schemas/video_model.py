"""VideoModel: the part of a campaign that names the model by which products are animated."""

from __future__ import annotations

import re
from string import Formatter
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from schemas.config_error import Refusal

PROMPT_NAMES = ("title", "brand", "tagline", "move")
"""What a prompt may name in braces: columns of the spot, and the shot's camera move."""


class VideoModel(BaseModel):
    """A model for the gpu recipe. The defaults suit Wan 2.2 TI2V 5B, an Apache-licensed one.

    What each number does: `stages/image_to_video/diffusers_clips.py`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    model: Annotated[str, Field(min_length=1)]
    """A hub id ("owner/name") or a folder: "/...", "./...", "../...", a URL, or ".../"."""
    revision: str | None = None
    """Commit of the hub's repository: a branch or a tag may move."""
    licence_accepted: bool = False
    """Must be true: the terms of weights differ, and some forbid advertising or whole countries."""
    pipeline: Annotated[str, Field(pattern=r"^[A-Za-z0-9]+Pipeline$")] | None = None
    """Class of diffusers, where the one that the folder names would not take an image."""
    prompt: Annotated[str, Field(min_length=1, max_length=1000)] = (
        "{title}, product shot in a studio, slow {move} of the camera"
    )
    steps: Annotated[int, Field(ge=1, le=100)] = 30
    guidance: Annotated[float, Field(ge=0, le=20)] = 5.0
    width_px: Annotated[int, Field(ge=64, le=2160, multiple_of=16)] = 704
    height_px: Annotated[int, Field(ge=64, le=3840, multiple_of=16)] = 1280
    fps: Annotated[int, Field(ge=4, le=60)] = 24
    max_frames: Annotated[int, Field(ge=9, le=1000)] = 121
    dtype: Literal["bfloat16", "float16", "float32"] = "bfloat16"

    @property
    def is_hub_id(self) -> bool:
        """Whether `model` names a repository of the model hub."""
        return re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", self.model) is not None

    def refusals(self) -> list[Refusal]:
        """What must be said before weights may be loaded, and is not."""
        found = []
        if self.is_hub_id and self.revision is None:
            fix = (
                f"{self.model} is on the hub, where it may change; name the commit, 40 hex digits,"
                f" or write {self.model}/ if it is a folder"
            )
            found.append(Refusal("video_model.revision", "not set", fix))
        if not self.licence_accepted:
            fix = f"read the licence of {self.model}; if it allows this campaign, set this to true"
            found.append(Refusal("video_model.licence_accepted", "false", fix))
        return found

    @field_validator("revision", mode="before")
    @classmethod
    def _a_commit(cls, revision: object) -> object:
        if revision is not None and not re.fullmatch(r"[0-9a-f]{40}", str(revision)):
            raise ValueError("must be a commit, 40 hex digits; a branch or a tag may move")
        return None if revision is None else str(revision)

    @field_validator("prompt")
    @classmethod
    def _known_names(cls, prompt: str) -> str:
        try:
            named = [name for _, name, _, _ in Formatter().parse(prompt) if name is not None]
        except ValueError:  # a brace without its partner
            named = ["{"]
        if any(name not in PROMPT_NAMES for name in named):
            braces = ", ".join(f"{{{name}}}" for name in PROMPT_NAMES)
            raise ValueError(f"in braces there can only be one of {braces}; write {{{{ for a brace")
        return prompt
