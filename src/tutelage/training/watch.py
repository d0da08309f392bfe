"""What to watch in a step: one line of figures of its answers. Collapse shows here before it shows in the reward."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tutelage.environments.rewards import Finding
from tutelage.errors import BadInput
from tutelage.records import Unscored
from tutelage.training.rollout import Answer, Group

MOST_UNSCORED = 0.5  # of a step's answers: beyond this the rest is no sample of what the policy does
GRAM = 3


def answers(groups: Sequence[Group]) -> dict[str, Any]:
    """Figures of a step's answers.

    prompts            how many different ones were asked
    reward, reward_se  mean over the scored answers; its standard error over prompts, which are the independent units
    length             tokens; eos_rate the share that ended by themselves; empty the share without a word
    repetition         share of an answer's 3-grams of tokens that it has already said, mean over answers
    distinct           different answers over answers, within prompts: 1 is no two alike
    unscored           answers without a reward, by reason
    """
    every = [a for g in groups for a in g.answers]
    n = max(1, len(every))
    return {
        "prompts": len({g.index for g in groups}),
        **_mean("reward", ((g.index, g.rewards) for g in groups)),
        "length": sum(len(a.ids) for a in every) / n,
        "eos_rate": sum(a.ended for a in every) / n,
        "empty": sum(not a.text.strip() for a in every) / n,
        "repetition": sum(map(repetition, every)) / n,
        "distinct": sum(len({a.ids for a in g.answers}) for g in groups) / n,
        "unscored": dict(sorted(reasons(every).items())),
    }


def kl(nats: Iterable[tuple[int, Sequence[float]]]) -> dict[str, float | None]:
    """`kl`, `kl_se`: nats per answer between policy and base, from (prompt, summed log-ratios of its answers)."""
    return _mean("kl", nats)


def _mean(name: str, values: Iterable[tuple[int, Sequence[float]]]) -> dict[str, float | None]:
    """Mean over all values, and its standard error with prompts as clusters (ratio estimator); None where unknown.

    A prompt that a step asks twice, because there are few, is one cluster.
    """
    clusters: dict[int, list[float]] = {}
    for prompt, some in values:
        clusters.setdefault(prompt, []).extend(some)
    kept = [np.asarray(g, float) for g in clusters.values() if g]
    if not kept:
        return {name: None, f"{name}_se": None}
    mean = float(np.concatenate(kept).mean())
    if len(kept) < 2:
        return {name: mean, f"{name}_se": None}
    off = np.array([float((g - mean).sum()) for g in kept])  # (G,)
    size = sum(map(len, kept))
    return {name: mean, f"{name}_se": math.sqrt(len(kept) / (len(kept) - 1) * float((off**2).sum())) / size}


def repetition(answer: Answer) -> float:
    """Share of the answer's 3-grams that stand earlier in it; 0 for an answer too short to have two."""
    grams = [answer.ids[i : i + GRAM] for i in range(len(answer.ids) - GRAM + 1)]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def reasons(every: Sequence[Answer]) -> Counter[str]:
    """How many answers are unscored, by reason."""
    return Counter(a.finding.reason for a in every if isinstance(a.finding, Unscored))


def require_scored(groups: Sequence[Group], reward: str) -> None:
    """Raise BadInput naming the reasons where more than half of a step's answers have no reward."""
    every = [a for g in groups for a in g.answers]
    found = reasons(every)
    if sum(found.values()) <= MOST_UNSCORED * len(every):
        return
    named = ", ".join(f"{reason} {count}" for reason, count in found.most_common())
    raise BadInput(
        f"{reward} left {sum(found.values())} of {len(every)} answers of a step unscored: {named}{_detail(every)}.",
        expected=f"at most {MOST_UNSCORED:.0%} unscored",
        remedy="Correct the tasks or the reward; the run goes on from its last saved step.",
    )


def _detail(every: Sequence[Answer]) -> str:
    def said(finding: Finding | None) -> str:
        return finding.detail if isinstance(finding, Unscored) else ""

    first = next((said(a.finding) for a in every if said(a.finding)), "")
    return f" ({first})" if first else ""
