"""MusicBed: what a generated music bed is made from, and the terms of the model that makes it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.checked import checked, weights_refusals
from schemas.config_error import ConfigError
from schemas.video_preset import Commit, Licence, is_hub_id

_LICENCES: dict[str, Licence] = {
    "facebook/musicgen": Licence(
        name="CC-BY-NC-4.0",
        url="https://creativecommons.org/licenses/by-nc/4.0/",
        commercial="no",
        checked=True,
        note="not for commercial use, which an ad is: for drafts, or with terms of your own",
    ),
    "stabilityai/stable-audio": Licence(
        name="Stability AI Community License",
        url="https://stability.ai/license",
        commercial="conditions",
        checked=False,
        note="free below a yearly revenue; older copies have a non-commercial licence",
    ),
}
"""By the beginning of the hub id."""
_UNKNOWN = Licence(
    name="that of your copy", commercial="unknown", checked=False, note="nobody here knows it"
)
_LONGEST_S = {"musicgen": 30.0, "stable_audio": 47.0}
"""What the models were trained on."""


class MusicBed(BaseModel):
    """One bed: the same of these, the same sound."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    engine: Literal["musicgen", "stable_audio"]
    model: Annotated[str, Field(min_length=1)]
    """Hub id ("owner/name"), or a folder of weights: "/...", "./...", "s3://...", ".../"."""
    revision: Commit | None = None
    """Commit of the hub's repository, 40 hex digits."""
    prompt: Annotated[str, Field(min_length=3, max_length=500)]
    negative_prompt: Annotated[str, Field(max_length=500)] = ""
    """For stable_audio."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 1
    length_s: Annotated[float, Field(ge=1.0, le=47.0)] = 15.0
    guidance: Annotated[float, Field(ge=1.0, le=20.0)] | None = None
    """How closely it follows the prompt; larger is closer and coarser. None is the engine's own."""
    steps: Annotated[int, Field(ge=1, le=500)] = 100
    """Of denoising, for stable_audio: fewer are faster and rougher."""
    licence_accepted: bool = False

    @model_validator(mode="after")
    def _fits(self) -> MusicBed:
        longest = _LONGEST_S[self.engine]
        if self.length_s > longest:
            raise ValueError(
                f"length_s {self.length_s:g}: {self.engine} makes {longest:g} s at most; a shorter"
                " bed is looped under the spot"
            )
        if self.engine == "musicgen" and self.negative_prompt:
            raise ValueError("negative_prompt: musicgen takes none; leave it out")
        return self

    @property
    def is_hub_id(self) -> bool:
        """Whether `model` names a repository of the model hub."""
        return is_hub_id(self.model)

    @property
    def licence(self) -> Licence:
        """The terms of the weights, as far as they are known here."""
        found = (terms for start, terms in _LICENCES.items() if self.model.startswith(start))
        return next(found, _UNKNOWN)


def parse_bed(raw: dict[str, Any]) -> MusicBed:
    """The bed asked for. Raises `ConfigError` naming each key, value and fix: also for a hub id
    without its commit, and for terms that nobody has said to accept.
    """
    source = "the music bed"
    bed = checked(MusicBed, raw, source)
    if refusals := weights_refusals(
        "", bed, accepted=bed.licence_accepted, own=False, use="what the bed is for"
    ):
        raise ConfigError(source, refusals)
    return bed
