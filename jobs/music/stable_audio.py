"""Stable Audio through diffusers: latent diffusion of whole tracks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from jobs.music.packages import package
from schemas.music_bed import MusicBed

FILES: tuple[str, ...] = ()
PACKAGES = ("torch", "transformers", "diffusers", "torchsde")
GUIDANCE = 7.0
"""What diffusers' pipeline does without being told."""


def generate(bed: MusicBed, folder: Path) -> tuple[np.ndarray, int]:
    """(sound, rate in Hz): float32 (samples, channels), at least as long as asked for.

    `folder` holds a pipeline as `save_pretrained` writes it. Raises `OSError` where it holds no
    safetensors, and `ValueError` for another kind of pipeline or a length beyond the model's.
    """
    torch, diffusers = package("torch"), package("diffusers")
    package("torchsde")  # its scheduler's noise; diffusers does not say so before it is needed
    index = folder / "model_index.json"
    named = json.loads(index.read_text("utf-8")).get("_class_name") if index.is_file() else None
    if named != "StableAudioPipeline":
        raise ValueError(f"{folder} holds {named or 'no pipeline of diffusers'}, no Stable Audio")
    diffusers.utils.logging.disable_progress_bar()
    model = diffusers.StableAudioPipeline.from_pretrained(str(folder), use_safetensors=True)
    model.set_progress_bar_config(disable=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = model.to(device)
    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(bed.seed)
        made = model(
            prompt=bed.prompt,
            negative_prompt=bed.negative_prompt or None,
            audio_end_in_s=bed.length_s,
            num_inference_steps=bed.steps,
            guidance_scale=GUIDANCE if bed.guidance is None else bed.guidance,
            generator=torch.Generator("cpu").manual_seed(bed.seed),
        ).audios
    return made[0].T.float().cpu().numpy(), int(model.vae.config.sampling_rate)
