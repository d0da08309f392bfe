"""The fast reward model learns what people prefer, calibrates it, and gives the same bytes twice."""

import json
from pathlib import Path

import numpy as np
import pytest
from pytest import approx

from tutelage.errors import BadInput
from tutelage.models.head import load
from tutelage.records import RankedRow, assistant, user
from tutelage.training.head import HeadConfig, bradley_terry, fit, grouped_folds, pairs_of

PLAIN = HeadConfig(blocks=("surface", "ngrams"), folds=3)
WORDS = ["river", "stone", "light", "paper", "garden", "window", "letter", "mountain"]


def row(*texts: str, ranks: tuple[int | None, ...] = (1, 2), group: str = "g", certainty: float = 1.0) -> RankedRow:
    return RankedRow(user("q"), tuple(assistant(t) for t in texts), ranks, ("j1",), group, certainty=certainty)


def polite_rows(n: int, rng: np.random.Generator, *, errors: float = 0.1) -> list[RankedRow]:
    """Answers of equal length; people prefer the one that says thanks, and err in a known share of pairs."""
    rows = []
    for at in range(n):
        a, b = (" ".join(rng.choice(WORDS, 6)) for _ in "ab")
        ranks = (2, 1) if rng.random() < errors else (1, 2)
        rows.append(row(f"thanks {a}", f"nothing {b}", ranks=ranks, group=f"g{at % 12}"))
    return rows


def test_three_ranked_answers_are_three_pairs_that_weigh_two():
    """K = 3: K(K − 1)/2 = 3 pairs of weight 2/K each, together K − 1 = 2."""
    pairs = pairs_of([row("a", "b", "c", ranks=(1, 2, 3))])
    assert pairs.weight.tolist() == approx([2 / 3] * 3)


def test_a_tie_is_a_coin_and_certainty_is_the_label():
    pairs = pairs_of([row("a", "b", ranks=(1, 1)), row("a", "b", certainty=0.8)])
    assert sorted(pairs.target.tolist()) == [0.5, 0.8]
    assert len(pairs.responses) == 2  # equal answers are featurised once


def test_without_ridge_the_fitted_difference_is_the_log_odds():
    """One feature, 3 of 4 people on one side: s_first − s_second = ln(3/1)."""
    pairs = pairs_of([row("a", "b", certainty=0.75)])
    _, scores = bradley_terry([np.array([[1.0], [0.0]])], [1.0], pairs, np.array([0]), ridge=1e-9)
    assert scores[0] - scores[1] == approx(np.log(3), abs=1e-3)


def test_no_group_is_ever_on_both_sides_of_a_fold():
    group = np.random.default_rng(1).integers(0, 9, 200)
    fold = grouped_folds(group, 4, np.random.default_rng(2))
    assert all(len(set(fold[group == g])) == 1 for g in range(9))
    assert set(fold) == {0, 1, 2, 3}


def test_it_finds_the_preference_on_groups_it_never_saw_and_knows_how_sure_it_is(tmp_path: Path):
    """Labels are wrong in 10 % of pairs, so nobody can be more right than 90 % or more sure than ln 9 = 2.2 logits."""
    rng = np.random.default_rng(0)
    model = load(fit(polite_rows(300, rng), out=tmp_path / "m", config=PLAIN, rng=rng))
    fresh = polite_rows(200, rng, errors=0.0)
    s = model.scores([r.prompt for r in fresh for _ in "ab"], [a for r in fresh for a in r.responses]).reshape(-1, 2)
    margin = s[:, 0] - s[:, 1]
    assert (margin > 0).mean() > 0.97
    assert 1.2 < np.median(margin) < 3.2


def test_the_same_rows_and_seed_give_the_same_scores_and_digest(tmp_path: Path):
    rows = polite_rows(60, np.random.default_rng(3))
    a, b = (load(fit(rows, out=tmp_path / n, config=PLAIN, rng=np.random.default_rng(4))) for n in "ab")
    assert a.digest == b.digest


def test_one_group_leaves_nothing_to_choose_by_and_the_record_says_so(tmp_path: Path):
    out = fit([row("a good answer", "bad")], out=tmp_path / "m", config=PLAIN, rng=np.random.default_rng(0))
    about = json.loads((out / "head.json").read_text())
    assert "one group" in about["chosen_by"]
    assert about["absent_blocks"] == ["minilm"]
    assert about["contributions"] == ["j1"]


def test_it_refuses_rows_without_a_comparison_and_a_taken_directory(tmp_path: Path):
    with pytest.raises(BadInput, match="no comparison"):
        fit([row("a", "b", ranks=(1, None))], out=tmp_path / "m", config=PLAIN, rng=np.random.default_rng(0))
    with pytest.raises(BadInput, match="exists"):
        fit([row("a", "b")], out=tmp_path, config=PLAIN, rng=np.random.default_rng(0))
