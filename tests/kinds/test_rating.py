"""Ratings fold to a weighted mean on [0, 1], whichever way the scale runs."""

import pytest
from pytest import approx

from tutelage.errors import BadInput
from tutelage.kinds.rating import KIND
from tutelage.records import Item, Judgment, Response, assistant, user

CRITERIA = [{"name": "correct", "weight": 3}, {"name": "errors", "worst": 10, "best": 0, "step": None}]
RESPONSES = {"a": Response("a", assistant("Because."))}


def item(criteria=CRITERIA):
    return Item("i", "rating", user("Why?"), responses=("a",), payload={"criteria": criteria})


def judged(*scores):
    return [Judgment(str(n), "i", f"p{n}", {"type": "rating", "scores": s}) for n, s in enumerate(scores)]


def test_weights_and_directions_are_the_rubrics():
    """correct 5 of 1–5 is 1, weight 3; 10 errors where 0 is best is 0, weight 1: 3/4."""
    verdict = KIND.fold(item(), judged({"correct": 5, "errors": 10}), {})
    assert verdict.detail["score"] == approx(0.75)
    assert verdict.detail["criteria"] == {"correct": 1.0, "errors": 0.0}


def test_a_criterion_that_does_not_apply_is_left_out_not_counted_as_worst():
    verdict = KIND.fold(item(), judged({"correct": 5, "errors": None}), {})
    assert verdict.detail["score"] == 1.0
    assert verdict.detail["criteria"] == {"correct": 1.0}


def test_disagreement_is_kept_and_costs_confidence():
    """Overall scores 1 and 0 have the mean 1/2, and nobody stands near it."""
    verdict = KIND.fold(item(), judged({"correct": 5, "errors": 0}, {"correct": 1, "errors": 10}), {})
    assert verdict.detail["score"] == approx(0.5)
    assert verdict.distribution == {"1.000": 0.5, "0.000": 0.5}
    assert verdict.confidence == 0.0


def test_each_criterion_gives_a_row_beside_the_overall_score():
    judgments = judged({"correct": 5, "errors": 10})
    made = KIND.rows(item(), RESPONSES, KIND.fold(item(), judgments, {}), judgments)
    assert [(r.criterion, r.score) for r in made] == [(None, 0.75), ("correct", 1.0), ("errors", 0.0)]


def test_only_nulls_leave_the_item_open():
    assert KIND.fold(item(), judged({"correct": None, "errors": None}), {}).type == "open"


@pytest.mark.parametrize(
    ("scores", "field"),
    [
        ({"correct": 6, "errors": 1}, "scores.correct"),
        ({"correct": 3.5, "errors": 1}, "scores.correct"),
        ({"correct": 3}, "scores.errors"),
        ({"correct": 3, "errors": 1, "kind": 1}, "scores.kind"),
        ({"correct": "3", "errors": 1}, "scores.correct"),
        ({"correct": float("nan"), "errors": 1}, "scores.correct"),
    ],
)
def test_a_score_off_the_rubric_names_its_criterion(scores, field):
    with pytest.raises(BadInput) as caught:
        KIND.parse_answer(item(), {"type": "rating", "scores": scores})
    assert caught.value.where.field == field


@pytest.mark.parametrize(
    ("criteria", "field"),
    [
        ([], "payload.criteria"),
        ([{"name": "x", "worst": 1, "best": 1}], "payload.criteria[0].best"),
        ([{"name": "x", "weight": 0}], "payload.criteria[0].weight"),
        ([{"name": "x", "step": 0}], "payload.criteria[0].step"),
        ([{"name": "x", "anchors": {"9": "off"}}], "payload.criteria[0].anchors.9"),
        ([{"name": "x", "anchors": {"good": "?"}}], "payload.criteria[0].anchors"),
        ([{"name": "x"}, {"name": "x"}], "payload.criteria"),
        ([{"name": "x", "colour": "red"}], "payload.criteria[0].colour"),
    ],
)
def test_a_rubric_that_makes_no_sense_names_its_field(criteria, field):
    with pytest.raises(BadInput) as caught:
        KIND.check_item(item(criteria), RESPONSES)
    assert caught.value.where.field == field


def test_harm_found_by_few_stays_beside_the_scores():
    judgments = [*judged({"correct": 5, "errors": 0}, {"correct": 5, "errors": 0})]
    judgments.append(Judgment("h", "i", "p9", {"type": "harmful", "why": "an address"}))
    verdict = KIND.fold(item(), judgments, {})
    assert (verdict.value, verdict.detail["harmful"], verdict.detail["ratings"]) == ("1.000", 1, 2)
