"""Training from rows: `sft`, `reward`, `dpo`. This face imports without torch.

Every function trains rows on a base and writes a checkpoint directory; run again after an interruption, it goes on
from the last saved step and ends with the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tutelage.records import DemonstrationRow, RankedRow
from tutelage.training.config import DpoConfig, RewardConfig, SftConfig, TrainConfig

Progress = Callable[[int, int], None]  # (steps done, of)

__all__ = ["DpoConfig", "RewardConfig", "SftConfig", "TrainConfig", "dpo", "reward", "sft"]


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


def _torch() -> None:
    from tutelage.models.local_torch import transformers

    transformers()
