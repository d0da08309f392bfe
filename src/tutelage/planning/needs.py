"""How many judgments a question needs: exact where that is cheap, the assumptions stated."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.stats import binom, norm

from tutelage.errors import BadInput, Where
from tutelage.measure.power import n_for_width

MOST_JUDGMENTS = 9


@dataclass(frozen=True, slots=True)
class Stopping:
    """Judging an item until the answer is sure enough: how many judgments that takes, how right it is."""

    lead: int
    judgments: float
    accuracy: float


def single_accuracy(agreement: float) -> float:
    """How often one judge is right, if two agree with probability `agreement`: (1 + sqrt(2A − 1)) / 2.

    Assumes two choices, equal skill, errors independent and the same both ways.
    """
    if not 0.5 < agreement <= 1:
        raise _bad("agreement", agreement, "a share in (0.5, 1]: below one half nobody knows anything")
    return (1 + math.sqrt(2 * agreement - 1)) / 2


def majority_accuracy(p: float, judges: int) -> float:
    """How often the majority of an odd number of judges is right."""
    return float(binom.sf(judges // 2, judges, p))


def fixed_majority(p: float, target: float, most: int = 99) -> int | None:
    """The smallest odd number of judges whose majority reaches `target`; None where `most` do not."""
    return next((n for n in range(1, most + 1, 2) if majority_accuracy(p, n) >= target), None)


def until_sure(p: float, target: float, most: int = MOST_JUDGMENTS) -> Stopping:
    """Ask one judge after another until one answer leads by enough that its posterior reaches `target`.

    With errors alike both ways the posterior depends on the lead alone: r^d / (1 + r^d), r = p / (1 − p). At `most`
    judgments the majority decides. Raises BadInput where no lead below `most` suffices.
    """
    if not 0.5 < p <= 1:
        raise _bad("p", p, "a share in (0.5, 1]")
    if p == 1:
        return Stopping(1, 1.0, 1.0)
    ratio = p / (1 - p)
    lead = max(1, math.ceil(math.log(target / (1 - target)) / math.log(ratio) - 1e-9))
    if lead > most:
        raise _bad("target", target, f"an accuracy that {most} judgments of people right {p:.1%} of the time can reach")
    # the walk of the lead, one judgment after another
    at, asked, right = {0: 1.0}, 0.0, 0.0
    for _ in range(most):
        asked += sum(at.values())
        moved: dict[int, float] = {}
        for where, weight in at.items():
            for step, chance in ((1, p), (-1, 1 - p)):
                moved[where + step] = moved.get(where + step, 0.0) + weight * chance
        right += moved.pop(lead, 0.0)
        moved.pop(-lead, None)
        at = moved
    right += sum(w * (1.0 if where > 0 else 0.5 if where == 0 else 0.0) for where, w in at.items())
    return Stopping(lead, asked, right)


def for_rate(within: float, level: float = 0.95) -> int:
    """Items for a share known to ± `within` at worst (p = 0.5), normal approximation."""
    return n_for_width(within, p=0.5, level=level)


def without_a_miss(error: float, level: float = 0.95) -> int:
    """Items that must all be right to show an error of at most `error`: (1 − error)^n ≤ 1 − level."""
    _share("error", error)
    return math.ceil(math.log(1 - level) / math.log(1 - error))


@dataclass(frozen=True, slots=True)
class Proof:
    """A test of `error`: look at `items`, and it is shown if at most `misses` are wrong."""

    items: int
    misses: int


def to_prove(error: float, truth: float, *, level: float = 0.95, power: float = 0.9) -> Proof:
    """The smallest exact binomial test that shows error ≤ `error`, with chance `power` where it truly is `truth`."""
    _share("error", error)
    if not 0 <= truth < error:
        raise _bad("truth", truth, f"a true error below {error}, or nothing can show it")
    for misses in range(100_000):
        low, high = misses + 1, 64 * math.ceil((misses + 8) / error)
        while low < high:  # the fewest items with which so few misses are still proof
            middle = (low + high) // 2
            if binom.cdf(misses, middle, error) <= 1 - level:
                high = middle
            else:
                low = middle + 1
        if binom.cdf(misses, low, truth) >= power:
            return Proof(low, misses)
    raise _bad("truth", truth, f"a true error further below {error}")


def for_win_rate(rate: float, *, level: float = 0.95, power: float = 0.8) -> int:
    """Comparisons to tell a win rate from one half, two-sided, with chance `power` (normal, both variances)."""
    _share("win_rate", rate)
    if rate == 0.5:
        raise _bad("win_rate", rate, "another rate than one half")
    reach = norm.isf((1 - level) / 2) * 0.5 + norm.isf(1 - power) * math.sqrt(rate * (1 - rate))
    return math.ceil((float(reach) / (rate - 0.5)) ** 2)


def judge_worth(correlation: float) -> float:
    """How many times its size a human slice is worth beside an AI judge that correlates so: 1 / (1 − rho²)."""
    if not 0 <= correlation < 1:
        raise _bad("correlation", correlation, "a correlation in [0, 1)")
    return 1 / (1 - correlation**2)


def _share(field: str, value: float) -> None:
    if not 0 < value < 1:
        raise _bad(field, value, "a share in (0, 1)")


def _bad(field: str, value: float, expected: str) -> BadInput:
    return BadInput(f"`{field}` is {value:g}.", expected=expected, remedy="Correct it.", where=Where(field=field))
