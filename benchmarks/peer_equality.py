"""The sound peers and ours on the same small tables: every number equal to 1e-6.

    PEERS/bin/python benchmarks/peer_equality.py              # compares, with crowd-kit, choix, evalica, statsmodels
    PEERS/bin/python benchmarks/peer_equality.py --write      # and keeps what the peers said for the tests

What the peers said is in benchmarks/results/peer_equality.json; `tests/published/test_sound_peers.py` holds ours to it
everywhere, and the peers themselves where they are installed. Tables are made by arithmetic, not by a generator of
random numbers, so that they are the same on every version of everything.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

GOLDEN = Path(__file__).parent / "results" / "peer_equality.json"
CASES: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {}


def case(peer):
    """Register `peer` under its name without `_peer`; ours is the function before it, named the same without it."""
    name = peer.__name__.removesuffix("_peer")
    CASES[name] = (globals()[name], peer)
    return peer


def digits(n, of, salt):
    """(n,) numbers 0 … of − 1 that look random: a multiplicative hash."""
    i = np.arange(1, n + 1, dtype=np.uint64) + np.uint64(salt * 7919)
    return ((i * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(33)) % np.uint64(of)).astype(np.int64)


def pairs(n=400, k=6):
    """Comparisons with a real order: left, right, who, and 1 where left won."""
    left = digits(n, k, 1)
    right = (left + 1 + digits(n, k - 1, 2)) % k
    won = digits(n, 100, 3) < 50 + 12 * (right - left)
    return left, right, digits(n, 20, 4), won.astype(float)


def _centred(x):
    x = np.asarray(x, float)
    return (x - x.mean()).tolist()


def bt_choix():
    from tutelage.measure.preference import bradley_terry

    left, right, _who, won = pairs()
    return bradley_terry(left, right, won).theta.tolist()


@case
def bt_choix_peer():
    import choix

    left, right, _who, won = pairs()
    rows = [(a, b) if w else (b, a) for a, b, w in zip(left.tolist(), right.tolist(), won, strict=True)]
    return _centred(choix.ilsr_pairwise(6, rows, tol=1e-12))


def bt_evalica():
    return bt_choix()


@case
def bt_evalica_peer():
    import evalica

    left, right, _who, won = pairs()
    winners = [evalica.Winner.X if w else evalica.Winner.Y for w in won]
    found = evalica.bradley_terry(left.tolist(), right.tolist(), winners, tolerance=1e-12, limit=10_000)
    return _centred(np.log(found.scores.sort_index().to_numpy()))


def ties():
    left, right, who, won = pairs()
    return left, right, who, np.where(digits(400, 4, 5) == 0, 0.5, won)


def ties_evalica():
    from tutelage.measure.preference import bradley_terry

    left, right, _who, outcome = ties()
    found = bradley_terry(left, right, outcome)
    return [*found.theta.tolist(), found.ties.value / 2]


@case
def ties_evalica_peer():
    import evalica

    left, right, _who, outcome = ties()
    names = {1.0: evalica.Winner.X, 0.0: evalica.Winner.Y, 0.5: evalica.Winner.Draw}
    rows = [names[w] for w in outcome.tolist()]
    found = evalica.newman(left.tolist(), right.tolist(), rows, tolerance=1e-12, limit=100_000)
    # its v is half of Davidson's ν in the units of worths
    return [*_centred(np.log(found.scores.sort_index().to_numpy())), float(found.v)]


def rankings(n=60, k=6):
    order = np.argsort(np.stack([digits(n, 1000, 10 + i) + 120 * i for i in range(k)], 1), axis=1, kind="stable")
    return order[:, :4]  # the four best of six: the other two were not there


def pl_choix():
    from tutelage.measure.preference import plackett_luce

    order = rankings()
    race = np.repeat(np.arange(order.shape[0]), order.shape[1])
    found = plackett_luce(race, order.ravel(), np.tile(np.arange(order.shape[1]), order.shape[0]))
    return found.theta.tolist()


@case
def pl_choix_peer():
    import choix

    return _centred(choix.ilsr_rankings(6, [row.tolist() for row in rankings()], tol=1e-12))


def _design():
    left, right, who, won = pairs()
    x = np.zeros((won.size, 6))
    x[np.arange(won.size), left] += 1
    x[np.arange(won.size), right] -= 1
    return x, who, won


def bt_errors_statsmodels():
    from tutelage.measure.preference import bradley_terry

    left, right, _who, won = pairs()
    found = bradley_terry(left, right, won, side=True)
    return [_width(found.difference(a, 0)) for a in range(1, 6)] + [_width(found.side), found.log_likelihood]


def _width(figure):
    return figure.hi - figure.lo


@case
def bt_errors_statsmodels_peer():
    import statsmodels.api as sm
    from scipy import stats

    x, _who, won = _design()
    fit = sm.Logit(won, np.column_stack([x[:, 1:], np.ones(won.size)])).fit(disp=0, method="newton", tol=1e-12)
    return [*(2 * stats.norm.ppf(0.975) * fit.bse).tolist(), float(fit.llf)]


def bt_clustered_statsmodels():
    """The sandwich without a small-sample correction: what both have in common."""
    from tutelage.measure.preference import bradley_terry, sandwich

    left, right, who, won = pairs()
    limit, sandwich.CR2_WORK = sandwich.CR2_WORK, 0.0  # G/(G − 1) in place of CR2
    try:
        v = bradley_terry(left, right, won, judges=who).covariance * 19 / 20
    finally:
        sandwich.CR2_WORK = limit
    return [float(np.sqrt(v[a, a] + v[0, 0] - 2 * v[a, 0])) for a in range(1, 6)]


@case
def bt_clustered_statsmodels_peer():
    import statsmodels.api as sm

    x, who, won = _design()
    kinds = {"groups": who, "use_correction": False}
    fit = sm.Logit(won, x[:, 1:]).fit(disp=0, method="newton", tol=1e-12, cov_type="cluster", cov_kwds=kinds)
    return fit.bse.tolist()


def crowd(n=60, judges=7, k=3):
    """60 items, 7 judges of different reliability, 3 values."""
    item, judge = np.repeat(np.arange(n), judges), np.tile(np.arange(judges), n)
    truth = digits(n, k, 20)
    wrong = digits(item.size, 100, 21) < 8 + 7 * judge
    return item, judge, np.where(wrong, (truth[item] + 1 + digits(item.size, k - 1, 22)) % k, truth[item])


def dawid_skene_crowdkit():
    from tutelage.measure.consensus import dawid_skene, votes

    return dawid_skene(votes(*crowd()), kappa=0, tol=1e-15).posterior.ravel().tolist()


@case
def dawid_skene_crowdkit_peer():
    import pandas as pd
    from crowdkit.aggregation import DawidSkene

    item, judge, value = crowd()
    frame = pd.DataFrame({"task": item, "worker": judge, "label": value})
    return (
        DawidSkene(n_iter=3000, tol=-1.0).fit(frame).probas_.sort_index().sort_index(axis=1).to_numpy().ravel().tolist()
    )


def majority_crowdkit():
    from tutelage.measure.consensus import majority, votes

    return majority(votes(*crowd())).posterior.ravel().tolist()


@case
def majority_crowdkit_peer():
    import pandas as pd
    from crowdkit.aggregation import MajorityVote

    item, judge, value = crowd()
    frame = pd.DataFrame({"task": item, "worker": judge, "label": value})
    return MajorityVote().fit(frame).probas_.sort_index().sort_index(axis=1).fillna(0).to_numpy().ravel().tolist()


SCALES = ("nominal", "ordinal", "interval", "ratio")


def scores():
    """(5, 40) ratings 1 … 5 with gaps."""
    own = digits(40, 5, 30)
    table = np.clip(own + digits(200, 3, 31).reshape(5, 40) - 1, 0, 4) + 1.0
    table[digits(200, 7, 32).reshape(5, 40) == 0] = np.nan
    return table


def alpha_evalica():
    from tutelage.measure.agreement import alpha
    from tutelage.measure.ratings import from_matrix

    items, _judges, values = from_matrix(scores())
    return [alpha(items, values, scale=s).value for s in SCALES]


@case
def alpha_evalica_peer():
    import evalica
    import pandas as pd

    return [float(evalica.alpha(pd.DataFrame(scores()), distance=s).alpha) for s in SCALES]


def kappas_statsmodels():
    from tutelage.measure import kappa

    item, _judge, value = crowd()
    a, b = value[item.size // 7 * 0 :: 7], value[1::7]
    return [kappa.fleiss(item, value).value, kappa.cohen(a, b).value]


@case
def kappas_statsmodels_peer():
    from statsmodels.stats.inter_rater import aggregate_raters, cohens_kappa, fleiss_kappa

    _item, _judge, value = crowd()
    table = value.reshape(-1, 7)
    both = np.bincount(table[:, 0] * 3 + table[:, 1], minlength=9).reshape(3, 3)
    return [float(fleiss_kappa(aggregate_raters(table)[0])), float(cohens_kappa(both).kappa)]


def rates_statsmodels():
    from tutelage.measure.intervals import difference_of_rates, rate

    out = [rate(k, n, method=m) for k, n in ((0, 12), (7, 31), (50, 50)) for m in ("clopper-pearson", "wilson")]
    d = difference_of_rates(17, 40, 9, 35)
    return [x for r in out for x in (r.lo, r.hi)] + [d.lo, d.hi]


@case
def rates_statsmodels_peer():
    from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

    out = []
    for k, n in ((0, 12), (7, 31), (50, 50)):
        for method in ("beta", "wilson"):
            lo, hi = proportion_confint(k, n, method=method)
            out += [0.0 if np.isnan(lo) else float(lo), 1.0 if np.isnan(hi) else float(hi)]
    return [*out, *map(float, confint_proportions_2indep(17, 40, 9, 35, method="newcomb"))]


def power_statsmodels():
    from tutelage.measure.power import n_for_difference

    return [n_for_difference(m, sd=1.0, paired=p) for m in (0.2, 0.5) for p in (True, False)]


@case
def power_statsmodels_peer():
    from statsmodels.stats.power import NormalIndPower

    solve = NormalIndPower().solve_power
    return [
        int(np.ceil(solve(m, power=0.8, alpha=0.05, ratio=0 if p else 1))) for m in (0.2, 0.5) for p in (True, False)
    ]


def largest_gap(a, b):
    """The largest absolute difference of two lists of numbers."""
    return float(np.abs(np.asarray(a, float) - np.asarray(b, float)).max())


def main():
    golden, wrong = {}, []
    for name, (ours, peer) in CASES.items():
        golden[name] = peer()
        gap = largest_gap(ours(), golden[name])
        print(f"{name:28} {len(golden[name]):4} numbers, largest difference {gap:.1e}")
        wrong += [name] if gap > 1e-6 else []
    if "--write" in sys.argv:
        GOLDEN.write_text(
            json.dumps({"command": "PEERS/bin/python benchmarks/peer_equality.py --write"} | golden) + "\n"
        )
    if wrong:
        sys.exit(f"not equal: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
