"""A model you can ask: local weights, an endpoint, a reward network. This face imports without torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from tutelage.errors import BadInput
from tutelage.records import Message, Sampling

T = TypeVar("T")
Prompt = tuple[Message, ...]
Progress = Callable[[int, int], None]  # (done, of)


class Generation(NamedTuple):
    """One sampled answer.

    tokens   length in tokens, the end token included where there is one
    ended    whether the model ended by itself (else it was cut at `max_tokens`)
    logprob  nats, summed over its tokens, under the sampling model at temperature 1
    """

    text: str
    tokens: int
    ended: bool
    logprob: float


class ResponseLogprob(NamedTuple):
    """How likely a given answer is: `total` nats over `tokens` tokens, the end token included."""

    total: float
    tokens: int


class Policy(Protocol):
    """A model that answers."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        ...

    @property
    def digest(self) -> str:
        """`sha256:…` of what it is: equal digests give equal models."""
        ...

    def sample(
        self, prompts: Sequence[Prompt], *, n: int = 1, sampling: Sampling, on_progress: Progress | None = None
    ) -> list[list[Generation]]:
        """n answers to each prompt. `sampling.model` is a note for records and is not looked at here."""
        ...

    def logprobs(self, prompts: Sequence[Prompt], responses: Sequence[Prompt]) -> list[ResponseLogprob]:
        """log p(response | prompt), pair by pair."""
        ...


class RewardModel(Protocol):
    """A model that scores answers; only differences within a prompt mean something."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        ...

    @property
    def digest(self) -> str:
        """`sha256:…` of what it is."""
        ...

    def scores(self, prompts: Sequence[Prompt], responses: Sequence[Prompt]) -> npt.NDArray[np.float64]:
        """(n,) reward of each response to its prompt, in logits of being preferred."""
        ...


def load(spec: str) -> Policy:
    """A policy from its SPEC: `local:smollm2`, `local:DIR` (a checkpoint or a Hugging Face directory),
    `endpoint:URL#model`. Raises BadInput, MissingExtra."""
    return _dispatch(spec, _POLICIES)


def load_reward(spec: str) -> RewardModel:
    """A reward model from its SPEC: `reward:DIR` (a trained network), `head:DIR` (the fast one)."""
    return _dispatch(spec, _REWARDS)


def _local(argument: str) -> Policy:
    from tutelage.models.local_torch import transformers

    transformers()
    from tutelage.models.local import LocalPolicy

    return LocalPolicy.load(argument)


def _endpoint(argument: str) -> Policy:
    from tutelage.models.endpoint import EndpointPolicy

    return EndpointPolicy.load(argument)


def _reward(argument: str) -> RewardModel:
    from tutelage.models.local_torch import transformers

    transformers()
    from tutelage.models.local_reward import LocalReward

    return LocalReward.load(argument)


def _head(argument: str) -> RewardModel:
    import importlib
    from pathlib import Path

    # by name: the fast reward model brings its own heavy parts
    module = importlib.import_module("tutelage.models.head")
    loaded: RewardModel = module.load(Path(argument))
    return loaded


_POLICIES: dict[str, Callable[[str], Policy]] = {"local": _local, "endpoint": _endpoint}
_REWARDS: dict[str, Callable[[str], RewardModel]] = {"reward": _reward, "head": _head}


def _dispatch(spec: str, loaders: dict[str, Callable[[str], T]]) -> T:
    kind, _, argument = spec.partition(":")
    if kind not in loaders or not argument:
        raise BadInput(
            f"The model is given as {spec!r}.",
            expected=" or ".join(f"{k}:…" for k in loaders),
            remedy="Write the kind before a colon, for example `local:smollm2`.",
        )
    return loaders[kind](argument)
