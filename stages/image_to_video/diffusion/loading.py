"""Loads a video model as its preset says: parts, scheduler, LoRAs, 8-bit weights, attention."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.video_preset import Lora, VideoPreset
from stages.image_to_video.diffusion.families import able_to_batch, frames_axis, rows_at_once
from stages.image_to_video.diffusion.packages import package

OURS = frozenset(
    ("image", "prompt", "negative_prompt", "height", "width", "num_frames", "frame_rate", "fps",
     "generator", "output_type", "latents", "self")
)  # fmt: skip
"""Arguments that are ours to give, clip by clip."""

DENOISERS = ("transformer", "transformer_2", "unet")


class ModelRefused(ValueError):
    """Preset and weights do not fit together: every spot would fail, so none is begun."""


def load_pipeline(preset: VideoPreset, folder: Path, parts: Mapping[str, Path], said: str) -> Any:
    """The pipeline in a folder, ready to be called, on the GPU if there is one.

    `parts` are local paths of what the preset names by `path` (components and LoRAs). `said`
    names the model for people. Raises `ModelRefused` naming key and fix, and `OSError` for
    weights that are pickles only.
    """
    torch, diffusers = package("torch"), package("diffusers")
    package("ftfy")  # several families clean prompts with it; diffusers does not ask for it
    diffusers.utils.logging.disable_progress_bar()
    package("transformers").utils.logging.disable_progress_bar()
    kind = getattr(diffusers, preset.pipeline or "DiffusionPipeline", None)
    if kind is None:
        names = [name for name in dir(diffusers) if name.endswith("ImageToVideoPipeline")]
        raise ModelRefused(
            f"pipeline {preset.pipeline!r} is no class of diffusers {diffusers.__version__};"
            f" {_close(preset.pipeline or '', names)}"
        )
    given = {
        name: _component(diffusers, name, part.path, parts, preset, kind)
        for name, part in preset.components.items()
        if part.path is not None
    }
    dtypes = {name: part.dtype for name, part in preset.components.items() if part.dtype}
    model = kind.from_pretrained(
        str(folder),
        torch_dtype={"default": getattr(torch, preset.dtype),
                     **{name: getattr(torch, dtype) for name, dtype in dtypes.items()}},
        use_safetensors=True,
        **given,
    )  # fmt: skip
    return prepare_pipeline(model, preset, parts, said)


def prepare_pipeline(model: Any, preset: VideoPreset, parts: Mapping[str, Path], said: str) -> Any:
    """A pipeline that was loaded, or made in memory, as its preset wants it."""
    torch, diffusers = package("torch"), package("diffusers")
    model = _as_batched(model)
    check_call(type(model), preset, said)
    unknown = sorted(set(preset.components) - set(model.components))
    if unknown:
        fix = _close(unknown[0], list(model.components))
        raise ModelRefused(
            f"components.{unknown[0]}: {type(model).__name__} has no such part; {fix}"
        )
    if preset.scheduler is not None:
        model.scheduler = _scheduler(diffusers, preset, model)
    _load_loras(model, preset.lora, parts)
    for name in DENOISERS:  # after the LoRAs: adapters of what is in 8 bits already cannot be added
        if (denoiser := getattr(model, name, None)) is not None:
            _prepare(torch, diffusers, denoiser, name, preset)
    _configure_vae(model, preset)
    if torch.cuda.is_available():
        torch.backends.cudnn.deterministic = True
        if preset.offload == "model":
            model.enable_model_cpu_offload()
        else:
            model.to("cuda")
    else:
        torch.set_num_threads(1)  # sums differ with the number of threads
    model.set_progress_bar_config(disable=True)
    return model


def check_call(kind: type, preset: VideoPreset, said: str) -> None:
    """Refuse what the pipeline's call would not take, before the first spot and not at it."""
    takes = arguments(kind)
    named = {preset.rename.get(name, name) for name in OURS}
    for name in preset.call:
        if name not in takes:
            fix = _close(name, sorted(takes - OURS))
            raise ModelRefused(f"call.{name}: {kind.__name__} takes no such argument; {fix}")
        if name in named:
            raise ModelRefused(f"call.{name}: is given clip by clip; take it out of `call`")
    for ours, theirs in preset.rename.items():
        if theirs not in takes:
            fix = _close(theirs, sorted(takes))
            raise ModelRefused(f"rename.{ours}: {kind.__name__} takes no {theirs!r}; {fix}")
    control = preset.control
    if control is not None:
        for key in ("arg", "mask_arg", "reference_arg", "scale_arg"):
            name = getattr(control, key)
            if name is not None and name not in takes:
                fix = _close(name, sorted(takes))
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


