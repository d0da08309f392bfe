"""What keeps a policy near its base: a price on KL, fixed or steered, and a budget that ends the run."""

from __future__ import annotations

from dataclasses import dataclass

from tutelage.training.config_online import OnlineConfig

STRIDE = 0.2  # how much of a relative error one step corrects for, at most (Ziegler et al. 2019)


@dataclass
class Leash:
    """`beta` is the price of a nat now; `target` and `budget` are nats per answer, None where there is none."""

    beta: float
    target: float | None
    gain: float
    budget: float | None

    @classmethod
    def of(cls, config: OnlineConfig) -> Leash:
        """As a run begins."""
        return cls(config.beta, config.kl_target, config.kl_gain, config.kl_budget)

    def feel(self, kl: float | None) -> None:
        """Steer the price by a step's KL: beta ← beta · (1 + gain · clip(kl/target - 1, ±0.2)), Ziegler et al. 2019.

        A step that measured none (None) says nothing, and moves nothing.
        """
        if self.target is not None and kl is not None:
            self.beta *= 1 + self.gain * max(-STRIDE, min(STRIDE, kl / self.target - 1))

    def broken(self, kl: float | None) -> bool:
        """Whether the budget is spent, as far as is known."""
        return self.budget is not None and kl is not None and kl > self.budget
