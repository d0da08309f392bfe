"""Items on which a judge gave no verdict: its silence is never a gain."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tutelage.measure.certify.result import Target
from tutelage.measure.certify.slices import Mask
from tutelage.measure.exact import Floats

NO_VERDICT = "no verdict"
Labels = NDArray[Any]


def there(labels: Labels) -> Mask:
    """(N,) where a column of numbers (NaN: empty) or of names (None: empty) says something."""
    if labels.dtype.kind == "f":
        return np.asarray(~np.isnan(labels))
    return np.array([x is not None for x in labels.tolist()], dtype=bool)


def as_names(labels: Labels) -> Labels:
    """A column of numbers as names, one spelling each; names stay."""
    if labels.dtype.kind != "f":
        return labels
    return np.array([None if v != v else f"{v:g}" for v in labels.tolist()], dtype=object)


def spoken(machine: Labels, target: Target) -> tuple[Labels, str]:
    """(verdicts with something in the place of those that are missing, what that means in words or "").

    agreement, residual  a label of its own, which no person gives: it agrees with nobody and does not go out. Numbers
                         become names then, and so must people's labels (`as_names`).
    mean                 the judge's commonest verdict: any guess keeps the promise, a poor one only widens the interval
    At least one verdict must be there.
    """
    silent = ~there(machine)
    n, N = int(silent.sum()), len(silent)
    if n == 0:
        return machine, ""
    if target == "mean":
        values, counts = np.unique(machine[~silent], return_counts=True)
        filled = machine.copy()
        filled[silent] = values[counts.argmax()]
        return filled, f"The judge gave no verdict on {n:,} of {N:,} items; there its commonest one stands."
    what = "count as disagreement" if target == "agreement" else "go to people"
    named = np.where(silent, NO_VERDICT, as_names(machine))
    return named, f"The judge gave no verdict on {n:,} of {N:,} items: they {what}."


def least_sure(confidence: Floats, silent: Mask) -> Floats:
    """The judge's confidence, with silence below all of it; a verdict without one stays NaN and is refused later."""
    out = confidence.copy()
    out[silent] = np.nanmin(confidence) - 1 if not np.isnan(confidence).all() else 0.0
    return out
