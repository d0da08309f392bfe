"""`local:MODEL`: a local model as a judge, by how likely it finds the letter A or B as its whole reply.

A small model mostly prefers a place, not an answer: asked in both orders it then has no opinion, and that is the point.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from tutelage import models, records
from tutelage.judges.asking import AskingJudge
from tutelage.judges.protocol import Duel, Judge, Opinion, Preferred
from tutelage.judges.rubric import Rubric
from tutelage.judges.setting import Setting
from tutelage.judges.words import LETTER, question, with_letter
from tutelage.records import AiJudge, Json, Unscored
from tutelage.store import digest

LEAST_SURE = 0.6  # below this a letter is a coin
LEAST_MASS = 0.05  # below this the model would have said something else
AT_ONCE = 16


class LikelihoodMind:
    """A policy that states log-probabilities, under a rubric."""

    def __init__(self, policy: models.Policy, rubric: Rubric) -> None:
        self._policy, self._rubric = policy, rubric
        self.key = digest({"local": policy.digest, "rubric": rubric.digest, "ask": LETTER})
        self.record: records.Judge = AiJudge(
            id=f"ai:{policy.name}", model=policy.name, revision=policy.digest, prompt_hash=self.key, family=policy.name
        )

    def ask(self, duels: Sequence[Duel]) -> Iterator[tuple[int, Json]]:
        """The two log-probabilities, in nats, the end of the reply included."""
        for lo in range(0, len(duels), AT_ONCE):
            some = duels[lo : lo + AT_ONCE]
            asked = [with_letter(question(d, self._rubric, LETTER), x) for d in some for x in "AB"]
            found = self._policy.logprobs([p for p, _ in asked], [r for _, r in asked])
            for i, (a, b) in enumerate(zip(found[::2], found[1::2], strict=True)):
                yield lo + i, {"A": a.total, "B": b.total}

    def read(self, duel: Duel, reply: Json) -> Opinion:  # noqa: ARG002  the protocol's argument
        """The likelier letter, where the two are likely at all and far enough apart."""
        a, b = float(reply["A"]), float(reply["B"])
        mass = math.exp(a) + math.exp(b)
        sure = 1 / (1 + math.exp(-min(abs(a - b), 700.0)))
        if mass < LEAST_MASS:
            return Unscored("abstained", f"A and B together have probability {mass:.2g}")
        if sure < LEAST_SURE:
            return Unscored("abstained", f"{'A' if a > b else 'B'} with probability {sure:.2f}")
        return Preferred("first" if a > b else "second", sure)


def load(kind: str, argument: str, setting: Setting) -> Judge:
    """The judge of a local model. Raises BadInput, MissingExtra."""
    mind = LikelihoodMind(models.load(f"{kind}:{argument}"), setting.rubric)
    return AskingJudge(mind, setting.purse, setting.memory, setting.progress)
