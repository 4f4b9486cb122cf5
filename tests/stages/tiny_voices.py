"""Tiny text-to-speech models with random weights, saved as real ones are: a few MB at most."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np

LETTERS = "abcdefghijklmnopqrstuvwxyz'"


def tiny_vits(folder: Path, *, speakers: int = 1) -> Path:
    """A VITS that reads letters as MMS does: a blank between any two, no punctuation."""
    import torch
    from transformers import VitsConfig, VitsModel, VitsTokenizer

    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    symbols = ["|", *LETTERS, " ", "<unk>"]
    vocab = folder / "vocab.json"
    vocab.write_text(json.dumps({symbol: number for number, symbol in enumerate(symbols)}))
    config = VitsConfig(
        vocab_size=len(symbols), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        ffn_dim=16, flow_size=16, spectrogram_bins=9, upsample_initial_channel=32,
        upsample_rates=[16, 16], upsample_kernel_sizes=[32, 32], resblock_kernel_sizes=[3],
        resblock_dilation_sizes=[[1, 3]], prior_encoder_num_wavenet_layers=1,
        posterior_encoder_num_wavenet_layers=1, prior_encoder_num_flows=2,
        duration_predictor_num_flows=2, depth_separable_num_layers=1, sampling_rate=16_000,
        use_stochastic_duration_prediction=True, num_speakers=speakers,
        speaker_embedding_size=8 if speakers > 1 else 0, speaking_rate=1.0,
    )  # fmt: skip
    model = VitsModel(config).eval()
    louder(model.decoder.conv_post, 0.2)
    model.save_pretrained(folder)
    VitsTokenizer(
        str(vocab), pad_token="|", unk_token="<unk>", phonemize=False, normalize=True,
        add_blank=True, language="eng",
    ).save_pretrained(folder)  # fmt: skip
    return folder


def tiny_bark(folder: Path, *, voice: str | None = None) -> Path:
    """A Bark: three GPTs, then EnCodec, whose codes become sound; with one voice, if named."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    from transformers import (
        BarkCoarseConfig,
        BarkConfig,
        BarkFineConfig,
        BarkModel,
        BarkProcessor,
        BarkSemanticConfig,
        EncodecConfig,
        PreTrainedTokenizerFast,
    )

    torch.manual_seed(0)
    small = {"hidden_size": 16, "num_layers": 1, "num_heads": 2, "block_size": 1024}
    codes = 16
    semantic = BarkSemanticConfig(input_vocab_size=400, output_vocab_size=50, **small)
    coarse = BarkCoarseConfig(input_vocab_size=90, output_vocab_size=90, **small)
    fine = BarkFineConfig(
        input_vocab_size=codes + 1, output_vocab_size=codes + 1, n_codes_total=8, n_codes_given=1,
        **small,
    )  # fmt: skip
    codec = EncodecConfig(
        target_bandwidths=[6.0], sampling_rate=24_000, num_filters=4, hidden_size=8,
        codebook_size=codes, codebook_dim=8, num_lstm_layers=1, upsampling_ratios=[8, 5, 4, 2],
    )  # fmt: skip
    config = BarkConfig(
        semantic_config=semantic.to_dict(), coarse_acoustics_config=coarse.to_dict(),
        fine_acoustics_config=fine.to_dict(), codec_config=codec.to_dict(),
    )  # fmt: skip
    model = BarkModel(config).eval()
    model.save_pretrained(folder)
    generation = dict(
        semantic_config={
            "eos_token_id": 48, "max_new_tokens": 60, "max_input_semantic_length": 64,
            "text_encoding_offset": 55, "text_pad_token": 390, "semantic_infer_token": 391,
            "semantic_vocab_size": 48, "semantic_pad_token": 48, "semantic_rate_hz": 49.9,
            "renormalize_logits": True,
        },
        coarse_acoustics_config={
            "max_coarse_history": 60, "max_coarse_input_length": 32, "coarse_rate_hz": 75,
            "n_coarse_codebooks": 2, "coarse_semantic_pad_token": 82, "coarse_infer_token": 83,
            "sliding_window_len": 30, "renormalize_logits": True,
        },
        fine_acoustics_config={
            "max_fine_history_length": 64, "max_fine_input_length": 128, "n_fine_codebooks": 8,
        },
        sample_rate=24_000, codebook_size=codes,
    )  # fmt: skip
    (folder / "generation_config.json").write_text(json.dumps(generation))
    words = {"[PAD]": 0, "[UNK]": 1}
    for letter in [*LETTERS, *".,!?;:-"]:
        words.setdefault(letter, len(words))
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Whitespace(), pre_tokenizers.Split("", "isolated")]
    )
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")
    BarkProcessor(tokenizer=fast).save_pretrained(folder)
    if voice is not None:
        _bark_voice(folder, voice, codes)
    return folder


