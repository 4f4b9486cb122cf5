"""Tiny music models with random weights, saved as real ones are."""

from __future__ import annotations

from pathlib import Path

from jobs.bench.checkpoints import letters_tokenizer


def tiny_musicgen(folder: Path, *, safe: bool = True) -> Path:
    """A MusicGen of two codebooks at 25 frames a second over an EnCodec of 8 kHz mono."""
    import torch
    from transformers import (
        EncodecConfig,
        EncodecFeatureExtractor,
        MusicgenConfig,
        MusicgenForConditionalGeneration,
        MusicgenProcessor,
        T5Config,
    )
    from transformers.models.musicgen.configuration_musicgen import MusicgenDecoderConfig

    torch.manual_seed(0)
    codec = EncodecConfig(
        sampling_rate=8000, audio_channels=1, target_bandwidths=[0.5], codebook_size=64,
        codebook_dim=16, hidden_size=16, num_filters=4, num_lstm_layers=1,
        upsampling_ratios=[8, 5, 4, 2],
    )  # fmt: skip
    decoder = MusicgenDecoderConfig(
        vocab_size=64, num_codebooks=2, hidden_size=16, num_hidden_layers=2, ffn_dim=32,
        num_attention_heads=2, pad_token_id=64, bos_token_id=64, max_position_embeddings=256,
    )  # fmt: skip
    text = T5Config(
        vocab_size=128, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2, pad_token_id=0,
        eos_token_id=1, decoder_start_token_id=0,
    )  # fmt: skip
    config = MusicgenConfig(
        text_encoder=text.to_dict(), audio_encoder=codec.to_dict(), decoder=decoder.to_dict()
    )
    model = MusicgenForConditionalGeneration(config).eval()
    for module in model.audio_encoder.quantizer.layers:  # as made, all of its codes are nought
        module.codebook.embed.normal_()
    model.generation_config.decoder_start_token_id = 64
    model.generation_config.pad_token_id = 64
    model.save_pretrained(folder)
    listen = EncodecFeatureExtractor(feature_size=1, sampling_rate=8000)
    MusicgenProcessor(listen, letters_tokenizer()).save_pretrained(folder)
    if not safe:
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
        (folder / "model.safetensors").unlink()
    return folder


def tiny_stable_audio(folder: Path) -> Path:
    """A Stable Audio with the real scheduler, 8 kHz stereo, up to 4 s."""
    import diffusers
    import torch
    from transformers import T5Config, T5EncoderModel

    torch.manual_seed(0)
    vae = diffusers.AutoencoderOobleck(
        encoder_hidden_size=6, downsampling_ratios=[4, 8], channel_multiples=[1, 2],
        decoder_channels=3, decoder_input_channels=3, audio_channels=2, sampling_rate=8000,
    )  # fmt: skip
    transformer = diffusers.StableAudioDiTModel(
        sample_size=1000, in_channels=3, num_layers=2, attention_head_dim=4,
        num_key_value_attention_heads=2, out_channels=3, cross_attention_dim=4, time_proj_dim=8,
        global_states_input_dim=8, cross_attention_input_dim=4, num_attention_heads=2,
    )  # fmt: skip
    tokenizer = letters_tokenizer()
    tokenizer.model_max_length = 128
    text = T5EncoderModel(
        T5Config(vocab_size=128, d_model=4, d_kv=4, d_ff=8, num_layers=2, num_heads=2)
    )
    diffusers.StableAudioPipeline(
        vae=vae.eval(),
        text_encoder=text.eval(),
        projection_model=diffusers.StableAudioProjectionModel(
            text_encoder_dim=4, conditioning_dim=4, min_value=0, max_value=32
        ),
        tokenizer=tokenizer,
        transformer=transformer.eval(),
        scheduler=diffusers.CosineDPMSolverMultistepScheduler(
            solver_order=2, prediction_type="v_prediction", sigma_data=1.0,
            sigma_schedule="exponential",
        ),
    ).save_pretrained(folder)  # fmt: skip
    return folder
