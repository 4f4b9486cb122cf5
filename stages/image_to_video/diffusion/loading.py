"""Loads a video model as its preset says: parts, scheduler, LoRAs, 8-bit weights, attention."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.video_preset import Lora, VideoPreset
from stages.image_to_video.diffusion.families import able_to_batch, frames_axis, rows_at_once
from stages.image_to_video.diffusion.packages import package
from stages.shared.diffusion.loading import (
    DENOISERS,
    ModelRefused,
    arguments,
    check_components,
    compile_denoiser,
    meant,
    open_pipeline,
    place,
    prepare_denoiser,
    set_scheduler,
)

OURS = frozenset(
    ("image", "prompt", "negative_prompt", "height", "width", "num_frames", "frame_rate", "fps",
     "generator", "output_type", "latents", "self")
)  # fmt: skip
"""Arguments that are ours to give, clip by clip."""


def load_pipeline(preset: VideoPreset, folder: Path, parts: Mapping[str, Path], said: str) -> Any:
    """The pipeline in a folder, ready to be called, on the GPU if there is one.

    `parts` are local paths of what the preset names by `path` (components and LoRAs). `said`
    names the model for people. Raises `ModelRefused` naming key and fix, and `OSError` for
    weights that are pickles only.
    """
    given = {
        name: _component(name, part.path, parts, preset)
        for name, part in preset.components.items()
        if part.path is not None
    }
    model = open_pipeline(preset, folder, given)
    return prepare_pipeline(model, preset, parts, said)


def prepare_pipeline(model: Any, preset: VideoPreset, parts: Mapping[str, Path], said: str) -> Any:
    """A pipeline that was loaded, or made in memory, as its preset wants it."""
    model = _as_batched(model)
    check_call(type(model), preset, said)
    check_components(model, preset)
    set_scheduler(model, preset)
    _load_loras(model, preset.lora, parts)
    for name in DENOISERS:  # after the LoRAs: adapters of what is in 8 bits already cannot be added
        if (denoiser := getattr(model, name, None)) is not None:
            prepare_denoiser(denoiser, name, preset)
            if preset.cache is not None:
                denoiser.enable_cache(_cache(preset))
            compile_denoiser(denoiser, preset)
    place(model, preset)
    return model


def check_call(kind: type, preset: VideoPreset, said: str) -> None:
    """Refuse what the pipeline's call would not take, before the first spot and not at it."""
    takes = arguments(kind)
    named = {preset.rename.get(name, name) for name in OURS}
    for name in preset.call:
        if name not in takes:
            fix = meant(name, sorted(takes - OURS))
            raise ModelRefused(f"call.{name}: {kind.__name__} takes no such argument; {fix}")
        if name in named:
            raise ModelRefused(f"call.{name}: is given clip by clip; take it out of `call`")
    for ours, theirs in preset.rename.items():
        if theirs not in takes:
            fix = meant(theirs, sorted(takes))
            raise ModelRefused(f"rename.{ours}: {kind.__name__} takes no {theirs!r}; {fix}")
    control = preset.control
    if control is not None:
        for key in ("arg", "mask_arg", "reference_arg", "scale_arg"):
            name = getattr(control, key)
            if name is not None and name not in takes:
                fix = meant(name, sorted(takes))
                raise ModelRefused(f"control.{key}: {kind.__name__} takes no {name!r}; {fix}")
    image = preset.rename.get("image", "image")
    sees = image in takes or (control is not None and (control.reference_arg or control.alone))
    if not sees:
        raise ModelRefused(
            f"{said} loads as {kind.__name__}, which takes no image and would invent a product;"
            " name the family's image-to-video class as `pipeline`"
        )
    if preset.noise.kind == "mixed" and frames_axis(kind) is None:
        raise ModelRefused(
            f"noise.kind: with {kind.__name__} given noise would take the place of the product"
            " picture, or is not known to be sound; set it to iid"
        )
    most = rows_at_once(kind)
    if most is not None and preset.batch.most > most:
        raise ModelRefused(
            f"batch.most: {kind.__name__} takes {most} product at a time; set it to {most}"
        )


def _as_batched(model: Any) -> Any:
    kind = able_to_batch(type(model))
    # With a second encoder for the picture (Wan 2.1) rows would still be mixed: one at a time.
    if kind is not type(model) and getattr(model, "image_encoder", None) is None:
        model.__class__ = kind
    return model


def _component(name: str, path: str, parts: Mapping[str, Path], preset: VideoPreset) -> Any:
    """A part with weights of its own, by the class that its config names."""
    import json

    torch, diffusers, folder = package("torch"), package("diffusers"), parts[path]
    config = folder / "config.json"
    if not config.is_file():
        raise ModelRefused(f"components.{name}.path: {folder} has no config.json; name its folder")
    says = json.loads(config.read_text("utf-8"))
    told = says.get("_class_name") or (says.get("architectures") or [""])[0]
    library = diffusers if says.get("_class_name") else package("transformers")
    found = getattr(library, told, None)
    if found is None:
        raise ModelRefused(f"components.{name}.path: {config} names no class that is installed")
    dtype = preset.components[name].dtype or preset.dtype
    return found.from_pretrained(
        str(folder), torch_dtype=getattr(torch, dtype), use_safetensors=True
    )


def lora_name(number: int) -> str:
    """The adapter's name by its place in the preset."""
    return f"lora_{number}"


def _load_loras(model: Any, loras: tuple[Lora, ...], parts: Mapping[str, Path]) -> None:
    if loras and not hasattr(model, "load_lora_weights"):
        raise ModelRefused(f"lora: {type(model).__name__} takes none; leave it out")
    for number, lora in enumerate(loras):
        more = {"load_into_transformer_2": True} if lora.part == "transformer_2" else {}
        path = parts[lora.path]
        where = {"weight_name": lora.weight_name} if lora.weight_name else {}
        try:
            model.load_lora_weights(str(path), adapter_name=lora_name(number), **where, **more)
        except (OSError, ValueError, KeyError) as error:
            said = f"lora.{number}.path: {path} cannot be loaded ({error})"
            raise ModelRefused(said) from error


def use_loras(model: Any, loras: tuple[Lora, ...], move: str) -> None:
    """Switch on the adapters of this camera move."""
    if loras:
        names = [lora_name(number) for number in range(len(loras))]
        scales = [lora.scale if not lora.when or move in lora.when else 0.0 for lora in loras]
        model.set_adapters(names, scales)


def _cache(preset: VideoPreset) -> Any:
    diffusers = package("diffusers")
    assert preset.cache is not None
    kind = {"first_block": "FirstBlockCacheConfig", "taylorseer": "TaylorSeerCacheConfig",
            "mag": "MagCacheConfig", "pyramid_attention": "PyramidAttentionBroadcastConfig",
            }[preset.cache.kind]  # fmt: skip
    found = getattr(diffusers, kind, None)
    if found is None:
        raise ModelRefused(f"cache.kind: diffusers {diffusers.__version__} has no {kind}")
    try:
        return found(**preset.cache.args)
    except TypeError as error:
        raise ModelRefused(f"cache.args: {kind}: {error}") from error
