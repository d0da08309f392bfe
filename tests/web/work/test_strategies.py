"""Every order of the queue does what it says, over several imports too; overlap, quotas and leases bind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from tutelage import kinds
from tutelage.web.work import actions, loading, rules
from tutelage.web.work.models import Slot

NOW = timezone.now()
A, B = ({"type": "prefer", "winner": side} for side in ("first", "second"))


def load(hall: Any, names: Sequence[str], seed: int = 0, gold: bool = False) -> None:
    """Items `domain-number`, in the order given, in one import."""
    shown = kinds.get("comparison").exhibit()
    offered = (loading.Offered(replace(shown.item, id=name, domain=name.partition("-")[0]), shown.responses,
                               A if gold else None) for name in names)  # fmt: skip
    loading.load(hall.project, offered, np.random.default_rng(seed))


def handed_out(hall: Any, n: int, answers: Sequence[Any] = (A,), person: int = 0) -> list[str]:
    """The items that somebody is given, one after another."""
    names, task = [], actions.take(hall.seat(person), NOW)
    for k in range(n):
        if task is None:
            break
        names.append(task["item"]["id"])
        token = task["lease"]["token"]
        task = actions.submit(hall.people[person], token, token, answers[k % len(answers)], "", {}, NOW).next
    if task is not None:
        actions.claiming.release(list(Slot.objects.filter(token=task["lease"]["token"]).values_list("pk", flat=True)))
    return names


def test_in_order_is_the_order_of_the_files(make_hall: Callable[..., Any]) -> None:
    hall = make_hall(items=0, strategy="sequential")
    load(hall, ["a-1", "a-0"])
    load(hall, ["b-0"])
    assert handed_out(hall, 9) == ["a-1", "a-0", "b-0"]


def test_at_random_mixes_what_came_in_different_files(make_hall: Callable[..., Any]) -> None:
    """Of 40 and then 40 items, the first 40 handed out hold some of either; the same seeds give the same order."""
    hall = make_hall(items=0, strategy="random")
    load(hall, [f"a-{n}" for n in range(40)], seed=1)
    load(hall, [f"b-{n}" for n in range(40)], seed=2)
    first = handed_out(hall, 40)
    assert 8 <= sum(name.startswith("b") for name in first) <= 32 and first != sorted(first)


def test_evenly_over_domains_holds_for_sorted_files_and_later_ones(make_hall: Callable[..., Any]) -> None:
    """Four of one domain, then four of another in a second file: they take turns, two and two."""
    hall = make_hall(items=0, strategy="stratified")
    load(hall, [f"a-{n}" for n in range(4)])
    load(hall, [f"b-{n}" for n in range(4)])
    given = handed_out(hall, 8)
    assert [{name[0] for name in given[k : k + 2]} for k in range(0, 8, 2)] == [{"a", "b"}] * 4


def test_known_answers_come_first_even_when_they_came_last(make_hall: Callable[..., Any]) -> None:
    hall = make_hall(items=0, strategy="gold", overlap=2)
    load(hall, ["a-0", "a-1"])
    assert handed_out(hall, 1) == ["a-0"]
    load(hall, ["gold-0"], gold=True)
    assert handed_out(hall, 9) == ["gold-0", "a-1"]


def test_the_least_certain_come_first_while_answers_come_in(make_hall: Callable[..., Any]) -> None:
    """Three answers wanted of each of four items. The first person gives A to all; the second B to the second only, and
    then has nothing left: the third person begins with the second item (split), then those on which two agree."""
    hall = make_hall(items=0, strategy="uncertainty", overlap=3, people=3)
    load(hall, ["a-0", "a-1", "a-2", "a-3"])
    assert handed_out(hall, 2) == ["a-0", "a-1"]
    assert handed_out(hall, 4, [A, A, A, B], person=1) == ["a-2", "a-3", "a-0", "a-1"]
    assert handed_out(hall, 4, person=2) == ["a-1", "a-2", "a-3", "a-0"]


@pytest.mark.parametrize(
    ("values", "where"), [([], 0), (["x"], 1), (["x", "x"], 2), (["x", "y"], -2), (["x", "x", "y"], -1)]
)
def test_more_evenly_split_is_sooner_and_more_agreed_is_later(values: list[str], where: int) -> None:
    """In the order -2 (1:1), -1 (2:1), 0 (none), 1 (one answer), 2 (two that agree)."""
    order = [["x", "y"], ["x", "x", "y"], [], ["x"], ["x", "x"]]
    assert sorted(order, key=lambda v: rules.uncertain_rank(7, v)) == order
    assert order.index(values) == where + 2


@pytest.mark.parametrize("strategy", ["sequential", "random", "stratified", "uncertainty", "gold"])
def test_whatever_the_order_each_item_is_judged_as_often_as_wanted_and_once_by_each(
    make_hall: Callable[..., Any], strategy: str
) -> None:
    """Six items, two judgments each, three people: twelve in all, at most one of a person on an item."""
    hall = make_hall(items=0, strategy=strategy, overlap=2, people=3)
    load(hall, ["a-0", "a-1", "b-0"])
    load(hall, ["b-1", "c-0", "c-1"])
    given = [handed_out(hall, 9, [A, B], person) for person in range(3)]
    assert all(len(set(names)) == len(names) for names in given)
    assert sorted(name for names in given for name in names) == sorted(["a-0", "a-1", "b-0", "b-1", "c-0", "c-1"] * 2)


@pytest.mark.parametrize("strategy", ["sequential", "uncertainty"])
def test_a_days_quota_binds_in_every_order(make_hall: Callable[..., Any], strategy: str) -> None:
    hall = make_hall(items=5, strategy=strategy, quota_day=3, overlap=2)
    assert len(handed_out(hall, 9)) == 3
