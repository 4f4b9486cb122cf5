"""Tiny video models with random weights, saved as real ones are: less than a megabyte each."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def tiny_wan(folder: Path, *, pipeline: str = "WanImageToVideoPipeline", safe: bool = True) -> Path:
    """A Wan 2.2 TI2V in its real shape (VAE 16 x 16 x 4, 48 channels), 0.09 million numbers.

    `pipeline` is the class it says it is: the real repository says "WanPipeline". `safe` False
    saves pickles in the place of safetensors.
    """
    import diffusers
    import torch
    from transformers import UMT5Config, UMT5EncoderModel

    torch.manual_seed(0)
    vae = diffusers.AutoencoderKLWan(
        base_dim=4, decoder_base_dim=4, z_dim=48, dim_mult=[1, 1, 1, 1], num_res_blocks=1,
        temperal_downsample=[False, True, True], in_channels=12, out_channels=12,
        is_residual=True, patch_size=2, scale_factor_spatial=16, scale_factor_temporal=4,
        latents_mean=[0.0] * 48, latents_std=[1.0] * 48,
    )  # fmt: skip
    transformer = diffusers.WanTransformer3DModel(
        patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=48,
        out_channels=48, text_dim=32, freq_dim=64, ffn_dim=32, num_layers=2, cross_attn_norm=True,
        qk_norm="rms_norm_across_heads", rope_max_seq_len=32,
    )  # fmt: skip
    text_encoder = UMT5EncoderModel(
        UMT5Config(
            vocab_size=128, d_model=32, d_kv=8, d_ff=37, num_layers=2, num_heads=4,
            relative_attention_num_buckets=8, pad_token_id=0, eos_token_id=1,
        )
    )  # fmt: skip
    parts: dict[str, Any] = {
        "tokenizer": _tokenizer(),
        "text_encoder": text_encoder.eval(),
        "vae": vae.eval(),
        "transformer": transformer.eval(),
        "scheduler": diffusers.UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
        ),
        "transformer_2": None,
        "expand_timesteps": True,
    }
    if pipeline == "WanImageToVideoPipeline":
        parts |= {"image_encoder": None, "image_processor": None}
    getattr(diffusers, pipeline)(**parts).save_pretrained(folder, safe_serialization=safe)
    return folder


def tiny_ltx(folder: Path) -> Path:
    """An LTX: other arguments than Wan (`frame_rate`), and a VAE of 32 x 32 x 8."""
    import diffusers
    import torch
    from transformers import T5Config, T5EncoderModel

    torch.manual_seed(0)
    vae = diffusers.AutoencoderKLLTXVideo(
        latent_channels=8, block_out_channels=(8, 8, 8, 8), decoder_block_out_channels=(8, 8, 8, 8),
        layers_per_block=(1, 1, 1, 1, 1), decoder_layers_per_block=(1, 1, 1, 1, 1),
        spatio_temporal_scaling=(True, True, True, False),
        decoder_spatio_temporal_scaling=(True, True, True, False),
        decoder_inject_noise=(False, False, False, False, False),
        upsample_residual=(False, False, False, False), upsample_factor=(1, 1, 1, 1),
        patch_size=4, timestep_conditioning=False,
    )  # fmt: skip
    transformer = diffusers.LTXVideoTransformer3DModel(
        in_channels=8, out_channels=8, num_attention_heads=2, attention_head_dim=8,
        cross_attention_dim=16, num_layers=1, caption_channels=32,
    )  # fmt: skip
    text_encoder = T5EncoderModel(
        T5Config(vocab_size=128, d_model=32, d_kv=8, d_ff=37, num_layers=2, num_heads=4)
    )
    diffusers.LTXImageToVideoPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        vae=vae.eval(),
        text_encoder=text_encoder.eval(),
        tokenizer=_tokenizer(),
        transformer=transformer.eval(),
    ).save_pretrained(folder)
    return folder


def tiny_svd(folder: Path) -> Path:
    """A Stable Video Diffusion: takes no prompt, but `fps`; its VAE does not compress time."""
    import diffusers
    import torch
    from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

    torch.manual_seed(0)
    unet = diffusers.UNetSpatioTemporalConditionModel(
        block_out_channels=(32, 64), layers_per_block=1, sample_size=32, in_channels=8,
        out_channels=4, cross_attention_dim=32, num_attention_heads=4,
        down_block_types=("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
        up_block_types=("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
        projection_class_embeddings_input_dim=96, addition_time_embed_dim=32,
    )  # fmt: skip
    vae = diffusers.AutoencoderKLTemporalDecoder(
        block_out_channels=(32, 32, 32, 32), in_channels=3, out_channels=3, latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 4, layers_per_block=1,
    )  # fmt: skip
    # The pipeline itself resizes to CLIP's own 224 pixels, whatever this says.
    clip = CLIPVisionConfig(
        hidden_size=32, projection_dim=32, intermediate_size=37, num_hidden_layers=2,
        num_attention_heads=4, image_size=224, patch_size=32,
    )  # fmt: skip
    diffusers.StableVideoDiffusionPipeline(
        vae=vae.eval(),
        image_encoder=CLIPVisionModelWithProjection(clip).eval(),
        unet=unet.eval(),
        scheduler=diffusers.EulerDiscreteScheduler(
            prediction_type="v_prediction", timestep_type="continuous", sigma_min=0.002,
            sigma_max=700.0, use_karras_sigmas=True,
        ),
        feature_extractor=CLIPImageProcessor(size={"shortest_edge": 224}),
    ).save_pretrained(folder)  # fmt: skip
    return folder


def _tokenizer() -> Any:
    from transformers import T5TokenizerFast

    letters = "▁abcdefghijklmnopqrstuvwxyz0123456789,.{}"
    vocab = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *((c, -4.0) for c in letters)]
    return T5TokenizerFast(vocab=vocab, extra_ids=0)
