"""How far people differ is learned beside the mean, and predicts the share who would prefer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from pytest import approx
from scipy import special

from tutelage.models.head import load
from tutelage.models.spread import Distributional, between, cautious, share
from tutelage.records import RankedRow, assistant, user
from tutelage.training.head import HeadConfig, fit

FILL = ["river", "stone", "light", "paper"]


def rows(n: int, rng: np.random.Generator, *, contested: float) -> tuple[list[RankedRow], np.ndarray, np.ndarray]:
    """Commas make an answer better for all (1 logit each); an exclamation mark pleases half of the people by
    `contested` logits and displeases the others as much. 40 people vote on each pair.
    """
    made, truth, has = [], [], []
    for at in range(n):
        quality, marks = rng.integers(0, 5, 2), rng.integers(0, 2, 2)
        texts = []
        for q, m in zip(quality, marks, strict=True):
            words = [str(w) + ("," if k < q else "") for k, w in enumerate(rng.choice(FILL, 8))]
            texts.append(assistant(" ".join(words) + (" !" if m else " x")))
        gap, between = float(quality[0] - quality[1]), contested * float(marks[0] - marks[1])
        p = float((special.expit(gap + between) + special.expit(gap - between)) / 2)
        k = rng.binomial(40, p)
        ids = tuple(f"{at}/{v}" for v in range(40))
        order = (1, 2) if k >= 20 else (2, 1)
        made.append(RankedRow(user("q"), tuple(texts), order, ids, f"g{at % 12}", certainty=max(k, 40 - k) / 40))
        truth.append(p)
        has.append(marks[0] != marks[1])
    return made, np.array(truth), np.array(has)


def predicted(out: Path, fresh: list[RankedRow]) -> np.ndarray:
    model = load(out)
    assert isinstance(model, Distributional)
    asked = [r.prompt for r in fresh for _ in "ab"], [a for r in fresh for a in r.responses]
    mean, leaning = model.scores(*asked).reshape(-1, 2), model.leanings(*asked)
    return share(mean[:, 0] - mean[:, 1], between(leaning[::2], leaning[1::2]))


def test_a_contested_answer_has_spread_and_its_shares_are_foretold(tmp_path: Path):
    """Half love "!" by 4 logits, half hate it: the share errs by a third less at most than a mean alone can."""
    rng = np.random.default_rng(0)
    train, _, _ = rows(600, rng, contested=4.0)
    fresh, truth, has = rows(300, rng, contested=4.0)
    gaps = {}
    for spread in (True, False):
        config = HeadConfig(blocks=("surface",), folds=3, spread=spread)
        out = fit(train, out=tmp_path / str(spread), config=config, rng=np.random.default_rng(1))
        gaps[spread] = np.abs(predicted(out, fresh) - truth)[has].mean()
    assert gaps[True] < 2 / 3 * gaps[False]
    texts = [assistant(t) for t in ("river stone !", "river stone x", "paper light !")]
    u = load(tmp_path / "True").leanings([user("q")] * 3, texts)
    assert between(u[:1], u[1:2])[0] > 4 > between(u[:1], u[2:])[0]  # logits²: "!" is contested, words are not


def test_where_people_agree_but_for_noise_no_spread_is_claimed(tmp_path: Path):
    rng = np.random.default_rng(2)
    train, _, _ = rows(300, rng, contested=0.0)
    config = HeadConfig(blocks=("surface",), folds=3, spread=True)
    about = json.loads((fit(train, out=tmp_path / "m", config=config, rng=rng) / "head.json").read_text())
    found = about["spread"]
    assert found["nats_with"] > found["nats_without"] - 0.003
    plain = fit(train, out=tmp_path / "p", config=HeadConfig(blocks=("surface",), folds=3), rng=rng)
    assert load(plain).leanings([user("q")], [assistant("a")]).shape == (1, 0)


def test_spread_draws_a_share_towards_a_half_and_caution_below_the_mean():
    """Δ = 2 with variance 2: 2/√(1 + 2π/8) = 1.497 logits; of N(1, 2²) nine in ten give 1 − 1.2816·2 at least."""
    assert float(share(2.0, 2.0)) == approx(special.expit(2 / np.sqrt(1 + np.pi / 4)))
    assert float(share(2.0)) == approx(special.expit(2.0))
    assert float(cautious(1.0, 4.0)) == approx(1 - 1.28155 * 2, abs=1e-4)
