"""A policy with a memory and a purse: what it said is on the disk before it is used, and nothing is bought twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tutelage.judges.asking import SPENT, Memory, Progress, Purse
from tutelage.models import Policy
from tutelage.models.endpoint import EndpointPolicy, Refused, together
from tutelage.records import Json, Message, Sampling, Unscored
from tutelage.store import digest
from tutelage.store.files import home

Talk = tuple[Message, ...]
AT_ONCE = 16  # conversations decoded together, and lost together at a stop


@dataclass
class Speaker:
    """What a policy says to conversations, from memory where it was asked before.

    sampling  temperature 0 by default; above 0 each conversation is drawn by itself, so that a stop changes nothing
    memory    directory of replies, by default under $TUTELAGE_HOME
    at_once   requests to a server under way at the same time
    """

    policy: Policy
    sampling: Sampling
    purse: Purse = field(default_factory=Purse)
    memory: Path | None = None
    at_once: int = 8
    progress: Progress | None = None

    @property
    def key(self) -> str:
        """Digest of everything but the conversation that decides a reply."""
        return digest({"say": self.policy.digest, "sampling": replace(self.sampling, model="")})

    def say(self, talks: Sequence[Talk]) -> list[str | Unscored]:
        """The reply to each conversation.

        Unscored: "empty", "unparsed" where it was cut off, "blocked" where the server refuses or the purse is empty.
        Raises Failed where asking on is of no use; what was said until then is kept.
        """
        keys = [digest(talk) for talk in talks]
        place = (self.memory or home() / "said") / f"{self.key.removeprefix('sha256:')}.jsonl"
        with Memory(place) as memory:
            waiting = {k: t for k, t in zip(keys, talks, strict=True) if k not in memory.replies}
            self.purse.known += len(set(keys)) - len(waiting)
            open_ = list(waiting.items())[: self.purse.take(len(waiting))]
            for done, (at, reply) in enumerate(self._ask([t for _, t in open_]), 1):
                self.purse.spent += 1
                memory.keep(open_[at][0], reply)
                if self.progress:
                    self.progress(done, len(open_))
            replies = memory.replies
        return [read(replies[k]) if k in replies else Unscored("blocked", SPENT) for k in keys]

    def _ask(self, talks: Sequence[Talk]) -> Iterator[tuple[int, Json]]:
        if isinstance(self.policy, EndpointPolicy):
            yield from together(talks, self._one, self.at_once)
            return
        size = AT_ONCE if self.sampling.temperature == 0 else 1
        for lo in range(0, len(talks), size):
            for i, said in enumerate(self.policy.sample(talks[lo : lo + size], sampling=self.sampling)):
                yield lo + i, {"text": said[0].text, "ended": said[0].ended}

    def _one(self, talk: Talk) -> Json:
        try:
            said = self.policy.sample([talk], sampling=self.sampling)[0][0]
        except Refused as error:
            return {"refused": error.seen}
        return {"text": said.text, "ended": said.ended}


def read(reply: Json) -> str | Unscored:
    """A kept reply: its words, or why there are none to use."""
    if "refused" in reply:
        return Unscored("blocked", str(reply["refused"])[:200])
    text = str(reply["text"]).strip()
    if not text:
        return Unscored("empty", "no reply")
    return text if reply["ended"] else Unscored("unparsed", "cut off before its end")
