"""What a pipeline is called with: of all that we have, what it takes, under its own names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from schemas.video_preset import VideoPreset
from stages.image_to_video.diffusion.control import (
    control_track,
    given_track,
    product_picture,
    still_track,
)
from stages.image_to_video.diffusion.families import (
    DRAWS_ON_THE_CARD,
    frames_axis,
    is_one_of,
)
from stages.image_to_video.diffusion.noise import generator, mixed_noise
from stages.image_to_video.diffusion.packages import package
from stages.image_to_video.engine import ClipRequest
from stages.shared.diffusion.loading import arguments


def frame_count(preset: VideoPreset, request: ClipRequest) -> int:
    """Frames to ask for: of the preset's rule, and enough for the clip if it can."""
    seconds = request.frames / request.format.fps
    return preset.frames.snap(int(np.ceil(seconds * preset.frames.fps - 1e-6)) + 1)


def arguments_of(
    preset: VideoPreset, model: Any, requests: Sequence[ClipRequest],
    pictures: Sequence[np.ndarray], count: int, reference: np.ndarray | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Arguments of the call that makes `count` frames of each request; one row as it is, several
    as lists. `pictures` are the first frames, RGB uint8 (height, width, 3) of the preset's size;
    `reference` stands for the product photo, which is read if it is None.
    """
    image, size = package("PIL.Image"), preset.size
    device = str(model.device) if is_one_of(type(model), DRAWS_ON_THE_CARD) else "cpu"
    generators = [generator(one.seed, one.shot, device) for one in requests]
    shown = [image.fromarray(picture) for picture in pictures]
    offered = {
        "image": _one_or_all(shown),
        "prompt": _one_or_all([_prompt(preset, one) for one in requests]),
        "height": size.height,
        "width": size.width,
        "num_frames": count,
        "frame_rate": preset.frames.fps,
        "fps": preset.frames.fps,
        "generator": _one_or_all(generators),
        "output_type": "np",
    }
    if preset.negative_prompt:
        offered["negative_prompt"] = _one_or_all([preset.negative_prompt] * len(requests))
    if len(requests) > 1 and type(model).__name__ == "BatchedWan":
        stack = np.stack(pictures).transpose(0, 3, 1, 2).astype(np.float32) / 255
        offered["image"] = package("torch").from_numpy(stack)
    if preset.noise.kind == "mixed":
        offered["latents"] = _noise(preset, model, generators, count)
    takes = arguments(type(model))
    named = {preset.rename.get(name, name): value for name, value in offered.items()}
    given = {name: value for name, value in named.items() if name in takes}
    if preset.control is not None:
        given |= _control(preset, requests[0], count, shown[0], reference)
    return {**given, **preset.call}


def _prompt(preset: VideoPreset, request: ClipRequest) -> str:
    words = preset.camera.get(request.move)
    move = (words.text if words else "") or request.move.replace("_", " ")
    return preset.prompt.format(**request.texts, move=move)


def _noise(preset: VideoPreset, model: Any, generators: list[Any], count: int) -> Any:
    size, every = preset.size, model.vae_scale_factor
    channels = model.vae.config.latent_channels
    noise = mixed_noise(
        generators, count, channels, size.height // every, size.width // every, preset.noise.alpha
    )
    axis = frames_axis(type(model))
    assert axis is not None  # `check_call` refuses the others
    noise = noise.movedim(1, axis)
    return noise.to(next(model.unet.parameters()).dtype)


def _control(
    preset: VideoPreset, request: ClipRequest, count: int, first: Any, other: np.ndarray | None
) -> dict[str, Any]:
    """The control track, the mask (the first frame is kept), and the product as reference; all of
    them of the picture `other` if there is one."""
    image, control, size = package("PIL.Image"), preset.control, preset.size
    assert control is not None
    box = (size.width, size.height)
    if other is not None and control.alone:
        pictures = still_track(other, control.kind, count, *box)
    elif "control" in request.files:
        pictures = given_track(request.files["control"], count, *box)
    else:
        pictures = control_track(request, control.kind, count, *box)
    track = [image.fromarray(picture) for picture in pictures]
    given: dict[str, Any] = {control.arg: track}
    if control.mask_arg:
        keep, free = (image.new("L", (size.width, size.height), tone) for tone in (0, 255))
        given[control.arg] = [first, *track[1:]]
        given[control.mask_arg] = [keep, *([free] * (count - 1))]
    if control.reference_arg:
        product = product_picture(request) if other is None else other
        given[control.reference_arg] = [image.fromarray(product)]
    if control.scale_arg:
        given[control.scale_arg] = control.scale
    return given


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values
