"""What pipelines of diffusers can do that their signatures do not say. Read in diffusers 0.42.1,
and run on tiny checkpoints by `tests/stages/test_diffusion*.py`.
"""

from __future__ import annotations

from typing import Any

BATCHES_LISTS = frozenset(
    ("StableVideoDiffusionPipeline", "LTXImageToVideoPipeline", "LTX2ImageToVideoPipeline",
     "CogVideoXImageToVideoPipeline")
)  # fmt: skip
"""A list of pictures, a list of prompts, a list of generators: rows come out as if alone."""

NOISE_SHAPES = {"StableVideoDiffusionPipeline": "frames first"}
"""Where `latents` is the noise of [batch, frames, channels, height, width] and the picture is
encoded apart. With LTX it takes the place of the encoded picture, and the product is gone."""


def rows_at_once(kind: type) -> int | None:
    """How many different products one call of a class takes; None for any number."""
    names = {base.__name__ for base in kind.__mro__}
    return None if names & BATCHES_LISTS or "BatchedWan" in names else 1


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