def _bark_voice(folder: Path, voice: str, codes: int) -> None:
    rng = np.random.default_rng(0)
    prompts = {
        "semantic_prompt": rng.integers(0, 48, 40),
        "coarse_prompt": rng.integers(0, codes, (2, 60)),
        "fine_prompt": rng.integers(0, codes, (8, 60)),
    }  # fmt: skip
    (folder / "speaker_embeddings").mkdir()
    for name, prompt in prompts.items():
        np.save(folder / "speaker_embeddings" / f"{voice}_{name}.npy", prompt)
    paths = {name: f"speaker_embeddings/{voice}_{name}.npy" for name in prompts}
    (folder / "speaker_embeddings_path.json").write_text(
        json.dumps({"repo_or_path": str(folder), voice: paths})
    )


def tiny_speecht5(folder: Path) -> Path:
    """A SpeechT5 in "model", its HiFi-GAN in "vocoder" and a speaker in "speaker.npy"."""
    import sentencepiece
    import torch
    from transformers import (
        SpeechT5Config,
        SpeechT5ForTextToSpeech,
        SpeechT5HifiGan,
        SpeechT5HifiGanConfig,
        SpeechT5Tokenizer,
    )

    torch.manual_seed(0)
    (folder / "model").mkdir(parents=True)
    pieces = io.BytesIO()
    lines = ["the quick brown fox jumps over a lazy dog", "Meet our new mug, today only. It's it!"]
    alphabet = LETTERS + LETTERS.upper() + ".,!?;:-"
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([*lines, alphabet]), model_writer=pieces, model_type="char",
        vocab_size=70, hard_vocab_limit=False, minloglevel=2, character_coverage=1.0, bos_id=0,
        pad_id=1, eos_id=2, unk_id=3,
    )  # fmt: skip
    spm = folder / "spm_char.model"
    spm.write_bytes(pieces.getvalue())
    tokenizer = SpeechT5Tokenizer(str(spm))
    tokenizer.save_pretrained(folder / "model")
    config = SpeechT5Config(
        vocab_size=len(tokenizer), hidden_size=16, encoder_layers=1, encoder_attention_heads=2,
        encoder_ffn_dim=16, decoder_layers=1, decoder_attention_heads=2, decoder_ffn_dim=16,
        num_mel_bins=8, speech_decoder_prenet_units=16, speech_decoder_postnet_units=16,
        speaker_embedding_dim=12, reduction_factor=2, speech_decoder_postnet_layers=2,
    )  # fmt: skip
    model = SpeechT5ForTextToSpeech(config).eval()
    with torch.no_grad():
        model.speech_decoder_postnet.prob_out.bias.fill_(-20.0)  # else it stops at once
    model.save_pretrained(folder / "model")
    vocoder = SpeechT5HifiGan(
        SpeechT5HifiGanConfig(
            model_in_dim=8, upsample_initial_channel=16, upsample_rates=[16, 16],
            upsample_kernel_sizes=[32, 32], resblock_kernel_sizes=[3],
            resblock_dilation_sizes=[[1, 3]], sampling_rate=16_000, initializer_range=0.3,
        )
    ).eval()  # fmt: skip
    louder(vocoder.conv_post, 0.5)
    vocoder.save_pretrained(folder / "vocoder")
    rng = np.random.default_rng(1)
    np.save(folder / "speaker.npy", rng.standard_normal(12).astype(np.float32))
    return folder


