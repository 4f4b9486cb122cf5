"""PresenterModel: the part of a campaign that names the model which makes a portrait talk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date as Date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.config_error import Refusal
from schemas.consent import Consent
from schemas.video_preset import Commit, is_hub_id


class PresenterModel(BaseModel):
    """A talking-head model: a preset, a portrait, and by whose leave it is shown.

    Presets and what each of their keys does: `python -m jobs.presets`,
    `schemas/presenter_preset.py`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    preset: Annotated[str, Field(min_length=1)]
    """Name of a shipped preset, or a .yaml file."""
    portrait: Annotated[str, Field(min_length=1)]
    """Picture (PNG or JPEG) of one face that looks into the camera."""
    consent: Consent
    """Of the person shown, or, for a face of nobody, of who made it; reviewers find it with every
    spot."""
    model: Annotated[str, Field(min_length=1)] | None = None
    """Weights in the place of the preset's: a hub id ("owner/name"), or a folder: "/...", "./...",
    "../...", a URL, or ".../"."""
    revision: Commit | None = None
    """Commit of the hub's repository: a branch or a tag may move."""
    licence_accepted: bool = False
    """Must be true where the terms of the weights have conditions, or were not read for the
    preset."""
    driver: Annotated[str, Field(min_length=1)] | None = None
    """Who performs for a preset that is driven by motion: whatever `presenter` takes; host:amber if
    left out."""
    background: Literal["keep", "cut"] = "keep"
    """keep: the picture stands as an opaque square. cut: a portrait on a plain ground is cut out of
    it, in every frame."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Keys of the preset that are otherwise here: {call: {num_inference_steps: 8}}."""

    @property
    def is_hub_id(self) -> bool:
        """Whether the weights are no files of ours: a repository of the hub."""
        return self.model is None or is_hub_id(self.model)

    def contradictions(self, today: Date) -> Iterator[Refusal]:
        """What does not fit together; `today` is the day whose prices are shown."""
        yield from self.consent.refusals("presenter_model.consent", "a portrait", today)
