"""Labels fold by plurality; what a label is worth is stated, never guessed."""

import pytest
from pytest import approx

from tutelage.errors import BadInput
from tutelage.kinds.classification import KIND
from tutelage.records import Item, Judgment, Response, assistant, user

RESPONSES = {"a": Response("a", assistant("Hello"))}


def item(**options):
    return Item("i", "classification", user("Hi"), responses=("a",), payload={"labels": ["yes", "no"], **options})


def judged(*labels):
    return [Judgment(str(n), "i", "p", {"type": "classification", "labels": list(x)}) for n, x in enumerate(labels)]


def test_plurality_settles_a_label():
    verdict = KIND.fold(item(), judged(["yes"], ["yes"], ["no"]), {})
    assert (verdict.value, verdict.confidence) == ("yes", approx(2 / 3))


def test_labels_without_a_stated_worth_train_nothing():
    judgments = judged(["yes"])
    assert KIND.rows(item(), RESPONSES, KIND.fold(item(), judgments, {}), judgments) == []


def test_the_score_is_the_expected_worth_over_the_votes():
    """Yes is worth 0 here (it means "unsafe"): 2 yes and 1 no give 1/3."""
    safe = item(scores={"yes": 0, "no": 1})
    judgments = judged(["yes"], ["yes"], ["no"])
    [row] = KIND.rows(safe, RESPONSES, KIND.fold(safe, judgments, {}), judgments)
    assert row.score == approx(1 / 3)


def test_several_labels_are_one_value_in_the_listed_order():
    several = item(several=True)
    assert KIND.fold(several, judged(["no", "yes"]), {}).value == "yes+no"
    assert KIND.fold(several, judged([]), {}).value == "none"


@pytest.mark.parametrize(("labels", "field"), [(["maybe"], "labels[0]"), ([], "labels"), (["yes", "no"], "labels")])
def test_a_wrong_label_names_its_field(labels, field):
    with pytest.raises(BadInput) as caught:
        KIND.parse_answer(item(), {"type": "classification", "labels": labels})
    assert caught.value.where.field == field


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"labels": ["yes"]}, "payload.labels"),
        ({"labels": ["yes", "yes"]}, "payload.labels"),
        ({"scores": {"maybe": 1}}, "payload.scores"),
        ({"scores": {"yes": 2}}, "payload.scores"),
    ],
)
def test_options_that_make_no_sense_name_their_field(options, field):
    with pytest.raises(BadInput) as caught:
        KIND.check_item(item(**options), RESPONSES)
    assert caught.value.where.field == field


def test_harm_found_by_most_judges_settles_the_item_and_a_label_of_that_name_is_only_a_label():
    harm = Judgment("h", "i", "p", {"type": "harmful", "why": "an address"})
    assert KIND.fold(item(), [*judged(["yes"], ["yes"]), harm], {}).value == "yes"
    assert KIND.fold(item(), [*judged(["yes"]), harm], {}).why == "the judges are split over harm"
    labels = item(labels=["harmful", "fine"], scores={"harmful": 0.25, "fine": 1})
    judgments = judged(["harmful"])
    [row] = KIND.rows(labels, RESPONSES, KIND.fold(labels, judgments, {}), judgments)
    assert (row.score, row.criterion) == (0.25, None)
