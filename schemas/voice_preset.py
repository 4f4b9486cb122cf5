"""VoicePreset: a text-to-speech model as a data file: what it is, how it is called, whose it is.

A new model goes into production by a file of this form; see `stages/speech/voice_presets`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.video_preset import Commit, Licence, is_hub_id

Family = Literal["vits", "speecht5", "generate"]
"""vits: one pass, with durations of its own. speecht5: a spectrogram, then a vocoder. generate: a
processor takes text, `generate` makes codes or sound (Bark, Dia, CSM)."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Names(_Part):
    """How one of a model's own voices is chosen by the campaign's `voice.name`."""

    arg: Annotated[str, Field(pattern=r"^[a-z_]+$")]
    """Argument that takes it: of the processor (voice_preset), or of VITS (speaker_id)."""
    default: str | int | None = None
    """May hold {language}, the campaign's."""
    known: tuple[str, ...] = ()
    """Names that there are; empty, if any is passed on."""


class VoicePreset(_Part):
    """One model. Every number has its source in `sources`, by the key's name."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,40}$")]
    title: str = ""
    model: Annotated[str, Field(min_length=1)]
    """Hub id ("owner/name"), or a folder: "/...", "./...", "s3://...", ".../"."""
    revision: Commit | None = None
    """Commit of the hub's repository, 40 hex digits."""
    licence: Licence
    sources: dict[str, str] = Field(default_factory=dict)
    family: Family
    class_: Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]+$")] | None = Field(
        default=None, alias="class"
    )
    """Class of transformers; by default the one that the family or the folder's config names."""
    codec: str | None = None
    """What makes sound of the model's numbers, where it has weights of its own: SpeechT5's
    HiFi-GAN, Dia's DAC. A folder, or a hub id ("owner/name@commit")."""
    languages: Annotated[tuple[str, ...], Field(min_length=1)]
    """BCP 47 primary subtags that it speaks: [en]."""
    rate_hz: Annotated[int, Field(ge=8_000, le=96_000)] | None = None
    """Samples per second, where the model's own configuration does not say."""
    dtype: Literal["bfloat16", "float16", "float32"] = "float32"
    voices: Names | None = None
    speaker: Literal["none", "embedding", "reference"] = "none"
    """What a campaign's `voice.speaker` is: a vector of a person's voice (.npy or .safetensors), or
    a recording of it, which the model then speaks on from. Both are clones."""
    speaker_needed: bool = False
    """Whether it cannot speak without."""
    text: str = "{text}"
    """What the model is given: Dia wants "[S1] {text}", CSM "[0]{text}"."""
    chat: bool = False
    """Whether the text goes through the processor's chat template; a recording then stands in a
    turn before, with what is said in it."""
    processor: dict[str, Any] = Field(default_factory=dict)
    """Arguments of the processor's call."""
    call: dict[str, Any] = Field(default_factory=dict)
    """Arguments of `generate`, or of VITS: numbers that steer its noise (noise_scale)."""
    seconds_per_phoneme: tuple[float, float] | None = (0.03, 0.35)
    """Least and most that a sentence may take for each of its sounds: outside, it left words out or
    ran on. Null does not look, for random weights."""
    memory_gb: Annotated[float, Field(gt=0, le=500)] = 4.0
    """For the pools: what a worker with it takes."""
    gpus: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of a card that a worker books; with none it speaks on the CPU."""

    @property
    def is_hub_id(self) -> bool:
        """Whether `model` names a repository of the model hub."""
        return is_hub_id(self.model)

    def making(self) -> dict[str, Any]:
        """All that changes a sample, as plain data, for the key: not where weights lie, nor what
        was said about them."""
        said = {
            "name",
            "title",
            "model",
            "revision",
            "licence",
            "sources",
            "codec",
            "memory_gb",
            "gpus",
        }
        return dict(self.model_dump(mode="json", by_alias=True, exclude=said))

    @model_validator(mode="after")
    def _fits_together(self) -> VoicePreset:
        if self.text.count("{text}") != 1 or self.text.count("{") != 1:
            raise ValueError('text must hold "{text}" once, and no other brace')
        if self.family == "speecht5" and self.codec is None:
            raise ValueError("the family speecht5 cannot do without a codec, its HiFi-GAN")
        if self.speaker_needed and self.speaker == "none":
            raise ValueError("speaker_needed: say what the speaker is: embedding or reference")
        if self.speaker == "reference" and not self.chat:
            raise ValueError("a reference goes in by the chat template; set chat: true")
        if self.chat and self.family != "generate":
            raise ValueError("chat belongs to the family generate")
        bounds = self.seconds_per_phoneme
        if bounds is not None and not 0 < bounds[0] < bounds[1]:
            raise ValueError("seconds_per_phoneme: two numbers above 0, the smaller first")
        return self
