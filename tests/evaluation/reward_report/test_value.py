"""What slices of judgments bought, and what the next would: intervals that hold, and a refusal where none can."""

from __future__ import annotations

import numpy as np
import pytest

from tutelage.errors import BadInput
from tutelage.evaluation.reward_report import Costs, Split, value
from tutelage.evaluation.reward_report.curve import Trained, next_rows
from tutelage.records import Estimate, RankedRow, Undefined, assistant, user

WORTH = {"river": 0.0, "stone": 0.5, "light": 1.0, "paper": 1.5, "garden": 2.0, "window": 2.5, "letter": 3.0}
WORDS = np.array([*WORTH])


def pairs(n: int, rng: np.random.Generator, *, wrong: float, name: str) -> list[RankedRow]:
    """Answers of 4 words, more worth is better; a share `wrong` of verdicts is turned round."""
    rows = []
    for at in range(n):
        a, b = (list(rng.choice(WORDS, 4)) for _ in "ab")
        first = sum(WORTH[w] for w in a) > sum(WORTH[w] for w in b)
        ranks = (1, 2) if first != (rng.random() < wrong) else (2, 1)
        texts = (assistant(" ".join(a)), assistant(" ".join(b)))
        rows.append(RankedRow(user("q"), texts, ranks, (f"{name}-{at}",), f"{name}{at % 10}"))
    return rows


@pytest.fixture(scope="module")
def study():
    """60 careful judgments, 60 turned round, judged on 200 pairs in 20 groups that nobody trained on."""
    rng = np.random.default_rng(0)
    careful, turned = pairs(60, rng, wrong=0.05, name="careful"), pairs(60, rng, wrong=0.9, name="turned")
    fresh = [*pairs(100, rng, wrong=0.0, name="x"), *pairs(100, rng, wrong=0.0, name="y")]
    split = Split([*careful, *turned], ["careful"] * 60 + ["turned"] * 60, fresh)
    return value([split], blocks=("ngrams",), rng=rng, costs=Costs("EUR", rate=30), more=50)


def test_what_taught_well_moved_accuracy_up_and_what_taught_wrongly_moved_it_down(study):
    careful, turned = study.slices
    assert careful.moved.lo > 0.05
    assert turned.moved.hi < -0.05
    assert careful.adjusted < 0.01


def test_the_sentence_says_cost_effect_and_what_the_next_would_buy(study):
    """60 judgments at 30 cents: 18.00 EUR."""
    careful = study.slices[0]
    assert (careful.cost.minor, str(careful.cost)) == (1800, "18.00 EUR")
    assert careful.sentence.startswith(
        "careful: this slice of 60 judgments cost 18.00 EUR and moved held-out accuracy by +0."
    )
    assert "the next 50 would buy" in careful.sentence


def test_a_judgment_without_a_pay_line_is_an_error_and_not_free():
    with pytest.raises(BadInput, match="1 judgments have no pay line, the first b"):
        Costs("EUR", lines={"a": 5}).of(["a", "b"])


def test_more_than_thirty_slices_are_refused():
    rows = pairs(40, np.random.default_rng(0), wrong=0.0, name="z")
    with pytest.raises(BadInput, match="40 slices"):
        value([Split(rows, [str(n) for n in range(40)], rows)], blocks=("ngrams",), rng=np.random.default_rng(0))


def simulated(rng: np.random.Generator, *, groups: int, c: float) -> tuple[Trained, float]:
    """Error 0.2 + 0.3·(n/100)^−c, groups of 60 pairs that differ by 0.04, six draws of rows that differ by 0.01."""
    n = np.array([250.0, 500.0, 750.0, 1000.0])
    of = rng.normal(0, 0.04, groups)
    error = 0.2 + 0.3 * (n / 100) ** -c
    right = np.empty((4, 6, groups))
    for s in range(4):
        for r in range(6):
            p = np.clip(1 - error[s] - of + (rng.normal(0, 0.01) if s < 3 else 0), 0, 1)
            right[s, r] = rng.binomial(60, p)
        if s == 3:
            right[s] = right[s, 0]
    truth = 0.3 * (10.0**-c - 20.0**-c)
    return Trained(n, right, np.full(groups, 60.0)), truth


@pytest.mark.parametrize("c", [0.3, 1.0])
def test_the_next_thousand_lie_in_their_interval_as_often_as_it_says(c: float):
    """60 studies each: 95 % intervals hold the truth in at least 53 of 60 (1 in 1 000 by chance below that)."""
    rng = np.random.default_rng(11)
    held = 0
    for _ in range(60):
        trained, truth = simulated(rng, groups=15, c=c)
        figure = next_rows(trained, 1000, rng=rng)
        assert isinstance(figure, Estimate)
        held += figure.lo <= truth <= figure.hi
    assert held >= 53


def test_beyond_twice_the_rows_or_with_few_groups_it_cannot_be_said():
    trained, _ = simulated(np.random.default_rng(0), groups=15, c=0.5)
    far = next_rows(trained, 1001, rng=np.random.default_rng(0))
    assert isinstance(far, Undefined)
    assert far.why.startswith("cannot be said: 1,001 more is 1.0 times the 1,000 there are")
    few, _ = simulated(np.random.default_rng(0), groups=4, c=0.5)
    assert isinstance(next_rows(few, 100, rng=np.random.default_rng(0)), Undefined)
