"""A policy whose weights are here."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

import torch

from tutelage.errors import BadInput
from tutelage.models import Generation, Progress, Prompt, ResponseLogprob
from tutelage.models.local_decode import ROWS, Sample, decode, rows_for
from tutelage.models.local_layout import Flat, answer_sums, batches, token_logprobs
from tutelage.models.local_load import Loaded, load
from tutelage.models.local_text import Text
from tutelage.models.local_torch import Device, Dtype
from tutelage.records import Sampling

MAX_TOKENS = 256  # where the sampling says nothing
TOKENS_AT_ONCE = 2048


class LocalPolicy:
    """A causal language model in this process."""

    def __init__(self, loaded: Loaded, name: str) -> None:
        self.name, self.digest = name, loaded.origin.identity
        self.loaded, self.text = loaded, Text(loaded.tokenizer)

    @classmethod
    def load(cls, argument: str, *, dtype: Dtype = "auto", device: Device = "auto") -> LocalPolicy:
        """From `smollm2` or a directory; see `tutelage.models.load`."""
        loaded = load(argument, dtype=dtype, device=device)
        if loaded.origin.checkpoint and loaded.origin.checkpoint.head:
            raise BadInput(
                f"{argument} is a reward model: it scores answers and writes none.",
                expected="a policy",
                remedy=f"Load it as reward:{argument}.",
            )
        return cls(loaded, argument)

    def sample(
        self, prompts: Sequence[Prompt], *, n: int = 1, sampling: Sampling, on_progress: Progress | None = None
    ) -> list[list[Generation]]:
        """See `Policy.sample`. Prompts of like length are decoded together, long ones first."""
        most = sampling.max_tokens or MAX_TOKENS
        ids = [self.text.prompt(p) for p in prompts]
        rows = rows_for(ids, n, sampling, most)
        out: list[list[Generation | None]] = [[None] * n for _ in prompts]
        order = sorted(rows, key=lambda r: (-len(r.prompt), r.prompt, r.place))
        for lo in range(0, len(order), ROWS):
            batch = order[lo : lo + ROWS]
            decode(self.loaded.model, batch, sampling, max_tokens=most, end=self.text.end)
            for row in batch:
                out[row.place[0]][row.place[1]] = self._read(row)
            if on_progress:
                on_progress(min(lo + ROWS, len(order)), len(order))
        return [[g for g in answers if g is not None] for answers in out]

    def logprobs(self, prompts: Sequence[Prompt], responses: Sequence[Prompt]) -> list[ResponseLogprob]:
        """See `Policy.logprobs`. Answers to one prompt that follow one another share its computation."""
        pairs = groupby(zip(prompts, responses, strict=True), key=itemgetter(0))
        trees = [self.text.tree(p, tuple(r for _, r in answers)) for p, answers in pairs]
        out: list[ResponseLogprob] = []
        for batch in batches(trees, TOKENS_AT_ONCE):
            flat = Flat(batch, self.loaded.device)
            with torch.inference_mode():
                sums = answer_sums(token_logprobs(self.loaded.model, flat), flat.lengths)
            out += [ResponseLogprob(total, n) for total, n in zip(sums.tolist(), flat.lengths, strict=True)]
        return out

    def _read(self, row: Sample) -> Generation:
        return Generation(self.text.read(row.ids), len(row.ids), row.ended, row.logprob)
