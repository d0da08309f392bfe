"""Best-of-n counts only prompts of which every answer could be graded."""

from __future__ import annotations

import numpy as np
import pytest

from tutelage.environments.graders import Task
from tutelage.errors import BadInput
from tutelage.pipeline.stages.evaluate import Entrant
from tutelage.pipeline.stages.reward_report import _graded
from tutelage.pipeline.stages.shared import Answer
from tutelage.records import user

KNOWN = Task(user("2 + 2?"), "exact", reference="4", group="sums")
UNKNOWN = Task(user("Why?"), "exact", group="open")  # no reference: unscored


def entrant(*tasks: Task) -> Entrant:
    rows = [[Answer(i, 0, "4", 1, True, 0.0)] for i in range(len(tasks))]
    return Entrant("many", tasks, rows, np.ones(len(tasks)))


def test_an_answer_that_could_not_be_graded_is_left_out_and_counted_not_called_wrong() -> None:
    """One task of two has a reference: one stays, one is left out."""
    kept, left_out = _graded(entrant(KNOWN, UNKNOWN))
    assert (list(kept.tasks), left_out) == ([KNOWN], 1)


def test_where_nothing_can_be_graded_the_report_says_so() -> None:
    """No figure is made up."""
    with pytest.raises(BadInput, match="graded"):
        _graded(entrant(UNKNOWN))
