"""A Llama of two layers and its byte-level tokenizer, the same on every machine: for tests and for the TRL goldens."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SIZES = {
    "vocab_size": 258, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 2048, "tie_word_embeddings": True,
    "bos_token_id": 256, "eos_token_id": 257, "pad_token_id": 257,
}  # fmt: skip


def fill(model: Any, seed: int) -> Any:
    """Weights that depend on (seed, name, shape) alone, through numpy, whose streams do not change with versions."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
            start = 1.0 if "norm" in name else 0.0
            p.copy_(torch.from_numpy(start + 0.15 * rng.standard_normal(tuple(p.shape))))
    return model


def llama(seed: int = 0) -> Any:
    """The model, in float32."""
    from transformers import LlamaConfig, LlamaForCausalLM

    return fill(LlamaForCausalLM(LlamaConfig(**SIZES)), seed)


def move(model: Any, other: Any, share: float) -> Any:
    """The model, `share` of the way to another."""
    with torch.no_grad():
        for p, q in zip(model.parameters(), other.parameters(), strict=True):
            p.lerp_(q, share)
    return model


def tokenizer() -> Any:
    """256 bytes, <|im_start|> = 256, <|im_end|> = 257: the end token is also the pad, as in SmolLM2."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocab = {c: i for i, c in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    bytes_only = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    bytes_only.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_only.decoder = decoders.ByteLevel()
    bytes_only.add_special_tokens(["<|im_start|>", "<|im_end|>"])
    return PreTrainedTokenizerFast(
        tokenizer_object=bytes_only, bos_token="<|im_start|>", eos_token="<|im_end|>", pad_token="<|im_end|>",
        chat_template=TEMPLATE,
    )  # fmt: skip


def save(directory: Path, seed: int = 0) -> Path:
    """A Hugging Face directory of it."""
    llama(seed).save_pretrained(str(directory))
    tokenizer().save_pretrained(str(directory))
    return directory
