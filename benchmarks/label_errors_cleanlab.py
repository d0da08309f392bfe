"""Wrong labels, known and planted, in real crowds: ours beside cleanlab's multi-annotator scores.

    PEERS/bin/python benchmarks/label_errors_cleanlab.py       # an environment with cleanlab, polars and this package

Two questions. *Which consensus is wrong?* – bluebirds, adult2, dices_350 with gold: one score an item, ours is the
probability from `measure.consensus.settle` without gold, cleanlab's the consensus quality score of its own consensus
(CROWDLAB; no classifier, so both get class shares alone). *Which single labels are wrong?* – known (label ≠ gold) on
the gold items, and planted: 5 % of the labels of ukp_convarg and llmfao replaced by another value, which a method must
tell from people's honest differences. Ours: `label_errors.leave_out_evidence` on Dawid–Skene matrices, cleanlab's: the
annotators' label quality. Scored by area under the ROC and by precision among the n most suspicious, n the number of
wrong ones (there precision = recall), beside the share by chance. 95 % by bootstrap over items.
Data: $TUTELAGE_DATA. Writes `benchmarks/results/label_errors_cleanlab.json`.
"""

from __future__ import annotations

import json
import os
import platform
import time
import warnings
from pathlib import Path

import numpy as np
from consensus_real import crowd
from scipy.stats import rankdata

from tutelage.measure.consensus import Votes, dawid_skene, majority, settle
from tutelage.measure.consensus.votes import gold_codes
from tutelage.measure.label_errors import find_label_errors, leave_out_evidence

RESULTS = Path(__file__).parent / "results" / "label_errors_cleanlab.json"
PLANTED, MOST_ITEMS, ROUNDS = 0.05, 2_000, 200


def auc(suspicion: np.ndarray, wrong: np.ndarray) -> float:
    """Chance that a wrong one is more suspicious than a right one."""
    n = int(wrong.sum())
    if n in (0, wrong.size):
        return float("nan")
    return float((rankdata(suspicion)[wrong].sum() - n * (n + 1) / 2) / (n * (wrong.size - n)))


def top(suspicion: np.ndarray, wrong: np.ndarray) -> float:
    """Share of wrong ones among as many most suspicious as there are wrong ones."""
    n = int(wrong.sum())
    return float(wrong[np.argsort(-suspicion, kind="stable")[:n]].mean()) if n else float("nan")


def scored(suspicion: np.ndarray, wrong: np.ndarray, unit: np.ndarray) -> dict:
    """Both figures with intervals over units."""
    rng = np.random.default_rng(1)
    names, code = np.unique(unit, return_inverse=True)
    rows = np.split(np.argsort(code, kind="stable"), np.cumsum(np.bincount(code))[:-1])
    again = []
    for _ in range(ROUNDS):
        pick = np.concatenate([rows[u] for u in rng.integers(0, names.size, names.size)])
        again.append((auc(suspicion[pick], wrong[pick]), top(suspicion[pick], wrong[pick])))
    lo, hi = np.nanquantile(again, [0.025, 0.975], axis=0)
    return {"wrong": int(wrong.sum()), "of": int(wrong.size), "auc": [auc(suspicion, wrong), lo[0], hi[0]],
            "precision_at_n": [top(suspicion, wrong), lo[1], hi[1]]}  # fmt: skip


def wide(v: Votes) -> np.ndarray:
    """(I, J) labels, NaN where none: what cleanlab reads."""
    table = np.full((v.items.size, v.judges.size), np.nan)
    table[v.item, v.judge] = v.value
    return table


