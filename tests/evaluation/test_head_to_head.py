"""A head-to-head is blind, counts ties half, keeps the unscored apart and shows what length alone explains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tutelage.evaluation.head_to_head import HeadToHead, head_to_head
from tutelage.evaluation.prompts import Answers, HeldOut
from tutelage.judges import Duel, Judge, Opinion, Preferred, load
from tutelage.models import Generation
from tutelage.records import AiJudge, Estimate, Rate, Undefined, text_of, user


def said(*texts: str) -> list[Generation]:
    return [Generation(t, len(t.split()), True, 0.0) for t in texts]


def meet(a: Sequence[str], b: Sequence[str], judge: Judge | None = None, *, groups: Sequence[str] | None = None,
         seed: int = 0) -> HeadToHead:  # fmt: skip
    prompts = [HeldOut(user(f"question {i}"), None if groups is None else groups[i]) for i in range(len(a))]
    return head_to_head(
        Answers(prompts, said(*a)), said(*b), judge or load("rule:longer"), rng=np.random.default_rng(seed)
    )


class Recorder:
    """Prefers the first side it is shown, and remembers what it saw."""

    record = AiJudge("ai:first", "stub")

    def __init__(self, *, order_free: bool) -> None:
        self.order_free, self.seen = order_free, [("", "")][:0]

    def compare(self, *_: Any) -> Opinion:
        return Preferred("first")

    def compare_all(self, duels: Sequence[Duel]) -> list[Opinion]:
        self.seen += [(text_of(d.first), text_of(d.second)) for d in duels]
        return [Preferred("first") for _ in duels]


def test_ties_count_half_and_equal_texts_tie_unasked() -> None:
    """2 wins, 1 tie, 1 loss: (2 + 1/2) / 4."""
    found = meet(["a a", "a a", "same", "a"], ["b", "b", "same", "b b"])
    assert isinstance(found.win_rate, Estimate)
    assert (found.wins, found.ties, found.losses, found.win_rate.value) == (2, 1, 1, 0.625)


def test_sides_are_drawn_and_a_judge_of_position_alone_learns_nothing_about_the_models() -> None:
    """400 prompts, always "first": half of the wins are A's, within 5 standard errors (0.125)."""
    judge = Recorder(order_free=True)
    found = meet(["a"] * 400, ["b"] * 400, judge)
    assert isinstance(found.win_rate, Estimate)
    assert abs(found.win_rate.value - 0.5) < 0.125
    assert {("a", "b"), ("b", "a")} == set(judge.seen)


def test_a_judge_that_can_depend_on_order_is_asked_in_both_and_its_inconsistency_is_unscored() -> None:
    found = meet(["a"] * 5, ["b"] * 5, Recorder(order_free=False))
    assert isinstance(found.win_rate, Undefined)
    assert found.unscored == {"order_inconsistent": 5}
    assert (found.wins, found.ties, found.losses) == (0, 0, 0)


@pytest.mark.parametrize("seed", range(5))
def test_the_result_does_not_depend_on_the_sides_drawn(seed: int) -> None:
    a, b = ["a a", "a", "a a a", "a"], ["b", "b b", "b", "b b b"]
    assert meet(a, b, seed=seed).win_rate == meet(a, b, seed=9).win_rate


def test_swapping_the_models_mirrors_the_win_rate() -> None:
    a, b = ["a a", "a a", "a a", "a"], ["b", "b", "b", "b b"]
    one, other = meet(a, b).win_rate, meet(b, a).win_rate
    assert isinstance(one, Estimate)
    assert isinstance(other, Estimate)
    assert one.value == 1 - other.value
    assert one.lo == pytest.approx(1 - other.hi)


def test_prompts_of_one_group_are_not_independent() -> None:
    a, b = ["a a"] * 20, ["b"] * 20
    alone, grouped = meet(a, b).win_rate, meet(a, b, groups=["g", "h"] * 10).win_rate
    assert isinstance(alone, Estimate)
    assert isinstance(grouped, Estimate)
    assert (alone.n, grouped.n) == (20, 2)
    assert grouped.lo < alone.lo


def test_a_judge_of_length_is_shown_to_be_one() -> None:
    """The longer wins every decided pair; among equal lengths nothing is decided."""
    found = meet(["a a", "a", "x y"], ["b", "b b b", "u v"])
    assert isinstance(found.longer_wins, Rate)
    assert (found.longer_wins.k, found.longer_wins.n) == (2, 2)
    assert isinstance(found.length_matched, Estimate)
    assert found.length_matched.value == 0.5
    assert "Longer wins" in found.summary()


def test_the_power_note_is_the_normal_approximation() -> None:
    """100 prompts, sd ½: (1.960 + 0.842) × 0.5 / √100 = 0.140."""
    found = meet(["a a"] * 100, ["b"] * 100)
    assert found.smallest_detectable == pytest.approx(0.140, abs=5e-4)
    assert meet(["a a"], ["b"]).smallest_detectable is None
