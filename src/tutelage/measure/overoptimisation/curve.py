"""Gold and proxy against the distance from the start, and the law that bends gold down.

With d = sqrt(KL), gold is d·(alpha − beta·log d) for policies trained by reinforcement and d·(alpha − beta·d) for the
best of n samples (Gao, Schulman and Hilton 2023, arXiv:2210.10760, Eq. 1–2). Both are linear in (alpha, beta).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tutelage.errors import BadInput
from tutelage.measure.exact import Floats
from tutelage.measure.intervals import bootstrap, mean
from tutelage.records import Estimate, Figure, Undefined

Law = Literal["rl", "best_of_n"]
BENDS: dict[Law, Callable[[Floats], Floats]] = {"rl": lambda d: -d * np.log(d), "best_of_n": lambda d: -d * d}
# gold is greatest where its slope is 0: alpha − beta (log d + 1) = 0, or alpha − 2 beta d = 0
PEAKS: dict[Law, Callable[[float, float], float]] = {
    "rl": lambda alpha, beta: math.exp(min(alpha / beta - 1, 50.0)),
    "best_of_n": lambda alpha, beta: alpha / (2 * beta),
}
LEAST_LOOKS = 3


@dataclass(frozen=True, slots=True)
class Point:
    """One look: mean KL in nats an answer, and how far proxy and gold moved since the first look, prompt by prompt."""

    step: int
    kl: Figure
    proxy: Figure
    gold: Figure


@dataclass(frozen=True, slots=True)
class Curve:
    """The points, and the law fitted to gold.

    alpha, beta  of the law, with bootstrap intervals over prompts
    peak_kl      nats at which the law says gold is greatest; Undefined where the data do not bend it down
    residual     root mean square of what the law leaves, in units of gold: what the fit is worth
    """

    law: Law
    points: tuple[Point, ...]
    alpha: Figure
    beta: Figure
    peak_kl: Figure
    residual: float | None


def fit(
    steps: Sequence[int], kl: ArrayLike, proxy: ArrayLike, gold: ArrayLike, *, rng: np.random.Generator | int,
    law: Law = "rl", clusters: ArrayLike | None = None, rounds: int = 400, level: float = 0.95,
) -> Curve:  # fmt: skip
    """The curve of one run.

    steps           (L,) the looks; the first is the start
    kl, proxy, gold (L, n) by look and held-out prompt; NaN where unscored. kl in nats of that answer
    clusters        (n,) names of groups of prompts that are not independent
    Prompts with a gap at any look leave the fit (all looks must speak of the same prompts). Looks whose mean KL is not
    positive stand at no distance and leave the law, not the points.
    """
    nats, p, g = (np.asarray(x, dtype=np.float64) for x in (kl, proxy, gold))
    if not (nats.shape == p.shape == g.shape == (len(steps), nats.shape[-1])):
        raise BadInput(
            f"{len(steps)} steps came with shapes {nats.shape}, {p.shape}, {g.shape}.",
            expected="three arrays (looks, prompts)", remedy="Ask the same prompts at every look.",
        )  # fmt: skip
    whole = ~np.isnan(nats + p + g).any(axis=0)
    names = None if clusters is None else np.asarray(clusters)[whole]
    nats, p, g = nats[:, whole], p[:, whole], g[:, whole]
    points = tuple(
        Point(step, mean(nats[k], clusters=names, level=level, unit="nats"), _moved(p, k, names, level),
              _moved(g, k, names, level))
        for k, step in enumerate(steps)
    )  # fmt: skip
    if whole.sum() < 2 or (nats.mean(axis=1) > 0).sum() < LEAST_LOOKS:
        why = Undefined(
            f"{int(whole.sum())} prompts scored at all {len(steps)} looks; "
            f"the law needs {LEAST_LOOKS} looks away from the start"
        )
        return Curve(law, points, why, why, why, None)
    rows, gains = nats.T, (g - g[0]).T  # (n, L)
    seed = int(rng.integers(2**63)) if isinstance(rng, np.random.Generator) else int(rng)

    def figure(read: Callable[[float, float], float], unit: str = "") -> Figure:
        return bootstrap(lambda k, r: read(*_solve(k.mean(axis=0), r.mean(axis=0), law)), rows, gains, clusters=names,
                         rng=seed, rounds=rounds, level=level, unit=unit)  # fmt: skip

    alpha, beta = figure(lambda a, _: a), figure(lambda _, b: b)
    left = _residual(nats.mean(axis=1), gains.mean(axis=0), law)
    return Curve(law, points, alpha, beta, _peak(beta, nats, law, figure), left)


def _moved(x: Floats, k: int, clusters: ArrayLike | None, level: float) -> Figure:
    if k == 0:
        return Undefined("the first look is where change is measured from")
    return mean(x[k] - x[0], clusters=clusters, level=level)


def _design(kl: Floats, law: Law) -> tuple[Floats, NDArray[np.bool_]]:
    away = kl > 0
    d = np.sqrt(kl[away])
    return np.column_stack([d, BENDS[law](d)]), away


def _solve(kl: Floats, gain: Floats, law: Law) -> tuple[float, float]:
    design, away = _design(kl, law)
    if len(design) < 2:
        return math.nan, math.nan
    alpha, beta = np.linalg.lstsq(design, gain[away], rcond=None)[0]
    return float(alpha), float(beta)


def _residual(kl: Floats, gain: Floats, law: Law) -> float:
    design, away = _design(kl, law)
    left = gain[away] - design @ np.array(_solve(kl, gain, law))
    return float(np.sqrt(np.mean(left**2)))


def _peak(beta: Figure, nats: Floats, law: Law, figure: Callable[..., Figure]) -> Figure:
    if not isinstance(beta, Estimate) or beta.lo <= 0:
        return Undefined("the data do not show that gold bends down")
    found = figure(lambda a, b: PEAKS[law](a, b) ** 2 if b > 0 else math.nan, "nats")
    seen = float(nats.mean(axis=1).max())
    if isinstance(found, Estimate) and found.value > seen:
        return Undefined(f"the law puts it at {found.value:.1f} nats, beyond the {seen:.1f} that were seen")
    return found
