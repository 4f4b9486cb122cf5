"""The gpu recipe: the laptop's stages, their clips made by the campaign's video model."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.media import asset
from pipeline.recipes import laptop
from pipeline.recipes.judged import clip_gates
from pipeline.recipes.parts import cutting, formats, optional_asset
from schemas.asset import Asset
from schemas.campaign import Campaign
from schemas.checked import weights_refusals
from schemas.config_error import ConfigError, Refusal
from schemas.layout import FORMATS, Format
from schemas.video_model import VideoModel
from schemas.video_preset import VideoPreset
from stages.base import Stage
from stages.hardware import Hardware
from stages.image_to_video import DiffusersClips, HttpClips, ImageToVideo
from stages.image_to_video.diffusion.families import SOUND_RATES
from stages.image_to_video.presets import load_preset

WORKER = Hardware(cpus=2, gpus=1, memory_gb=32)
"""One card each; weights pass through the worker's memory: 24 GB for Wan 2.2 TI2V 5B."""

MOST_STRETCH = 1.1
"""How far a model's aspect may be from the format's: beyond it, shapes change too much for it."""


def recipe(campaign: Campaign) -> list[Stage]:
    """From product photo and script to a signed spot. Raises `ConfigError` without a model."""
    model = campaign.video_model
    if model is None:
        fix = (
            "name a preset: {preset: wan22-5b-fast, revision: commit} (python -m jobs.presets lists"
            " them); or use --recipe laptop"
        )
        raise ConfigError("the gpu recipe", [Refusal("video_model", "not set", fix)])
    if model.service is not None:
        return laptop.recipe(campaign, _served_clips(campaign, model))
    preset = campaign_preset(model)
    frames = formats(campaign)
    size = preset.size
    _check_aspect(size.width, size.height, frames, "video_model.settings.size")
    _check_steered(preset, campaign)
    _check_sound(preset, model)
    engine = DiffusersClips(
        preset=preset,
        model=_weights("video_model.model", preset.model, preset.is_hub_id),
        revision=preset.revision if preset.is_hub_id else None,
        parts=tuple(_part(path) for path in preset.part_paths()),
        keep_sound=model.keep_sound,
    )
    clips = ImageToVideo(
        engine=engine,
        formats=frames,
        length_s=campaign.length_s,
        snap_cuts=campaign.sound.snap_cuts,
        cutting=cutting(campaign),
        camera=model.camera,
        subject_model=optional_asset(model.subject_model),
        gates=clip_gates(campaign),
        hardware=WORKER,
        seconds_hint=240.0,  # a guess that sizes the pools
        timeout_s=3600.0,
    )
    return laptop.recipe(campaign, clips)


def _served_clips(campaign: Campaign, model: VideoModel) -> ImageToVideo:
    """Clips from a service of the team's own: its GPUs are not ours to book."""
    if model.model is None:
        fix = "name the model as the service calls it; its key holds nothing else of the weights"
        raise ConfigError("the gpu recipe", [Refusal("video_model.model", "not set", fix)])
    if model.keep_sound:
        fix = "of a service's clips the picture alone is taken: leave it out"
        raise ConfigError("the gpu recipe", [Refusal("video_model.keep_sound", "true", fix)])
    allowed = ("prompt", "width_px", "height_px", "seconds_step", "timeout_s", "poll_s")
    if unknown := sorted(set(model.settings) - set(allowed)):
        fix = f"with a service there are {', '.join(allowed)}"
        raise ConfigError("the gpu recipe", [Refusal("video_model.settings", unknown[0], fix)])
    engine = HttpClips(url=model.service or "", model=model.model, **model.settings)
    frames = formats(campaign)
    _check_aspect(engine.width_px, engine.height_px, frames, "video_model.settings.width_px")
    return ImageToVideo(
        engine=engine,
        formats=frames,
        length_s=campaign.length_s,
        snap_cuts=campaign.sound.snap_cuts,
        cutting=cutting(campaign),
        camera=model.camera,
        subject_model=optional_asset(model.subject_model),
        gates=clip_gates(campaign),
        hardware=Hardware(cpus=0.2, memory_gb=2.5),
        seconds_hint=60.0,
        timeout_s=3600.0,
    )


