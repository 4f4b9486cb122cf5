"""Noise for clips: one CPU generator per row, and noise that frames have partly in common."""

from __future__ import annotations

from typing import Any

import numpy as np

from stages.image_to_video.diffusion.packages import package


def generator(seed: int, shot: int, device: str = "cpu") -> Any:
    """A generator of its own for a row: on the CPU, so that any device gets the same noise, but
    for pipelines that must have it on theirs.
    """
    torch = package("torch")
    state = np.random.SeedSequence((seed % 2**64, shot)).generate_state(1)
    return torch.Generator(device).manual_seed(int(state[0]))


def mixed_noise(
    generators: list[Any], frames: int, channels: int, height: int, width: int, alpha: float
) -> Any:
    """float32 (rows, frames, channels, height, width): each frame's variance is 1, of which
    `alpha` is the same in all frames of a row (Ge et al., 2023: mixed noise).
    """
    torch = package("torch")
    rows = []
    for one in generators:
        shared = torch.randn((1, channels, height, width), generator=one)
        own = torch.randn((frames, channels, height, width), generator=one)
        rows.append(alpha**0.5 * shared + (1 - alpha) ** 0.5 * own)
    return torch.stack(rows)
