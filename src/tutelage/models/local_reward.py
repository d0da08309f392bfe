"""A reward network: the trunk of a language model with one number read at the end of each answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file
from torch import Tensor

from tutelage.errors import BadInput, Where
from tutelage.models import Prompt
from tutelage.models import checkpoint as ck
from tutelage.models.local_layout import Flat, Tree, batches, hidden
from tutelage.models.local_load import Loaded, load
from tutelage.models.local_text import Text
from tutelage.models.local_torch import Device, Dtype

TOKENS_AT_ONCE = 2048


def rewards(model: Any, head: Tensor, flat: Flat) -> Tensor:
    """(A,) float32: a (d,) head's reading of the state at each answer's last token; (A, 1 + r) of a (d, 1 + r) head."""
    states = hidden(model, flat.ids, flat.positions, flat)[0, flat.ends]  # (1, N, d) -> (A, d)
    return states.float() @ head


class LocalReward:
    """A reward model in this process."""

    def __init__(self, loaded: Loaded, head: Tensor, offset: float, name: str) -> None:
        self.name, self.digest = name, loaded.origin.identity
        self._loaded, self._head, self._offset = loaded, head, offset
        self._text = Text(loaded.tokenizer)

    @classmethod
    def load(cls, argument: str, *, dtype: Dtype = "auto", device: Device = "auto") -> LocalReward:
        """From a directory that `tutelage train reward` wrote."""
        directory = Path(argument)
        checkpoint = ck.read(directory)
        if checkpoint.head is None:
            raise BadInput(
                f"This is a checkpoint of {checkpoint.method}.",
                expected="a reward model",
                remedy="Train one with `tutelage train reward`.",
                where=Where(str(directory)),
            )
        loaded = load(argument, dtype=dtype, device=device)
        head = load_file(directory / "head.safetensors")["weight"].to(loaded.device)
        return cls(loaded, head, checkpoint.offset, directory.name)

    def scores(self, prompts: Sequence[Prompt], responses: Sequence[Prompt]) -> npt.NDArray[np.float64]:
        """See `RewardModel.scores`. Consecutive rows with the same prompt share its encoding."""
        return self._read(prompts, responses)[:, 0] - self._offset

    def leanings(self, prompts: Sequence[Prompt], responses: Sequence[Prompt]) -> npt.NDArray[np.float64]:
        """(n, r) see `models.spread`; r = 0 where none was learned."""
        return self._read(prompts, responses)[:, 1:]

    def _read(self, prompts: Sequence[Prompt], responses: Sequence[Prompt]) -> npt.NDArray[np.float64]:
        """(n, 1 + r): means and leanings."""
        trees: list[Tree] = []
        last: Prompt | None = None
        for prompt, response in zip(prompts, responses, strict=True):
            answer = self._text.answer(response)
            if prompt == last:
                trees[-1] = trees[-1]._replace(answers=(*trees[-1].answers, answer))
            else:
                trees.append(Tree(self._text.prompt(prompt), (answer,)))
            last = prompt
        out: list[Any] = []
        for batch in batches(trees, TOKENS_AT_ONCE):
            with torch.inference_mode():
                out += rewards(self._loaded.model, self._head, Flat(batch, self._loaded.device)).tolist()
        columns = 1 if self._head.ndim == 1 else self._head.shape[1]
        return np.array(out, dtype=np.float64).reshape(len(out), columns)
