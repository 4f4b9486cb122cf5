"""Loads a talking-head model by its preset, and refuses one that cannot be driven."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from schemas.presenter_preset import PresenterPreset
from stages.shared.diffusion.loading import (
    DENOISERS,
    ModelRefused,
    arguments,
    check_components,
    compile_denoiser,
    meant,
    open_pipeline,
    package,
    place,
    prepare_denoiser,
    set_scheduler,
)

DRIVES = {
    "motion": ("image", "pose_video", "face_video", "segment_frame_length",
               "prev_segment_conditioning_frames"),
    "audio": ("conditions", "audio_latents", "num_frames", "frame_rate"),
}  # fmt: skip
"""Arguments by which a pipeline is driven, which its call must take."""
_OURS = frozenset(("prompt", "negative_prompt", "height", "width", "generator", "output_type",
                   "latents", "self"))  # fmt: skip


class OutOfCardMemory(MemoryError):
    """A take does not fit the card, not even decoded in tiles."""


def load_model(preset: PresenterPreset, folder: Path) -> Any:
    """The pipeline in a folder, ready to be called, on the GPU if there is one.

    Raises `ModelRefused` naming key and fix, and `OSError` for weights that are pickles only.
    """
    model = open_pipeline(preset, folder, {})
    check_call(type(model), preset)
    check_components(model, preset)
    set_scheduler(model, preset)
    for name in DENOISERS:
        if (denoiser := getattr(model, name, None)) is not None:
            prepare_denoiser(denoiser, name, preset)
            compile_denoiser(denoiser, preset)
    place(model, preset)
    return model


def check_call(kind: type, preset: PresenterPreset) -> None:
    """Refuse what the pipeline's call would not take, before the first spot and not at it."""
    takes, drive = arguments(kind), DRIVES[preset.drive]
    if missing := [name for name in drive if name not in takes]:
        raise ModelRefused(
            f"pipeline: {kind.__name__} takes no {missing[0]}, so it cannot be driven by"
            f" {preset.drive}; name WanAnimatePipeline (motion) or LTX2ConditionPipeline (audio)"
        )
    for name in preset.call:
        if name not in takes:
            fix = meant(name, sorted(takes - _OURS - set(drive)))
            raise ModelRefused(f"call.{name}: {kind.__name__} takes no such argument; {fix}")
        if name in _OURS or name in drive:
            raise ModelRefused(f"call.{name}: is given take by take; take it out of `call`")


def generator(seed: int, first_frame: int) -> Any:
    """A generator for what begins at that frame, on the CPU, so that any device gets its noise."""
    torch = package("torch")
    state = np.random.SeedSequence((seed % 2**64, 0x7A1C, first_frame)).generate_state(1)
    return torch.Generator("cpu").manual_seed(int(state[0]))


def called(model: Any, preset: PresenterPreset, call: Callable[[], Any]) -> np.ndarray:
    """The frames that a call makes, float32 (count, side, side, 3) in 0 to 1; where the card is
    full, once more in tiles. Raises `OutOfCardMemory`, `FloatingPointError`."""
    torch = package("torch")
    try:
        with torch.inference_mode():
            made = call()
    except torch.OutOfMemoryError as error:
        if preset.vae.tiling != "auto" or getattr(model.vae, "use_tiling", True):
            raise OutOfCardMemory(
                f"a take of {preset.side} px does not fit the card; make side or frames.most"
                f" smaller, or set offload: model ({str(error)[:300]})"
            ) from None
        torch.cuda.empty_cache()
        model.vae.enable_tiling()
        return called(model, preset, call)
    video = np.asarray(made.frames[0], np.float32)
    if not np.isfinite(video).all():
        raise FloatingPointError(
            f"{preset.name} in {preset.dtype} made frames that are no numbers; use float32 or"
            " bfloat16, or the dtype of its model card"
        )
    return video
