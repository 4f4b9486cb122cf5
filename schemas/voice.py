"""Voice: the part of a campaign that says who speaks, with what engine, and by whose leave."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date as Date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from schemas.config_error import Refusal
from schemas.consent import Consent
from schemas.video_preset import Commit, is_hub_id

ENGINES = ("hibari", "kokoro", "transformers", "http")
_TAKES = {
    "hibari": (),
    "kokoro": ("name", "model", "settings"),
    "transformers": (
        "name", "preset", "model", "revision", "speaker", "speaker_text", "settings",
        "licence_accepted", "cloned", "consent",
    ),
    "http": ("name", "model", "url", "settings", "cloned", "consent"),
}  # fmt: skip
"""Keys that each engine takes; `speed` and `lexicon` go with all."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Voice(_Part):
    """Who speaks, and how. `lexicon` says how a word is spoken: "HAL-ven", or /HH AE L V AH N/.

    Engines, presets, languages and licences: `python -m jobs.voices`.
    """

    engine: Literal["hibari", "kokoro", "transformers", "http"] = "hibari"
    name: Annotated[str, Field(min_length=1, max_length=120)] | None = None
    """One of the engine's or the model's own voices; at a service, the voice's id."""
    preset: Annotated[str, Field(min_length=1)] | None = None
    """transformers: name of a shipped preset, or a .yaml file."""
    model: Annotated[str, Field(min_length=1)] | None = None
    """Weights in the place of the preset's: a hub id ("owner/name"), or a folder: "/...", "./...",
    a URL, or ".../". At a service, its name of the model."""
    revision: Commit | None = None
    """Commit of the hub's repository: a branch or a tag may move."""
    url: str | None = None
    """http: address of the service, up to but without "/v1"; its key is in the environment variable
    SPOTMILL_VOICE_KEY."""
    speaker: str | None = None
    """A person's voice to speak with: a vector (.npy, .safetensors) or a recording of it. It is a
    clone: `consent` is needed."""
    speaker_text: str = ""
    """What is said in the recording."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Keys of the preset, or of the service's engine, that are otherwise here."""
    licence_accepted: bool = False
    """Must be true where the terms of the weights have conditions, or were not read for the
    preset."""
    cloned: bool | None = None
    """Whether the voice is that of a person who exists. A service does not tell: say it."""
    consent: Consent | None = None
    """Needed for a cloned voice; reviewers find it with every spot."""
    speed: tuple[float, float] = (0.9, 1.12)
    lexicon: dict[str, str] = Field(default_factory=dict)

    @field_validator("speed")
    @classmethod
    def _speed_in_range(cls, speed: tuple[float, float]) -> tuple[float, float]:
        if not 0.5 <= speed[0] <= speed[1] <= 1.5:
            raise ValueError("two numbers from 0.5 to 1.5, the slower first, as in [0.9, 1.12]")
        return speed

    @property
    def is_cloned(self) -> bool:
        """Whether it speaks with the voice of a person who exists."""
        return bool(self.cloned) or self.speaker is not None

    @property
    def is_hub_id(self) -> bool:
        """Whether the weights are no files of ours: a repository of the hub, or a service's."""
        if self.model is None or self.engine == "http":
            return True
        return self.engine != "kokoro" and is_hub_id(self.model)

    def contradictions(self, today: Date) -> Iterator[Refusal]:
        """What does not fit together; `today` is the day whose prices are shown."""
        takes = _TAKES[self.engine]
        keys = {key for some in _TAKES.values() for key in some}
        for key in sorted((keys - set(takes)) & self.model_fields_set):
            value = getattr(self, key)
            if value not in (None, "", {}, False):
                fix = f"does not go with engine {self.engine}; it takes {_listed(takes)}"
                yield Refusal(f"voice.{key}", _shown(value), fix)
        if self.engine == "transformers" and self.preset is None:
            fix = "name a preset (python -m jobs.voices lists them) or a .yaml file of yours"
            yield Refusal("voice.preset", "not set", fix)
        if self.engine == "http":
            yield from self._service()
        yield from self._leave(today)

    def _service(self) -> Iterator[Refusal]:
        if self.url is None:
            yield Refusal("voice.url", "not set", "name the service: https://api.example.com")
        if self.name is None:
            yield Refusal("voice.name", "not set", "name the voice as the service calls it, its id")
        if self.model is None:
            fix = "name the model as the service calls it; a key holds nothing else of its weights"
            yield Refusal("voice.model", "not set", fix)
        if self.cloned is None:
            fix = "say whether that voice was made of a real person's, true or false"
            yield Refusal("voice.cloned", "not set", fix)

    def _leave(self, today: Date) -> Iterator[Refusal]:
        consent = self.consent
        if self.cloned is False and self.speaker is not None:
            fix = "voice.speaker is a person's voice: leave this out, or take another voice"
            yield Refusal("voice.cloned", "false", fix)
        if consent is None:
            if self.is_cloned:
                fix = (
                    "the voice is a person's: write given_by, given_on, scope and record of their"
                    " consent here; without it the voice is not used"
                )
                yield Refusal("voice.consent", "not set", fix)
            return
        yield from consent.refusals("voice.consent", "a voice", today)


def _listed(takes: tuple[str, ...]) -> str:
    return ", ".join((*takes, "speed", "lexicon"))


def _shown(value: Any) -> str:
    return repr(value)[:80]
