"""Watermark: the part of a campaign that says with which key spots are marked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from schemas.config_error import Refusal


class Watermark(BaseModel):
    """The key is never in the campaign file: only where it is found."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    key: Annotated[str, Field(pattern=r"^(env:[A-Za-z_][A-Za-z0-9_]*|kms:.+)$")] | None = None
    """"env:NAME", a variable of the environment of whoever starts the run; "kms:FILE", a file that
    AWS KMS decrypts (as `aws kms encrypt` wrote it). Without one, a key that is no secret."""
    region: Annotated[str, Field(pattern=r"^[a-z0-9-]{2,30}$")] | None = None
    """kms: the key's AWS region; the environment's if left out."""
    audio: bool = True
    """The mark in the sound as well as in the pictures."""

    def contradictions(self, environment: str) -> Iterator[Refusal]:
        """What does not go with the campaign's `environment`."""
        if environment == "production" and self.key is None:
            fix = "the built-in key is known to anyone; name one, as in env:WATERMARK_KEY"
            yield Refusal("watermark.key", "not set", fix)
