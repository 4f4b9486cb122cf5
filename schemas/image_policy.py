"""What a campaign says of pictures under `policy`: indecency, faces that must not be, a model."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from schemas.video_preset import Commit

Probability = Annotated[float, Field(gt=0, le=1)]
Distance = Annotated[float, Field(ge=0.2, le=0.6)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Nsfw(_Part):
    """Limits on open_nsfw's score. A smaller one stops more."""

    review: Probability = 0.2
    """From here on a person decides."""
    block: Probability = 0.8
    """From here on the spot is rejected."""

    @model_validator(mode="after")
    def _in_order(self) -> Nsfw:
        _check_order("policy.nsfw", self.review, self.block)
        return self


class FaceList(_Part):
    """A file that `python -m jobs.faces add` made, and distances (L2) below which a face counts.

    A larger one stops more, of those who are listed and of those who are not.
    """

    file: Annotated[str, Field(min_length=1)]
    review: Distance | None = None
    """Below it a person decides; by default 0.60, or nearer where that would hold more than 5 % of
    strangers' faces."""
    block: Distance | None = None
    """Below it the spot is rejected; by default 0.45, or nearer where that would block 1 %."""

    @model_validator(mode="after")
    def _in_order(self) -> FaceList:
        if self.review is not None and self.block is not None and self.block > self.review:
            raise ValueError(
                f"policy.faces.block {self.block:g}: is above review, {self.review:g}; what is"
                " blocked must lie nearer than what is held: lower it, or raise review"
            )
        return self


class ImageSafeguard(_Part):
    """A model from transformers that judges pictures: ShieldGemma 2, or what is trained from it."""

    model: Annotated[str, Field(min_length=1)]
    """Hub id ("owner/name"), or a folder: "/...", "./...", "s3://...", ".../"."""
    revision: Commit | None = None
    """Commit of the hub's repository: a branch or a tag may move."""
    licence_accepted: Annotated[bool, Field(validate_default=True)] = False
    review: Probability = 0.5
    """Probability of a breach from which a person decides."""
    block: Probability = 0.8
    gpus: Annotated[float, Field(ge=0, le=8)] = 1.0
    """Of a worker of screen and of inspect; 0 runs it on the CPU."""

    @field_validator("licence_accepted")
    @classmethod
    def _read(cls, accepted: bool) -> bool:
        if not accepted:
            raise ValueError("read the terms of the model, then set this to true")
        return accepted

    @model_validator(mode="after")
    def _in_order(self) -> ImageSafeguard:
        _check_order("policy.image_safeguard", self.review, self.block)
        return self


def as_face_list(given: Any) -> Any:
    """The list as a file's name alone, or in full."""
    return {"file": given} if isinstance(given, str) else given


def _check_order(part: str, review: float, block: float) -> None:
    if review > block:
        raise ValueError(
            f"{part}.review {review:g}: is above block, {block:g}; what is held must score less"
            " than what is blocked: lower it, or raise block"
        )
