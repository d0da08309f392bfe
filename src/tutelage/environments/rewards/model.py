"""`reward:DIR` and `head:DIR`: a reward model, in logits of being preferred."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tutelage import models
from tutelage.environments.graders import Task
from tutelage.environments.rewards.protocol import Finding, Reward, rewarded
from tutelage.models import checkpoint as ck
from tutelage.records import assistant, jsonl


class ModelReward:
    """A reward model's score of every answer, empty ones too: what an empty answer is worth, the model was taught.

    contributions  the work in it: what is trained towards it has them too
    """

    def __init__(self, model: models.RewardModel, name: str, contributions: Sequence[ck.Contribution] = ()) -> None:
        self._model, self.name, self.digest, self.contributions = model, name, model.digest, tuple(contributions)

    def grades(self, tasks: Sequence[Task], answers: Sequence[str]) -> list[Finding]:
        """See `Reward.grades`; all answers are scored in one call, consecutive ones to one prompt sharing it."""
        if not answers:
            return []
        scores = self._model.scores([t.prompt for t in tasks], [assistant(a) for a in answers])
        return [rewarded(float(score)) for score in scores]


def load(kind: str, argument: str) -> Reward:
    """The reward of a reward model's directory. Raises BadInput, MissingExtra."""
    return ModelReward(models.load_reward(f"{kind}:{argument}"), f"{kind}:{argument}", behind(Path(argument)))


def work_in(rewards: Sequence[Reward]) -> tuple[ck.Contribution, ...]:
    """Every contribution in several rewards, each once; what names none, as a grader, adds none."""
    return tuple(dict.fromkeys(c for reward in rewards for c in getattr(reward, "contributions", ())))


def behind(directory: Path) -> list[ck.Contribution]:
    """Every contribution in a reward model, with its stage."""
    if ck.is_checkpoint(directory):
        return ck.contributions(directory)
    ids = jsonl.parse((directory / "head.json").read_bytes(), directory / "head.json").get("contributions", [])
    return [ck.Contribution(i, "head") for i in ids]
