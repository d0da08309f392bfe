"""A policy behind HTTP: any OpenAI-compatible server.

The key comes from the environment variable `TUTELAGE_ENDPOINT_KEY` and is never stored. A server that gives no
log-probabilities cannot state a `logprob`: it is NaN there, and never 0.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, TypeVar

import httpx

from tutelage.errors import BadInput, Failed
from tutelage.models import Generation, Progress, Prompt, ResponseLogprob
from tutelage.records import Sampling
from tutelage.store import digest

T = TypeVar("T")
R = TypeVar("R")
TIMEOUT_S = 120.0
PAUSES_S = (0.5, 2.0, 8.0, 30.0)  # before each further attempt at a busy or silent server
BUSY = (408, 409, 425, 429, 500, 502, 503, 504)
NO_ANSWER_TO_THIS = (400, 413, 422)  # the server is well, and will not answer this request


class Refused(Failed):
    """The server answers others, and not this request: too long, or against its rules."""


def together(asked: Sequence[T], ask: Callable[[T], R], at_once: int) -> Iterator[tuple[int, R]]:
    """(place, reply) of each request as it comes, several under way; after the first `Failed` no more are sent, and
    those under way are still given before it is raised."""
    with ThreadPoolExecutor(at_once) as pool:
        under_way = {pool.submit(ask, one): i for i, one in enumerate(asked)}
        failed: Failed | None = None
        for done in as_completed(under_way):
            if done.cancelled():
                continue
            error = done.exception()
            if isinstance(error, Failed):
                failed = failed or error
                for other in under_way:
                    other.cancel()
            elif error is not None:
                raise error
            else:
                yield under_way[done], done.result()
        if failed is not None:
            raise failed


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
        reply = self._post(body)
        try:
            return [_generation(choice) for choice in reply.json()["choices"]]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._failed(error) from None

    def _post(self, body: dict[str, Any]) -> httpx.Response:
        """The reply, after as many further attempts as there are pauses. Raises Refused, Failed."""
        for pause in (*PAUSES_S, None):
            try:
                reply = self._client.post(self._url, json=body)
            except httpx.TransportError as error:
                if pause is None:
                    raise self._failed(error) from None
            else:
                if reply.status_code in NO_ANSWER_TO_THIS:
                    raise Refused(
                        f"{self._url} answers {reply.status_code} to this request.",
                        expected="a completion",
                        remedy="The server's own message says why; it is often too long or against its rules.",
                    )
                if reply.is_success or pause is None or reply.status_code not in BUSY:
                    return self._succeeded(reply)
                pause = _asked_for(reply, pause)
            time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _succeeded(self, reply: httpx.Response) -> httpx.Response:
        try:
            return reply.raise_for_status()
        except httpx.HTTPStatusError as error:
            raise self._failed(error) from None

    def _failed(self, error: Exception) -> Failed:
        return Failed(
            f"{self._url} did not answer as expected: {type(error).__name__}: {str(error).splitlines()[0]}.",
            expected="an OpenAI-compatible chat completion",
            remedy="Check that the server runs and that the model's name is right.",
        )


def _asked_for(reply: httpx.Response, pause: float) -> float:
    """The pause a busy server asks for, within reason."""
    try:
        return min(max(float(reply.headers.get("Retry-After", pause)), 0.0), 60.0)
    except ValueError:
        return pause


def _generation(choice: dict[str, Any]) -> Generation:
    text = choice["message"]["content"] or ""
    tokens = (choice.get("logprobs") or {}).get("content") or []
    total = sum(t["logprob"] for t in tokens) if tokens else math.nan
    return Generation(text.strip(), len(tokens) or len(text.split()), choice.get("finish_reason") == "stop", total)
