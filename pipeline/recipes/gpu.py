"""The gpu recipe: the laptop's nine stages, their clips made by the campaign's video model."""

from __future__ import annotations

from pipeline.media import asset
from pipeline.recipes import laptop
from schemas.asset import Asset
from schemas.campaign import Campaign
from schemas.config_error import ConfigError, Refusal
from schemas.layout import FORMATS
from schemas.video_model import VideoModel
from stages.base import Stage
from stages.hardware import Hardware
from stages.image_to_video import DiffusersClips, ImageToVideo

WORKER = Hardware(cpus=2, gpus=1, memory_gb=32)
"""One card each; weights pass through the worker's memory: 24 GB for Wan 2.2 TI2V 5B."""

MOST_STRETCH = 1.1
"""How far a model's aspect may be from the format's: beyond it, shapes change too much for it."""


def recipe(campaign: Campaign) -> list[Stage]:
    """From product photo and script to a signed spot. Raises `ConfigError` without a model."""
    model = campaign.video_model
    if model is None:
        fix = (
            "name one: {model: owner/name or folder, revision: commit, licence_accepted: true};"
            " or use --recipe laptop"
        )
        raise ConfigError("the gpu recipe", [Refusal("video_model", "not set", fix)])
    _check_aspect(model, campaign.formats[0])
    engine = DiffusersClips(
        model=_weights(model),
        revision=model.revision,
        pipeline=model.pipeline,
        prompt=model.prompt,
        steps=model.steps,
        guidance=model.guidance,
        width_px=model.width_px,
        height_px=model.height_px,
        fps=model.fps,
        max_frames=model.max_frames,
        dtype=model.dtype,
    )
    clips = ImageToVideo(
        engine=engine,
        format=campaign.formats[0],
        length_s=campaign.length_s,
        hardware=WORKER,
        seconds_hint=240.0,  # a guess that sizes the pools
        timeout_s=3600.0,
    )
    return laptop.recipe(campaign, clips)


def _weights(model: VideoModel) -> Asset | str:
    """A hub id as it is; a folder with the digest of its files, which every key then holds."""
    if model.is_hub_id:
        return model.model
    folder = model.model.rstrip("/") + "/"
    try:
        return asset(folder)
    except FileNotFoundError:
        fix = "there is no such folder; check the path, or write a hub id as owner/name"
        refusal = Refusal("video_model.model", model.model, fix)
        raise ConfigError("the gpu recipe", [refusal]) from None


def _check_aspect(model: VideoModel, name: str) -> None:
    form = FORMATS[name]
    stretch = model.width_px / model.height_px * form.height_px / form.width_px
    if not 1 / MOST_STRETCH <= stretch <= MOST_STRETCH:
        size = f"{model.width_px}x{model.height_px}"
        fix = f"the format {name} is {form.width_px}x{form.height_px}; take a size of that aspect"
        raise ConfigError("the gpu recipe", [Refusal("video_model.width_px", size, fix)])
