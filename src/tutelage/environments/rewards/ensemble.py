"""`ensemble:DIR,DIR,…[@PENALTY]`: several reward models; where they disagree, the reward is lower.

Value: mean − penalty × standard deviation over the members (n − 1 in its denominator). A policy that finds what one
member mistakes for quality drives the members apart, and pays for it (Coste et al. 2023, uncertainty-weighted
optimisation). Members are read as they are: give models whose scores share a scale.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

from tutelage import models
from tutelage.environments.graders import Task
from tutelage.environments.rewards.model import ModelReward, behind, work_in
from tutelage.environments.rewards.protocol import Finding, Reward, Rewarded, rewarded
from tutelage.errors import BadInput
from tutelage.records import Unscored
from tutelage.store import digest

PENALTY = 1.0


class Ensemble:
    """Two members or more; `parts` are each member's value and `disagreement`, their standard deviation.

    contributions  the work in all members
    """

    def __init__(self, members: Sequence[Reward], name: str, *, penalty: float = PENALTY) -> None:
        if len(members) < 2 or not 0 <= penalty < float("inf"):
            raise BadInput(
                f"An ensemble of {len(members)} with penalty {penalty}.",
                expected="two reward models or more, and a penalty of 0 or more",
                remedy="Name them with commas between, for example `ensemble:rm-1/,rm-2/,rm-3/@1.0`.",
            )
        self._members, self._penalty, self.name = members, penalty, name
        self.contributions = work_in(members)
        self.digest = digest({"reward": "ensemble/1", "members": [m.digest for m in members], "penalty": penalty})

    def grades(self, tasks: Sequence[Task], answers: Sequence[str]) -> list[Finding]:
        """See `Reward.grades`; an answer that one member cannot score is Unscored."""
        rows = zip(*(m.grades(tasks, answers) for m in self._members), strict=True)
        return [self._together(row) for row in rows]

    def _together(self, row: Sequence[Finding]) -> Finding:
        values = []
        for member, found in zip(self._members, row, strict=True):
            if isinstance(found, Unscored):
                return Unscored(found.reason, f"{member.name}: {found.detail}")
            values.append(found.value)
        spread = statistics.stdev(values)
        names = [m.name for m in self._members]
        parts = dict(zip(names, values, strict=True)) if len(set(names)) == len(names) else dict(enumerate(values))
        together = rewarded(statistics.fmean(values) - self._penalty * spread)
        if isinstance(together, Unscored):
            return together
        return Rewarded(together.value, {**{str(k): v for k, v in parts.items()}, "disagreement": spread})


def load(kind: str, argument: str) -> Reward:
    """The ensemble of some directories; each is `reward:DIR`, `head:DIR`, or a DIR that says itself which it is."""
    names, at, penalty = argument.rpartition("@")
    try:
        weight = float(penalty) if at else PENALTY
    except ValueError:
        names, at, weight = argument, "", PENALTY  # an @ in a directory's name
    members = [_member(d.strip()) for d in (names if at else argument).split(",") if d.strip()]
    return Ensemble(members, f"{kind}:{argument}", penalty=weight)


def _member(directory: str) -> Reward:
    spec = directory
    if not directory.startswith(("reward:", "head:")):
        spec = f"head:{directory}" if Path(directory, "head.json").is_file() else f"reward:{directory}"
    return ModelReward(models.load_reward(spec), spec, behind(Path(spec.partition(":")[2])))
