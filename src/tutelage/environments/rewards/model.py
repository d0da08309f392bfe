"""`reward:DIR` and `head:DIR`: a reward model, in logits of being preferred."""

from __future__ import annotations

from collections.abc import Sequence

from tutelage import models
from tutelage.environments.graders import Task
from tutelage.environments.rewards.protocol import Finding, Reward, rewarded
from tutelage.records import assistant


class ModelReward:
    """A reward model's score of every answer, empty ones too: what an empty answer is worth, the model was taught."""

    def __init__(self, model: models.RewardModel, name: str) -> None:
        self._model, self.name, self.digest = model, name, model.digest

    def grades(self, tasks: Sequence[Task], answers: Sequence[str]) -> list[Finding]:
        """See `Reward.grades`; all answers are scored in one call, consecutive ones to one prompt sharing it."""
        if not answers:
            return []
        scores = self._model.scores([t.prompt for t in tasks], [assistant(a) for a in answers])
        return [rewarded(float(score)) for score in scores]


def load(kind: str, argument: str) -> Reward:
    """The reward of a reward model's directory. Raises BadInput, MissingExtra."""
    return ModelReward(models.load_reward(f"{kind}:{argument}"), f"{kind}:{argument}")
