"""VideoModel: the part of a campaign that names the model by which products are animated."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from schemas.video_preset import Commit, is_hub_id


class VideoModel(BaseModel):
    """A model for the gpu recipe: a preset, where its weights lie, and what differs here.

    Presets and what each of their keys does: `python -m jobs.presets`, `schemas/video_preset.py`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    preset: Annotated[str, Field(min_length=1)] = "wan22-5b-fast"
    """Name of a shipped preset, or a .yaml file."""
    model: Annotated[str, Field(min_length=1)] | None = None
    """Weights in the place of the preset's: a hub id ("owner/name"), or a folder: "/...", "./...",
    "../...", a URL, or ".../"."""
    revision: Commit | None = None
    """Commit of the hub's repository: a branch or a tag may move."""
    licence_accepted: bool = False
    """Must be true where the terms of the weights have conditions, or were not read for the preset:
    some forbid advertising, or whole countries."""
    service: str | None = None
    """Address of a video service of yours, up to and with "/v1"; then `model` is its name there,
    and its key is in the environment variable SPOTMILL_VIDEO_KEY."""
    camera: str | None = None
    """One camera move for all shots: push_in, orbit_left, ..., as in docs/camera.md."""
    subject_model: str | None = None
    """Folder of a vision model (DINOv2, CLIP) by which clips are judged, too: clip_subject."""
    keep_sound: bool = False
    """The sound that a joint model makes beside its picture is kept, set right by what is seen, and
    mixed under voice and music (sound.clip_sound_below_voice_db)."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Keys of the preset that are otherwise here: {call: {num_inference_steps: 4}}."""

    @property
    def is_hub_id(self) -> bool:
        """Whether the weights are no files of ours: a repository of the hub, or a service's."""
        return self.model is None or self.service is not None or is_hub_id(self.model)
