"""The voice as LTX-2 hears it: log-mel frames, the audio VAE's latents, and a denoiser that keeps
them as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from stages.shared.diffusion.loading import package
from stages.shared.sound import read_sound

_FFT = 1024
"""Samples of a window, at 16 kHz (Lightricks/LTX-2, `ltx_core/model/audio_vae`)."""
_LEAST = 1e-5
"""Magnitude below which all is silence."""


def log_mel(samples: np.ndarray, rate_hz: int, hop: int, bins: int) -> np.ndarray:
    """Natural logarithm of mel magnitudes, float32 (frames, bins), of `samples` (n,).

    Frame k is centred on sample k * hop; Hann window of 1024, Slaney's mel scale, each filter of
    unit area: as the audio VAE was trained.
    """
    audio = package("transformers.audio_utils")
    filters = audio.mel_filter_bank(
        num_frequency_bins=_FFT // 2 + 1, num_mel_filters=bins, min_frequency=0.0,
        max_frequency=rate_hz / 2, sampling_rate=rate_hz, norm="slaney", mel_scale="slaney",
    )  # fmt: skip
    spectrum = audio.spectrogram(
        samples.astype(np.float64), audio.window_function(_FFT, "hann", periodic=True), _FFT, hop,
        power=1.0, center=True, pad_mode="reflect", mel_filters=filters, mel_floor=0.0,
    )  # fmt: skip
    return np.log(np.maximum(spectrum, _LEAST)).T.astype(np.float32)


def voice_latents(model: Any, voice: Path, begin_s: float, seconds: float) -> Any:
    """What is said in these seconds of the voice, as the pipeline takes it: (1, channels, latents,
    bins), not normalised, on the model's device. Behind the voice's end it is silent."""
    torch, vae = package("torch"), model.audio_vae
    rate_hz, hop = model.audio_sampling_rate, model.audio_hop_length
    samples = read_sound(voice, rate_hz)
    begin, count = round(begin_s * rate_hz), round(seconds * rate_hz)
    part = samples[begin : begin + count]
    part = np.pad(part, (0, count + _FFT - len(part)))
    mel = log_mel(part, rate_hz, hop, model.audio_mel_bins)
    both = np.repeat(mel[None, None], vae.config.in_channels, axis=1)  # mono: the same in each ear
    every = model.audio_vae_temporal_compression_ratio
    wanted = round(seconds * rate_hz / hop / every)
    with torch.inference_mode():
        heard = torch.from_numpy(both).to(model._execution_device, vae.dtype)
        return vae.encode(heard).latent_dist.mode()[:, :, :wanted].float()


@contextmanager
def frozen(model: Any, latents: Any) -> Iterator[None]:
    """Within it the denoiser hears the voice itself, clean and at time 0, in every step: the film
    follows it, and no other sound is made (as LTX-2's own audio-to-video pipeline does)."""
    packed = model._pack_audio_latents(latents)
    vae = model.audio_vae
    clean = model._normalize_audio_latents(packed, vae.latents_mean, vae.latents_std)

    def hear(_: Any, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        noisy, time = named["audio_hidden_states"], named["audio_timestep"]
        named["audio_hidden_states"] = clean.to(noisy).expand_as(noisy)
        named["audio_timestep"] = time.new_zeros(time.shape)
        if named.get("audio_sigma") is not None:
            named["audio_sigma"] = named["audio_sigma"].new_zeros(named["audio_sigma"].shape)
        return given, named

    hook = model.transformer.register_forward_pre_hook(hear, with_kwargs=True)
    try:
        yield
    finally:
        hook.remove()
