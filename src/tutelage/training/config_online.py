"""What a run that learns from its own answers is told: PPO, RLOO, GRPO."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tutelage.errors import BadInput
from tutelage.training.config import TrainConfig, require


@dataclass(frozen=True)
class OnlineConfig(TrainConfig):
    """What every online method has, beside `TrainConfig` (whose `batch_rows` are the prompts of a step here).

    steps                how often answers are sampled and learned from
    answers              answers sampled to each prompt, at temperature 1
    epochs, minibatches  passes over a step's answers, and updates in each; 1 and 1 keep every update on-policy
    max_response_tokens  where an answer is cut
    clip, clip_high      the probability ratio is held in [1 - clip, 1 + clip_high]; None is the same on both sides
    beta                 price of a nat of KL to the base: the leash
    kl_target, kl_gain   nats per answer that an adaptive `beta` steers to (Ziegler et al. 2019); None keeps it fixed
    kl_budget            nats per answer at which the run ends, with its last checkpoint within the budget
    mix_weight           weight of imitating demonstrations at every update (Ouyang et al. 2022, ptx), where given
    gold_every           steps between two looks at the held-out prompts, where a gold reward is given
    """

    lr: float = 2e-4
    schedule: Literal["linear", "constant", "cosine"] = "constant"
    max_response_tokens: int = 64
    steps: int = 60
    answers: int = 8
    minibatches: int = 1
    clip: float = 0.2
    clip_high: float | None = None
    beta: float = 0.05
    kl_target: float | None = None
    kl_gain: float = 0.1
    kl_budget: float | None = None
    mix_weight: float = 1.0
    gold_every: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("steps", "answers", "minibatches", "clip", "kl_gain", "gold_every"):
            require(getattr(self, name) > 0, name, getattr(self, name), "more than 0")
        for name in ("clip_high", "kl_target", "kl_budget"):
            value = getattr(self, name)
            require(value is None or value > 0, name, value, "more than 0, or null")
        for name in ("beta", "mix_weight"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        require(self.kl_target is None or self.beta > 0, "beta", self.beta, "more than 0, where kl_target steers it")
        require(self.minibatches <= self.batch_rows, "minibatches", self.minibatches, f"at most {self.batch_rows}")

    @property
    def ratio(self) -> tuple[float, float]:
        """Where the probability ratio is clipped: (low, high)."""
        return 1 - self.clip, 1 + (self.clip if self.clip_high is None else self.clip_high)

    @property
    def looks(self) -> int:
        """How often a run to its end looks at gold after the first time."""
        return -(-self.steps // self.gold_every)

    @property
    def on_policy(self) -> bool:
        """Whether every step makes one update: then its log-probabilities need no earlier pass."""
        return self.epochs == 1 and self.minibatches == 1


@dataclass(frozen=True)
class PpoConfig(OnlineConfig):
    """Proximal policy optimisation with a learned value (Schulman et al. 2017; Ouyang et al. 2022).

    gamma, lam    discount, and how far an advantage looks ahead (Schulman et al. 2016)
    value_weight  weight of the value's loss; the value is read from the policy's own trunk
    value_clip    how far a value may move in one step, on the scale of the rewards; None does not hold it
    whiten        advantages of a step are given mean 0 and variance 1
    """

    epochs: int = 2
    minibatches: int = 2
    answers: int = 4
    gamma: float = 1.0
    lam: float = 0.95
    value_weight: float = 0.1
    value_clip: float | None = 0.2
    whiten: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("gamma", "lam"):
            require(0 < getattr(self, name) <= 1, name, getattr(self, name), "in (0, 1]")
        require(self.value_weight >= 0, "value_weight", self.value_weight, "0 or more")
        require(self.value_clip is None or self.value_clip > 0, "value_clip", self.value_clip, "more than 0, or null")


@dataclass(frozen=True)
class RlooConfig(OnlineConfig):
    """REINFORCE with a leave-one-out baseline (Ahmadian et al. 2024): an answer is one action, KL is in its reward."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _siblings(self.answers)


@dataclass(frozen=True)
class GrpoConfig(OnlineConfig):
    """Group-relative policy optimisation (Shao et al. 2024), with the corrections of Dr. GRPO (Liu et al. 2025).

    unbiased_kl  weighs the KL of a token by its ratio, so that its gradient is the KL's own (DeepSeek-V3.2,
                 arXiv:2512.02556); false is the paper's, whose gradient is another divergence's
    scale        divides advantages by their group's standard deviation; false removes the bias to very easy and very
                 hard prompts
    length       what weighs the same: every "answer" (the paper), every "token" of a step (DAPO), or each token by
                 the "constant" max_response_tokens (Dr. GRPO: no bias to long wrong answers)
    """

    beta: float = 0.02
    unbiased_kl: bool = True
    scale: bool = True
    length: Literal["answer", "token", "constant"] = "answer"

    def __post_init__(self) -> None:
        super().__post_init__()
        _siblings(self.answers)


def _siblings(answers: int) -> None:
    if answers < 2:
        raise BadInput(
            f"Saw {answers} answer a prompt.",
            expected="2 or more: an answer is compared with its siblings",
            remedy="Raise `answers`, or use ppo.",
        )
