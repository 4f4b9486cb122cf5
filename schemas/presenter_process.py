"""PresenterProcess: the part of a campaign that names a talking-head program of the team's own."""

from __future__ import annotations

from string import Formatter
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

NEEDED = ("audio", "portrait", "out")
PLACEHOLDERS = (*NEEDED, "fps", "size", "seed", "checkout")
"""What a command may name in braces."""


class PresenterProcess(BaseModel):
    """A program (Wav2Lip, LatentSync, MuseTalk and their kind) that makes a portrait talk.

    It runs without a shell, in a folder of its own, with no variable of ours but the search path
    and the GPUs that it may use. See docs/presenters.md.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    command: Annotated[tuple[str, ...], Field(min_length=1)]
    """Program and arguments, a list: {audio} (WAV, 48 kHz mono), {portrait} and {out} must be
    among them; {fps}, {size} (px), {seed} and {checkout} may."""
    checkout: str
    """Folder of the program; the same place on every machine that renders."""
    revision: Annotated[str, Field(min_length=1)]
    """Its commit, or any word that you change when the program or its weights do: it stands for
    them in the key, so that old takes are not served."""
    portrait: str
    """Picture (PNG or JPEG) of one face."""
    consent: Annotated[str, Field(min_length=8, max_length=500)]
    """The record of the person's consent (.json). Or where that is, a URL or a sentence, which
    production does not take."""
    consent_file: str | None = Field(default=None, exclude=True)
    """The record's file: read_campaign puts it here."""
    licence_accepted: Annotated[bool, Field(validate_default=True)] = False
    """Must be true: whether the terms of program and weights allow advertising is yours to read.
    Wav2Lip's published weights, for one, do not."""
    out_suffix: Literal[".mp4", ".mov", ".mkv", ".webm"] = ".mp4"
    """What {out} ends in. A .mov or .mkv may carry alpha."""
    timeout_s: Annotated[float, Field(ge=1, le=7200)] = 900.0
    memory_gb: Annotated[float, Field(ge=0.1, le=1024)] | None = 16.0
    """Address space of each of its processes; null for none: CUDA reserves more than there is."""
    cpu_s: Annotated[int, Field(ge=1, le=86400)] = 3600
    """CPU time of each of its processes."""
    file_gb: Annotated[float, Field(ge=0.01, le=100)] = 4.0
    """Size of each file that it writes."""
    gpus: Annotated[float, Field(ge=0, le=8)] = 0.0

    @field_validator("licence_accepted")
    @classmethod
    def _read(cls, accepted: bool) -> bool:
        if not accepted:
            raise ValueError("read the terms of the program and its weights, then set this to true")
        return accepted

    @field_validator("command")
    @classmethod
    def _fillable(cls, command: tuple[str, ...]) -> tuple[str, ...]:
        named = [name for part in command for _, name, _, _ in Formatter().parse(part) if name]
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        for name in named:
            if name not in PLACEHOLDERS:
                raise ValueError(f"there is no {{{name}}}; known are {known}")
        for name in NEEDED:
            if name not in named:
                raise ValueError(f"{{{name}}} is not in it; the program must be told its place")
        return command
