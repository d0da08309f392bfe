"""Every figure of the page on judgments, from coded columns: what is there, how far it agrees, what it settles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from tutelage.errors import BadInput, DidNotConverge, TutelageError
from tutelage.measure.arrays import Codes, Floats
from tutelage.records import Undefined
from tutelage.report.taken import Beside, Duels, Taken, there

SHOWN = 30  # judges or items on one plot: more cannot be read
MOST_VALUES = 100  # more classes than this are not weighed in pairs
CHOOSE_ROWS = 150_000  # judgments from which the choice of a method is made on a sample of the items
GROUP_ROWS = 50_000  # judgments above which the search for groups takes longer than a page may
SUSPECT_ROWS = 200_000
SKILL_CELLS = 400_000_000  # judges × judgments
MOST_CELLS = 20_000_000  # judges × classes²
MOST_DUELLED = 1_000  # items whose (I, I) covariance is quick


@dataclass(frozen=True, slots=True)
class Study:
    """The figures by part of the page; what a part could not say is an `Undefined` with its reason."""

    shape: dict[str, Any]
    agreement: dict[str, Any]
    consensus: dict[str, Any]
    judges: dict[str, Any]
    preference: dict[str, Any] | Undefined | None
    certificate: Any
    perspectives: dict[str, Any] | Undefined
    suspects: dict[str, Any] | Undefined
    level: float


def study(t: Taken, *, level: float, seed: int) -> Study:
    """All parts. Linear in the judgments, but for the parts that say so and stop above a size."""
    settled, fit = consensus(t, level=level, seed=seed)
    return Study(
        shape(t), agreement(t, level=level), settled, judges(t, level=level),
        None if t.duels is None else preference(t.duels, level=level, seed=seed),
        None if t.beside is None else certificate(t.beside, level=level, seed=seed),
        perspectives(t, level=level, seed=seed), suspects(t, fit, level=level, seed=seed), level,
    )  # fmt: skip


def shape(t: Taken) -> dict[str, Any]:
    """Counts: rows, items, judges, values, how many judgments an item has, and whether judges are connected."""
    per_item = np.bincount(t.item, minlength=t.items.size)
    per_judge = np.bincount(t.judge, minlength=t.judges.size)
    times, items = np.unique(per_item, return_counts=True)
    counts = np.bincount(t.value, minlength=t.values.size)
    groups = parts(t)
    top = np.argsort(-counts, kind="stable")[:SHOWN]
    return {
        "judgments": t.n, "items": int(t.items.size), "judges": int(t.judges.size) if t.judges_named else None,
        "values": int(t.values.size), "counts": {str(t.values[k]): int(counts[k]) for k in top},
        "overlap": {str(k): int(n) for k, n in zip(times.tolist(), items.tolist(), strict=True)},
        "items_judged_twice": int((per_item >= 2).sum()),
        "load": {} if not t.n else {"least": int(per_judge.min()), "median": float(np.median(per_judge)),
                                    "most": int(per_judge.max()), "share_of_busiest": float(per_judge.max() / t.n),
                                    "lorenz": lorenz(per_judge)},
        "connected_parts": groups, "effort": t.effort,
    }  # fmt: skip


def lorenz(per_judge: Codes) -> list[tuple[float, float]]:
    """(share of the judges, those with fewest judgments first, share of all judgments they gave), 25 points at most."""
    given = np.concatenate([[0], np.cumsum(np.sort(per_judge))])
    share = np.concatenate([np.linspace(0, 1, min(20, per_judge.size) + 1), [0.96, 0.97, 0.98, 0.99]])
    at = np.unique((share * per_judge.size).round().astype(int))
    return [(float(k / per_judge.size), float(given[k] / given[-1])) for k in at]


def parts(t: Taken) -> int:
    """Groups of judges and items with no judgment between them: only within one can judges be compared."""
    from scipy import sparse

    if not t.n:
        return 0
    size = t.items.size + t.judges.size
    graph = sparse.coo_array((np.ones(t.n, np.int8), (t.item, t.judge + t.items.size)), shape=(size, size))
    return int(sparse.csgraph.connected_components(graph, directed=False)[0])


def agreement(t: Taken, *, level: float) -> dict[str, Any]:
    """Alpha with its interval, the raw share beside it, per value, and the ceiling that people set."""
    from tutelage.measure import agreement as measured
    from tutelage.measure import kappa

    few = t.values.size <= MOST_VALUES
    many = Undefined(f"{t.values.size:,} different values are not weighed in pairs")
    top = measured.ceiling(t.item, t.value, level=level)
    said: Any
    scale: Any
    scale, said = ("interval", t.numbers[t.value]) if t.is_scale and t.numbers is not None else ("nominal", t.value)
    out: dict[str, Any] = {
        "scale": scale, "alpha": measured.alpha(t.item, said, scale=scale, level=level), "raw": top.pair,
        "gwet": kappa.gwet(t.item, t.value, level=level) if few else many, "ceiling": top.rest,
    }  # fmt: skip
    if t.numbers is not None and t.values.size > 2 and not t.is_scale:
        order = range(t.values.size)
        out["alpha_ordered"] = measured.alpha(t.item, t.value, scale="ordinal", order=order, level=level)
    values = measured.per_value(t.item, t.value, level=level) if few and scale == "nominal" else {}
    out["per_value"] = {str(t.values[code]): figure for code, figure in values.items()} if t.values.size > 2 else {}
    return out


def consensus(t: Taken, *, level: float, seed: int) -> tuple[dict[str, Any], Any]:
    """(figures, fit): the method the data speak for, what it settles, how sharply, how often it is right on gold."""
    none: dict[str, Any] = {"method": None, "settled": {}, "sharp": None, "accuracy_on_gold": Undefined("no gold")}
    why = _no_consensus(t)
    if why is not None:
        return none | {"why": why, "sharp": Undefined(why)}, None
    from tutelage.measure.consensus import votes
    from tutelage.measure.consensus.choose import METHODS
    from tutelage.measure.intervals import rate

    v = votes(t.item, t.judge, t.value, order=range(t.values.size))
    gold = {} if t.gold is None else {int(k): int(t.gold[k]) for k in np.flatnonzero(t.gold >= 0)}
    picked, on = _chosen(v, gold, level, seed)
    fit = METHODS[picked.method](v, gold or None)
    if isinstance(fit, Undefined):
        return none | {"why": fit.why, "sharp": fit}, None
    blind = METHODS[picked.method](v, None) if gold else fit  # known answers would look settled by the votes
    if isinstance(blind, Undefined):
        return none | {"why": blind.why, "sharp": blind}, None
    right = None
    if picked.method == "majority":
        right = coin(_raw(t, level), t.values.size)
    top = blind.confidence if right is None else _likely(t, right)
    code = fit.code
    shares = {str(t.values[k]): int((code == k).sum()) for k in range(t.values.size)}
    edges = np.histogram(top, bins=np.linspace(0, 1, 11))[0]
    out = {
        "method": picked.method, "why": picked.claim + on, "settled": shares, "tied": int((code < 0).sum()),
        "typical_judge_right": right,
        "sharp": rate(int((top >= 0.95).sum()), top.size, level=level, assumptions=("the model's own probabilities",)),
        "confidence_bins": edges.tolist(), "accuracy_on_gold": picked.accuracy if gold else Undefined("no gold"),
        "gold_items": len(gold), "by_method": picked.figures,
    }  # fmt: skip
    return out, fit


def coin(raw: float, values: int) -> float:
    """How often a typical judge is right, if judges are alike and err apart: raw = a² + (1 − a)²/(K − 1)."""
    k = max(2, values)
    return (1 + math.sqrt(max(0.0, (k - 1) * (k * raw - 1)))) / k


def _raw(t: Taken, level: float) -> float:
    from tutelage.measure import agreement as measured

    found = measured.raw(t.item, t.value, level=level)
    return 0.0 if isinstance(found, Undefined) else found.value


def _likely(t: Taken, right: float) -> Floats:
    """(I,) probability of each item's leading value if every judge is right this often, apart from the others."""
    k = t.values.size
    a = min(max(right, 1 / k), 0.99)
    log_odds = math.log(a * (k - 1) / (1 - a))
    counts = np.bincount(t.item * k + t.value, minlength=t.items.size * k).reshape(-1, k)
    return np.asarray(special.softmax(counts * log_odds, axis=1).max(1))