def tiny_dia(folder: Path) -> Path:
    """A Dia in "model" and its DAC in "codec": codes with a delay, decoded by the processor."""
    import torch
    from transformers import (
        DacConfig,
        DacModel,
        DiaConfig,
        DiaFeatureExtractor,
        DiaForConditionalGeneration,
        DiaProcessor,
        DiaTokenizer,
    )

    torch.manual_seed(0)
    codec = DacModel(
        DacConfig(
            encoder_hidden_size=8, downsampling_ratios=[2, 4, 4, 8], decoder_hidden_size=32,
            upsampling_ratios=[8, 4, 4, 2], n_codebooks=9, codebook_size=1024, codebook_dim=4,
            hidden_size=128, sampling_rate=16_000,
        )
    ).eval()  # fmt: skip
    codec.save_pretrained(folder / "codec")
    small = {
        "num_hidden_layers": 1, "hidden_size": 16, "intermediate_size": 16,
        "num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 8,
    }  # fmt: skip
    config = DiaConfig(
        encoder_config={**small, "vocab_size": 256, "max_position_embeddings": 256},
        decoder_config={
            **small, "cross_num_attention_heads": 2, "cross_head_dim": 8, "vocab_size": 1028,
            "cross_num_key_value_heads": 2, "cross_hidden_size": 16, "num_channels": 9,
            "max_position_embeddings": 512,
        },
        eos_token_id=1024, pad_token_id=1025, bos_token_id=1026,
    )  # fmt: skip
    model = DiaForConditionalGeneration(config).eval()
    model.generation_config.update(
        eos_token_id=1024, pad_token_id=1025, bos_token_id=1026, do_sample=True,
        guidance_scale=None,        top_k=None, max_length=200,
    )  # fmt: skip
    model.save_pretrained(folder / "model")
    DiaProcessor(
        DiaFeatureExtractor(sampling_rate=16_000, hop_length=256),
        DiaTokenizer(),
        DacModel.from_pretrained(folder / "codec"),
    ).save_pretrained(folder / "model")
    return folder


def louder(layer, gain: float) -> None:
    """Random decoders whisper: raise what the last layer puts out."""
    import torch

    with torch.no_grad():
        layer.weight.mul_(gain)


CSM_TEMPLATE = (
    "{% for turn in messages %}<|begin|>[{{ turn.role }}]"
    "{% for part in turn.content %}{% if part.type == 'text' %}{{ part.text }}<|end|>"
    "{% else %}<|AUDIO|><|audio_eos|>{% endif %}{% endfor %}{% endfor %}"
)


def tiny_csm(folder: Path) -> Path:
    """A CSM: a backbone and a depth decoder speak Mimi codes; a recording may stand before."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    from transformers import (
        CsmConfig,
        CsmDepthDecoderConfig,
        CsmForConditionalGeneration,
        CsmProcessor,
        EncodecFeatureExtractor,
        MimiConfig,
        PreTrainedTokenizerFast,
    )

    torch.manual_seed(0)
    special = ["[PAD]", "[UNK]", "<|begin|>", "<|end|>", "<|AUDIO|>", "<|audio_eos|>"]
    words = {symbol: number for number, symbol in enumerate(special)}
    for letter in [*LETTERS, *".,!?;:-[]0123456789"]:
        words.setdefault(letter, len(words))
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Whitespace(), pre_tokenizers.Split("", "isolated")]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]",
        additional_special_tokens=special[2:],
    )  # fmt: skip
    small = {
        "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1,
        "num_attention_heads": 2, "num_key_value_heads": 2,
        "initializer_range": 0.5,  # else any context gives the same flat odds
    }  # fmt: skip
    codec = MimiConfig(
        hidden_size=16, num_filters=2, codebook_size=64, codebook_dim=8, num_quantizers=4,
        vector_quantization_hidden_dimension=8, upsample_groups=16, num_hidden_layers=1,
        intermediate_size=16, num_attention_heads=2, num_key_value_heads=2, head_dim=8,
    )  # fmt: skip
    depth = CsmDepthDecoderConfig(
        **small, num_codebooks=4, backbone_hidden_size=16, vocab_size=35, max_position_embeddings=5
    )
    config = CsmConfig(
        **small, num_codebooks=4, vocab_size=35, text_vocab_size=len(words), pad_token_id=0,
        codebook_pad_token_id=34, codebook_eos_token_id=33, bos_token_id=2, audio_token_id=4,
        audio_eos_token_id=5, max_position_embeddings=512, depth_decoder_config=depth.to_dict(),
        codec_config=codec.to_dict(),
    )  # fmt: skip
    model = CsmForConditionalGeneration(config).eval()
    for name, buffer in model.codec_model.named_buffers():
        if name.endswith("embed_sum"):  # all zero as it is made: every code would sound alike
            buffer.normal_()
            buffer[33:] = 1e6  # a recording is never heard as a code beyond the vocabulary
    model.save_pretrained(folder)
    CsmProcessor(
        EncodecFeatureExtractor(feature_size=1, sampling_rate=24_000), fast, CSM_TEMPLATE
    ).save_pretrained(folder)
    return folder
