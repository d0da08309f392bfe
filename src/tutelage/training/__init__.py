"""Training from rows: `sft`, `reward`, `dpo`; from a policy's own answers: `ppo`, `rloo`, `grpo`.

This face imports without torch.

Every function trains a base and writes a checkpoint directory; run again after an interruption, it goes on
from the last saved step and ends with the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tutelage.environments.graders import Task
from tutelage.environments.rewards import Reward
from tutelage.records import DemonstrationRow, RankedRow
from tutelage.training.config import DpoConfig, RewardConfig, SftConfig, TrainConfig
from tutelage.training.config_online import GrpoConfig, OnlineConfig, PpoConfig, RlooConfig

Progress = Callable[[int, int], None]  # (steps done, of)

__all__ = [
    "DpoConfig", "GrpoConfig", "OnlineConfig", "PpoConfig", "RewardConfig", "RlooConfig", "SftConfig", "TrainConfig",
    "dpo", "grpo", "ppo", "reward", "rloo", "sft",
]  # fmt: skip


def sft(
    rows: Sequence[DemonstrationRow],
    base: str,
    out: Path,
    config: SftConfig | None = None,
    on_progress: Progress | None = None,
) -> Path:
    """Imitate demonstrations. Returns `out`. Raises BadInput, MissingExtra."""
    _torch()
    from tutelage.training.methods import sft as method

    return method.train(rows, base, out, config or SftConfig(), on_progress)


def reward(
    rows: Sequence[RankedRow],
    base: str,
    out: Path,
    config: RewardConfig | None = None,
    on_progress: Progress | None = None,
) -> Path:
    """Learn to score answers from rankings. Returns `out`. Raises BadInput, MissingExtra."""
    _torch()
    from tutelage.training.methods import reward as method

    return method.train(rows, base, out, config or RewardConfig(), on_progress)


def dpo(
    rows: Sequence[RankedRow],
    base: str,
    out: Path,
    config: DpoConfig | None = None,
    on_progress: Progress | None = None,
) -> Path:
    """Prefer what people preferred, without a reward model. Returns `out`. Raises BadInput, MissingExtra."""
    _torch()
    from tutelage.training.methods import dpo as method

    return method.train(rows, base, out, config or DpoConfig(), on_progress)


def ppo(
    tasks: Sequence[Task], base: str, out: Path, reward: Reward, config: PpoConfig | None = None, **more: Any
) -> Path:
    """Towards a reward with a learned value, token by token. `more`: see `training.online.train`. Returns `out`."""
    return _online("ppo", tasks, base, out, reward, config or PpoConfig(), more)


def rloo(
    tasks: Sequence[Task], base: str, out: Path, reward: Reward, config: RlooConfig | None = None, **more: Any
) -> Path:
    """Towards a reward, each answer against its siblings. `more`: see `training.online.train`. Returns `out`."""
    return _online("rloo", tasks, base, out, reward, config or RlooConfig(), more)


def grpo(
    tasks: Sequence[Task], base: str, out: Path, reward: Reward, config: GrpoConfig | None = None, **more: Any
) -> Path:
    """Towards a reward, each answer against its group. `more`: see `training.online.train`. Returns `out`."""
    return _online("grpo", tasks, base, out, reward, config or GrpoConfig(), more)


def _online(
    method: str, tasks: Sequence[Task], base: str, out: Path, reward: Reward, config: OnlineConfig, more: dict[str, Any]
) -> Path:
    _torch()
    from tutelage.training.online import train

    return train(method, tasks, base, out, reward, config, **more)


def _torch() -> None:
    from tutelage.models.local_torch import transformers

    transformers()