def campaign_preset(model: VideoModel) -> VideoPreset:
    """The preset that a campaign names, with its own settings. Raises `ConfigError`."""
    over = dict(model.settings)
    if model.model is not None:
        over["model"] = model.model
    if model.revision is not None:
        over["revision"] = model.revision
    preset = load_preset(model.preset, over)
    refusals = weights_refusals(
        "video_model.", preset, accepted=model.licence_accepted, own=model.model is not None
    )
    if refusals:
        raise ConfigError("the gpu recipe", refusals)
    return preset


def _part(path: str) -> Asset | str:
    name, at, commit = path.partition("@")
    if at and len(commit) == 40 and "/" in name and not name.startswith((".", "/")):
        return path
    if path.count("/") == 1 and not path.startswith((".", "/")) and not path.endswith("/"):
        fix = f"name its commit, {path}@<40 hex digits>, in settings.lora or settings.components"
        raise ConfigError("the gpu recipe", [Refusal("video_model.settings", path, fix)])
    return _weights("video_model.settings", path, False)  # type: ignore[return-value]


def _weights(key: str, where: str, is_hub_id: bool) -> Asset | str:
    """A hub id as it is; a folder or file with the digest of its content, for every key."""
    if is_hub_id:
        return where
    try:
        single = where.endswith(".safetensors")
        return asset(where if single else where.rstrip("/") + "/")
    except FileNotFoundError:
        fix = "there is no such folder; give a folder as save_pretrained writes it, or owner/name"
        raise ConfigError("the gpu recipe", [Refusal(key, where, fix)]) from None


def _check_steered(preset: VideoPreset, campaign: Campaign) -> None:
    """A model that sees nothing of the product but lines invents the rest: somebody must look."""
    control, gate = preset.control, "clip_product_colours"
    if control is None or not control.alone:
        return
    if gate not in {name for name, least, _ in clip_gates(campaign) if least is not None}:
        fix = (
            f"{preset.name} is steered by {control.kind} alone and invents the product's colours;"
            " ask for theirs, such as [0.7, null]"
        )
        raise ConfigError("the gpu recipe", [Refusal(f"quality.gates.{gate}", "not set", fix)])


def _check_sound(preset: VideoPreset, model: VideoModel) -> None:
    """A model that makes no sound has none to keep. A preset that leaves the class to the
    repository is looked at when it is loaded."""
    if model.keep_sound and preset.pipeline is not None and preset.pipeline not in SOUND_RATES:
        fix = (
            f"preset {preset.name} is {preset.pipeline}, which makes no sound: leave it out, or"
            f" take a preset of {', '.join(SOUND_RATES)} (ltx25-av)"
        )
        raise ConfigError("the gpu recipe", [Refusal("video_model.keep_sound", "true", fix)])


def _check_aspect(width_px: int, height_px: int, formats: Sequence[Format], key: str) -> None:
    """Clips are made in the first format and reframed for the others: its aspect must be theirs."""
    fitting = [form.name for form in formats if _alike(width_px / height_px, form)]
    if formats[0].name in fitting:
        return
    named = ", ".join(form.name for form in formats)
    if fitting:
        fix = f"clips are made in the first of the formats ({named}); put {fitting[0]} first"
    else:
        wanted = f"{formats[0].width_px}x{formats[0].height_px}"
        own = [form.name for form in FORMATS.values() if _alike(width_px / height_px, form)]
        fix = f"the formats are {named}, and the first is {wanted}; take a size of its aspect"
        fix += f", or begin the formats with {own[0]}" if own else ""
    raise ConfigError("the gpu recipe", [Refusal(key, f"{width_px}x{height_px}", fix)])


def _alike(aspect: float, form: Format) -> bool:
    return 1 / MOST_STRETCH <= aspect / (form.width_px / form.height_px) <= MOST_STRETCH
