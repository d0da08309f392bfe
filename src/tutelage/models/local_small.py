"""A small Llama of one's own, its tokenizer learned from texts: a model that a laptop trains in half a minute.

It knows nothing before it is trained: `training.sft(rows, f"local:{directory}", out, SftConfig(lora_rank=0, …))`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tutelage.errors import BadInput, Where
from tutelage.models.local_torch import torch, transformers

BEGIN, END, PAD = "<|im_start|>", "<|im_end|>", "<|pad|>"
HEAD_SIZE = 32  # numbers of one attention head
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
FEWEST = 256 + 3  # every byte, and the special tokens


def make(
    directory: Path,
    texts: Sequence[str],
    *,
    hidden: int = 128,
    layers: int = 4,
    vocabulary: int = 1024,
    context: int = 256,
    seed: int = 0,
) -> Path:
    """Write an untrained Llama with a tokenizer learned from `texts`; returns `directory`, which `local:DIR` loads.

    hidden      width; a multiple of 32, one attention head per 32
    layers      blocks; each has about 16 · hidden² weights, so 128 × 4 makes a million
    vocabulary  most tokens: the 256 bytes, three special ones, and what `texts` repeat (any text can be written)
    context     most positions, prompt and answer together
    seed        of the weights, which with the texts decide every byte that is written
    Raises BadInput, MissingExtra.
    """
    _check(directory, texts, hidden, vocabulary)
    hf = transformers()
    tokenizer = learned(texts, vocabulary)
    begin, end, pad = tokenizer.convert_tokens_to_ids([BEGIN, END, PAD])
    config = hf.LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=hidden, intermediate_size=4 * hidden, num_hidden_layers=layers,
        num_attention_heads=hidden // HEAD_SIZE, num_key_value_heads=hidden // HEAD_SIZE, head_dim=HEAD_SIZE,
        max_position_embeddings=context, tie_word_embeddings=True,
        bos_token_id=begin, eos_token_id=end, pad_token_id=pad,
    )  # fmt: skip
    with torch().random.fork_rng(devices=[]):
        torch().manual_seed(seed)
        model = hf.LlamaForCausalLM(config)
    model.save_pretrained(str(directory))
    tokenizer.save_pretrained(str(directory))
    return directory


def learned(texts: Iterable[str], vocabulary: int) -> Any:
    """A byte-level BPE tokenizer; digits stay single, so that a number is read place by place."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    bpe = Tokenizer(models.BPE())
    bytes_of = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), bytes_of])
    bpe.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    bpe.train_from_iterator(
        # what the template adds is part of every conversation
        [*texts, "user\n", "assistant\n"] * 2,
        trainers.BpeTrainer(
            vocab_size=vocabulary, initial_alphabet=alphabet, special_tokens=[BEGIN, END, PAD], show_progress=False
        ),
    )
    return transformers().PreTrainedTokenizerFast(
        tokenizer_object=bpe, bos_token=BEGIN, eos_token=END, pad_token=PAD, chat_template=TEMPLATE
    )


def _check(directory: Path, texts: Sequence[str], hidden: int, vocabulary: int) -> None:
    at = Where(str(directory))
    if (directory / "config.json").exists():
        raise BadInput(
            "There is a model here.", expected="a new directory", remedy="Choose another or remove it.", where=at
        )
    if not any(text.strip() for text in texts):
        raise BadInput("There is no text.", expected="texts to learn a tokenizer from", remedy="Give some.", where=at)
    if hidden <= 0 or hidden % HEAD_SIZE:
        raise BadInput(
            f"hidden is {hidden}.", expected=f"a multiple of {HEAD_SIZE}", remedy="Use 64, 96, 128 …", where=at
        )
    if vocabulary < FEWEST:
        raise BadInput(f"vocabulary is {vocabulary}.", expected=f"{FEWEST} or more", remedy="Use 512.", where=at)
