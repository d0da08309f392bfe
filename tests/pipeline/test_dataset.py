"""Arms: verdicts as they are, turned round at a rate, or permuted; never a held-out prompt among them."""

from __future__ import annotations

import numpy as np
import pytest

from tutelage.errors import TutelageError
from tutelage.pipeline.stages.dataset import no_leak, spoil, turned
from tutelage.records import RankedRow, assistant, user

ROW = RankedRow(user("Say yes."), (assistant("yes"), assistant("no"), assistant("maybe")), (1, 3, 2), ("j",), "g")


def test_turning_a_ranking_round_keeps_ties_and_gaps() -> None:
    """1, 2, 2 becomes 2, 1, 1; what was not ranked stays so."""
    assert turned((1, 2, 2)) == (2, 1, 1)
    assert turned((1, None, 3)) == (3, None, 1)


def test_the_true_arm_changes_nothing() -> None:
    """The very rows."""
    assert spoil([ROW], "true", np.random.default_rng(0)) == [ROW]


def test_three_in_ten_rankings_are_turned_round() -> None:
    """1,000 rows: 300 expected, sd 14.5; the 99.9 % range is 252 to 348."""
    rows = spoil([ROW] * 1000, "flip:0.3", np.random.default_rng(0))
    assert 252 <= sum(r.ranks == (3, 1, 2) for r in rows) <= 348


def test_permuted_ranks_carry_nothing() -> None:
    """Each answer is best in a third of 3,000 rows: 1,000, sd 25.8; the 99.9 % range is 915 to 1,085."""
    rows = spoil([ROW] * 3000, "permuted", np.random.default_rng(0))
    best = np.bincount([r.ranks.index(1) for r in rows])
    assert all(915 <= n <= 1085 for n in best)


def test_a_held_out_prompt_or_group_stops_the_run() -> None:
    """Neither its words nor its topic may come in."""
    no_leak([ROW], {"Say no."}, {"h"})
    with pytest.raises(TutelageError, match="held-out"):
        no_leak([ROW], {"Say yes."}, set())
    with pytest.raises(TutelageError, match="held-out"):
        no_leak([ROW], set(), {"g"})
