"""PresenterPreset: a talking-head model of diffusers as a data file.

A new model goes into production by a file of this form; see `stages/avatar/presets`.
"""

from __future__ import annotations

from string import Formatter
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from schemas.video_preset import (
    Commit,
    Component,
    Dtype,
    Frames,
    Licence,
    Scheduler,
    Vae,
    is_hub_id,
)


class Segments(Frames):
    """How many frames it makes in one go, and how the next go takes them up."""

    overlap: Annotated[int, Field(ge=1, le=33)] = 1
    """Frames that a segment has in common with the one before: it goes on from them. More keep the
    movement, and are made twice."""

    def plan(self, wanted: int) -> tuple[int, int]:
        """Frames of each segment and how many segments, for `wanted` frames or some more.

        All are of one length, of the rule, and longer than twice the overlap.
        """
        least = 2 * self.overlap + 1
        if wanted <= self.snap(self.most):
            return self.snap(max(wanted, least)), 1
        count = -(-(wanted - self.overlap) // (self.snap(self.most) - self.overlap))
        share = -(-(wanted - self.overlap) // count)
        return self.snap(max(share + self.overlap, least)), count

    @model_validator(mode="after")
    def _goes_on(self) -> Segments:
        if self.snap(self.most) <= 2 * self.overlap:
            raise ValueError(f"overlap {self.overlap}: most must be more than twice that")
        return self


class PresenterPreset(BaseModel):
    """One model. Every number has its source in `sources`, by the key's name."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,40}$")]
    title: str = ""
    model: Annotated[str, Field(min_length=1)]
    """Hub id ("owner/name"), or a folder: "/...", "./...", "s3://...", ".../"."""
    revision: Commit | None = None
    """Commit of the hub's repository, 40 hex digits."""
    licence: Licence
    sources: dict[str, str] = Field(default_factory=dict)
    drive: Literal["motion", "audio"]
    """motion: the face and posture of a driver, who performs the voice (WanAnimatePipeline).
    audio: the voice itself (LTX2ConditionPipeline)."""
    pipeline: Annotated[str, Field(pattern=r"^[A-Za-z0-9]+Pipeline$")]
    """Class of diffusers."""
    dtype: Dtype = "bfloat16"
    components: dict[str, Component] = Field(default_factory=dict)
    scheduler: Scheduler | None = None
    call: dict[str, Any] = Field(default_factory=dict)
    """Arguments of the pipeline's call, the same for every take."""
    prompt: Annotated[str, Field(max_length=2000)] = "A person looks into the camera and talks."
    """{said} stands for what is said while the presenter is seen."""
    negative_prompt: str = ""
    side: Annotated[int, Field(ge=32, le=2048)]
    """Width and height of the square that it makes, px."""
    multiple: Annotated[int, Field(ge=1, le=128)] = 16
    """The side is a multiple of this."""
    frames: Segments
    portrait_crf: Annotated[int, Field(ge=0, le=51)] | None = None
    """LTX-2: H.264 quality that the portrait passes through before it is encoded; 0 leaves it
    alone, None is as the model was trained: without it, films of it tend to stand still."""
    attention: str = "_native_cudnn"
    """Backend of diffusers' attention. Those named *_hub fetch kernels when they run: refused."""
    compile: Literal["none", "regional"] = "none"
    vae: Vae = Vae()
    offload: Literal["none", "model"] = "none"
    """model: each part is on the card in turn."""
    gpus: Annotated[float, Field(ge=0, le=8)] = 1.0
    """Cards that a worker books; with none it works on the CPU."""
    memory_gb: Annotated[float, Field(gt=0, le=500)] = 32.0
    """Memory of the machine that a worker takes; weights pass through it."""

    @property
    def is_hub_id(self) -> bool:
        """Whether `model` names a repository of the model hub."""
        return is_hub_id(self.model)

    def making(self) -> dict[str, Any]:
        """All that changes a pixel, as plain data, for the key: not where weights lie, nor what
        was said about them, nor what only costs memory or time."""
        said = {"name", "title", "model", "revision", "licence", "sources", "offload", "gpus",
                "memory_gb"}  # fmt: skip
        return dict(self.model_dump(mode="json", by_alias=True, exclude=said))

    @field_validator("prompt")
    @classmethod
    def _known_names(cls, prompt: str) -> str:
        try:
            named = [name for _, name, _, _ in Formatter().parse(prompt) if name is not None]
        except ValueError:  # a brace without its partner
            named = ["{"]
        if any(name != "said" for name in named):
            raise ValueError("in braces there can only be {said}; write {{ for a brace")
        return prompt

    @field_validator("attention")
    @classmethod
    def _nothing_from_a_hub(cls, attention: str) -> str:
        if attention.endswith("_hub"):
            raise ValueError("it would fetch kernels from a hub when it runs; use _native_cudnn")
        return attention

    @field_validator("components")
    @classmethod
    def _one_folder(cls, components: dict[str, Component]) -> dict[str, Component]:
        if named := [name for name, part in components.items() if part.path is not None]:
            raise ValueError(f"{named[0]}.path: all parts of a presenter model lie in its folder")
        return components

    @model_validator(mode="after")
    def _fits_together(self) -> PresenterPreset:
        if self.side % self.multiple:
            near = max(1, round(self.side / self.multiple)) * self.multiple
            raise ValueError(f"side {self.side}: is not a multiple of {self.multiple}; try {near}")
        if self.drive == "motion" and self.frames.overlap not in (1, 5):
            raise ValueError(f"frames.overlap {self.frames.overlap}: Wan-Animate takes 1 or 5")
        if self.drive == "motion" and self.portrait_crf is not None:
            raise ValueError(f"portrait_crf {self.portrait_crf}: belongs to drive audio; leave out")
        if self.frames.snap(self.frames.overlap) != self.frames.overlap:
            fix = f"is no count of the rule {self.frames.rule}"
            raise ValueError(f"frames.overlap {self.frames.overlap}: {fix}")
        return self
