"""Tiny talking-head models with random weights, saved as real ones are."""

from __future__ import annotations

from pathlib import Path

from tests.stages.tiny_models import _flow_unipc, _umt5, _wan_vae, letters_tokenizer, tiny_ltx2


def tiny_animate(folder: Path) -> Path:
    """A Wan-Animate: a portrait, a film of poses and one of faces."""
    import diffusers
    import torch
    from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModel

    torch.manual_seed(0)
    clip = CLIPVisionConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2,
        image_size=32, patch_size=8,
    )  # fmt: skip
    transformer = diffusers.WanAnimateTransformer3DModel(
        patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=36,
        latent_channels=16, out_channels=16, text_dim=32, freq_dim=64, ffn_dim=32, num_layers=2,
        cross_attn_norm=True, qk_norm="rms_norm_across_heads", image_dim=16, rope_max_seq_len=32,
        motion_encoder_channel_sizes={"4": 8, "8": 8, "16": 8}, motion_encoder_size=16,
        motion_style_dim=8, motion_dim=4, motion_encoder_dim=16, face_encoder_hidden_dim=16,
        face_encoder_num_heads=2, inject_face_latents_blocks=2,
    )  # fmt: skip
    diffusers.WanAnimatePipeline(
        tokenizer=letters_tokenizer(), text_encoder=_umt5(), vae=_wan_vae(),
        scheduler=_flow_unipc(),
        transformer=transformer.eval(), image_encoder=CLIPVisionModel(clip).eval(),
        image_processor=CLIPImageProcessor(
            size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
        ),
    ).save_pretrained(folder)  # fmt: skip
    return folder


def tiny_voiced(folder: Path) -> Path:
    """An LTX-2 that takes conditions: the parts of the image-to-video one, and an audio VAE that
    compresses as the real one does, four times in time and pitch."""
    import diffusers
    import torch

    torch.manual_seed(0)
    audio_vae = diffusers.AutoencoderKLLTX2Audio(
        base_channels=4, ch_mult=(1, 1, 1), num_res_blocks=1, resolution=32, latent_channels=2,
        mel_bins=8,
    )  # fmt: skip
    vae = diffusers.AutoencoderKLLTX2Video(
        latent_channels=4, block_out_channels=(8,), decoder_block_out_channels=(8,),
        layers_per_block=(1,), decoder_layers_per_block=(1, 1), spatio_temporal_scaling=(True,),
        decoder_spatio_temporal_scaling=(True,), decoder_inject_noise=(False, False),
        downsample_type=("spatiotemporal",), upsample_residual=(False,), upsample_factor=(1,),
        patch_size=4, patch_size_t=1, decoder_causal=False,
    )  # fmt: skip
    model = diffusers.LTX2ImageToVideoPipeline.from_pretrained(tiny_ltx2(folder))
    diffusers.LTX2ConditionPipeline(
        scheduler=model.scheduler, vae=vae.eval(), audio_vae=audio_vae.eval(),
        text_encoder=model.text_encoder, tokenizer=model.tokenizer, connectors=model.connectors,
        transformer=model.transformer, vocoder=model.vocoder,
    ).save_pretrained(folder)  # fmt: skip
    return folder
