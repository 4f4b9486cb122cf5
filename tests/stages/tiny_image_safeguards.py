"""A tiny ShieldGemma 2 of random weights, saved as the real one is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SPECIAL = ("<pad>", "<bos>", "<eos>", "<unk>", "<start_of_image>", "<image_soft_token>",
           "<end_of_image>", "Yes", "No")  # fmt: skip
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{% for part in m.content %}"
    "{% if part.type == 'image' %}<start_of_image>{% else %}{{ part.text }}{% endif %}"
    "{% endfor %}{% endfor %} Answer Yes or No."
)
IMAGE_TOKENS = 4


def random_image_safeguard(folder: Path, yes: str = "Yes") -> Path:
    """One layer of text, one of sight, a tokenizer of bytes. With another `yes` its answers are
    those of no tokenizer of its own."""
    import torch
    import transformers

    torch.manual_seed(0)
    tokenizer = _tokenizer()
    image = transformers.Gemma3ImageProcessor(
        size={"height": 56, "width": 56}, do_pan_and_scan=False
    )
    processor = transformers.ShieldGemma2Processor(
        image, tokenizer, chat_template=TEMPLATE, image_seq_length=IMAGE_TOKENS
    )
    text = transformers.Gemma3TextConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=1, head_dim=16, max_position_embeddings=2048,
    )  # fmt: skip
    sight = transformers.SiglipVisionConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
        image_size=56, patch_size=14, vision_use_head=False,
    )  # fmt: skip
    ids = tokenizer.convert_tokens_to_ids
    config = transformers.ShieldGemma2Config(
        text_config=text, vision_config=sight, mm_tokens_per_image=IMAGE_TOKENS,
        boi_token_index=ids("<start_of_image>"), eoi_token_index=ids("<end_of_image>"),
        image_token_index=ids("<image_soft_token>"),
    )  # fmt: skip
    config.yes_token_index, config.no_token_index = ids(yes), ids("No")
    model = transformers.ShieldGemma2ForImageClassification(config).eval()
    with torch.no_grad():
        for name, weights in model.named_parameters():
            weights.mul_(8.0)  # or it would say 0.5 to everything
            if name.endswith("mm_input_projection_weight"):  # starts as zeros: it would be blind
                weights.normal_()
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bytes_ = Tokenizer(models.BPE())
    bytes_.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=list(SPECIAL), show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    bytes_.train_from_iterator(["The image shall not contain content."], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bytes_, pad_token="<pad>", bos_token="<bos>", eos_token="<eos>",
        unk_token="<unk>",
        extra_special_tokens={
            "boi_token": "<start_of_image>", "image_token": "<image_soft_token>",
            "eoi_token": "<end_of_image>",
        },
    )  # fmt: skip
