"""A policy whose replies are a function of what was last said to it: everything else is counted, not imitated."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tutelage.errors import Failed
from tutelage.models import Generation, Progress, Prompt, ResponseLogprob
from tutelage.records import Sampling, text_of


class Scripted:
    """Says `reply(last message)`, finds a letter as likely as `odds` says, and fails after `until` replies."""

    name, digest = "scripted", "sha256:scripted"

    def __init__(
        self, reply: Callable[[str], str] = str.upper, odds: Callable[[str, str], float] = lambda _q, _a: 0.0,
        until: int = 10**9,
    ) -> None:  # fmt: skip
        self.asked, self.until, self._reply, self._odds = 0, until, reply, odds

    def sample(
        self, prompts: Sequence[Prompt], *, n: int = 1, sampling: Sampling, on_progress: Progress | None = None
    ) -> list[list[Generation]]:
        out = []
        for prompt in prompts:
            if self.asked == self.until:
                raise Failed("The machine stopped.", expected="a reply", remedy="Run it again.")
            self.asked += 1
            said = self._reply(prompt[-1].text)
            out.append([Generation(said, len(said), not said.endswith("…"), -1.0)] * n)
        return out

    def logprobs(self, prompts: Sequence[Prompt], responses: Sequence[Prompt]) -> list[ResponseLogprob]:
        self.asked += len(prompts)
        said = zip(prompts, responses, strict=True)
        return [ResponseLogprob(self._odds(text_of(p), text_of(r)), 2) for p, r in said]


@pytest.fixture
def scripted() -> type[Scripted]:
    """The class of such policies."""
    return Scripted
