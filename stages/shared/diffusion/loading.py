"""Loads a pipeline of diffusers as a preset says: class, number types, scheduler, 8 bits, VAE."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from schemas.video_preset import Component, Scheduler, Vae
from stages.shared.packages import gpu_package

DENOISERS = ("transformer", "transformer_2", "unet")


class ModelRefused(ValueError):
    """Preset and weights do not fit together: every spot would fail, so none is begun."""


class Loads(Protocol):
    """A preset, as far as it says how a pipeline is loaded (see `schemas/video_preset.py`)."""

    @property
    def pipeline(self) -> str | None:
        """Class of diffusers; None for the one that the folder names."""

    @property
    def dtype(self) -> str:
        """Number type of parts that name none."""

    @property
    def components(self) -> Mapping[str, Component]:
        """Parts that are loaded otherwise."""

    @property
    def scheduler(self) -> Scheduler | None:
        """The scheduler in the place of the model's own."""

    @property
    def attention(self) -> str:
        """Backend of attention on a GPU."""

    @property
    def compile(self) -> str:
        """ "regional" compiles the denoiser's blocks on a GPU."""

    @property
    def vae(self) -> Vae:
        """Ways to decode in less memory."""

    @property
    def offload(self) -> str:
        """ "model": parts go to the card in turn."""


def package(name: str) -> Any:
    """Import what only big models need. Raises `ImportError` with the command to install it."""
    return gpu_package(name, "a model of diffusers", "run")


def open_pipeline(preset: Loads, folder: Path, given: Mapping[str, Any]) -> Any:
    """The pipeline in a folder, in its number types; `given` are parts that are loaded already.

    Raises `ModelRefused` for a class that is not there, `OSError` for pickles only.
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
            f" {meant(preset.pipeline or '', names)}"
        )
    dtypes = {name: part.dtype for name, part in preset.components.items() if part.dtype}
    return kind.from_pretrained(
        str(folder),
        torch_dtype={"default": getattr(torch, preset.dtype),
                     **{name: getattr(torch, dtype) for name, dtype in dtypes.items()}},
        use_safetensors=True,
        **given,
    )  # fmt: skip


def check_components(model: Any, preset: Loads) -> None:
    """Refuse a part that the pipeline does not have."""
    unknown = sorted(set(preset.components) - set(model.components))
    if unknown:
        fix = meant(unknown[0], list(model.components))
        raise ModelRefused(
            f"components.{unknown[0]}: {type(model).__name__} has no such part; {fix}"
        )


def set_scheduler(model: Any, preset: Loads) -> None:
    """Give the pipeline the preset's scheduler, if it names one. Raises `ModelRefused`."""
    diffusers, wanted = package("diffusers"), preset.scheduler
    if wanted is None:
        return
    kind = getattr(diffusers, wanted.class_, None)
    if kind is None or not hasattr(kind, "set_timesteps"):
        names = [name for name in dir(diffusers) if name.endswith("Scheduler")]
        fix = meant(wanted.class_, names)
        raise ModelRefused(
            f"scheduler.class: {wanted.class_!r} is no scheduler of diffusers; {fix}"
        )
    takes = set(inspect.signature(kind.__init__).parameters) - {"self"}
    for name in wanted.args:
        if name not in takes:
            fix = meant(name, sorted(takes))
            raise ModelRefused(f"scheduler.args.{name}: {wanted.class_} takes no such one; {fix}")
    model.scheduler = kind.from_config(model.scheduler.config, **wanted.args)


def prepare_denoiser(denoiser: Any, name: str, preset: Loads) -> None:
    """8-bit weights and the attention's backend, as the preset says. Raises `ModelRefused`."""
    torch = package("torch")
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


def compile_denoiser(denoiser: Any, preset: Loads) -> None:
    """Compile its repeated blocks on a GPU, where the preset says so."""
    if preset.compile == "regional" and package("torch").cuda.is_available():
        denoiser.compile_repeated_blocks(fullgraph=True)


def place(model: Any, preset: Loads) -> None:
    """Slice and tile the VAE as asked, and bring the pipeline to the GPU if there is one."""
    torch = package("torch")
    vae: Any = getattr(model, "vae", None)
    if preset.vae.slicing and hasattr(vae, "use_slicing"):
        vae.enable_slicing()
    if preset.vae.tiling == "on" and hasattr(vae, "use_tiling"):
        vae.enable_tiling()
    if torch.cuda.is_available():
        torch.backends.cudnn.deterministic = True
        if preset.offload == "model":
            model.enable_model_cpu_offload()
        else:
            model.to("cuda")
    else:
        torch.set_num_threads(1)  # sums differ with the number of threads
    model.set_progress_bar_config(disable=True)


def arguments(kind: type) -> set[str]:
    """Names that calling a pipeline of this class takes."""
    return set(inspect.signature(kind.__call__).parameters)  # type: ignore[operator]


def meant(name: str, known: list[str]) -> str:
    """The end of a refusal: the nearest of what there is, or all of it."""
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(known[:40])}"
