"""Loading what a local spec names: a packaged model, a Hugging Face directory, or a checkpoint of ours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from tutelage.errors import BadInput, Where
from tutelage.models import checkpoint as ck
from tutelage.models import local_layout, local_lora, local_weights
from tutelage.models.local_torch import Device, Dtype, choose_device, choose_dtype, transformers
from tutelage.store import digest_file


@dataclass(frozen=True)
class Origin:
    """What a spec stands for before any weights are read.

    spec, digest    of the base: the untrained weights
    weights         the directory they lie in
    checkpoint, at  the checkpoint on top and its directory, where there is one
    """

    spec: str
    digest: str
    weights: Path
    checkpoint: ck.Checkpoint | None = None
    at: Path | None = None

    @property
    def identity(self) -> str:
        """Digest of the whole: the checkpoint's where there is one, else the base's."""
        return self.checkpoint.digest if self.checkpoint else self.digest


def find(spec: str) -> Origin:
    """`smollm2`, `local:smollm2`, `local:DIR` or `DIR`. Raises BadInput, MissingExtra."""
    argument = spec.removeprefix("local:")
    if argument in local_weights.PACKAGED:
        return Origin(f"local:{argument}", local_weights.digest(argument), local_weights.path(argument))
    directory = Path(argument)
    if ck.is_checkpoint(directory):
        checkpoint = ck.read(directory)
        if checkpoint.weights is not None:
            return Origin(f"local:{directory.resolve()}", checkpoint.weights, directory, checkpoint, directory)
        below = find(checkpoint.base)
        if below.digest != checkpoint.base_digest:
            raise BadInput(
                f"The base {checkpoint.base} is {below.digest}.",
                expected=checkpoint.base_digest,
                remedy="Restore the base that this checkpoint was trained on.",
                where=Where(str(directory)),
            )
        return Origin(below.spec, below.digest, below.weights, checkpoint, directory)
    single = directory / "model.safetensors"
    if (directory / "config.json").is_file() and single.is_file():
        return Origin(f"local:{directory.resolve()}", digest_file(single), directory)
    raise BadInput(
        f"{argument!r} is neither a packaged model nor a directory with a model.",
        expected="smollm2, a checkpoint directory, or a directory with config.json and model.safetensors",
        remedy="Check the path; sharded weights are joined with `save_pretrained(max_shard_size='100GB')`.",
    )


@dataclass
class Loaded:
    """A model in memory, with every adapter of its checkpoint merged."""

    model: Any
    tokenizer: Any
    origin: Origin
    device: str
    dtype: torch.dtype


def load(spec: str, *, dtype: Dtype = "auto", device: Device = "auto") -> Loaded:
    """Read weights and merge the adapters in their order. Nothing is unpickled: safetensors and JSON only."""
    hf = transformers()
    origin = find(spec)
    where = choose_device(device)
    made = origin.checkpoint
    # a checkpoint is read in the type it was trained in, so that its figures are the same on every machine
    kind = getattr(torch, made.dtype) if made and dtype == "auto" else choose_dtype(dtype, where)
    local_layout.register()
    model = hf.AutoModelForCausalLM.from_pretrained(
        str(origin.weights),
        dtype=kind,
        attn_implementation=local_layout.ATTENTION,
        local_files_only=True,
        use_safetensors=True,
    ).to(where)
    _check(model.config, spec)
    model.eval().requires_grad_(False)
    if origin.checkpoint and origin.at:
        ck.verify(origin.at, origin.checkpoint)
        for adapter in origin.checkpoint.adapters:
            local_lora.merge(model, load_file(origin.at / adapter.file), rank=adapter.rank, alpha=adapter.alpha)
    tokenizer = hf.AutoTokenizer.from_pretrained(str(origin.weights), local_files_only=True)
    return Loaded(model, tokenizer, origin, where, kind)


def _check(config: Any, spec: str) -> None:
    """Refuse attention that our layout does not compute: windows and soft caps."""
    windows = "sliding_attention" in (getattr(config, "layer_types", None) or ())
    if windows or getattr(config, "attn_logit_softcapping", None) is not None:
        raise BadInput(
            f"{spec} ({config.model_type}) uses sliding windows or capped attention.",
            expected="full causal attention, as in Llama, Qwen or SmolLM",
            remedy="Use another base, or serve it and name it `endpoint:URL#model`.",
        )
