"""The campaign's `encoding`: which codec, encoder and quality its files have."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from schemas.encoding import PRESETS, PROFILES, WORST_CRF, Codec, Encoder, Encoding, Profile


class EncodingSettings(BaseModel):
    """What is left out follows from `profile` and from the platforms."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    profile: Profile = "standard"
    """`draft` is for looking at, `standard` for feeds, `master` for archives and television."""
    codec: Codec = "h264"
    """`hevc` and `av1` need half the bits; not every platform takes them."""
    encoder: Encoder = "software"
    """`software` gives the same bytes on every machine; `auto` takes the graphics card's encoder
    on those that have one that works; `nvenc` that or nothing."""
    preset: str | None = None
    crf: Annotated[float | None, Field(ge=0, le=63)] = None
    """Smaller is better and larger; 51 is the worst of H.264 and HEVC, 63 of AV1."""
    max_kbps: Annotated[int, Field(ge=300, le=100_000)] = 8000
    """Of the video: the most that any second may need."""
    max_mb: Annotated[float | None, Field(gt=0.2)] = None
    """Largest file, in millions of bytes, whatever is in the picture."""
    audio_kbps: Annotated[int, Field(ge=96, le=320)] = 192
    text_track: bool = True
    """The words as a text track in the file."""

    @field_validator("preset", mode="before")
    @classmethod
    def _written(cls, preset: Any) -> Any:
        return str(preset) if isinstance(preset, int) else preset  # av1's are numbers

    @model_validator(mode="after")
    def _of_the_codec(self) -> EncodingSettings:
        known = PRESETS[self.codec]
        if self.preset is not None and self.preset not in known:
            raise ValueError(f"preset {self.preset}: those of {self.codec} are {', '.join(known)}")
        if self.crf is not None and self.crf > WORST_CRF[self.codec]:
            worst = WORST_CRF[self.codec]
            raise ValueError(f"crf {self.crf:g}: the worst of {self.codec} is {worst:g}")
        return self

    def encoding(self) -> Encoding:
        """As it is for files that no platform limits."""
        preset, crf = PROFILES[self.profile][self.codec]
        return Encoding(
            codec=self.codec,
            encoder=self.encoder,
            preset=self.preset or preset,
            crf=crf if self.crf is None else self.crf,
            most_kbps=self.max_kbps,
            audio_kbps=self.audio_kbps,
        )
