"""A reward is a grade: a real number or a reason, never a 0 that nobody found."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tutelage import models
from tutelage.environments.graders import Task
from tutelage.environments.rewards import Rewarded, load, rewarded
from tutelage.environments.rewards.model import ModelReward
from tutelage.errors import BadInput
from tutelage.records import Unscored, user

SUM = Task(user("What is 2 + 2?"), "number", {}, "4")
NO_REFERENCE = Task(user("What is love?"), "number", {}, None)


class Lengths:
    """A reward model that counts characters, and breaks on the word "break"."""

    name, digest = "lengths", "sha256:0"

    def scores(self, prompts: Sequence[models.Prompt], responses: Sequence[models.Prompt]) -> np.ndarray:
        return np.array([float("nan") if r[0].text == "break" else len(r[0].text) - 3.0 for r in responses])


def test_the_graders_of_the_tasks_are_a_reward() -> None:
    found = load("graders").grades([SUM, SUM, NO_REFERENCE], ["4", "5", "4"])
    assert [f.value if isinstance(f, Rewarded) else f.reason for f in found] == [1.0, 0.0, "no_reference"]


def test_a_reward_model_gives_logits_of_any_size_and_sign() -> None:
    found = ModelReward(Lengths(), "reward:lengths").grades([SUM, SUM], ["", "a long answer"])
    assert found == [Rewarded(-3.0), Rewarded(10.0)]


def test_a_score_that_is_not_finite_is_unscored_and_never_zero() -> None:
    found = ModelReward(Lengths(), "reward:lengths").grades([SUM], ["break"])
    assert found == [Unscored("grader_error", "the value is nan")]
    assert isinstance(rewarded(float("inf")), Unscored)
    with pytest.raises(ValueError, match="finite"):
        Rewarded(float("nan"))


def test_no_answers_have_no_findings() -> None:
    assert ModelReward(Lengths(), "reward:lengths").grades([], []) == []
    assert load("graders").grades([], []) == []


@pytest.mark.parametrize("spec", ["", "graders:", "graders:x", "reward", "reward:", "nonsense:x"])
def test_a_spec_that_means_nothing_names_those_that_do(spec: str) -> None:
    with pytest.raises(BadInput, match="reward:DIR"):
        load(spec)


def test_a_directory_that_is_not_there_is_the_caller_s_mistake(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        load(f"head:{tmp_path / 'nowhere'}")


def test_the_face_of_rewards_imports_without_torch() -> None:
    code = "import sys, tutelage.environments.rewards; tutelage.environments.rewards.load('graders')"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; print('torch' in sys.modules)"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
