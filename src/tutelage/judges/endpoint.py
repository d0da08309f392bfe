"""`endpoint:URL#model`: any OpenAI-compatible server as a judge, asked in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tutelage import records
from tutelage.judges.asking import AskingJudge
from tutelage.judges.protocol import Duel, Judge, Opinion
from tutelage.judges.rubric import Rubric
from tutelage.judges.setting import Setting
from tutelage.judges.words import REPLY, opinion, question
from tutelage.models.endpoint import EndpointPolicy, Refused, together
from tutelage.records import AiJudge, Json, Sampling, Unscored
from tutelage.store import digest

MAX_TOKENS = 400


class EndpointMind:
    """A served model under a rubric, at temperature 0."""

    def __init__(self, policy: EndpointPolicy, rubric: Rubric, *, at_once: int = 8) -> None:
        self._policy, self._rubric, self._at_once = policy, rubric, at_once
        self._sampling = Sampling(policy.name, temperature=0.0, max_tokens=MAX_TOKENS)
        self.key = digest({"endpoint": policy.digest, "rubric": rubric.digest, "ask": REPLY, "tokens": MAX_TOKENS})
        self.record: records.Judge = AiJudge(
            id=f"ai:{policy.name}", model=policy.name, prompt_hash=self.key, family=policy.name
        )

    def ask(self, duels: Sequence[Duel]) -> Iterator[tuple[int, Json]]:
        """Several at once; see `together`."""
        return together(duels, self._one, self._at_once)

    def _one(self, duel: Duel) -> Json:
        try:
            said = self._policy.sample([question(duel, self._rubric, REPLY)], sampling=self._sampling)[0][0]
        except Refused as error:
            return {"refused": error.seen}
        return {"text": said.text}

    def read(self, duel: Duel, reply: Json) -> Opinion:
        """See `words.opinion`; a request the server refuses to answer is Unscored("blocked")."""
        if "refused" in reply:
            return Unscored("blocked", str(reply["refused"])[:200])
        return opinion(str(reply["text"]), duel)


def load(kind: str, argument: str, setting: Setting) -> Judge:  # noqa: ARG001  the table calls every loader so
    """The judge of `URL#model`. Raises BadInput."""
    mind = EndpointMind(EndpointPolicy.load(argument), setting.rubric, at_once=setting.at_once)
    return AskingJudge(mind, setting.purse, setting.memory, setting.progress)
