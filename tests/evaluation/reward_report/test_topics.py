"""Topic by topic at each update: corrected for many, honest about few."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from tutelage.evaluation.reward_report import against, changes, held
from tutelage.evaluation.reward_report.held import Held, Read
from tutelage.evaluation.reward_report.topics import holm, sign_flip
from tutelage.records import Estimate, RankedRow, assistant, user


def data(topics: int, groups: int, pairs: int) -> Held:
    rows = [
        RankedRow(user("q"), (assistant("a"), assistant("b")), (1, 2), (), f"t{t}/g{g}")
        for t in range(topics) for g in range(groups) for _ in range(pairs)
    ]  # fmt: skip
    return held(rows, {r.group: r.group.split("/")[0] for r in rows})


def reading(name: str, right: np.ndarray) -> Read:
    return Read(name, "", np.where(right > 0, 1.0, -1.0), np.zeros(right.size))


def test_holm_multiplies_the_least_by_all_and_never_falls():
    """0.01·4 = 0.04, 0.02·3 = 0.06, 0.04·2 = 0.08, 0.03·… sorted: .01 .02 .03 .04 → .04 .06 .06 .06."""
    assert holm([0.01, 0.04, 0.03, 0.02]) == approx([0.04, 0.06, 0.06, 0.06])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_keeps_the_order_and_is_never_below_the_raw_value(p: list[float]):
    found = holm(p)
    assert all(a >= b for a, b in zip(found, p, strict=True))
    order = np.argsort(p, kind="stable")
    assert all(found[int(i)] <= found[int(j)] for i, j in pairwise(order))


def test_five_groups_all_one_way_have_p_two_in_thirty_two():
    """Sign flips of 5 groups: the seen pattern and its mirror, 2/2⁵."""
    p, least = sign_flip(np.ones(5), np.array(list("abcde")), np.random.default_rng(0))
    assert (p, least) == (2 / 32, 2 / 32)


def test_nothing_changed_is_called_changed_in_at_most_five_of_a_hundred_updates():
    """150 updates of 6 unchanged topics, 12 groups that move together: false alarms ≤ 5 % and chance (10.5 %)."""
    rng = np.random.default_rng(7)
    d = data(6, 12, 2)
    alarms = 0
    for _ in range(150):
        shift = np.repeat(rng.normal(0, 0.3, 72), 2)
        before, after = (rng.random(144) < 0.7 + sign * shift / 2 for sign in (-1, 1))
        found = changes(reading("b", before), reading("a", after), d, rng=rng)
        alarms += any(c.word in ("improved", "degraded") for c in found)
    assert alarms / 150 < 0.105


def test_a_topic_that_fell_is_named_and_the_others_are_not():
    """Topic t0 falls from right to wrong in 12 groups of 12; the rest stays."""
    d = data(4, 12, 2)
    before = np.ones(d.pairs)
    after = np.where(d.domain == "t0", 0.0, 1.0)
    found = against(reading("after", after), reading("before", before), d, rng=np.random.default_rng(0), level=0.95)
    assert (found.topics[0].topic, found.topics[0].word) == ("t0", "degraded")
    assert {c.word for c in found.topics[1:]} == {"no difference shown"}
    assert isinstance(found.difference, Estimate)
    assert found.difference.value == approx(-0.25)
    assert found.sentence == "The other is better."


def test_too_few_groups_for_any_p_below_the_bar_is_said_and_not_passed_over():
    """4 groups: the least p is 2/2⁴ = 0.125, times 3 topics: no outcome could have shown anything."""
    d = data(3, 4, 5)
    found = changes(reading("b", np.ones(d.pairs)), reading("a", np.zeros(d.pairs)), d, rng=np.random.default_rng(0))
    assert {c.word for c in found} == {"cannot be said"}