def _no_consensus(t: Taken) -> str | None:
    """Why there is nothing to settle by votes, if there is not."""
    overlap = np.bincount(t.item, minlength=1).max() if t.n else 0
    reasons = (
        (t.n == 0, "there are no judgments"),
        (t.values.size < 2, "all judgments say the same value"),
        (t.judges.size < 2 and t.judges_named, "one judge: the consensus is what that judge said"),
        (t.beside is not None and t.judges.size < 3, "an AI judge beside people is certified, not out-voted"),
        (t.judges.size < 3 and t.judges_named and t.gold is None, "two judges: where they differ, nobody decides"),
        (overlap < 2, "no item was judged twice: the consensus of an item is its one judgment"),
        (t.is_scale, f"{t.values.size:,} different numbers are a scale, not classes: see `tutelage measure consensus`"),
        (t.values.size > MOST_VALUES, f"{t.values.size:,} different values are too many for classes"),
    )
    return next((why for holds, why in reasons if holds), None)


def _chosen(v: Any, gold: dict[int, int], level: float, seed: int) -> tuple[Any, str]:
    """The choice of a method; on a sample of items where there are many judgments, and then said."""
    from tutelage.measure.consensus import choose, votes

    if v.item.size <= CHOOSE_ROWS:
        return choose(v, gold=gold or None, rng=seed, level=level), ""
    rng = np.random.default_rng(seed)
    share = CHOOSE_ROWS / v.item.size
    drawn = rng.random(v.items.size) < share
    rows = np.flatnonzero(drawn[v.item])
    small = votes(v.item[rows], v.judge[rows], v.value[rows], order=range(v.values.size))
    known = {k: code for k, code in gold.items() if drawn[k]}
    said = f" (chosen on {int(drawn.sum()):,} of {v.items.size:,} items drawn at random)"
    return choose(small, gold=known or None, rng=seed, level=level), said


