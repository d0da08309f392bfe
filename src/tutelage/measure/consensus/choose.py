"""Which consensus to believe: decided on gold, per project; without gold by held-out votes; else the majority stays.

A refined method is not always better: on some data every model of judges loses to the plain majority. Votes held out
tell noise from skill; they cannot tell an error that all judges share from the truth, so a method that turns what the
judges agree on beyond chance is believed on gold only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from scipy import special

from tutelage.errors import DidNotConverge
from tutelage.measure.arrays import Codes, Floats, tally
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
LEAST_GOLD = 5
HINT = 1.0  # what the held-out votes' choice counts beside gold, in gold items: decides where gold is scarce or tied
ENOUGH_GOLD = 100  # from here on the hint cannot matter, and is not asked for
FIRM = 2.58  # a lead in standard errors that fewer than 1 % of samples of such judges would turn
UNDECIDED = "not decidable, majority kept"
MOST_TURNED = 0.01  # share of all items on which a method may turn a firm plurality without gold


@dataclass(frozen=True)
class Choice:
    """The method chosen, its consensus (gold clamped), and why.

    by       "gold", "held-out votes", or "nothing": then the majority was kept, not found best
    figures  by method: accuracy on gold, or log likelihood of a held-out vote (nats)
    gain     by method: the same, less that of the majority, paired
    accuracy on gold of the method chosen, each gold item left out of the choice that it scores
    """

    method: str
    consensus: Consensus | Undefined
    by: Literal["gold", "held-out votes", "nothing"]
    claim: str
    figures: dict[str, Figure]
    gain: dict[str, Figure]
    accuracy: Figure = field(default_factory=lambda: Undefined("no gold"))


def choose(
    v: Votes,
    *,
    gold: Mapping[Any, Any] | None = None,
    methods: Mapping[str, Fit] = METHODS,
    rng: np.random.Generator | int,
    level: float = 0.95,
) -> Choice:
    """The consensus method for this project, with its consensus.

    gold  item → known value. With 5 or more such items the method that is right on most of them is taken (each
          method finds them without seeing them); what held-out votes prefer counts as one gold item more, which
          decides where gold is scarce; a tie goes to the plainer. Gains over the majority are paired over items.
    Without gold each method predicts votes held out of it; one replaces the majority only where its gain in log
    likelihood is above 0 with confidence `level`, clustered by item (the judges are these), and it does not turn
    firm pluralities (`turned`). Else: "not decidable, majority kept".
    """
    seed = int(rng.integers(2**63)) if isinstance(rng, np.random.Generator) else int(rng)
    known = gold_codes(v, gold) if gold else np.full(v.items.size, -1)
    given = int((known >= 0).sum())
    blind = {name: _tried(fit, v) for name, fit in methods.items()}
    if given >= ENOUGH_GOLD:
        found: _OnGold = _on_gold(known, blind, None, seed, level)
    else:
        name, by, figures, gain, claim = _on_votes(v, blind, methods, seed, level)
        found = (name, by, figures, gain, claim, Undefined(f"{given} gold items: too few to choose on"))
        if given >= LEAST_GOLD:
            hint = None if claim == UNDECIDED else name
            found = _on_gold(known, blind, hint, seed, level)
    name, by, figures, gain, claim, accuracy = found
    return Choice(name, methods[name](v, gold), by, claim, figures, gain, accuracy)


_By = Literal["gold", "held-out votes", "nothing"]
_Verdict = tuple[str, _By, dict[str, Figure], dict[str, Figure], str]
_OnGold = tuple[str, _By, dict[str, Figure], dict[str, Figure], str, Figure]
_Blind = dict[str, Consensus | Undefined]


def best_on_gold(right: Mapping[str, Floats], hint: str | None = None) -> str:
    """The method that is right on most gold items, the hinted one credited with one more; the first of equals.

    right  method → (gold items,) chance of being right, from plain to refined
    """
    return max(right, key=lambda name: round(float(right[name].sum()) + HINT * (name == hint), 9))


def _on_gold(known: Codes, blind: _Blind, hint: str | None, seed: int, level: float) -> _OnGold:
    rows = known >= 0
    right = {name: c.right(known)[rows] for name, c in blind.items() if isinstance(c, Consensus)}
    figures: dict[str, Figure] = {name: win_rate(r, level=level) for name, r in right.items()}
    figures |= {name: c for name, c in blind.items() if isinstance(c, Undefined)}
    if not right:
        nothing = "no method is defined on these votes"
        return "majority", "nothing", figures, {}, nothing, Undefined(nothing)
    gain: dict[str, Figure] = {
        name: paired_difference(r, right["majority"], rng=seed, level=level)
        for name, r in right.items() if name != "majority" and "majority" in right
    }  # fmt: skip
    names = list(right)
    table = np.stack([right[name] for name in names])  # (methods, gold items)
    total = table.sum(1) + [HINT * (name == hint) for name in names]
    best = best_on_gold(right, hint)
    without = np.round(total[:, None] - table, 9).argmax(0)  # the choice had this item not been gold
    accuracy = win_rate(table[without, np.arange(table.shape[1])], level=level)
    n = int(rows.sum())
    claim = f"{best} is right on {right[best].mean():.1%} of {n} gold items, the most of {len(right)} methods"
    if right[best].sum() < table.sum(1).max() - 1e-9:
        claim = (
            f"{best} is right on {right[best].mean():.1%} of {n} gold items, within one item of the most, "
            "and held-out votes speak for it"
        )
    return best, "gold", figures, gain, claim, accuracy


def _tried(fit: Fit, v: Votes) -> Consensus | Undefined:
    """The method's consensus; a method that finds no standstill on these votes is left out of the choice."""
    try:
        return fit(v, None)
    except DidNotConverge as error:
        return Undefined(error.seen)


