"""Every vote teaches: labels that keep dissent are calibrated where majorities boast, and weights silence nobody."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytest import approx
from scipy import special

from tutelage.errors import BadInput
from tutelage.models.head import load
from tutelage.records import Estimate, RankedRow, assistant, user
from tutelage.training.head import HeadConfig, bradley_terry, fit, pairs_of
from tutelage.training.soft import Vote, majority, pooled, read_votes, reliability, weighted

WORTH = {"river": 0.0, "stone": 0.5, "light": 1.0, "paper": 1.5, "garden": 2.0, "window": 2.5, "letter": 3.0}
WORDS = np.array([*WORTH])
PLAIN = HeadConfig(blocks=("ngrams",), folds=3)


def vote(judge: str, ranks: tuple[int | None, ...], n: int = 0, *, strength: float = 1.0) -> Vote:
    texts = tuple(assistant(f"answer {c}") for c in "abc"[: len(ranks)])
    row = RankedRow(user(f"q{n}"), texts, ranks, (f"{judge}/{n}",), f"g{n}", strength=strength)
    return Vote(row, judge)


def population(pairs: int, rng: np.random.Generator, *, votes: int) -> tuple[list[Vote], np.ndarray]:
    """Answers of 4 words, the sum of whose worth is their reward; each of `votes` people decides by Bradley–Terry."""
    cast, shares = [], []
    for n in range(pairs):
        a, b = (list(rng.choice(WORDS, 4)) for _ in "ab")
        gap = 0.5 * (sum(WORTH[w] for w in a) - sum(WORTH[w] for w in b))
        share = float(special.expit(gap))
        texts = (assistant(" ".join(a)), assistant(" ".join(b)))
        shares.append(share)
        for v in range(votes):
            ranks = (1, 2) if rng.random() < share else (2, 1)
            cast.append(Vote(RankedRow(user(f"q{n}"), texts, ranks, (f"{n}/{v}",), f"g{n % 12}"), f"p{v}"))
    return cast, np.array(shares)


def gap_to_shares(rows: list[RankedRow], out: Path, fresh: list[Vote], shares: np.ndarray) -> float:
    """Mean |predicted − true share| over fresh pairs, of a head trained on `rows`."""
    model = load(fit(rows, out=out, config=PLAIN, rng=np.random.default_rng(0)))
    asked = [v.row for v in fresh]
    s = model.scores([r.prompt for r in asked for _ in "ab"], [a for r in asked for a in r.responses]).reshape(-1, 2)
    return float(np.abs(special.expit(s[:, 0] - s[:, 1]) - shares).mean())


def test_votes_as_labels_are_calibrated_where_majorities_boast(tmp_path: Path):
    """500 pairs of 5 votes; on fresh pairs the soft model errs by 0.06 of a share at most, the other by 0.03 more."""
    rng = np.random.default_rng(0)
    cast, _ = population(500, rng, votes=5)
    fresh, shares = population(300, rng, votes=1)
    soft = gap_to_shares(weighted(cast), tmp_path / "soft", fresh, shares)
    hard = gap_to_shares(majority(pooled(cast)), tmp_path / "hard", fresh, shares)
    assert soft < 0.06
    assert hard > soft + 0.03


def test_single_votes_and_their_share_teach_the_same():
    """Cross-entropy is linear in its label: 3 votes of 4, or one row of certainty 0.75, give ln 3 both times."""
    cast = [vote(f"p{n}", (1, 2) if n < 3 else (2, 1)) for n in range(4)]
    gaps = []
    for rows in (weighted(cast), pooled(cast)):
        pairs = pairs_of(rows)
        _, s = bradley_terry([np.array([[1.0], [0.0]])], [1.0], pairs, np.arange(pairs.first.size), ridge=1e-9)
        gaps.append(s[0] - s[1])
    assert gaps == approx([np.log(3)] * 2, abs=1e-3)


def test_each_pair_of_a_ranking_has_its_own_share():
    """Two rank a > b > c, one c > a > b: a beats b in 3 of 3, a beats c and b beats c in 2 of 3."""
    cast = [vote("x", (1, 2, 3)), vote("y", (1, 2, 3)), vote("z", (2, 3, 1))]
    assert sorted(round(r.certainty, 3) for r in pooled(cast)) == [0.667, 0.667, 1.0]


def test_strength_is_what_the_votes_hold_against_each_other():
    """Four votes of strength 1 against one: (4 − 1)/5 = 0.6; an even split is a tie of no strength."""
    (row,) = pooled([vote(f"p{n}", (1, 2) if n else (2, 1)) for n in range(5)])
    assert (row.ranks, row.certainty, row.strength) == ((1, 2), approx(0.8), approx(0.6))
    (even,) = pooled([vote("x", (1, 2)), vote("y", (2, 1))])
    assert (even.ranks, even.certainty, even.strength) == ((1, 1), 0.5, 0.0)


def test_a_margin_asks_more_of_the_stronger_preference():
    """All are sure: at ridge 0.1 a pair of strength 1 is pulled further apart with a margin of 2 logits."""
    pairs = pairs_of([vote("x", (1, 2)).row])
    features = [np.array([[1.0], [0.0]])]
    gaps = [
        float(np.subtract(*bradley_terry(features, [1.0], pairs, np.array([0]), ridge=0.1, margin=m)[1]))
        for m in (0.0, 2.0)
    ]
    assert gaps[1] > gaps[0] + 1


def test_who_guesses_weighs_least_and_nobody_nothing():
    """9 careful judges and one who guesses, 60 items: weights average 1 over the votes."""
    rng = np.random.default_rng(1)
    cast = []
    for n in range(60):
        for j in range(10):
            right = rng.random() < (0.9 if j else 0.5)
            cast.append(vote(f"p{j}", (1, 2) if right else (2, 1), n))
            if n % 2:
                last = cast.pop()
                cast.append(vote(last.judge, (2, 1) if last.row.ranks == (1, 2) else (1, 2), n))
    found = reliability(cast)
    assert min(found, key=lambda name: found[name].weight) == "p0"
    assert 0 < found["p0"].weight < 0.6 * found["p1"].weight
    assert np.mean([r.weight for r in found.values()]) == approx(1.0)
    assert isinstance(found["p1"].informedness, Estimate)


def test_a_minority_of_one_mind_keeps_its_weight_within_its_group():
    """7 see it one way and 3 the other, all steadily: compared with their own kind, none looks careless."""
    rng = np.random.default_rng(2)
    cast, camp = [], {f"p{j}": "few" if j < 3 else "many" for j in range(10)}
    for n in range(80):
        truth = {"many": rng.random() < 0.5, "few": rng.random() < 0.5}
        cast += [vote(j, (1, 2) if truth[c] == (rng.random() < 0.9) else (2, 1), n) for j, c in camp.items()]
    alone, together = reliability(cast), reliability(cast, group=camp)
    few = [f"p{j}" for j in range(3)]
    assert np.mean([together[j].weight for j in few]) > np.mean([alone[j].weight for j in few]) + 0.2
    assert np.mean([together[j].weight for j in few]) > 0.85


def test_rows_alone_hold_no_votes_and_it_says_so(tmp_path: Path):
    with pytest.raises(BadInput, match="no single judgments"):
        read_votes(tmp_path)
