"""MusicGen through transformers: a language model over EnCodec's tokens."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from jobs.music.packages import package
from schemas.music_bed import MusicBed

FILES = ("*.safetensors", "*.model", "*.txt")
"""What of a hub repository is fetched, beside its JSON files."""
PACKAGES = ("torch", "transformers")
GUIDANCE = 3.0
"""Copet et al., Simple and controllable music generation (2023), section 3.2."""


def generate(bed: MusicBed, folder: Path) -> tuple[np.ndarray, int]:
    """(sound, rate in Hz): float32 (samples, channels), at least as long as asked for.

    `folder` holds a MusicGen as `save_pretrained` writes it. Raises `OSError` where it holds no
    safetensors, and `ValueError` for another kind of model.
    """
    torch, transformers = package("torch"), package("transformers")
    config = transformers.AutoConfig.from_pretrained(str(folder))
    if config.model_type != "musicgen":
        raise ValueError(f"{folder} holds a {config.model_type!r}, not a MusicGen")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    processor = transformers.AutoProcessor.from_pretrained(str(folder))
    model = transformers.MusicgenForConditionalGeneration.from_pretrained(
        str(folder), use_safetensors=True
    )
    model = model.to(device).eval()
    codec = model.config.audio_encoder
    # Codebooks are delayed one against the other, so the last tokens are not whole frames.
    tokens = math.ceil(bed.length_s * codec.frame_rate) + model.config.decoder.num_codebooks + 1
    inputs = processor(text=[bed.prompt], padding=True, return_tensors="pt").to(device)
    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(bed.seed)
        made = model.generate(
            **inputs, do_sample=True, max_new_tokens=tokens,
            guidance_scale=GUIDANCE if bed.guidance is None else bed.guidance,
        )  # fmt: skip
    return made[0].T.float().cpu().numpy(), int(codec.sampling_rate)
