"""Trajectories fold step by step; the first error is the first bad step, and what came after may stay unread."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from tutelage.errors import BadInput
from tutelage.kinds.trajectory import KIND
from tutelage.records import Item, Judgment, Message, Response, Settled, assistant, encode, user

WALK = (Message("assistant", "a"), Message("tool", "t"), Message("assistant", "b"), Message("assistant", "c"))
RESPONSES = {"r": Response("r", WALK)}


def item(*steps):
    return Item("i", "trajectory", user("Do it."), responses=("r",), payload={"steps": list(steps or (0, 2, 3))})


def walked(*labels, outcome="success"):
    first = labels.index("bad") if "bad" in labels else None
    return {"type": "trajectory", "labels": list(labels), "first_error": first, "outcome": outcome}


def judged(*answers):
    return [Judgment(f"j{n}", "i", f"p{n}", a) for n, a in enumerate(answers)]


def fold(*answers):
    return KIND.fold(item(), judged(*answers), {})


FINE = walked("good", "good", "good")
STUMBLED = walked("good", "bad", "neutral", outcome="failure")
STOPPED = walked("good", "bad", None, outcome="failure")


def test_two_of_three_settle_the_first_error_and_the_outcome():
    verdict = fold(STUMBLED, STOPPED, FINE)
    assert (verdict.value, verdict.confidence) == ("failure@1", approx(2 / 3))
    assert verdict.distribution == {"failure@1": approx(2 / 3), "success@none": approx(1 / 3)}


def test_a_step_that_was_not_read_has_no_voice_and_a_split_one_no_label():
    """The third step: neutral, unread, good: 1 against 1 of two who read it; expected worth (1/2 + 1) / 2."""
    steps = fold(STUMBLED, STOPPED, FINE).detail["steps"]
    assert [s["label"] for s in steps] == ["good", "bad", None]
    assert steps[2]["shares"] == {"good": 0.5, "neutral": 0.5}
    assert steps[2]["score"] == approx(0.75)


def test_the_whole_and_every_step_become_rows_each_step_after_what_came_before_it():
    """Outcome failure, failure, success: 1/3. Steps: 1; (0 + 0 + 1) / 3; 3/4."""
    verdict = fold(STUMBLED, STOPPED, FINE)
    whole, *steps = KIND.rows(item(), RESPONSES, verdict, [])
    assert (whole.response, whole.score) == (WALK, approx(1 / 3))
    assert [s.score for s in steps] == [approx(1), approx(1 / 3), approx(3 / 4)]
    assert [s.prompt[1:] for s in steps] == [(), WALK[:2], WALK[:3]]
    assert {s.group for s in steps} == {whole.group}


def test_a_step_nobody_read_gives_no_row():
    made = KIND.rows(item(), RESPONSES, fold(STOPPED), [])
    assert [r.response for r in made[1:]] == [(WALK[0],), (WALK[2],)]


def test_a_split_on_the_outcome_or_the_first_error_stays_open_and_says_which():
    assert fold(FINE, {**FINE, "outcome": "partial"}).why == "the judges are split on the outcome"
    assert fold(FINE, {**STUMBLED, "outcome": "success"}).why == "the judges are split on the first error"


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        (walked("good", "good"), "labels"),
        ({**STUMBLED, "first_error": 2}, "first_error"),
        ({**STUMBLED, "first_error": None}, "first_error"),
        ({**FINE, "first_error": 0}, "first_error"),
        (walked(None, "bad", "good"), "labels[0]"),
        (walked("good", None, "good"), "labels[1]"),
        (walked("good", "great", "good"), "labels[1]"),
        ({**FINE, "outcome": "win"}, "outcome"),
    ],
)
def test_a_wrong_answer_names_its_field(answer, field):
    with pytest.raises(BadInput) as caught:
        KIND.parse_answer(item(), answer)
    assert caught.value.where.field == field


@pytest.mark.parametrize("steps", [(1,), (2, 0), (0, 0), (0, 9), (-1,)])
def test_steps_are_the_agents_own_messages_in_order(steps):
    with pytest.raises(BadInput) as caught:
        KIND.check_item(item(*steps), RESPONSES)
    assert caught.value.where.field == "payload.steps"
    assert "[0, 2, 3]" in caught.value.expected


def test_an_agent_that_did_nothing_has_no_steps_to_judge():
    empty = Item("i", "trajectory", user("Do it."), responses=("r",), payload={"steps": []})
    with pytest.raises(BadInput):
        KIND.check_item(empty, {"r": Response("r", assistant(""))})


def test_harm_is_a_row_of_its_own():
    verdict = fold({"type": "harmful", "why": "it deletes a home directory"})
    assert [r.criterion for r in KIND.rows(item(), RESPONSES, verdict, [])] == ["harmless"]


LABELS = st.lists(st.sampled_from(["good", "neutral", "bad"]), min_size=3, max_size=3)
ANSWER = st.builds(
    lambda labels, outcome: walked(*labels, outcome=outcome), LABELS, st.sampled_from(["success", "partial", "failure"])
)


@given(ANSWER)
def test_an_answer_is_what_it_was_after_writing_and_reading(answer):
    parsed = KIND.parse_answer(item(), answer)
    assert KIND.parse_answer(item(), encode(parsed)) == parsed


@given(st.lists(ANSWER, min_size=1, max_size=6), st.randoms())
def test_neither_the_order_of_judges_nor_what_was_superseded_changes_the_verdict(answers, random):
    wanted = fold(*answers)
    later = [Judgment("j0", "i", "p0", answers[0], supersedes="old"), *judged(*answers)[1:]]
    later.append(Judgment("old", "i", "p0", STUMBLED))
    random.shuffle(later)
    found = KIND.fold(item(), later, {})
    assert (found.type, found.distribution) == (wanted.type, wanted.distribution)
    if isinstance(wanted, Settled):
        assert (found.value, found.confidence, found.detail) == (wanted.value, wanted.confidence, wanted.detail)
    else:
        assert found.why == wanted.why
