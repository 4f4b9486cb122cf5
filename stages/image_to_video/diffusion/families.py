"""What pipelines of diffusers can do that their signatures do not say. Read in diffusers 0.42.1,
and run on tiny checkpoints by `tests/stages/test_diffusion*.py`.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

BATCHES_LISTS = frozenset(
    ("StableVideoDiffusionPipeline", "LTXImageToVideoPipeline", "LTX2ImageToVideoPipeline",
     "CogVideoXImageToVideoPipeline", "PIAPipeline")
)  # fmt: skip
"""A list of pictures, a list of prompts, a list of generators: rows come out as if alone."""

FRAMES_AXIS = {"StableVideoDiffusionPipeline": 1, "PIAPipeline": 2}
"""Where `latents` is the noise and the picture is encoded apart: the axis of [batch, frames,
channels, height, width] that the frames have. With LTX `latents` takes the place of the encoded
picture, and the product is gone."""

CHUNKED = frozenset(("HeliosPipeline", "HeliosPyramidPipeline"))
"""Pipelines that decode a part of the clip, and then denoise the next one."""

DRAWS_ON_THE_CARD = CHUNKED
"""Pipelines that draw noise on the denoiser's device, where a generator of the CPU is refused."""

SOUND_RATES = {"LTX2ImageToVideoPipeline": "vocoder.config.output_sampling_rate"}
"""Pipelines whose output has `audio`, waveforms [batch, channels, samples] from -1 to 1 that begin
with the picture; where the loaded model tells their rate."""


def sound_rate(model: Any) -> int | None:
    """Samples per second of the sound that a loaded pipeline makes beside its picture, or None."""
    for base in type(model).__mro__:
        if (path := SOUND_RATES.get(base.__name__)) is not None:
            found = model
            for part in path.split("."):
                found = getattr(found, part)
            return int(found)
    return None


def is_one_of(kind: type, names: Container[str]) -> bool:
    """Whether a pipeline's class, or one that it is made of, has one of these names."""
    return any(base.__name__ in names for base in kind.__mro__)


def frames_axis(kind: type) -> int | None:
    """See `FRAMES_AXIS`; None where a class takes no noise of ours."""
    found = [FRAMES_AXIS[base.__name__] for base in kind.__mro__ if base.__name__ in FRAMES_AXIS]
    return found[0] if found else None


def rows_at_once(kind: type) -> int | None:
    """How many different products one call of a class takes; None for any number."""
    return None if is_one_of(kind, BATCHES_LISTS | {"BatchedWan"}) else 1


def able_to_batch(kind: type) -> type:
    """The class, or one that takes several pictures where that is a matter of a few lines."""
    if kind.__name__ == "WanImageToVideoPipeline":
        return _batched_wan(kind)
    return kind


def _batched_wan(base: Any) -> type:
    """Wan's image to video encodes every picture for every row (diffusers pull request 14170):
    here each row has its own."""
    from stages.image_to_video.diffusion.packages import package

    torch = package("torch")

    class BatchedWan(base):  # type: ignore[misc,valid-type]
        def prepare_latents(
            self, image: Any, batch_size: int, channels: int, height: int, width: int,
            frames: int, dtype: Any, device: Any, generator: Any, latents: Any, last_image: Any,
        ) -> Any:  # fmt: skip
            def rows(at: slice, count: int, noise: Any) -> Any:
                return base.prepare_latents(
                    self, image[at], count, channels, height, width, frames, dtype, device, noise,
                    None if latents is None else latents[at],
                    None if last_image is None else last_image[at],
                )  # fmt: skip

            if len(image) == 1:
                return rows(slice(None), batch_size, generator)
            several = isinstance(generator, list)
            made = [
                rows(slice(n, n + 1), 1, generator[n] if several else generator)
                for n in range(len(image))
            ]
            return tuple(torch.cat(parts) for parts in zip(*made, strict=True))

    BatchedWan.__qualname__ = base.__qualname__
    return BatchedWan
