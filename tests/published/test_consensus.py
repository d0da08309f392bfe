"""Dawid and Skene's own patients, and crowds with gold."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from tutelage.measure.consensus import Consensus, choose, dawid_skene, majority, votes
from tutelage.measure.consensus.choose import METHODS
from tutelage.measure.consensus.votes import gold_codes

pytestmark = pytest.mark.real_data


def _data(name):
    root = Path(os.environ.get("TUTELAGE_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
    if not (root / name).exists():
        pytest.skip(f"{name} is not here: set TUTELAGE_DATA")
    return root / name


def test_the_forty_five_patients_of_1979():
    """Maximum likelihood: prior, log likelihood, all classes, the three unsure patients, and the first rater's rows."""
    with _data("reference/dawid_skene_1979.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    v = votes(*([int(r[c]) for r in rows] for c in ("patient", "rater", "label")))
    found = dawid_skene(v, kappa=0, tol=1e-14)
    assert found.prior == pytest.approx([0.3996, 0.4220, 0.1118, 0.0667], abs=5e-5)
    assert found.log_posterior[-1] == pytest.approx(-192.890881, abs=5e-7)
    assert "".join(str(c + 1) for c in found.code) == "142222132243121111222222112111131224233111212"
    unsure = {i + 1 for i in np.flatnonzero(found.confidence < 0.999)}
    assert unsure == {7, 35, 38}
    assert found.posterior[[6, 34, 37]].max(1) == pytest.approx([0.981, 0.948, 0.979], abs=5e-4)
    first = [[0.889, 0.111, 0, 0], [0.071, 0.876, 0.053, 0], [0, 0.339, 0.661, 0], [0, 0, 0.556, 0.444]]
    assert found.confusion[0] == pytest.approx(np.array(first), abs=5e-4)


def test_bluebirds_are_told_apart_by_who_says_it():
    """108 photos, 39 workers: the majority is right on 75.9 %, shrunken Dawid–Skene on 89.8 %."""
    polars = pytest.importorskip("polars")
    labels = polars.read_parquet(_data("bluebirds") / "labels.parquet")
    gold = polars.read_parquet(_data("bluebirds") / "gold.parquet")
    v = votes(*(labels[c].to_numpy() for c in ("task", "worker", "label")))
    truth = gold_codes(v, dict(zip(gold["task"].to_list(), gold["gold"].to_list(), strict=True)))
    assert majority(v).right(truth).mean() == pytest.approx(0.759, abs=5e-4)
    assert dawid_skene(v).right(truth).mean() == pytest.approx(0.898, abs=5e-4)


def _crowd(name):
    """Votes and the truth (I,) of one crowd with gold."""
    polars = pytest.importorskip("polars")
    if name == "dices_350":
        rows, gold = (polars.read_parquet(_data(name) / f"{f}.parquet") for f in ("ratings", "items"))
        v = votes(*(rows[c].to_numpy() for c in ("id", "rater", "label")))
        return v, dict(zip(gold["id"].to_list(), gold["expert_gold"].to_list(), strict=True))
    rows, gold = (polars.read_parquet(_data(name) / f"{f}.parquet") for f in ("labels", "gold"))
    v = votes(*(rows[c].to_numpy() for c in ("task", "worker", "label")))
    return v, dict(zip(gold["task"].to_list(), gold["gold"].to_list(), strict=True))


def test_a_method_chosen_on_half_of_the_gold_is_near_the_best_on_the_other_half():
    """Three crowds that want three different methods; 4 random halves each. Mean regret to the method that is best on
    the other half: at most 1 point. On bluebirds at least 80 % of what Dawid–Skene gains over the majority is kept."""
    regrets, kept = [], []
    for name in ("bluebirds", "adult2", "dices_350"):
        v, gold = _crowd(name)
        truth = gold_codes(v, gold)
        # each method is fitted once; the choice is what is tested
        fits = {m: fit(v, None) for m, fit in METHODS.items()}
        right = {m: found.right(truth) for m, found in fits.items() if isinstance(found, Consensus)}
        once = {m: (lambda _v, _gold, found=found: found) for m, found in fits.items()}
        rows = np.flatnonzero(truth >= 0)
        for seed in range(4):
            half, rest = np.array_split(np.random.default_rng(seed).permutation(rows), 2)
            known = {name: gold[name] for name in (v.items.tolist()[i] for i in half)}
            choice = choose(v, gold=known, methods=once, rng=seed)
            share = {m: float(r[rest].mean()) for m, r in right.items()}
            regrets.append(max(share.values()) - share[choice.method])
            if name == "bluebirds":
                kept.append((share[choice.method] - share["majority"]) / (share["dawid-skene"] - share["majority"]))
    assert np.mean(regrets) <= 0.01
    assert np.mean(kept) >= 0.8
