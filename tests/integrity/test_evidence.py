"""Each kind of evidence sees what was planted and keeps still on what honest people do."""

from __future__ import annotations

import numpy as np

from tutelage.integrity import copies, patterns, repeats, rings, speed
from tutelage.integrity.signal import independent_of_item, others, signal

Codes = np.ndarray[tuple[int], np.dtype[np.int64]]


def crowd(rng: np.random.Generator, judges: int = 20, items: int = 120) -> tuple[Codes, Codes, Codes, Codes]:
    """Every judge on every item, 85 % right of three answers."""
    truth = rng.integers(0, 3, items)
    item, judge = np.tile(np.arange(items), judges), np.repeat(np.arange(judges), items)
    right = rng.random(len(item)) < 0.85
    value = np.where(right, truth[item], (truth[item] + rng.integers(1, 3, len(item))) % 3)
    return item, judge, value, truth


def names(n: int) -> list[str]:
    return [f"w{k}" for k in range(n)]


def test_the_others_leave_out_all_votes_of_the_same_judge() -> None:
    """Item 0: judge 0 says 0 twice, judge 1 says 1. For judge 0 the others say 1 only."""
    shares = others(np.zeros(3, int), np.array([0, 0, 1]), np.array([0, 0, 1]), 2)
    assert shares.tolist() == [[0, 1], [0, 1], [1, 0]]


def test_one_answer_random_clicks_and_flips_tell_nothing_about_the_item() -> None:
    rng = np.random.default_rng(1)
    item, judge, value, _ = crowd(rng)
    value[judge == 0] = 0
    value[judge == 1] = rng.integers(0, 3, 120)
    value[judge == 2] = (value[judge == 2] + 1) % 3
    found = signal(judge, value, others(item, judge, value, 3), 20)
    assert abs(found.ratio[0]) < 1e-9
    assert found.ratio[2] < -0.2
    check = independent_of_item(found, names(20))
    assert (check.p[:3] < 0.01).all()
    assert (check.p[3:] > 0.05).all()


def test_an_alternation_is_seen_and_sorted_items_are_not_taken_for_one() -> None:
    assert patterns.periodic(np.arange(60) % 2)[0] < 1e-6
    assert patterns.periodic(np.arange(60) % 3)[1] == 3
    assert patterns.periodic(np.repeat([0, 1, 0, 1], 15))[0] == 1.0


def test_answers_that_alternate_because_the_items_do_are_not_held_against_a_judge() -> None:
    items_alternate = np.arange(60) % 2
    assert patterns.periodic(items_alternate, items_alternate)[0] == 1.0


def test_random_answers_look_periodic_no_oftener_than_they_should() -> None:
    """400 judges of 40 random answers at 5 %: at most 36 (99.9 % binomial)."""
    rng = np.random.default_rng(3)
    assert sum(patterns.periodic(rng.integers(0, 2, 40))[0] <= 0.05 for _ in range(400)) <= 36


def test_a_pair_that_copies_is_named_and_its_busier_member_may_be_the_victim() -> None:
    rng = np.random.default_rng(4)
    item, judge, value, _ = crowd(rng)
    value[judge == 7] = value[judge == 3]
    found = rings.rings(
        rings.pairs(item, judge, value, 3, 20), names(20), np.r_[np.full(7, 120), 121, np.full(12, 120)]
    )
    assert set(found.words) == {3, 7}
    assert found.p[3] < 1e-3
    assert found.p[7] == 1.0


def test_honest_judges_who_are_often_right_are_no_ring() -> None:
    item, judge, value, _ = crowd(np.random.default_rng(6))
    assert not rings.rings(rings.pairs(item, judge, value, 3, 20), names(20), np.full(20, 120)).words


def test_a_judge_in_a_tenth_of_the_time_is_too_fast_and_a_quick_one_is_not() -> None:
    rng = np.random.default_rng(8)
    judge = np.repeat(np.arange(12), 30)
    seconds = 30 * np.exp(rng.normal(0, 0.4, 360))
    seconds[judge == 0] /= 20
    seconds[judge == 1] /= 2
    found = speed.too_fast(judge, seconds, names(12))
    assert found.p[0] < 0.01
    assert found.p[1] == 1.0


def test_seconds_come_from_times_of_the_same_judge_and_a_long_pause_is_none() -> None:
    at = np.array([0.0, 5.0, 20.0, 9000.0])
    assert np.allclose(speed.seconds_between(np.array([0, 1, 0, 0]), at), [np.nan, np.nan, 20, np.nan], equal_nan=True)


def test_equal_rows_and_second_judgments_are_named_by_their_later_row() -> None:
    assert repeats.again([["a", "a", "b"], ["1", "1", "1"]]).tolist() == [1]
    assert repeats.same_judge_again(np.array([0, 0, 1]), np.array([2, 2, 2])).tolist() == [1]


LONG = "the second answer explains why the bill was late and gives the customer a way to pay it now"


def test_a_long_reason_given_by_two_judges_is_copied_even_with_a_word_changed() -> None:
    """17 words: one changed at the end leaves 14 of 16 three-word runs in common, 14 / 16 > .8."""
    texts = [LONG, LONG.replace("now", "later"), "short and same", "short and same"]
    assert copies.across_judges(texts, np.array([0, 1, 0, 1])) == [(0, 1)]
    assert copies.across_judges(texts, np.array([0, 0, 0, 1])) == []


def test_a_template_over_many_items_is_seen_beside_judges_who_write() -> None:
    rng = np.random.default_rng(9)
    words = [f"word{k}" for k in range(300)]
    texts = [" ".join(rng.choice(words, 9)) for _ in range(200)]
    judge, item = np.repeat(np.arange(10), 20), np.arange(200)
    texts[:20] = ["this one is clearly better because it is more helpful"] * 20
    found = copies.templates(texts, judge, item, names(10))
    assert found.p[0] < 0.01
    assert (found.p[1:] == 1).all()
