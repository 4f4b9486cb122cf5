"""What recipes have in common: a campaign's files as assets, brand kit, presenter, gates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pipeline import storage
from pipeline.media import asset
from pipeline.recipes.talking import DRIVER, model_presenter, portrait_asset
from pipeline.recipes.voices import (
    http_voice,
    kokoro_voice,
    transformers_voice,
    voice_weights,
)
from schemas.asset import Asset
from schemas.brand import BrandKit
from schemas.campaign import Brand, Campaign
from schemas.config_error import ConfigError, Refusal
from schemas.delivery import Delivery
from schemas.layout import Format, formats_of
from schemas.platform import platforms_of
from schemas.presenter_process import PresenterProcess
from schemas.template import Template
from schemas.video_preset import is_hub_id
from stages.align import Align, CtcAligner
from stages.avatar import (
    Avatar,
    ModelPresenter,
    PresenterEngine,
    PresenterRig,
    ProcessPresenter,
    VectorPresenter,
)
from stages.avatar.hosts import host_of, shipped_host
from stages.avatar.process.run import Limits
from stages.composite.templates import load_template, template_of
from stages.hardware import Hardware
from stages.image_to_video import Cutting
from stages.shared.fonts import check_font
from stages.shared.logo import check_logo
from stages.shared.nvenc import nvenc_fault
from stages.speech import HibariVoice, HttpVoice, KokoroVoice, SpeechEngine, TransformersVoice
from stages.speech.rules import known_languages


def optional_asset(uri: str | None) -> Asset | None:
    """The asset of a file or folder, or None where the campaign names none."""
    return asset(uri) if uri else None


def brand_kit(campaign: Campaign) -> BrandKit:
    """The campaign's brand with its files as assets."""
    brand = campaign.brand
    _check_brand_files(brand)
    return BrandKit(
        name=brand.name,
        ink=brand.ink,
        paper=brand.paper,
        accent=brand.accent,
        logo=optional_asset(brand.logo),
        font=optional_asset(brand.font),
        font_bold=optional_asset(brand.font_bold),
    )


def _check_brand_files(brand: Brand) -> None:
    """Raise `ConfigError` for a logo or a font that could not be used, before anything is spent."""
    checks: list[tuple[str, str | None, Callable[[bytes], None]]] = [
        ("logo", brand.logo, check_logo), ("font", brand.font, check_font),
        ("font_bold", brand.font_bold, check_font),
    ]  # fmt: skip
    refusals = []
    for key, uri, check in checks:
        if uri is None:
            continue
        try:
            check(storage.read_bytes(uri))
        except ValueError as error:
            refusals.append(Refusal(f"brand.{key}", uri, str(error)))
    if refusals:
        raise ConfigError("the brand kit", refusals)


def formats(campaign: Campaign) -> tuple[Format, ...]:
    """The campaign's formats, laid out for its platforms and for whether somebody presents."""
    presented = campaign.presenter is not None or campaign.presenter_process is not None
    platforms, look = platforms_of(campaign.platforms), template(campaign)
    laid_out = formats_of(
        campaign.formats,
        platforms=platforms,
        presenter=presented,
        label_letters=campaign.disclosure.letters,
    )
    return tuple(look.applied(frame) for frame in laid_out)


def template(campaign: Campaign) -> Template:
    """The campaign's template. Raises `ConfigError`."""
    named = campaign.template
    if named.endswith((".yaml", ".yml")):
        return template_of(storage.read_bytes(named), named)
    return load_template(named)


def presenter(campaign: Campaign) -> PresenterEngine | None:
    """The campaign's presenter, by whatever engine, or None. Raises `ConfigError`."""
    if campaign.presenter_process is not None:
        return _presenter_process(campaign.presenter_process)
    if campaign.presenter_model is not None:
        return model_presenter(campaign.presenter_model, _driver(campaign))
    return presenter_engine(campaign.presenter, campaign.brand) if campaign.presenter else None


def _driver(campaign: Campaign) -> PresenterRig | VectorPresenter:
    """Who performs for a talking-head model."""
    told = campaign.presenter_model
    try:
        return presenter_engine((told and told.driver) or DRIVER, campaign.brand)
    except ConfigError as error:
        refusals = [Refusal("presenter_model.driver", r.value, r.fix) for r in error.refusals]
        raise ConfigError(error.source, refusals) from None


def avatar(campaign: Campaign) -> Avatar:
    """The stage with the campaign's presenter, and what a model or a program of its own needs."""
    stage = Avatar(
        engine=presenter(campaign), formats=formats(campaign), length_s=campaign.length_s
    )
    if isinstance(stage.engine, ModelPresenter):
        preset = stage.engine.preset
        return replace(
            stage,
            hardware=Hardware(cpus=1, gpus=preset.gpus, memory_gb=preset.memory_gb),
            timeout_s=3600.0,
            seconds_hint=240.0,  # a guess that sizes the pools
        )
    process = campaign.presenter_process
    if process is None:
        return stage
    return replace(
        stage,
        hardware=Hardware(cpus=1, gpus=process.gpus, memory_gb=max(2.0, process.memory_gb or 16.0)),
        timeout_s=process.timeout_s + 300.0,
        seconds_hint=60.0,  # a guess that sizes the pools
    )


