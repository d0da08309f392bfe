"""Statistics of judgment: arrays in, estimates out. numpy and scipy only.

Import from the part you need – `from tutelage.measure import agreement` – or take the functions asked for most from
here; they load when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tutelage.measure.agreement import alpha, ceiling
    from tutelage.measure.calibration import expected_calibration_error, reliability, temperature
    from tutelage.measure.consensus import choose, dawid_skene, majority, pair_certainty, settle, votes
    from tutelage.measure.intervals import (
        bootstrap,
        difference_of_rates,
        mcnemar_difference,
        mean,
        paired_difference,
        rate,
        win_rate,
    )
    from tutelage.measure.power import n_for_difference, smallest_detectable
    from tutelage.measure.preference import bradley_terry, plackett_luce

_HOME = {
    "agreement": ("alpha", "ceiling"),
    "calibration": ("expected_calibration_error", "reliability", "temperature"),
    "consensus": ("choose", "dawid_skene", "majority", "pair_certainty", "settle", "votes"),
    "intervals": (
        "bootstrap", "difference_of_rates", "mcnemar_difference", "mean", "paired_difference", "rate", "win_rate",
    ),
    "power": ("n_for_difference", "smallest_detectable"),
    "preference": ("bradley_terry", "plackett_luce"),
}  # fmt: skip
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "alpha", "bootstrap", "bradley_terry", "ceiling", "choose", "dawid_skene", "difference_of_rates",
    "expected_calibration_error", "majority", "mcnemar_difference", "mean", "n_for_difference", "pair_certainty",
    "paired_difference", "plackett_luce", "rate", "reliability", "settle", "smallest_detectable", "temperature",
    "votes", "win_rate",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"tutelage.measure has no {name!r}")
    return getattr(import_module(f"tutelage.measure.{_MODULE_OF[name]}"), name)
