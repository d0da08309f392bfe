"""A judge beside the other judges: how far out one lies, when honest judges differ too."""

from __future__ import annotations

import numpy as np
from scipy.stats import t as student

from tutelage.measure.exact import Floats

LEAST_JUDGES = 5
TAIL_DF = 6  # honest people have heavier tails than a normal curve
LOPSIDED = 1.5  # and the careless side may be this much longer than the other


def low_tail(x: Floats, error: Floats, *, floor: float) -> Floats:
    """(J,) chance that an honest judge lies as low as x; 1 for NaN and where fewer than five judges can be compared.

    x      (J,) one figure a judge;  error  (J,) its standard error;  floor  least spread among honest judges
    The centre is the median and the spread that of the *upper* half, so that a fifth of cheats on the low side
    moves neither much; the lower half may be LOPSIDED times as wide, with the tail of a t of TAIL_DF.
    """
    known = np.isfinite(x) & np.isfinite(error)
    out = np.ones(len(x))
    if known.sum() < LEAST_JUDGES:
        return out
    centre, spread = middle(x[known], error[known], floor)
    z = (x[known] - centre) / np.sqrt(spread**2 + error[known] ** 2)
    out[known] = student.cdf(z, TAIL_DF)
    return out


def middle(x: Floats, error: Floats, floor: float) -> tuple[float, float]:
    """Median, and the spread of the upper half beyond what the errors explain, at least `floor`."""
    centre = float(np.median(x))
    upper = float(np.quantile(x, 0.84) - centre)
    noise = float(np.median(error))
    return centre, max(LOPSIDED * float(np.sqrt(max(upper**2 - noise**2, 0.0))), floor)