def judges(t: Taken, *, level: float) -> dict[str, Any]:
    """Each judge's informedness and bits against the others, those with most judgments first; who carries the load."""
    from tutelage.measure.skill import skills

    why = None if t.judges_named else "no judge is named"
    why = why or _no_consensus(t)
    if why is None and t.judges.size * t.n > SKILL_CELLS:
        why = f"{t.judges.size:,} judges with {t.n:,} judgments are not measured one by one on a page"
    if why is not None:
        return {"why": why, "measured": 0, "rows": [], "above_chance": 0, "unclear": 0}
    found = skills(t.item, t.judge, t.value, values=t.values.size, gold=t.gold, level=level)
    found.sort(key=lambda s: (-s.rows, s.rater))
    known = [s for s in found if not isinstance(s.informedness, Undefined)]
    above = sum(s.informedness.lo > 0 for s in known)  # type: ignore[union-attr]  # Undefined was left out above
    return {
        "why": None, "measured": len(known), "above_chance": above, "unclear": len(known) - above,
        "rows": [{"judge": str(t.judges[s.rater]), "labels": s.rows, "informedness": s.informedness, "bits": s.bits,
                  "on_gold": s.on_gold} for s in found[:SHOWN]],
    }  # fmt: skip


def preference(d: Duels, *, level: float, seed: int) -> dict[str, Any] | Undefined:
    """Strengths of what was compared with the ranks each may have; Undefined, naming the groups, if unconnected."""
    names = len(set(d.left.tolist()) | set(d.right.tolist()))
    if not d.outcome.size or (d.outcome == 0.5).all():
        return Undefined("no comparison has a winner")
    if names > MOST_DUELLED:
        return Undefined(f"{names:,} items are not ranked on a page: `tutelage measure preference`")
    scores = _scores(d, level)
    if isinstance(scores, Undefined):
        return scores
    strength, ranks = scores.strengths(), scores.rank_sets(rng=seed)
    order = [scores.items[k] for k in np.argsort(-scores.theta, kind="stable").tolist()]
    first = scores.difference(order[0], order[1]) if len(order) > 1 else Undefined("one item")
    return {
        "rows": [{"item": str(name), "strength": strength[name], "rank": tuple(int(r) for r in ranks[name])}
                 for name in order],
        "items": len(order), "comparisons": int(d.outcome.size), "side": scores.side, "ties": scores.ties,
        "errors": scores.errors, "gap_at_top": first,
        "may_be_first": [str(name) for name in order if ranks[name][0] == 1],
    }  # fmt: skip