def _presenter_process(process: PresenterProcess) -> ProcessPresenter:
    """The engine that runs it; its portrait is looked at now, before anything is spent."""
    return ProcessPresenter(
        portrait=portrait_asset("presenter_process.portrait", process.portrait),
        command=process.command,
        revision=process.revision,
        consent=process.consent,
        licence_accepted=process.licence_accepted,
        checkout=process.checkout,
        limits=Limits(process.timeout_s, process.memory_gb, process.cpu_s, process.file_gb),
        out_suffix=process.out_suffix,
    )


def presenter_engine(named: str, brand: Brand) -> PresenterRig | VectorPresenter:
    """The engine of "host:NAME", a host file or a rig's folder, in the brand's colours.

    Raises `ConfigError` for a host that is not there or breaks a rule.
    """
    if named.startswith("host:"):
        host = shipped_host(named.removeprefix("host:").strip())
    elif named.endswith((".yaml", ".yml")):
        host = host_of(storage.read_bytes(named), named)
    else:
        return PresenterRig(rig=asset(named))
    return VectorPresenter(host=host, accent=brand.accent, ink=brand.ink, paper=brand.paper)


def voice_engine(campaign: Campaign) -> SpeechEngine:
    """The voice that the campaign names. Raises `ConfigError`."""
    voice, language = campaign.voice, campaign.language.partition("-")[0]
    if language not in known_languages():  # its numbers and prices would be read in English
        fix = f"scripts can be in {', '.join(known_languages())}"
        raise ConfigError("the voice", [Refusal("language", campaign.language, fix)])
    if voice.engine == "transformers":
        return transformers_voice(voice, language)
    if voice.engine == "http":
        return http_voice(voice, language)
    if voice.engine == "kokoro":
        return kokoro_voice(voice, campaign.language)
    if language != "en":
        fix = f"hibari speaks en; take engine kokoro ({', '.join(KokoroVoice.languages)})"
        raise ConfigError("the voice", [Refusal("language", campaign.language, fix)])
    return HibariVoice()


def consent(campaign: Campaign) -> str | None:
    """The consent to a cloned voice as a sentence for reviewers."""
    given = campaign.voice.consent
    return str(given) if given is not None and campaign.voice.is_cloned else None


def voice_limits(engine: SpeechEngine) -> dict[str, Any]:
    """What a worker with that voice takes, where it is not as little as the embedded one's: fields
    of `Speech`. The seconds are guesses that size the pools."""
    if isinstance(engine, TransformersVoice):
        preset = engine.preset
        hardware = Hardware(cpus=1, gpus=preset.gpus, memory_gb=preset.memory_gb)
        return {"hardware": hardware, "timeout_s": 1800.0, "seconds_hint": 30.0}
    if isinstance(engine, KokoroVoice):
        hardware = Hardware(cpus=1, memory_gb=1.2)
        return {"hardware": hardware, "timeout_s": 300.0, "seconds_hint": 16.0}
    if isinstance(engine, HttpVoice):
        hardware = Hardware(cpus=0.2, memory_gb=0.6)
        return {"hardware": hardware, "timeout_s": 600.0, "seconds_hint": 10.0}
    return {}


def cutting(campaign: Campaign) -> Cutting:
    """How the campaign's products are cut out."""
    how = campaign.matting
    if how is None:
        return Cutting()
    model = optional_asset(how.model)
    return Cutting(
        model=model, size_px=how.size_px, mean=how.mean, std=how.std, grabcut=how.grabcut
    )


def align(
    campaign: Campaign, effects: tuple[tuple[str, Asset], ...], clip_sounds: bool = False
) -> Align:
    """The stage with the campaign's aligner; `clip_sounds` where clips bring a sound of their own.
    Raises `ConfigError`.
    """
    given = campaign.aligner
    if given is None:
        return Align(length_s=campaign.length_s, effects=effects, clip_sounds=clip_sounds)
    on_hub = is_hub_id(given.model)
    if on_hub and given.revision is None:
        fix = f"{given.model} is on the hub, where it may change; name the commit, 40 hex digits"
        raise ConfigError("the aligner", [Refusal("aligner.revision", "not set", fix)])
    model = given.model if on_hub else voice_weights("aligner.model", given.model, False)
    aligner = CtcAligner(model=model, revision=given.revision if on_hub else None)
    return Align(
        length_s=campaign.length_s,
        effects=effects,
        aligner=aligner,
        clip_sounds=clip_sounds,
        hardware=Hardware(cpus=1, memory_gb=6.0),
        timeout_s=600.0,
        seconds_hint=8.0,  # a guess that sizes the pools
    )


def deliveries(campaign: Campaign) -> tuple[Delivery, ...]:
    """How the file of each format is made. Raises `ConfigError` for an encoder that this machine
    has not: it is asked by encoding a picture."""
    settings = campaign.encoding
    if settings.encoder == "nvenc" and (fault := nvenc_fault(settings.codec)) is not None:
        fix = f"this machine's card does not encode {settings.codec} ({fault}); take auto, which"
        fix += " uses the card on workers where it can, or software"
        raise ConfigError("the encoding", [Refusal("encoding.encoder", "nvenc", fix)])
    # Limits are judged behind it: a change of those makes no other file.
    return tuple(replace(one, gates=()) for one in campaign.deliveries())
