"""The fast reward model: a linear head on surface features, hashed n-grams and, where installed, MiniLM.

A directory holds `head.npz` (weights, means, scales; never pickled) and `head.json` (blocks, strengths, lineage).
Without a MiniLM block it needs numpy and scipy alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from tutelage.errors import BadInput, MissingExtra, Where
from tutelage.models import Prompt
from tutelage.models.features import Matrix, ngrams, prompt_text, surface
from tutelage.records import text_of
from tutelage.store.canonical import digest_file

SCHEMA = "head/1"
BLOCKS = ("surface", "ngrams", "minilm")
Block = Any  # (n, columns): dense, or sparse for n-grams


def raw_blocks(
    prompts: Sequence[Prompt], responses: Sequence[Prompt], names: Sequence[str], *, cache: Path | None = None
) -> dict[str, Block]:
    """The unscaled feature blocks of n answers, each (n, columns). Raises MissingExtra for `minilm` without weights."""
    asked, said = [prompt_text(p) for p in prompts], [text_of(r) for r in responses]
    out: dict[str, Block] = {}
    if "surface" in names:
        out["surface"] = surface(asked, said)
    if "ngrams" in names:
        counts = ngrams(said)
        counts.data = np.log1p(counts.data)
        out["ngrams"] = counts
    if "minilm" in names:
        out["minilm"] = _meaning(asked, said, cache)
    return out


def _meaning(asked: list[str], said: list[str], cache: Path | None) -> Matrix:
    """(n, 386): the answer's embedding, its closeness to the prompt, and its word pieces per character."""
    from tutelage.models import local_minilm

    answer = local_minilm.encode(said, cache=cache).astype(np.float64)
    question = local_minilm.encode(asked, cache=cache).astype(np.float64)
    near = (answer * question).sum(1)
    pieces = np.log1p(local_minilm.pieces(said)) - np.log1p([len(t) for t in said])
    return np.column_stack([answer, near, pieces])


def arrays_of(raw: Mapping[str, Block]) -> dict[str, npt.NDArray[np.float64]]:
    """What scaling needs to know of the training answers: means and scales of dense blocks, idf of n-grams."""
    out: dict[str, npt.NDArray[np.float64]] = {}
    for name, X in raw.items():
        if sparse.issparse(X):
            seen = np.bincount(X.indices, minlength=X.shape[1])
            # a run seen in one answer only says who wrote it
            out[f"{name}_idf"] = np.where(seen > 1, np.log((X.shape[0] + 1) / (seen + 1)), 0.0)
        else:
            spread = X.std(0)
            out[f"{name}_mean"] = X.mean(0)
            out[f"{name}_scale"] = np.where(spread > 1e-9, spread, np.inf)
    return out


def scaled(raw: Mapping[str, Block], arrays: Mapping[str, npt.NDArray[np.float64]]) -> dict[str, Block]:
    """Blocks of comparable size: dense rows have squared length about 1, n-gram rows exactly 1."""
    out: dict[str, Block] = {}
    for name, X in raw.items():
        if sparse.issparse(X):
            weighted = X.multiply(arrays[f"{name}_idf"]).tocsr()
            length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(1)).ravel())
            out[name] = (sparse.diags_array(1 / np.where(length > 0, length, 1.0)) @ weighted).tocsr()
        else:
            z = np.clip((X - arrays[f"{name}_mean"]) / arrays[f"{name}_scale"], -6, 6)  # one wild text moves little
            out[name] = z / np.sqrt(X.shape[1])
    return out


class HeadReward:
    """A reward model of `head:DIR`. Scores are in calibrated logits of being preferred."""

    def __init__(self, directory: Path, *, cache: Path | None = None) -> None:
        self.directory, self.cache = directory, cache
        self.about = _read_json(directory / "head.json")
        with np.load(directory / "head.npz", allow_pickle=False) as stored:
            self.arrays = {name: stored[name] for name in stored.files}
        self.blocks: tuple[str, ...] = tuple(self.about["blocks"])
        _same_minilm(self.about.get("minilm"), directory)

    @property
    def name(self) -> str:
        """`head:` and its blocks."""
        return f"head:{self.directory.name} ({' + '.join(self.blocks)})"

    @property
    def digest(self) -> str:
        """`sha256:…` of the weights."""
        return digest_file(self.directory / "head.npz")

    def scores(self, prompts: Sequence[Prompt], responses: Sequence[Prompt]) -> npt.NDArray[np.float64]:
        """(n,) reward of each response to its prompt; a difference d means P(preferred) = 1/(1 + e^−d)."""
        if not prompts:
            return np.zeros(0)
        blocks = scaled(raw_blocks(prompts, responses, self.blocks, cache=self.cache), self.arrays)
        total = sum(X @ self.arrays[f"{name}_weight"] for name, X in blocks.items())
        return np.asarray(total, np.float64)

    def leanings(self, prompts: Sequence[Prompt], responses: Sequence[Prompt]) -> npt.NDArray[np.float64]:
        """(n, r) see `models.spread`; r = 0 where none was learned."""
        if not prompts or "leaning" not in self.arrays:
            return np.zeros((len(prompts), 0))
        blocks = scaled(raw_blocks(prompts, responses, self.blocks, cache=self.cache), self.arrays)
        weights = self.arrays["leaning"]
        return np.asarray(contestable(blocks)[:, weights > 0] * weights[weights > 0])


def contestable(blocks: Mapping[str, Block]) -> Matrix:
    """(n, k) what people may differ about: the surface features, or without them all dense ones."""
    found = [X for X in blocks.values() if not sparse.issparse(X)]
    n = next(iter(blocks.values())).shape[0]
    return np.asarray(blocks.get("surface", np.column_stack(found) if found else np.zeros((n, 0))))


def load(directory: Path, *, cache: Path | None = None) -> HeadReward:
    """The fast reward model in a directory. Raises BadInput where it is not one, MissingExtra without its MiniLM.

    cache  a folder that keeps MiniLM embeddings between calls
    """
    return HeadReward(Path(directory), cache=cache)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        about: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(
            f"{path.parent} holds no fast reward model: {error}.",
            expected="a directory with head.json and head.npz",
            remedy="Train one with `tutelage train reward`.",
            where=Where(str(path)),
        ) from None
    if about.get("schema") != SCHEMA:
        raise BadInput(
            f"The schema is {about.get('schema')!r}.",
            expected=SCHEMA,
            remedy="Train the head again with this version.",
            where=Where(str(path), field="schema"),
        )
    return about


def _same_minilm(digest: str | None, directory: Path) -> None:
    if digest is None:
        return
    from tutelage.models import local_minilm

    if not local_minilm.available():
        raise MissingExtra(
            f"{directory} was trained with MiniLM, which is not installed.",
            expected="torch, transformers and the MiniLM weights",
            remedy="Run `pip install 'tutelage[train]'` and `tutelage models add minilm`, or train without it.",
        )
    if local_minilm.digest() != digest:
        raise BadInput(
            f"{directory} was trained on MiniLM weights {digest}, here are {local_minilm.digest()}.",
            expected="the same weights",
            remedy="Install the weights it was trained with, or train it again.",
        )