def _scores(d: Duels, level: float) -> Any:
    from tutelage.measure.preference import NotConnected, bradley_terry

    for side in (True, False):
        try:
            how: dict[str, Any] = {"judges": d.judge, "prompts": d.prompt, "side": side, "level": level}
            return bradley_terry(d.left, d.right, d.outcome, **how)
        except NotConnected as error:
            return Undefined(error.seen)
        except DidNotConverge as error:
            why = error.seen
    return Undefined(why)


def certificate(b: Beside, *, level: float, seed: int) -> Any:
    """What may be claimed of the AI judge on this batch, or Undefined."""
    from tutelage.measure.certify import certify

    if not there(b.human).any():
        return Undefined("no row has a human answer")
    pi = None if b.pi is None or np.isnan(b.pi).any() else b.pi
    sure = None if b.confidence is None or np.isnan(b.confidence).any() else b.confidence
    try:
        return certify(b.ai, b.human, target="agreement", level=level, pi=pi, confidence=sure, seed=seed)
    except BadInput as error:
        return Undefined(error.seen)


def perspectives(t: Taken, *, level: float, seed: int) -> dict[str, Any] | Undefined:
    """Whether judges fall into groups that answer differently; left to its own command where that takes long."""
    from tutelage.measure.perspectives import perspectives as found

    if not t.judges_named or _no_consensus(t) is not None:
        return Undefined(_no_consensus(t) or "no judge is named")
    if t.n > GROUP_ROWS:
        return Undefined(f"not searched: {t.n:,} judgments take longer than a page may; `tutelage measure perspectives`"
                         " does it")  # fmt: skip
    try:
        p = found(t.item, t.judge, t.value, rng=seed, level=level)
    except TutelageError as error:
        return Undefined(str(error))
    if isinstance(p, Undefined):
        return p
    return {"claim": p.claim, "sizes": [group.size for group in p.groups], "gain": p.gain, "permutation": p.permutation}


def suspects(t: Taken, fit: Any, *, level: float, seed: int) -> dict[str, Any] | Undefined:
    """Judgments that everyone else's evidence speaks against; none is evidence for itself."""
    from tutelage.measure.label_errors import find_label_errors, leave_out_evidence

    if fit is None:
        return Undefined(_no_consensus(t) or "there is no consensus to hold a judgment against")
    rng = np.random.default_rng(seed)
    rows: Codes = np.arange(t.n)
    if t.n > SUSPECT_ROWS:  # whole items, so that each judgment keeps the evidence of the others
        rows = np.flatnonzero((rng.random(t.items.size) < SUSPECT_ROWS / t.n)[t.item])
    prior = np.tile(fit.prior, (t.items.size, 1))
    evidence = leave_out_evidence(prior, t.item[rows], t.judge[rows], t.value[rows], _confusions(t, fit))
    found = find_label_errors(t.value[rows], evidence, rng=rng, level=level)
    worst = found.order[:10]
    return {
        "share": found.share, "flagged": int(found.order.size), "examined": int(rows.size),
        "worst": [{"item": str(t.items[t.item[r]]), "judge": str(t.judges[t.judge[r]]) if t.judges_named else "",
                   "said": str(t.values[t.value[r]]), "others": str(t.values[found.suggested[k]]),
                   "suspicion": float(found.suspicion[k])} for k, r in zip(worst, rows[worst], strict=True)],
    }  # fmt: skip


def _confusions(t: Taken, fit: Any) -> Any:
    """(J, K, K) rows of P(said | true): the model's, else counted against the consensus and shrunk to a fair judge."""
    k = t.values.size
    if fit.confusion is not None and fit.confusion.shape == (t.judges.size, k, k):
        return fit.confusion
    each = t.judges_named and t.judges.size * k * k <= MOST_CELLS
    who, most = (t.judge, t.judges.size) if each else (np.zeros_like(t.judge), 1)
    counts = np.tile(np.full((k, k), 0.5) + 2 * np.eye(k), (most, 1, 1))
    np.add.at(counts, (who, fit.posterior.argmax(1)[t.item], t.value), 1.0)
    rows = counts / counts.sum(2, keepdims=True)
    return rows if each else np.broadcast_to(rows[0], (t.judges.size, k, k))
