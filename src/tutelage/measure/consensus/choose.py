"""Which consensus to believe: decided on gold, per project; without gold by held-out votes; else the majority stays.

A refined method is not always better: on some data every model of judges loses to the plain majority.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import special

from tutelage.errors import DidNotConverge
from tutelage.measure.arrays import Floats, tally
from tutelage.measure.consensus.categorical import dawid_skene, majority, one_coin
from tutelage.measure.consensus.votes import Consensus, Votes, gold_codes
from tutelage.measure.intervals import mean, paired_difference, win_rate
from tutelage.records.figures import Figure, Undefined

Fit = Callable[[Votes, Mapping[Any, Any] | None], Consensus | Undefined]

# from plain to refined: a tie goes to the plainer
METHODS: dict[str, Fit] = {
    "majority": lambda v, gold: majority(v, gold=gold),
    "one-matrix": lambda v, gold: dawid_skene(v, gold=gold, kappa=np.inf),
    "dawid-skene": lambda v, gold: dawid_skene(v, gold=gold),
    "one-coin": lambda v, gold: one_coin(v, gold=gold),
}
LEAST_GOLD = 10


@dataclass(frozen=True)
class Choice:
    """The method chosen, its consensus (gold clamped), and why.

    by       "gold", "held-out votes", or "nothing": then the majority was kept, not found best
    figures  by method: accuracy on gold, or log likelihood of a held-out vote (nats)
    gain     by method: the same, less that of the majority, paired
    """

    method: str
    consensus: Consensus | Undefined
    by: Literal["gold", "held-out votes", "nothing"]
    claim: str
    figures: dict[str, Figure]
    gain: dict[str, Figure]


def choose(
    v: Votes,
    *,
    gold: Mapping[Any, Any] | None = None,
    methods: Mapping[str, Fit] = METHODS,
    rng: np.random.Generator | int,
    level: float = 0.95,
) -> Choice:
    """The consensus method for this project, with its consensus.

    gold  item → known value. With 10 or more such items the method that is right on most of them is taken (each
          method finds them without seeing them); a tie goes to the plainer. The gains over the majority come with
          paired bootstrap intervals over items.
    Without gold each method predicts votes held out of it; one replaces the majority only where its gain in log
    likelihood is above 0 with confidence `level`, clustered by judge. Else: "not decidable, majority kept". Predicting
    people is not being right: where the people share an error, only gold can tell, and the claim says so.
    """
    seed = int(rng.integers(2**63)) if isinstance(rng, np.random.Generator) else int(rng)
    known = gold_codes(v, gold) if gold else np.full(v.items.size, -1)
    if (known >= 0).sum() >= LEAST_GOLD:
        name, by, figures, gain, claim = _on_gold(v, known, methods, seed, level)
    else:
        name, by, figures, gain, claim = _on_votes(v, methods, seed, level)
    return Choice(name, methods[name](v, gold), by, claim, figures, gain)


_Verdict = tuple[str, Literal["gold", "held-out votes", "nothing"], dict[str, Figure], dict[str, Figure], str]


def _on_gold(v: Votes, known: Any, methods: Mapping[str, Fit], seed: int, level: float) -> _Verdict:
    rows = known >= 0
    fits = {name: _tried(fit, v) for name, fit in methods.items()}
    right = {name: c.right(known)[rows] for name, c in fits.items() if isinstance(c, Consensus)}
    figures: dict[str, Figure] = {name: win_rate(r, level=level) for name, r in right.items()}
    figures |= {name: c for name, c in fits.items() if isinstance(c, Undefined)}
    if not right:
        return "majority", "nothing", figures, {}, "no method is defined on these votes"
    gain: dict[str, Figure] = {
        name: paired_difference(r, right["majority"], rng=seed, level=level)
        for name, r in right.items() if name != "majority" and "majority" in right
    }  # fmt: skip
    best = max(right, key=lambda name: round(float(right[name].mean()), 12))
    claim = (
        f"{best} is right on {right[best].mean():.1%} of {int(rows.sum())} gold items, the most of {len(right)} methods"
    )
    return best, "gold", figures, gain, claim


def _tried(fit: Fit, v: Votes) -> Consensus | Undefined:
    """The method's consensus; a method that finds no standstill on these votes is left out of the choice."""
    try:
        return fit(v, None)
    except DidNotConverge as error:
        return Undefined(error.seen)


def _on_votes(v: Votes, methods: Mapping[str, Fit], seed: int, level: float) -> _Verdict:
    likelihood = {name: held_out(v, fit, rng=seed) for name, fit in methods.items()}
    kept = {name: x for name, x in likelihood.items() if not isinstance(x, Undefined)}
    figures: dict[str, Figure] = {
        name: x if isinstance(x, Undefined) else mean(x, clusters=v.judge, level=level, unit="nats a vote")
        for name, x in likelihood.items()
    }
    gain: dict[str, Figure] = {}
    if "majority" in kept:
        each = 1 - (1 - level) / max(1, len(kept) - 1)  # one look per method
        gain = {
            name: paired_difference(x, kept["majority"], clusters=v.judge, level=each, unit="nats a vote")
            for name, x in kept.items() if name != "majority"
        }  # fmt: skip
    better = {n: g.value for n, g in gain.items() if not isinstance(g, Undefined) and g.lo > 0}
    if not better:
        return "majority", "nothing", figures, gain, "not decidable, majority kept"
    best = max(better, key=lambda n: better[n])
    return (
        best,
        "held-out votes",
        figures,
        gain,
        f"{best} predicts held-out votes best, by {better[best]:.4f} nats a vote",
    )


def held_out(v: Votes, fit: Fit, *, rng: np.random.Generator | int, folds: int = 5) -> Floats | Undefined:
    """(n,) log probability, in nats, that a method gives each vote from the other folds' votes.

    A method without judges' matrices (the majority) predicts as the model whose answer is the plurality: all judges
    are right with one and the same probability.
    """
    if v.item.size < 2 * folds:
        return Undefined("too few votes to hold some out")
    inner = np.random.default_rng(rng) if not isinstance(rng, np.random.Generator) else rng
    fold = np.empty(v.item.size, np.int64)
    fold[np.lexsort((v.value, v.judge, v.item))] = inner.permutation(v.item.size) % folds  # whatever the row order
    out = np.empty(v.item.size)
    for f in range(folds):
        train, test = v.keep(fold != f), v.keep(fold == f)
        c = _tried(fit, train)
        if isinstance(c, Undefined):
            return c
        posterior, confusion = _common_coin(train) if c.confusion is None else (c.posterior, c.confusion)
        at = confusion[test.judge % confusion.shape[0], :, test.value]  # (votes, K)
        out[fold == f] = np.log(np.maximum((posterior[test.item] * at).sum(1), 1e-12))
    return out


def _common_coin(v: Votes) -> tuple[Floats, Floats]:
    """Posterior (I, K) and matrix (1, K, K) of the model whose answer is the plurality: all judges are right with one
    and the same probability, all values are equally common."""
    i, _, k = v.shape
    counts = tally(v.item * k + v.value, v.weight, i * k).reshape(i, k)
    p, skill = v.shares(), 0.0
    for _ in range(200):
        before, skill = skill, (float((p * counts).sum()) + 1) / (float(counts.sum()) + k)
        logit = counts * np.log(skill * (k - 1) / max(1 - skill, 1e-12))
        p = special.softmax(logit, axis=1)
        if abs(skill - before) < 1e-9:
            break
    matrix = np.full((k, k), (1 - skill) / max(k - 1, 1))
    np.fill_diagonal(matrix, skill)
    return np.asarray(p), matrix[None]
