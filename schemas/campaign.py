"""Campaign: what a marketer writes, one YAML file, checked before anything is spent."""

from __future__ import annotations

from datetime import date as Date
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from schemas.checked import checked
from schemas.config_error import ConfigError, Refusal
from schemas.consent import Rights
from schemas.delivery import Delivery, deliveries_of
from schemas.disclosure import Disclosure, as_disclosure
from schemas.encoding_settings import EncodingSettings
from schemas.image_policy import FaceList, ImageSafeguard, Nsfw, as_face_list
from schemas.links import Links
from schemas.matting import Matting
from schemas.platform import FormatName, platforms_of, shipped_platforms, unknown_platform
from schemas.presenter_model import PresenterModel
from schemas.presenter_process import PresenterProcess
from schemas.signing import Signing
from schemas.video_model import VideoModel
from schemas.video_preset import Commit
from schemas.voice import Voice
from schemas.watermark import Watermark

Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]

DEFAULT_GATES: dict[str, tuple[float | None, float | None]] = {
    # the file
    "format_match": (1, None),
    "playable_codecs": (1, None),
    "faststart": (1, None),
    "duration_s": (14.99, 15.01),
    "frame_count": (360, 360),
    "bit_rate_kbps": (516, 25000),
    "colour_tags": (1, None),
    "constant_rate": (1, None),
    "closed_groups": (1, None),
    "longest_group_s": (None, 4),
    "audio_seconds": (14.95, 15.05),
    # the sound
    "true_peak_dbtp": (None, -1.0),
    "clipped_samples": (None, 0),
    "longest_silence_s": (None, 1.0),
    "voice_offset_ms": (-25, 25),
    "word_error_rate": (None, 0.2),
    "effect_offset_ms": (-60, 60),
    # the voice by itself
    "voice_mos_ovrl": (2.6, None),
    "voice_clipped_ratio": (None, 0.002),
    "voice_longest_pause_s": (None, 2.5),
    "voice_syllables_per_s": (2.0, 6.5),
    "voice_f0_median_hz": (65, 400),
    "voice_f0_range_st": (1.5, None),
    # the picture
    "black_frames": (None, 0),
    "frozen_s": (None, 0.5),
    "warp_error": (None, 3.5),
    "flashes_per_s": (None, 3),
    "red_flashes_per_s": (None, 3),
    "product_fidelity": (0.6, None),
    "lip_offset_ms": (-60, 60),
    "lip_r": (0.6, None),
    "caption_offset_ms": (-80, 80),
    "captions_seen": (1, None),
    "captions_in_safe_zone": (1, None),
    # who and what is on it
    "faces_found": (None, 1),
    "faces_outside_presenter": (None, 0),
    "watermark_read": (1, None),
    "watermark_sync_z": (12, None),
    "watermark_errors": (None, 4),
    "audio_watermark_read": (1, None),
}
"""Metric -> (least, most); None is no limit. What each metric is: stages/inspect/gates.py."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Brand(_Part):
    """The advertiser's look. Files are relative to the campaign file, or URLs."""

    name: str
    ink: Colour = "#1d1f24"
    paper: Colour = "#ffffff"
    accent: Colour = "#e4572e"
    logo: str | None = None
    font: str | None = None
    font_bold: str | None = None


class SpeechModel(_Part):
    """A model of letters (CTC) from transformers that finds the words in the voice."""

    model: Annotated[str, Field(min_length=1)]
    """Hub id ("owner/name"), or a folder: "/...", "./...", "s3://...", ".../"."""
    revision: Commit | None = None
    """Commit of the hub's repository: a branch or a tag may move."""
    licence_accepted: Annotated[bool, Field(validate_default=True)] = False

    @field_validator("licence_accepted")
    @classmethod
    def _read(cls, accepted: bool) -> bool:
        if not accepted:
            raise ValueError("read the terms of the model, then set this to true")
        return accepted


class Recogniser(_Part):
    """A Whisper model that hears the finished mix, in the place of the packaged ones."""

    model: Annotated[str, Field(min_length=1)]
    """Hub id ("owner/name"), or a folder: "/...", "./...", "s3://...", ".../"; in CTranslate2's
    form, as its converter for transformers' models writes it (`model.bin`)."""
    revision: Commit | None = None
    """Commit of the hub's repository: a branch or a tag may move."""
    licence_accepted: Annotated[bool, Field(validate_default=True)] = False
    memory_gb: Annotated[float, Field(ge=1, le=64)] = 4.0
    """Of a worker that has it loaded: 2 for small, 4 for large-v3 in int8."""

    @field_validator("licence_accepted")
    @classmethod
    def _read(cls, accepted: bool) -> bool:
        if not accepted:
            raise ValueError("read the terms of the model, then set this to true")
        return accepted


