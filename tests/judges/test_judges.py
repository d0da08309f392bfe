"""A judge's opinion does not depend on which answer it saw first, or it is no opinion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tutelage.environments.graders import Task
from tutelage.environments.graders.judge import by_tasks, load_judge
from tutelage.errors import BadInput
from tutelage.judges import Duel, Opinion, Preferred, Tied, in_both_orders, load
from tutelage.judges.replay import Stored
from tutelage.judges.reward import judge as reward_judge
from tutelage.records import AiJudge, Unscored, assistant, jsonl, user

Q, SHORT, LONG = user("Why?"), assistant("Because."), assistant("Because it is so and must be.")


class PrefersTheFirst:
    """A judge with nothing but position bias, as a small language model has."""

    record = AiJudge("ai:first", "stub")
    order_free = False

    def compare(self, *_: Any) -> Opinion:
        return Preferred("first", 0.9)

    def compare_all(self, duels: Sequence[Duel]) -> list[Opinion]:
        return [Preferred("first", 0.9) for _ in duels]


class Rewards:
    """A reward model that counts characters."""

    name, digest = "stub", "sha256:0"

    def scores(self, prompts: Any, answers: Any) -> Any:
        return np.array([len(a[0].text) / 10 for a in answers])


def test_a_judge_that_goes_by_position_gives_no_opinion() -> None:
    judge = in_both_orders(PrefersTheFirst())
    found = judge.compare(Q, SHORT, LONG)
    assert found == Unscored("order_inconsistent", "first in one order, second in the other")
    assert judge.record == PrefersTheFirst.record


def test_longer_and_shorter_prefer_opposite_sides_and_equal_lengths_tie() -> None:
    assert load("rule:longer").compare(Q, SHORT, LONG) == Preferred("second")
    assert load("rule:shorter").compare(Q, SHORT, LONG) == Preferred("first")
    assert load("rule:longer").compare(Q, SHORT, SHORT) == Tied()


def test_the_empty_answer_is_not_the_best_short_one() -> None:
    assert load("rule:shorter").compare(Q, assistant(""), LONG) == Preferred("second")


def test_a_reward_judge_is_as_confident_as_its_logits_say() -> None:
    """8 and 29 characters: 0.8 against 2.9, sigmoid(2.1)."""
    found = reward_judge(Rewards()).compare(Q, SHORT, LONG)
    assert found == Preferred("second", pytest.approx(1 / (1 + math.exp(-2.1))))


def test_rewards_within_the_margin_are_a_tie() -> None:
    assert reward_judge(Rewards(), margin=3.0).compare(Q, SHORT, LONG) == Tied()


def test_a_stored_verdict_is_found_in_either_order(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.jsonl"
    jsonl.write(path, [Stored(Q, SHORT, LONG, "second", 0.8)])
    judge = load(f"replay:{path}")
    assert judge.compare(Q, SHORT, LONG) == Preferred("second", 0.8)
    assert judge.compare(Q, LONG, SHORT) == Preferred("first", 0.8)
    missing = judge.compare(Q, SHORT, SHORT)
    assert isinstance(missing, Unscored)
    assert missing.reason == "abstained"


def test_stored_verdicts_that_contradict_each_other_are_none(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.jsonl"
    jsonl.write(path, [Stored(Q, SHORT, LONG, "second"), Stored(Q, LONG, SHORT, "second")])
    found = load(f"replay:{path}").compare(Q, SHORT, LONG)
    assert isinstance(found, Unscored)
    assert found.reason == "order_inconsistent"


def test_the_grader_prefers_the_right_answer_and_has_no_opinion_without_a_task(tmp_path: Path) -> None:
    task = Task(user("2 + 2?"), "number", {}, "4")
    right, wrong = assistant("It is 4."), assistant("It is 5.")
    assert by_tasks([task]).compare(user("2 + 2?"), wrong, right) == Preferred("second")
    assert by_tasks([task]).compare(user("2 + 2?"), right, right) == Tied()
    assert isinstance(by_tasks([task]).compare(user("3 + 3?"), right, wrong), Unscored)
    jsonl.write(tmp_path / "t.jsonl", [task])
    assert load_judge(f"task:{tmp_path / 't.jsonl'}").compare(user("2 + 2?"), right, wrong) == Preferred("first")


@pytest.mark.parametrize("spec", ["longer", "rule:", "rule:nicest", "oracle:x"])
def test_an_unknown_judge_is_refused_by_name(spec: str) -> None:
    with pytest.raises(BadInput):
        load(spec)
