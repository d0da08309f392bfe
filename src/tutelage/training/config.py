"""What a training run is told: frozen, units in the names, one dial (`lr`), the rest with defaults that were tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tutelage.errors import BadInput, Where


@dataclass(frozen=True)
class TrainConfig:
    """What every method has.

    lr                   peak learning rate
    batch_rows           rows behind one optimiser step
    microbatch_tokens    tokens computed at once: bounds memory, changes nothing else
    lora_rank            0 trains every weight, in float32
    max_prompt_tokens    longer prompts lose their beginning
    max_response_tokens  longer answers lose their end (and then carry no end token)
    save_every_steps     how much work an interruption may cost
    """

    lr: float = 4e-4
    epochs: int = 1
    batch_rows: int = 8
    microbatch_tokens: int = 1024
    lora_rank: int = 8
    lora_alpha: float = 16.0
    warmup_share: float = 0.1
    schedule: Literal["linear", "constant", "cosine"] = "linear"
    weight_decay: float = 0.0
    clip_norm: float = 1.0
    max_prompt_tokens: int = 1024
    max_response_tokens: int = 1024
    dtype: Literal["auto", "bf16", "fp32"] = "auto"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    seed: int = 0
    save_every_steps: int = 20

    def __post_init__(self) -> None:
        positive = ("lr", "epochs", "batch_rows", "microbatch_tokens", "max_prompt_tokens", "max_response_tokens",
                    "save_every_steps", "clip_norm")  # fmt: skip
        for name in positive:
            require(getattr(self, name) > 0, name, getattr(self, name), "more than 0")
        require(0 <= self.warmup_share < 1, "warmup_share", self.warmup_share, "in [0, 1)")
        require(self.lora_rank >= 0, "lora_rank", self.lora_rank, "0 or more")
        require(0 <= self.seed < 1 << 63, "seed", self.seed, "0 or more, below 2^63")


@dataclass(frozen=True)
class SftConfig(TrainConfig):
    """Supervised fine-tuning: nothing more."""


@dataclass(frozen=True)
class RewardConfig(TrainConfig):
    """A reward model on the trunk of a language model.

    margin_logits  margin demanded of a pair at strength 1 (Touvron et al. 2023)
    centre         weight of the squared sum of a pair's rewards, which keeps them near zero (Eisenstein et al. 2023)
    mean_zero_rows training rows read once more at the end, to set their mean reward to zero; 0 leaves it as it is
    leanings       directions along which people may differ, learned beside the mean (`models.spread`); 0 learns none
    leaning_price  nats that a logit² of variance between people must earn
    """

    lr: float = 2e-4
    epochs: int = 2
    margin_logits: float = 0.0
    centre: float = 0.01
    mean_zero_rows: int = 64
    leanings: int = 0
    leaning_price: float = 0.001

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.margin_logits >= 0, "margin_logits", self.margin_logits, "0 or more")
        require(self.centre >= 0, "centre", self.centre, "0 or more")
        for name in ("mean_zero_rows", "leanings", "leaning_price"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")


@dataclass(frozen=True)
class DpoConfig(TrainConfig):
    """Direct preference optimisation (Rafailov et al. 2023, arXiv:2305.18290).

    beta               strength of the pull to the reference
    label_smoothing    chance that a stated order is wrong, beside each row's own certainty
    length_normalised  log-probabilities per token instead of per answer
    nll_weight         weight of imitating the preferred answer, per token
    """

    beta: float = 0.1
    label_smoothing: float = 0.0
    length_normalised: bool = False
    nll_weight: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.beta > 0, "beta", self.beta, "more than 0")
        require(0 <= self.label_smoothing < 0.5, "label_smoothing", self.label_smoothing, "in [0, 0.5)")
        require(self.nll_weight >= 0, "nll_weight", self.nll_weight, "0 or more")


def require(holds: bool, field: str, seen: object, expected: str) -> None:
    """Raise BadInput naming the field where its value does not hold."""
    if not holds:
        raise BadInput(f"Saw {seen!r}.", expected=expected, remedy="Correct the value.", where=Where(field=field))