def cleanlab_scores(v: Votes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Consensus code (I,), its quality (I,), and the quality of each label (n,)."""
    from cleanlab.multiannotator import get_label_quality_multiannotator

    share = np.bincount(v.value, minlength=v.values.size) / v.value.size
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = get_label_quality_multiannotator(wide(v), np.tile(share, (v.items.size, 1)), verbose=False)
    of_items = found["label_quality"]
    detail = found["detailed_label_quality"].to_numpy()
    return (
        of_items["consensus_label"].to_numpy().astype(int), of_items["consensus_quality_score"].to_numpy(),
        detail[v.item, v.judge],
    )  # fmt: skip


def our_suspicion(v: Votes) -> np.ndarray:
    """(n,) of each label, from the other judges' votes and everybody's habits."""
    fit = dawid_skene(v)
    evidence = leave_out_evidence(np.tile(fit.prior, (v.items.size, 1)), v.item, v.judge, v.value, fit.confusion)
    return find_label_errors(v.value, evidence, rng=np.random.default_rng(0)).suspicion


def subset(v: Votes, items: np.ndarray) -> Votes:
    """The votes on these items, codes anew."""
    place = np.full(v.items.size, -1)
    place[items] = np.arange(items.size)
    rows = place[v.item] >= 0
    judges, judge = np.unique(v.judge[rows], return_inverse=True)
    return Votes(place[v.item[rows]], judge, v.value[rows], v.items[items], v.judges[judges], v.values)


def main() -> None:
    """Run, print, write."""
    began, out = time.time(), {}
    for name in ("bluebirds", "adult2", "dices_350"):
        v, gold = crowd(name)
        known = gold_codes(v, gold)
        if v.items.size > MOST_ITEMS:  # cleanlab reads a dense table: gold items, and others up to a bound
            rest = np.random.default_rng(0).permutation(np.flatnonzero(known < 0))[:MOST_ITEMS]
            keep = np.sort(np.concatenate([np.flatnonzero(known >= 0), rest]))
            v, known = subset(v, keep), known[keep]
        tested = known >= 0
        t0 = time.process_time()
        label, quality, row_quality = cleanlab_scores(v)
        t1 = time.process_time()
        settled = settle(v, rng=0, rounds=30)
        suspicion = our_suspicion(v)
        t2 = time.process_time()
        code = settled.consensus.posterior.argmax(1)
        rows = tested[v.item]
        truth = known[v.item[rows]]
        plain = majority(v)
        items = np.flatnonzero(tested)
        out[name] = {
            "seconds": {"cleanlab": t1 - t0, "ours": t2 - t1},
            "method": settled.method,
            "consensus_right": {"cleanlab": float((label == known)[tested].mean()),
                                "ours": float((code == known)[tested].mean())},
            "wrong majorities": {
                # both judge the same answers: the plurality's
                "cleanlab": scored(-quality[tested] * np.where(label == plain.posterior.argmax(1), 1, -1)[tested],
                                   (plain.posterior.argmax(1) != known)[tested], items),
                "ours": scored(1 - settled.consensus.posterior[np.arange(v.items.size),
                                                               plain.posterior.argmax(1)][tested],
                               (plain.posterior.argmax(1) != known)[tested], items),
            },
            "wrong labels, known": {
                "cleanlab": scored(-row_quality[rows], v.value[rows] != truth, v.item[rows]),
                "ours": scored(suspicion[rows], v.value[rows] != truth, v.item[rows]),
            },
        }  # fmt: skip
        print(name, json.dumps(out[name], indent=1), flush=True)
    for name in ("ukp_convarg", "llmfao"):
        v, _ = crowd(name)
        rng = np.random.default_rng(2)
        if v.items.size > MOST_ITEMS:
            v = subset(v, np.sort(rng.choice(v.items.size, MOST_ITEMS, replace=False)))
        bad = rng.random(v.value.size) < PLANTED
        value = np.where(bad, (v.value + rng.integers(1, v.values.size, bad.size)) % v.values.size, v.value)
        v = Votes(v.item, v.judge, value, v.items, v.judges, v.values)
        out[name] = {"wrong labels, planted 5 %": {"cleanlab": scored(-cleanlab_scores(v)[2], bad, v.item),
                                                   "ours": scored(our_suspicion(v), bad, v.item)}}  # fmt: skip
        print(name, json.dumps(out[name], indent=1), flush=True)
    import cleanlab

    RESULTS.write_text(json.dumps({
        "command": "python benchmarks/label_errors_cleanlab.py", "date": time.strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores", "load": os.getloadavg()[0],
        "cleanlab": cleanlab.__version__, "seconds": time.time() - began, "sets": out,
    }, indent=1) + "\n")  # fmt: skip


if __name__ == "__main__":
    main()
