"""The page of a reward model's report: every part of it, self-contained, hostile text escaped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tutelage.evaluation.baselines import Longer
from tutelage.evaluation.reward_report import Costs, Report, Split, report, value
from tutelage.records import RankedRow, assistant, user
from tutelage.report import render
from tutelage.report.reward_model import page_of


def rows(n: int, *, votes: int = 5) -> list[RankedRow]:
    """People prefer the shorter in one pair of four; each answer carries markup that must not run."""
    out = []
    for at in range(n):
        texts = (assistant(f"<script>alert({at})</script> long answer {at % 5}"), assistant(f"short {at % 5}"))
        ranks = (2, 1) if at % 4 == 0 else (1, 2)
        ids = tuple(f"j{at}/{v}" for v in range(votes))
        out.append(RankedRow(user("q"), texts, ranks, ids, f"g{at % 8}", certainty=0.8))
    return out


@pytest.fixture(scope="module")
def found() -> Report:
    held = rows(64)
    made = report(Longer(1), held, other=Longer(-1), rng=np.random.default_rng(0))
    split = Split(held[:32], [r.group for r in held[:32]], held[32:])
    bought = value([split], blocks=("surface",), rng=np.random.default_rng(0), costs=Costs("EUR", rate=25), more=20)
    return replace(made, value=bought)


def test_every_part_has_its_section(found: Report):
    titles = [s.title for s in page_of(found).sections]
    assert titles == [
        "Is it any good?", "Beside people and simple rules", "Does it know how sure to be?", "Where it is right",
        "Against another model", "What the judgments bought", "The pairs to look at",
    ]  # fmt: skip


def test_a_model_that_is_the_baseline_is_not_said_to_beat_it(found: Report):
    page = page_of(found)
    assert page.status == "not supported"
    assert "not shown to beat" in render(page)


def test_the_page_runs_nothing_and_shows_hostile_text_as_text(found: Report):
    html = render(page_of(found))
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_without_second_votes_the_page_says_that_the_ceiling_is_unknown():
    made = report(Longer(1), rows(32, votes=1), rng=np.random.default_rng(0))
    html = render(page_of(made))
    assert "The ceiling is unknown" in html
    assert "Against another model" not in html