class LipModel(_Part):
    """SyncNet, which tells how well lips and sound belong together (LSE-C, LSE-D)."""

    weights: Annotated[str, Field(min_length=1)]
    """The published file (syncnet_v2.model), the same tensors as .safetensors, or a folder with
    one, which then ends in "/"; any fsspec URL."""
    licence_accepted: Annotated[bool, Field(validate_default=True)] = False

    @field_validator("licence_accepted")
    @classmethod
    def _read(cls, accepted: bool) -> bool:
        if not accepted:
            raise ValueError("read the terms of the weights, then set this to true")
        return accepted


class Sound(_Part):
    """Music bed, effects, and the loudness of the finished mix."""

    music: str | None = None
    snap_cuts: bool = False
    """Shots change on the beat of the music where the voice allows it. Other music then means other
    clips."""
    effects: dict[Literal["whoosh", "sparkle"], str] = Field(default_factory=dict)
    loudness_lufs: Annotated[float, Field(ge=-30, le=-10)] = -14.0
    music_below_voice_db: Annotated[float, Field(ge=6, le=40)] = 16.0
    clip_sound_below_voice_db: Annotated[float, Field(ge=6, le=40)] = 18.0
    """Of the sound that a video model makes, where video_model.keep_sound is true."""


class Quality(_Part):
    """Gates a spot must pass, and how many seeds it may try."""

    attempts: Annotated[int, Field(ge=1, le=5)] = 2
    gates: dict[str, tuple[float | None, float | None] | None] = Field(default_factory=dict)


class Safeguard(_Part):
    """A language model from transformers that judges texts: Llama Guard, Qwen3Guard, their like."""

    model: Annotated[str, Field(min_length=1)]
    """Hub id ("owner/name"), or a folder: "/...", "./...", "s3://...", ".../"."""
    revision: Commit | None = None
    """Commit of the hub's repository: a branch or a tag may move."""
    licence_accepted: Annotated[bool, Field(validate_default=True)] = False
    unsafe: Literal["block", "review"] = "block"
    """What a text comes to that it calls unsafe."""
    gpus: Annotated[float, Field(ge=0, le=8)] = 1.0
    """Of a worker; 0 runs it on the CPU."""

    @field_validator("licence_accepted")
    @classmethod
    def _read(cls, accepted: bool) -> bool:
        if not accepted:
            raise ValueError("read the terms of the model, then set this to true")
        return accepted


