"""How many rows a question needs, and what a number of rows can show: asked before people are paid."""

from __future__ import annotations

import math
from typing import Literal

from scipy import special

from tutelage.errors import BadInput, Where

Sides = Literal[1, 2]


def n_for_difference(
    margin: float,
    *,
    sd: float | None = None,
    p: float | None = None,
    level: float = 0.95,
    power: float = 0.8,
    sides: Sides = 2,
    design_effect: float = 1.0,
    paired: bool = True,
) -> int:
    """Rows needed (in each sample, if not paired) to see a true difference of `margin` with chance `power`.

    sd             standard deviation of one row's difference (paired) or of one row (two samples), in margin's unit
    p              instead of sd: the share around which two shares differ; sd = √(p(1 − p))
    design_effect  1 + (rows a cluster − 1) × intra-cluster correlation, where rows cluster
    Normal approximation, n rounded up. Raises BadInput unless margin > 0 and exactly one of sd, p is given.
    """
    spread = _sd(sd, p)
    if margin <= 0:
        raise _bad("margin", f"The margin is {margin}.", "a difference > 0 that would matter to you")
    z = _z(level, power, sides)
    return max(2, math.ceil((1 if paired else 2) * design_effect * (z * spread / margin) ** 2))


def smallest_detectable(
    n: int,
    *,
    sd: float | None = None,
    p: float | None = None,
    level: float = 0.95,
    power: float = 0.8,
    sides: Sides = 2,
    design_effect: float = 1.0,
    paired: bool = True,
) -> float:
    """The smallest true difference that n rows (a sample) show with chance `power`: `n_for_difference` turned round."""
    if n < 2:
        raise _bad("n", f"n is {n}.", "2 rows or more")
    return _z(level, power, sides) * _sd(sd, p) * math.sqrt((1 if paired else 2) * design_effect / n)


def n_for_width(half_width: float, *, sd: float | None = None, p: float | None = None, level: float = 0.95) -> int:
    """Rows needed for an interval of value ± half_width, in the unit of sd (a share: give p)."""
    if half_width <= 0:
        raise _bad("half_width", f"The half width is {half_width}.", "a number > 0")
    z = float(special.ndtri(0.5 + level / 2))
    return max(2, math.ceil((z * _sd(sd, p) / half_width) ** 2))


def _z(level: float, power: float, sides: Sides) -> float:
    for name, value in (("level", level), ("power", power)):
        if not 0 < value < 1:
            raise _bad(name, f"`{name}` is {value}.", "a share in (0, 1)")
    return float(special.ndtri(1 - (1 - level) / sides) + special.ndtri(power))


def _sd(sd: float | None, p: float | None) -> float:
    if (sd is None) == (p is None):
        raise _bad("sd", "Both or neither of `sd` and `p` are given.", "one of them")
    if p is not None:
        if not 0 < p < 1:
            raise _bad("p", f"p is {p}.", "a share in (0, 1); 0.5 where nothing is known")
        return math.sqrt(p * (1 - p))
    if sd is None or sd <= 0:
        raise _bad("sd", f"sd is {sd}.", "a standard deviation > 0")
    return sd


def _bad(field: str, seen: str, expected: str) -> BadInput:
    return BadInput(seen, expected=expected, remedy="Correct the argument.", where=Where(field=field))
