"""`reward:DIR` and `head:DIR`: a reward model as a judge."""

from __future__ import annotations

from collections.abc import Sequence

from tutelage import models
from tutelage.errors import BadInput
from tutelage.judges.protocol import Judge, Messages
from tutelage.judges.scores import ScoreJudge
from tutelage.records import AiJudge


def load(kind: str, argument: str) -> Judge:
    """The judge of a reward model's directory; `DIR@MARGIN` calls differences up to MARGIN logits a tie."""
    directory, at, margin = argument.rpartition("@")
    if not at:
        directory, margin = argument, "0"
    try:
        tie_within = float(margin)
    except ValueError:
        directory, tie_within = argument, 0.0
    if tie_within < 0:
        raise BadInput(f"The margin is {margin}.", expected="0 or more logits", remedy="Correct it.")
    return judge(models.load_reward(f"{kind}:{directory}"), margin=tie_within)


def judge(model: models.RewardModel, *, margin: float = 0.0) -> Judge:
    """A reward model as a judge; `margin` in logits of being preferred."""

    def scores(prompts: Sequence[Messages], answers: Sequence[Messages]) -> list[float]:
        return [float(x) for x in model.scores(prompts, answers)]

    record = AiJudge(id=f"reward:{model.name}", model=model.name, revision=model.digest, family="reward")
    return ScoreJudge(record, scores, margin=margin, logits=True)
