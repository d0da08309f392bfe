"""What a step's line says, by hand."""

from __future__ import annotations

import math

import pytest
from pytest import approx

from tutelage.environments.graders import Task
from tutelage.environments.rewards import Finding, Rewarded
from tutelage.errors import BadInput
from tutelage.records import Unscored, user
from tutelage.training import watch
from tutelage.training.rollout import Answer, Group


def answer(ids: tuple[int, ...], finding: Finding, text: str = "a", ended: bool = True) -> Answer:
    return Answer(ids, text, ended, (0.0,) * len(ids), finding)


def group(*answers: Answer, index: int = 0) -> Group:
    return Group(index, Task(user("q"), "none"), (1,), answers)


def test_the_line_by_hand() -> None:
    """Rewards (1, 3) and (2, -): mean 2. Lengths 3, 3, 1, 1: 2. One of four is empty, cut, and unscored each."""
    line = watch.answers(
        [
            group(answer((7, 8, 9), Rewarded(1.0)), answer((7, 8, 9), Rewarded(3.0))),
            group(answer((5,), Rewarded(2.0), ended=False), answer((6,), Unscored("timeout"), text=" "), index=1),
        ]
    )
    assert (line["prompts"], line["reward"], line["length"]) == (2, 2.0, 2.0)
    assert (line["eos_rate"], line["empty"], line["distinct"]) == (0.75, 0.25, 0.75)
    assert line["unscored"] == {"timeout": 1}


def test_the_standard_error_is_that_of_prompts_not_of_answers() -> None:
    """Two prompts with rewards (0, 0) and (1, 1): four answers, but two units: se = sqrt(2 · 2 · 1²)/4 = 0.5."""
    line = watch.answers(
        [group(*(answer((1,), Rewarded(v)) for _ in range(2)), index=i) for i, v in enumerate((0.0, 1.0))]
    )
    assert (line["reward"], line["reward_se"]) == (0.5, approx(math.sqrt(2 * (1 + 1)) / 4))


def test_an_interval_of_one_prompt_does_not_exist() -> None:
    assert watch.kl([(0, [1.0, 2.0])]) == {"kl": 1.5, "kl_se": None}
    assert watch.kl([]) == {"kl": None, "kl_se": None}


def test_repetition_is_the_share_of_3_grams_already_said() -> None:
    """1 1 1 1 1 has three 3-grams, one kind: 2/3. 1 2 3 4 5 has none twice. Two tokens have no 3-gram."""
    said = [watch.repetition(answer(ids, Rewarded(0.0))) for ids in ((1,) * 5, (1, 2, 3, 4, 5), (1, 2))]
    assert said == approx([2 / 3, 0, 0])


def test_half_a_step_may_be_unscored_and_no_more() -> None:
    good, bad = answer((1,), Rewarded(1.0)), answer((1,), Unscored("blocked", "why"))
    watch.require_scored([group(good, bad)], "r")
    with pytest.raises(BadInput, match=r"r left 2 of 3 answers of a step unscored: blocked 2 \(why\)"):
        watch.require_scored([group(good, bad, bad)], "r")


def test_a_prompt_that_a_step_asks_twice_is_one_unit() -> None:
    """One task in a step of two: (0, 0) and (1, 1) are four answers to one prompt, and no interval rests on one."""
    line = watch.answers([group(*(answer((1,), Rewarded(v)) for _ in range(2))) for v in (0.0, 1.0)])
    assert (line["prompts"], line["reward"], line["reward_se"]) == (1, 0.5, None)
    assert watch.kl([(3, [1.0]), (3, [2.0])]) == {"kl": 1.5, "kl_se": None}
