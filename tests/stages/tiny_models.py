"""Tiny video models with random weights, saved as real ones are: less than a megabyte each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jobs.bench.checkpoints import letters_tokenizer, tiny_wan

__all__ = ["letters_tokenizer", "tiny_wan"]


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
        tokenizer=letters_tokenizer(),
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


def _umt5() -> Any:
    from transformers import UMT5Config, UMT5EncoderModel

    config = UMT5Config(
        vocab_size=128, d_model=32, d_kv=8, d_ff=37, num_layers=2, num_heads=4,
        relative_attention_num_buckets=8, pad_token_id=0, eos_token_id=1,
    )  # fmt: skip
    return UMT5EncoderModel(config).eval()


def _wan_vae() -> Any:
    """Wan 2.1's VAE, which Wan 2.2's experts and VACE share: 8 x 8 x 4, 16 channels."""
    import diffusers

    return diffusers.AutoencoderKLWan(
        base_dim=4, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1,
        temperal_downsample=[False, True, True],
    ).eval()  # fmt: skip


def _wan_denoiser(**more: Any) -> Any:
    import diffusers

    kind = diffusers.WanVACETransformer3DModel if "vace_layers" in more else None
    settings: dict[str, Any] = {
        "patch_size": (1, 2, 2), "num_attention_heads": 2, "attention_head_dim": 12,
        "in_channels": 36, "out_channels": 16, "text_dim": 32, "freq_dim": 64, "ffn_dim": 32,
        "num_layers": 2, "cross_attn_norm": True, "qk_norm": "rms_norm_across_heads",
        "rope_max_seq_len": 32,
    }  # fmt: skip
    return (kind or diffusers.WanTransformer3DModel)(**{**settings, **more}).eval()


def _flow_unipc(shift: float = 3.0) -> Any:
    import diffusers

    return diffusers.UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=shift
    )


def tiny_wan21(folder: Path) -> Path:
    """A Wan 2.1 image-to-video: the picture goes through CLIP as well."""
    import diffusers
    import torch
    from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModel

    torch.manual_seed(0)
    clip = CLIPVisionConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2,
        image_size=32, patch_size=8,
    )  # fmt: skip
    diffusers.WanImageToVideoPipeline(
        tokenizer=letters_tokenizer(), text_encoder=_umt5(), vae=_wan_vae(),
        scheduler=_flow_unipc(),
        transformer=_wan_denoiser(image_dim=16), image_encoder=CLIPVisionModel(clip).eval(),
        image_processor=CLIPImageProcessor(
            size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
        ),
    ).save_pretrained(folder)  # fmt: skip
    return folder


def tiny_wan22(folder: Path) -> Path:
    """A Wan 2.2 with two experts, the second for low noise."""
    import diffusers
    import torch

    torch.manual_seed(0)
    diffusers.WanImageToVideoPipeline(
        tokenizer=letters_tokenizer(), text_encoder=_umt5(), vae=_wan_vae(),
        scheduler=_flow_unipc(),
        transformer=_wan_denoiser(), transformer_2=_wan_denoiser(), boundary_ratio=0.9,
        image_encoder=None, image_processor=None,
    ).save_pretrained(folder)  # fmt: skip
    return folder


def tiny_vace(folder: Path) -> Path:
    """A Wan 2.1 VACE: a control video, a mask and reference pictures in the place of an image."""
    import diffusers
    import torch

    torch.manual_seed(0)
    diffusers.WanVACEPipeline(
        tokenizer=letters_tokenizer(), text_encoder=_umt5(), vae=_wan_vae(),
        scheduler=_flow_unipc(),
        transformer=_wan_denoiser(in_channels=16, vace_layers=[0], vace_in_channels=96),
    ).save_pretrained(folder)  # fmt: skip
    return folder


def tiny_cog(folder: Path) -> Path:
    """A CogVideoX image-to-video: another scheduler (DDIM), patches of its own kind."""
    import diffusers
    import torch
    from transformers import T5Config, T5EncoderModel

    torch.manual_seed(0)
    transformer = diffusers.CogVideoXTransformer3DModel(
        num_attention_heads=2, attention_head_dim=16, in_channels=8, out_channels=4,
        time_embed_dim=4, text_embed_dim=32, num_layers=1, sample_width=8, sample_height=16,
        sample_frames=9, patch_size=2, temporal_compression_ratio=4, max_text_seq_length=16,
        use_rotary_positional_embeddings=True,
    )  # fmt: skip
    vae = diffusers.AutoencoderKLCogVideoX(
        down_block_types=("CogVideoXDownBlock3D",) * 4, up_block_types=("CogVideoXUpBlock3D",) * 4,
        block_out_channels=(8, 8, 8, 8), latent_channels=4, layers_per_block=1, norm_num_groups=2,
        temporal_compression_ratio=4,
    )  # fmt: skip
    encoder = T5EncoderModel(
        T5Config(vocab_size=128, d_model=32, d_kv=8, d_ff=37, num_layers=2, num_heads=4)
    )
    diffusers.CogVideoXImageToVideoPipeline(
        tokenizer=letters_tokenizer(), text_encoder=encoder.eval(), vae=vae.eval(),
        transformer=transformer.eval(), scheduler=diffusers.CogVideoXDDIMScheduler(),
    ).save_pretrained(folder)  # fmt: skip
    return folder


def tiny_fun(folder: Path) -> Path:
    """A CogVideoX Fun Control: a control film, and no picture at all."""
    import diffusers

    model = diffusers.CogVideoXImageToVideoPipeline.from_pretrained(tiny_cog(folder))
    diffusers.CogVideoXFunControlPipeline(
        tokenizer=model.tokenizer, text_encoder=model.text_encoder, vae=model.vae,
        transformer=model.transformer, scheduler=model.scheduler,
    ).save_pretrained(folder)  # fmt: skip
    return folder


def tiny_helios(folder: Path) -> Path:
    """A distilled Helios: a pyramid of sizes, clips in chunks, each from the one before."""
    import diffusers
    import torch

    torch.manual_seed(0)
    transformer = diffusers.HeliosTransformer3DModel(
        num_attention_heads=2, attention_head_dim=12, text_dim=32, freq_dim=64, ffn_dim=32,
        num_layers=1, rope_dim=(4, 4, 4),
    )  # fmt: skip
    diffusers.HeliosPyramidPipeline(
        tokenizer=letters_tokenizer(), text_encoder=_umt5(), vae=_wan_vae(),
        # Of its own third the noise's covariance is singular, which LAPACK refuses.
        scheduler=diffusers.HeliosDMDScheduler(stages=3, gamma=0.33),
        transformer=transformer.eval(),
        is_distilled=True,
    ).save_pretrained(folder)  # fmt: skip
    return folder


def tiny_pia(folder: Path) -> Path:
    """A PIA, of AnimateDiff's kind: a U-Net of pictures with motion modules between."""
    import diffusers
    import torch
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(0)
    unet = diffusers.UNet2DConditionModel(
        block_out_channels=(8, 8), norm_num_groups=8, layers_per_block=1, sample_size=8,
        in_channels=4, out_channels=4, cross_attention_dim=8,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )  # fmt: skip
    motion = diffusers.MotionAdapter(
        block_out_channels=(8, 8), motion_layers_per_block=1, motion_norm_num_groups=2,
        motion_num_attention_heads=2, conv_in_channels=9,
    )  # fmt: skip
    vae = diffusers.AutoencoderKL(
        block_out_channels=(8, 8), in_channels=3, out_channels=3, latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        norm_num_groups=2,
    )  # fmt: skip
    text = CLIPTextConfig(
        bos_token_id=0, eos_token_id=1, pad_token_id=0, hidden_size=8, intermediate_size=16,
        num_attention_heads=2, num_hidden_layers=2, vocab_size=128,
    )  # fmt: skip
    tokenizer = letters_tokenizer()
    tokenizer.model_max_length = 77
    diffusers.PIAPipeline(
        vae=vae.eval(), text_encoder=CLIPTextModel(text).eval(), tokenizer=tokenizer,
        unet=unet.eval(), motion_adapter=motion.eval(), feature_extractor=None, image_encoder=None,
        scheduler=diffusers.EulerDiscreteScheduler(beta_schedule="linear"),
    ).save_pretrained(folder)  # fmt: skip
    return folder