def arguments(kind: type) -> set[str]:
    """Names that calling a pipeline of this class takes."""
    return set(inspect.signature(kind.__call__).parameters)  # type: ignore[operator]


def _as_batched(model: Any) -> Any:
    kind = able_to_batch(type(model))
    # With a second encoder for the picture (Wan 2.1) rows would still be mixed: one at a time.
    if kind is not type(model) and getattr(model, "image_encoder", None) is None:
        model.__class__ = kind
    return model


def _component(
    diffusers: Any, name: str, path: str, parts: Mapping[str, Path], preset: VideoPreset, kind: type
) -> Any:
    """A part with weights of its own, by the class that its config names."""
    import json

    torch, folder = package("torch"), parts[path]
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


def _scheduler(diffusers: Any, preset: VideoPreset, model: Any) -> Any:
    wanted = preset.scheduler
    assert wanted is not None
    kind = getattr(diffusers, wanted.class_, None)
    if kind is None or not hasattr(kind, "set_timesteps"):
        names = [name for name in dir(diffusers) if name.endswith("Scheduler")]
        fix = _close(wanted.class_, names)
        raise ModelRefused(
            f"scheduler.class: {wanted.class_!r} is no scheduler of diffusers; {fix}"
        )
    takes = set(inspect.signature(kind.__init__).parameters) - {"self"}
    for name in wanted.args:
        if name not in takes:
            fix = _close(name, sorted(takes))
            raise ModelRefused(f"scheduler.args.{name}: {wanted.class_} takes no such one; {fix}")
    return kind.from_config(model.scheduler.config, **wanted.args)


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


def _prepare(torch: Any, diffusers: Any, denoiser: Any, name: str, preset: VideoPreset) -> None:
    part = preset.components.get(name)
    quantize = part.quantize if part else None
    if quantize == "fp8_weights":
        dtype = getattr(torch, (part.dtype if part else None) or preset.dtype)
        denoiser.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=dtype)
    elif quantize == "torchao_fp8":
        torchao = package("torchao.quantization")
        torchao.quantize_(denoiser, torchao.Float8DynamicActivationFloat8WeightConfig())
    if torch.cuda.is_available() and hasattr(denoiser, "set_attention_backend"):
        try:
            denoiser.set_attention_backend(preset.attention)
        except (ValueError, RuntimeError) as error:
            raise ModelRefused(f"attention: {preset.attention!r}: {error}") from error
    if preset.cache is not None:
        denoiser.enable_cache(_cache(diffusers, preset))
    if preset.compile == "regional" and torch.cuda.is_available():
        denoiser.compile_repeated_blocks(fullgraph=True)


def _cache(diffusers: Any, preset: VideoPreset) -> Any:
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


def _configure_vae(model: Any, preset: VideoPreset) -> None:
    vae: Any = getattr(model, "vae", None)
    if preset.vae.slicing and hasattr(vae, "use_slicing"):
        vae.enable_slicing()
    if preset.vae.tiling == "on" and hasattr(vae, "use_tiling"):
        vae.enable_tiling()


def _close(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(known[:40])}"