def turned(v: Votes, c: Consensus) -> float:
    """The share of items on which a consensus gives another answer than a plurality that chance does not explain.

    A plurality is firm where its lead over the next value is above 2.58 standard errors: other judges of the same kind
    would say the same. Whoever turns it says that most judges share an error. That may be so, but these votes cannot
    tell: the likelihood favours any split of the items that judges' answers follow, not the true one.
    """
    i, _, k = v.shape
    if k < 2:
        return 0.0
    votes = np.sort(tally(v.item * k + v.value, v.weight, i * k).reshape(i, k), axis=1)
    first, second = votes[:, -1], votes[:, -2]
    firm = first - second > FIRM * np.sqrt(np.maximum(first + second, 1))
    return float((firm & (c.posterior.argmax(1) != v.shares().argmax(1))).mean())


def _on_votes(v: Votes, blind: _Blind, methods: Mapping[str, Fit], seed: int, level: float) -> _Verdict:
    likelihood = {name: held_out(v, fit, rng=seed) for name, fit in methods.items()}
    kept = {name: x for name, x in likelihood.items() if not isinstance(x, Undefined)}
    figures: dict[str, Figure] = {
        name: x if isinstance(x, Undefined) else mean(x, clusters=v.item, level=level, unit="nats a vote")
        for name, x in likelihood.items()
    }
    gain: dict[str, Figure] = {}
    if "majority" in kept:
        each = 1 - (1 - level) / max(1, len(kept) - 1)  # one look per method
        gain = {
            name: paired_difference(x, kept["majority"], clusters=v.item, level=each, unit="nats a vote")
            for name, x in kept.items() if name != "majority"
        }  # fmt: skip
    ahead = {n: g.value for n, g in gain.items() if not isinstance(g, Undefined) and g.lo > 0}
    if not ahead:
        return "majority", "nothing", figures, gain, UNDECIDED
    best = max(ahead, key=lambda n: ahead[n])
    fit = blind[best]
    share = turned(v, fit) if isinstance(fit, Consensus) else 1.0
    if share > MOST_TURNED:  # nor the runner-up: what the likelihood follows here is not the answer
        why = (
            f"{UNDECIDED}: {best} predicts votes best but turns {share:.0%} of the items against a majority "
            "that chance does not explain; only gold can tell who is right"
        )
        return "majority", "nothing", figures, gain, why
    claim = f"{best} predicts held-out votes best, by {ahead[best]:.4f} nats a vote"
    return best, "held-out votes", figures, gain, claim


def held_out(v: Votes, fit: Fit, *, rng: np.random.Generator | int, folds: int = 5) -> Floats | Undefined:
    """(n,) log probability, in nats, that a method gives each vote from the other folds' votes.

    A method without judges' matrices (the majority) predicts as the model whose answer is the plurality: all judges
    are right with one and the same probability.
    """
    if v.item.size < 2 * folds:
        return Undefined("too few votes to hold some out")
    if v.shape[2] < 2:
        return Undefined("all votes are one value: nothing to predict")
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