def tiny_ltx2(folder: Path) -> Path:
    """An LTX-2: picture and sound from one denoiser, Gemma 3 for the text."""
    import diffusers
    import torch
    from diffusers.pipelines.ltx2 import LTX2TextConnectors
    from diffusers.pipelines.ltx2.vocoder import LTX2Vocoder
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration

    torch.manual_seed(0)
    text, layers = 32, 2
    gemma = Gemma3Config(
        text_config={
            "hidden_size": text, "intermediate_size": 32, "num_hidden_layers": layers,
            "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16, "vocab_size": 128,
        },
        vision_config={
            "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1,
            "num_attention_heads": 2, "image_size": 28, "patch_size": 14,
        },
        mm_tokens_per_image=4,
    )  # fmt: skip
    transformer = diffusers.LTX2VideoTransformer3DModel(
        in_channels=4, out_channels=4, num_attention_heads=2, attention_head_dim=8,
        cross_attention_dim=16, audio_in_channels=4, audio_out_channels=4,
        audio_num_attention_heads=2, audio_attention_head_dim=4, audio_cross_attention_dim=8,
        num_layers=2, caption_channels=text, rope_double_precision=False, rope_type="split",
    )  # fmt: skip
    connectors = LTX2TextConnectors(
        caption_channels=text, text_proj_in_factor=layers + 1,
        video_connector_num_attention_heads=4, video_connector_attention_head_dim=8,
        video_connector_num_layers=1, video_connector_num_learnable_registers=None,
        audio_connector_num_attention_heads=4, audio_connector_attention_head_dim=8,
        audio_connector_num_layers=1, audio_connector_num_learnable_registers=None,
        connector_rope_base_seq_len=32, rope_double_precision=False, rope_type="split",
    )  # fmt: skip
    vae = diffusers.AutoencoderKLLTX2Video(
        latent_channels=4, block_out_channels=(8,), decoder_block_out_channels=(8,),
        layers_per_block=(1,), decoder_layers_per_block=(1, 1), spatio_temporal_scaling=(True,),
        decoder_spatio_temporal_scaling=(True,), decoder_inject_noise=(False, False),
        downsample_type=("spatial",), upsample_residual=(False,), upsample_factor=(1,),
        patch_size=1, patch_size_t=1, decoder_causal=False,
    )  # fmt: skip
    audio_vae = diffusers.AutoencoderKLLTX2Audio(
        base_channels=4, ch_mult=(1,), num_res_blocks=1, resolution=32, latent_channels=2,
        mel_bins=8,
    )  # fmt: skip
    vocoder = LTX2Vocoder(
        in_channels=16, hidden_channels=32, upsample_kernel_sizes=[4, 4], upsample_factors=[2, 2],
        resnet_kernel_sizes=[3], resnet_dilations=[[1, 3, 5]], output_sampling_rate=16000,
    )  # fmt: skip
    diffusers.LTX2ImageToVideoPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(), vae=vae.eval(),
        audio_vae=audio_vae.eval(), text_encoder=Gemma3ForConditionalGeneration(gemma).eval(),
        tokenizer=_words(), connectors=connectors.eval(), transformer=transformer.eval(),
        vocoder=vocoder.eval(),
    ).save_pretrained(folder)  # fmt: skip
    return folder


