"""Wan 2.2 TI2V with random weights: tiny, as a folder; or in its real size, on the card at once.

Random weights take as long as real ones, but for caches that look at the numbers. Real sizes are
those of the model's config files (Wan-AI/Wan2.2-TI2V-5B-Diffusers, with umT5-xxl).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

TINY: dict[str, dict[str, Any]] = {
    "vae": {"base_dim": 4, "decoder_base_dim": 4, "num_res_blocks": 1},
    "transformer": {"num_attention_heads": 2, "attention_head_dim": 12, "text_dim": 32,
                    "freq_dim": 64, "ffn_dim": 32, "num_layers": 2, "rope_max_seq_len": 32},
    "text_encoder": {"vocab_size": 128, "d_model": 32, "d_kv": 8, "d_ff": 37, "num_layers": 2,
                     "num_heads": 4, "relative_attention_num_buckets": 8},
}  # fmt: skip
FULL: dict[str, dict[str, Any]] = {
    "vae": {"base_dim": 160, "decoder_base_dim": 256, "num_res_blocks": 2},
    "transformer": {"num_attention_heads": 24, "attention_head_dim": 128, "text_dim": 4096,
                    "freq_dim": 256, "ffn_dim": 14336, "num_layers": 30, "rope_max_seq_len": 1024},
    "text_encoder": {"vocab_size": 256384, "d_model": 4096, "d_kv": 64, "d_ff": 10240,
                     "num_layers": 24, "num_heads": 64},
}  # fmt: skip

_VAE: dict[str, Any] = {
    "z_dim": 48, "dim_mult": [1, 2, 4, 4], "temperal_downsample": [False, True, True],
    "in_channels": 12, "out_channels": 12, "is_residual": True, "patch_size": 2,
    "scale_factor_spatial": 16, "scale_factor_temporal": 4, "latents_mean": [0.0] * 48,
    "latents_std": [1.0] * 48,
}  # fmt: skip
_TRANSFORMER: dict[str, Any] = {
    "patch_size": (1, 2, 2), "in_channels": 48, "out_channels": 48, "cross_attn_norm": True,
    "qk_norm": "rms_norm_across_heads",
}  # fmt: skip


def tiny_wan(folder: Path, *, pipeline: str = "WanImageToVideoPipeline", safe: bool = True) -> Path:
    """A Wan 2.2 TI2V in its real shape (VAE 16 x 16 x 4, 48 channels), 0.09 million numbers.

    `pipeline` is the class it says it is: the real repository says "WanPipeline". `safe` False
    saves pickles in the place of safetensors.
    """
    import diffusers
    import torch

    torch.manual_seed(0)
    made = {name: kind(**settings) for name, (kind, settings) in _parts(TINY).items()}
    made["vae"] = diffusers.AutoencoderKLWan(**{**_VAE, **TINY["vae"], "dim_mult": [1, 1, 1, 1]})
    _pipeline(made, pipeline).save_pretrained(folder, safe_serialization=safe)
    return folder


def random_wan(sizes: dict[str, dict[str, Any]], device: str, dtype: Any) -> Any:
    """The pipeline in memory, its weights drawn on the device: 5 billion numbers in seconds.

    Modules are made without memory and filled one by one: `to_empty` would also wipe what is
    computed when they are made (rotary tables), and all results would be NaN.
    """
    import torch
    from accelerate import init_empty_weights

    noise = torch.Generator(device).manual_seed(0)
    made = {}
    for name, (kind, settings) in _parts(sizes).items():
        with init_empty_weights(include_buffers=False):
            module = kind(**settings)
        exact = tuple(getattr(module, "_keep_in_fp32_modules", None) or ())
        for place, weight in list(module.named_parameters()):
            parent, _, leaf = place.rpartition(".")
            keep = name == "vae" or any(part in exact for part in place.split("."))
            filled = torch.empty(
                weight.shape, device=device, dtype=torch.float32 if keep else dtype
            )
            if filled.ndim > 1:
                filled.normal_(0, 0.02, generator=noise)
            else:
                filled.fill_(0.0 if leaf == "bias" else 1.0)
            owner = module.get_submodule(parent)
            owner._parameters[leaf] = torch.nn.Parameter(filled, requires_grad=False)
        made[name] = module.to(device).eval()
    return _pipeline(made, "WanImageToVideoPipeline")


def _parts(sizes: dict[str, dict[str, Any]]) -> dict[str, tuple[Any, dict[str, Any]]]:
    import diffusers
    from transformers import UMT5Config, UMT5EncoderModel

    config = UMT5Config(**sizes["text_encoder"], pad_token_id=0, eos_token_id=1)
    return {
        "vae": (diffusers.AutoencoderKLWan, {**_VAE, **sizes["vae"]}),
        "transformer": (diffusers.WanTransformer3DModel, {**_TRANSFORMER, **sizes["transformer"]}),
        "text_encoder": (UMT5EncoderModel, {"config": config}),
    }


def _pipeline(made: dict[str, Any], name: str) -> Any:
    import diffusers

    parts: dict[str, Any] = {
        "tokenizer": letters_tokenizer(),
        **{part: module.eval() for part, module in made.items()},
        "scheduler": diffusers.UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
        ),
        "transformer_2": None,
        "expand_timesteps": True,
    }
    if name == "WanImageToVideoPipeline":
        parts |= {"image_encoder": None, "image_processor": None}
    return getattr(diffusers, name)(**parts)


def letters_tokenizer() -> Any:
    """A tokenizer of T5's class that needs no file: a token per letter."""
    from transformers import T5TokenizerFast  # type: ignore[attr-defined]

    letters = "▁abcdefghijklmnopqrstuvwxyz0123456789,.{}"
    vocab = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *((c, -4.0) for c in letters)]
    return T5TokenizerFast(vocab=vocab, extra_ids=0)
