"""Best of n: sample n answers, keep the one the reward likes most. No training, and the bar every method must clear.

Its KL to the policy is at most log n - (n - 1)/n nats (Beirami et al. 2024: exact where no two answers are alike), so
that it can be set beside a trained policy at equal KL. From N answers to each prompt the value at every n <= N follows
without bias, with no further sampling (Nakano et al. 2021, WebGPT, Eq. 1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from tutelage.environments.graders import Task
from tutelage.environments.rewards import Reward
from tutelage.models.local_text import Text
from tutelage.training import rollout
from tutelage.training.rollout import Group

Floats = npt.NDArray[np.float64]


def kl(n: float) -> float:
    """Nats between the best of n and the policy itself: log n - (n - 1)/n."""
    return math.log(n) - (n - 1) / n


def n_at(nats: float) -> float:
    """The n, not whole, whose best stands `nats` from the policy: the inverse of `kl`, by bisection in log n."""
    lo, hi = 0.0, nats + 1.0  # log n - 1 < kl <= log n
    for _ in range(100):
        middle = (lo + hi) / 2
        lo, hi = (middle, hi) if kl(math.exp(middle)) < nats else (lo, middle)
    return math.exp((lo + hi) / 2)


def sample(
    model: Any, text: Text, tasks: Sequence[Task], reward: Reward, n: int, *, seed: int, max_tokens: int
) -> list[Group]:
    """n graded answers to each task, from which `best` picks and `curve` reads."""
    asked = list(enumerate(tasks))
    groups = rollout.sample(model, text, asked, n, seed=seed, max_tokens=max_tokens, max_prompt=1 << 20)
    return rollout.grade(groups, reward)


def best(group: Group) -> rollout.Answer | None:
    """The scored answer with the highest reward, the first of equals; None where none was scored."""
    return max((a for a in group.answers if a.reward is not None), key=lambda a: a.reward or 0.0, default=None)


def curve(proxy: Floats, value: Floats, ns: Sequence[int]) -> Floats:
    """(G, len(ns)) expected value of the best of n by proxy, for each group of N answers.

    proxy  (G, N) what the best is chosen by
    value  (G, N) what it is worth: the proxy itself, or a gold reward
    With the answers in the order of the proxy, the i-th (from 1) is the best of a random n-subset with probability
    C(i - 1, n - 1) / C(N, n). Equal proxies stand in the order given.
    """
    order = np.argsort(proxy, axis=1, kind="stable")
    ranked = np.take_along_axis(value, order, axis=1)  # (G, N), worst first
    total = proxy.shape[1]
    rank = np.arange(total)
    weights = np.stack([special.binom(rank, n - 1) / special.binom(total, n) for n in ns], axis=1)  # (N, len(ns))
    return np.asarray(ranked @ weights, np.float64)