class Policy(_Part):
    """Whose advertising rules count, and more names and rules than Spotmill ships."""

    profile: tuple[str, ...] = ("standard",)
    """One or several of the policy file's profiles (standard, strict, meta, tiktok, youtube,
    amazon): the strictest of them decides, rule by rule."""
    names: str | None = None
    """Names file (JSON or Parquet), added to the shipped list."""
    rules: str | None = None
    """Policy file (YAML or JSON), in the place of the shipped one."""
    safeguard: Safeguard | None = None
    read_pictures: bool = False
    """Read what stands in the product photo and in a frame of each shot (OCR), and hold it to the
    same rules. About 1.5 CPU seconds a spot; needs the weights of rapidocr-onnxruntime."""
    nsfw: Nsfw = Nsfw()
    """How indecent a picture may be."""
    faces: Annotated[FaceList | None, BeforeValidator(as_face_list)] = None
    """Sealed list of people who must not be shown: a file alone, or with limits of its own."""
    image_safeguard: ImageSafeguard | None = None
    review: Literal["after_render", "before_render"] = "after_render"
    """When a spot waits for a person: finished, to be seen, or before it costs anything."""

    @field_validator("profile", mode="before")
    @classmethod
    def _several(cls, given: Any) -> Any:
        return (given,) if isinstance(given, str) else given

    @field_validator("profile")
    @classmethod
    def _at_least_one(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        if not given:
            raise ValueError("name at least one profile, or leave the key out")
        return given


class Variant(_Part):
    """Another version of every product's spot; what is left out is as in the scripts table."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]
    cta: str | None = None
    tagline: str | None = None
    script: str | None = None


class Campaign(_Part):
    """A campaign. Paths are relative to the campaign file; any fsspec URL will do as well."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    feed: str
    scripts: str | None = None
    script: str | None = None
    """For products without a row of their own; {title}, {brand} and {price} are filled in."""
    images: str | None = None
    """Folder that holds the feed's images by file name; without it image_link is a path below the
    feed's folder, or one on the web."""
    links: Links = Links()
    """Where the feed's links may lead otherwise."""
    date: Date | None = None
    """The day whose prices are shown; today if left out."""
    language: Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")] = "en-US"
    length_s: Annotated[float, Field(ge=15.0, le=15.0)] = 15.0
    platforms: tuple[str, ...] = ()
    """Where the spots run, by names of `schemas/platforms.yaml`: text, product and faces then keep
    clear of what these cover."""
    formats: Annotated[tuple[FormatName, ...], Field(validate_default=True)] = ()
    """Frames that every spot is made in, the first the one that is measured in full. If left out:
    the best one of each platform, or 9x16."""
    environment: Literal["demo", "production"] = "demo"
    template: str = "clean"
    """How spots look: a template by name (`python -m jobs.templates list`), or a .yaml file."""
    captions: Literal["burned", "sidecar", "both"] = "both"
    """Drawn into the picture, as files beside it (WebVTT, SRT), or both."""
    qr: Annotated[str, Field(pattern=r"^(https?://|\{link\})\S*$", max_length=300)] | None = None
    """Link in a code on the end card; {link}, {id} and {variant} of the product are filled in."""
    disclosure: Annotated[Disclosure, BeforeValidator(as_disclosure)] = Disclosure()
    """A region's rules ({region: eu}), or the label's text alone: see docs/provenance.md."""
    brand: Brand
    voice: Voice = Voice()
    presenter: str | None = None
    """A drawn host by name ("host:amber"), a host file of your own (.yaml), or the folder of a
    rendered rig; without it spots have no presenter."""
    presenter_consent: str | None = None
    """Record (.json) of the person whom a rendered rig of your own shows. Drawn hosts, and the rig
    that comes with Spotmill, show nobody."""
    presenter_process: PresenterProcess | None = None
    """A talking-head program of your own, in the place of `presenter`."""
    presenter_model: PresenterModel | None = None
    """A talking-head model that Spotmill runs, in the place of `presenter`."""
    sound: Sound = Sound()
    encoding: EncodingSettings = EncodingSettings()
    aligner: SpeechModel | None = None
    """What finds the words in the voice in the place of the embedded aligner."""
    recogniser: Recogniser | None = None
    """What hears the words of the finished mix in the place of the packaged recogniser."""
    lip_model: LipModel | None = None
    """What measures lse_c, lse_d and lse_offset_ms on the finished file."""
    video_model: VideoModel | None = None
    """For the gpu recipe; others leave it alone."""
    matting: Matting | None = None
    """How products are cut out of photos whose backdrop is not plain."""
    quality: Quality = Quality()
    rights: Rights = Rights()
    policy: Policy = Policy()
    signing: Signing = Signing()
    variants: tuple[Variant, ...] = (Variant(name="main"),)
    budget: Annotated[float, Field(gt=0)] | None = None
    """USD that one run may cost, by the hardware profile's prices: a run that would exceed it stops
    before the next unit, and goes on from there when this is raised."""
    tracking_uri: str | None = None
    """MLflow server; without it a run into a local folder keeps its own database there."""
    watermark: Watermark = Watermark()
    seed: int = 1

    @field_validator("formats")
    @classmethod
    def _of_the_platforms(
        cls, formats: tuple[FormatName, ...], info: ValidationInfo
    ) -> tuple[FormatName, ...]:
        known = shipped_platforms()
        asked = [known[name] for name in info.data.get("platforms") or () if name in known]
        best = tuple(dict.fromkeys(platform.formats[0] for platform in asked))
        return formats or best or ("9x16",)

    def deliveries(self) -> tuple[Delivery, ...]:
        """The file of each format, within the limits of the platforms that take it."""
        return self._deliveries()[0]

    def _deliveries(self) -> tuple[tuple[Delivery, ...], list[Refusal]]:
        known = [name for name in self.platforms if name in shipped_platforms()]
        return deliveries_of(
            self.encoding, platforms_of(known), self.formats, self.length_s,
            self.sound.loudness_lufs, "loudness_lufs" in self.sound.model_fields_set,
        )  # fmt: skip

    def gates(self) -> tuple[tuple[str, float | None, float | None], ...]:
        """(metric, least, most), sorted: the default gates with the campaign's own on top.

        The loudness gate follows the first format's loudness; a gate set to null is dropped.
        """
        wanted = self.deliveries()[0].loudness_lufs
        merged: dict[str, tuple[float | None, float | None] | None] = {**DEFAULT_GATES}
        merged["loudness_lufs"] = (wanted - 0.5, wanted + 0.5)
        if self.encoding.codec != "h264":
            merged["bit_rate_kbps"] = (200, 25000)  # the same picture in half the bits
        merged.update(self.quality.gates)
        return tuple((n, g[0], g[1]) for n, g in sorted(merged.items()) if g is not None)


def parse_campaign(raw: Any, source: str) -> Campaign:
    """The campaign of a parsed YAML document. Raises `ConfigError` naming each key, value, fix."""
    campaign = checked(Campaign, raw, source, _a_list)
    refusals = list(_contradictions(campaign))
    if refusals:
        raise ConfigError(source, refusals)
    return campaign


def set_value(raw: dict[str, Any], key: str, value: Any) -> None:
    """Set a dotted key ("sound.loudness_lufs") in a parsed document, making parts as needed."""
    *parents, last = key.split(".")
    for part in parents:
        below = raw.setdefault(part, {})
        if not isinstance(below, dict):
            raise ConfigError("--set", [Refusal(key, "", f"{part} has no keys below it")])
        raw = below
    raw[last] = value


def _contradictions(campaign: Campaign) -> list[Refusal]:
    found = list(campaign.signing.contradictions(campaign.environment))
    found += campaign.watermark.contradictions(campaign.environment)
    found += _misplaced(campaign)
    found += campaign._deliveries()[1]
    found += campaign.voice.contradictions(campaign.date or Date.today())
    if campaign.sound.snap_cuts and campaign.sound.music is None and campaign.scripts is None:
        fix = "there is no music to keep time with: name sound.music, or leave this out"
        found.append(Refusal("sound.snap_cuts", "true", fix))
    found += _several_presenters(campaign)
    if campaign.presenter_model is not None:
        found += campaign.presenter_model.contradictions(campaign.date or Date.today())
    names = [variant.name for variant in campaign.variants]
    for name in sorted({name for name in names if names.count(name) > 1}):
        found.append(Refusal("variants", name, "two variants have this name; rename one"))
    if not names:
        found.append(Refusal("variants", "[]", "name at least one, or leave the key out"))
    return found


def _several_presenters(campaign: Campaign) -> list[Refusal]:
    shown = {
        "presenter": campaign.presenter,
        "presenter_process": campaign.presenter_process and campaign.presenter_process.portrait,
        "presenter_model": campaign.presenter_model and campaign.presenter_model.preset,
    }
    *others, last = [(key, value) for key, value in shown.items() if value] or [("", "")]
    fix = f"{last[0]} makes the presenter; leave this out, or that"
    return [Refusal(key, str(value), fix) for key, value in others]


def _misplaced(campaign: Campaign) -> list[Refusal]:
    """Formats that are there twice, and platforms that are none or that nothing is made for."""
    found = []
    for name in sorted({n for n in campaign.formats if campaign.formats.count(n) > 1}):
        found.append(Refusal("formats", name, "is there twice; leave one out"))
    unknown = [name for name in campaign.platforms if name not in shipped_platforms()]
    found += [Refusal("platforms", name, unknown_platform(name)) for name in unknown]
    for platform in platforms_of([n for n in campaign.platforms if n not in unknown]):
        if not set(platform.formats) & set(campaign.formats):
            fix = f"{platform.title} takes {' or '.join(platform.formats)}, and formats are"
            fix += f" {', '.join(campaign.formats)}; add one of these, or leave the platform out"
            found.append(Refusal("platforms", platform.name, fix))
        least, most = platform.length_s
        if not (least or 0) <= campaign.length_s <= (most or campaign.length_s):
            fix = f"takes spots of {least:g} to {most:g} s; length_s is {campaign.length_s:g}"
            found.append(Refusal("platforms", platform.name, fix))
    return found


def _a_list(error: Any) -> str | None:
    if error["loc"] == ("qr",):
        return 'write a link in quotes, as in "{link}" or "https://shop.example/p/{id}"'
    return (
        "write a list here, as in [1, 2] (null for no limit)"
        if (error["type"] == "tuple_type")
        else None
    )
