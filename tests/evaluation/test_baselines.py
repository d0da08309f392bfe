"""Baselines are as strong as they honestly are, and no row is scored by a model that saw its group."""

from collections.abc import Sequence

import numpy as np
import pytest
from pytest import approx

from tutelage.errors import BadInput
from tutelage.evaluation.baselines import BagOfWords, Longer, best_on, cross_fit, pair_correct, row_scores
from tutelage.models import Prompt
from tutelage.records import RankedRow, assistant, user


def row(better: str, worse: str, group: str = "g") -> RankedRow:
    return RankedRow(user("q"), (assistant(better), assistant(worse)), (1, 2), ("j",), group)


def test_longer_counts_characters_and_an_equal_length_is_half_right():
    """Longer wins, loses and ties: 1, 0, ½."""
    rows = [row("aaa", "a"), row("a", "aaa"), row("ab", "cd")]
    assert pair_correct(rows, row_scores(Longer(1), rows)).tolist() == [1, 0, 0.5]
    assert pair_correct(rows, row_scores(Longer(-1), rows)).tolist() == [0, 1, 0.5]


def test_a_bag_of_words_finds_the_word_that_decides():
    rows = [row(f"thanks x{n % 3}", f"never x{n % 3}") for n in range(20)]
    model = BagOfWords.fit(rows)
    thanks, never, unknown = model.scores([user("q")] * 3, [assistant(t) for t in ("thanks", "never", "zebra")])
    assert thanks > unknown > never
    assert unknown == 0


def test_the_best_baseline_is_the_one_that_carries_over_to_other_groups():
    """Each group has a word of its own: remembered words are worth nothing elsewhere, length is always right."""
    rows = [row(f"w{g} and more words", f"v{g}", f"g{g}") for g in range(8) for _ in range(3)]
    best, accuracy = best_on(rows, rng=np.random.default_rng(0))
    assert best.name == "longer"
    assert accuracy["longer"] == 1
    assert accuracy["shorter"] == 0


def test_in_one_group_a_bag_of_words_does_not_compete():
    _, accuracy = best_on([row("long one", "b"), row("longer", "c")], rng=np.random.default_rng(0))
    assert set(accuracy) == {"longer", "shorter"}


class _Remembers:
    """Scores 1 where it saw the answer in training."""

    name, digest = "remembers", "sha256:0"

    def __init__(self, rows: Sequence[RankedRow]) -> None:
        self.seen = {r for row in rows for r in row.responses}

    def scores(self, prompts: Sequence[Prompt], responses: Sequence[Prompt]) -> np.ndarray:
        return np.array([float(r in self.seen) for r in responses])


@pytest.mark.parametrize("k", [None, 3])
def test_cross_fitting_never_scores_a_row_by_a_model_that_saw_its_group(k: int | None):
    rows = [row(f"a{g}", f"b{g}", f"g{g}") for g in range(7) for _ in range(4)]
    scores = cross_fit(rows, k, lambda some, _: _Remembers(some), rng=np.random.default_rng(0))
    assert np.concatenate(scores).sum() == 0


def test_rows_of_ties_alone_have_no_accuracy():
    tied = RankedRow(user("q"), (assistant("a"), assistant("b")), (1, 1), ("j",), "g")
    with pytest.raises(BadInput, match="prefer no answer"):
        pair_correct([tied], [np.zeros(2)])
    assert pair_correct([tied, row("aa", "b")], [np.zeros(2), np.array([1.0, 0.0])]) == approx([1.0])
