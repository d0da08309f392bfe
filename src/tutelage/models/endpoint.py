"""A policy behind HTTP: any OpenAI-compatible server.

The key comes from the environment variable `TUTELAGE_ENDPOINT_KEY` and is never stored. A server that gives no
log-probabilities cannot state a `logprob`: it is NaN there, and never 0.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any

import httpx

from tutelage.errors import BadInput, Failed
from tutelage.models import Generation, Progress, Prompt, ResponseLogprob
from tutelage.records import Sampling
from tutelage.store import digest

TIMEOUT_S = 120.0


class EndpointPolicy:
    """A model served elsewhere. Its digest names the address and the model: what stands behind them may change."""

    def __init__(self, url: str, model: str, client: httpx.Client) -> None:
        self.name, self._model = model, model
        self._url = url.rstrip("/") + "/chat/completions"
        self.digest = digest({"endpoint": url, "model": model})
        self._client = client

    @classmethod
    def load(cls, argument: str) -> EndpointPolicy:
        """From `URL#model`, for example `http://127.0.0.1:8000/v1#my-model`."""
        url, _, model = argument.rpartition("#")
        if not url.startswith(("http://", "https://")) or not model:
            raise BadInput(
                f"The endpoint is given as {argument!r}.",
                expected="URL#model",
                remedy="Write for example endpoint:http://127.0.0.1:8000/v1#my-model.",
            )
        key = os.environ.get("TUTELAGE_ENDPOINT_KEY")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return cls(url, model, httpx.Client(timeout=TIMEOUT_S, headers=headers))

    def sample(
        self, prompts: Sequence[Prompt], *, n: int = 1, sampling: Sampling, on_progress: Progress | None = None
    ) -> list[list[Generation]]:
        """See `Policy.sample`; one request a prompt."""
        out = []
        for i, prompt in enumerate(prompts):
            out.append(self._ask(prompt, n, sampling))
            if on_progress:
                on_progress((i + 1) * n, len(prompts) * n)
        return out

    def logprobs(self, prompts: Sequence[Prompt], responses: Sequence[Prompt]) -> list[ResponseLogprob]:
        """Not to be had from a chat endpoint."""
        del prompts, responses
        raise BadInput(
            f"{self.name} is behind a chat endpoint, which states no log-probability of a given text.",
            expected="a local model",
            remedy="Use `local:DIR`.",
        )

    def _ask(self, prompt: Prompt, n: int, sampling: Sampling) -> list[Generation]:
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": m.role, "content": m.text} for m in prompt],
            "n": n,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "logprobs": True,
        }
        body |= {"max_tokens": sampling.max_tokens} if sampling.max_tokens else {}
        body |= {"seed": sampling.seed} if sampling.seed is not None else {}
        try:
            reply = self._client.post(self._url, json=body)
            reply.raise_for_status()
            choices = reply.json()["choices"]
            return [_generation(choice) for choice in choices]
        except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
            raise Failed(
                f"{self._url} did not answer as expected: {type(error).__name__}: {error}.",
                expected="an OpenAI-compatible chat completion",
                remedy="Check that the server runs and that the model's name is right.",
            ) from None


def _generation(choice: dict[str, Any]) -> Generation:
    text = choice["message"]["content"] or ""
    tokens = (choice.get("logprobs") or {}).get("content") or []
    total = sum(t["logprob"] for t in tokens) if tokens else math.nan
    return Generation(text.strip(), len(tokens) or len(text.split()), choice.get("finish_reason") == "stop", total)