def _words() -> Any:
    """A tokenizer of a hundred words, as Gemma's class would be."""
    import tokenizers
    from transformers import PreTrainedTokenizerFast

    words = ["<pad>", "<eos>", "<bos>", "<unk>", *(chr(97 + n) for n in range(26))]
    made = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({w: n for n, w in enumerate(words)}, unk_token="<unk>")
    )
    made.pre_tokenizer = tokenizers.pre_tokenizers.Split("", "isolated")
    return PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", eos_token="<eos>", bos_token="<bos>",
        unk_token="<unk>",
    )  # fmt: skip


def tiny_lora(model: Path, folder: Path) -> Path:
    """A LoRA of rank 4 for the attention of a tiny model's transformer, large enough to be seen."""
    import diffusers
    import torch
    from safetensors.torch import save_file

    transformer = diffusers.WanTransformer3DModel.from_pretrained(model / "transformer")
    torch.manual_seed(1)
    weights = {}
    for name, part in transformer.named_modules():
        if isinstance(part, torch.nn.Linear) and ".attn" in name:
            for letter, shape in (("A", (4, part.in_features)), ("B", (part.out_features, 4))):
                weights[f"transformer.{name}.lora_{letter}.weight"] = torch.randn(shape)
    folder.mkdir()
    save_file(weights, folder / "pytorch_lora_weights.safetensors")
    return folder
