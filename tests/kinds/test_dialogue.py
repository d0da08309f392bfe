"""Written conversations are all kept and each reply becomes a row; judged ones fold turn by turn and overall."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from tutelage.errors import BadInput
from tutelage.kinds.dialogue import KIND
from tutelage.records import Item, Judgment, Message, Response, Settled, encode, user

SAID = (Message("assistant", "a"), Message("user", "?"), Message("assistant", "b"))
RESPONSES = {"r": Response("r", SAID)}
JUDGE = Item("i", "dialogue", user("Q?"), responses=("r",), payload={"task": "judge", "turns": [0, 2]})
BRIEF = (Message("system", "Be kind."), Message("user", "Somebody asks for directions."))
WRITE = Item("i", "dialogue", BRIEF, payload={"task": "write"})


def turns(*ratings, overall=3):
    return {"type": "turns", "turns": list(ratings), "overall": overall}


def written(*texts):
    roles = ("user", "assistant") * len(texts)
    return {"type": "dialogue", "messages": [{"role": r, "text": t} for r, t in zip(roles, texts, strict=False)]}


CHAT = written("Hi", "Hello", "Where to?", "Left")


def judged(*answers):
    return [Judgment(f"j{n}", "i", f"p{n}", a) for n, a in enumerate(answers)]


def fold(*answers, of=JUDGE):
    return KIND.fold(of, judged(*answers), {})


def test_turns_and_the_whole_are_averaged_each_on_its_own():
    """Ratings 1 and 3 of 5 are 0 and 1/2: 1/4. A turn one judge left out has the other's rating."""
    verdict = fold(turns(1, None, overall=5), turns(3, 5, overall=3))
    assert verdict.detail["turns"] == [approx(0.25), 1.0]
    assert (verdict.value, verdict.detail["score"]) == ("0.750", approx(0.75))
    assert verdict.distribution == {"0.500": 0.5, "1.000": 0.5}
    assert verdict.confidence == 0.0


def test_the_whole_and_every_rated_turn_become_rows_each_after_what_came_before():
    whole, *each = KIND.rows(JUDGE, RESPONSES, fold(turns(None, 5, overall=4)), [])
    assert (whole.response, whole.score) == (SAID, approx(0.75))
    assert [(r.prompt, r.response, r.score, r.criterion) for r in each] == [
        (JUDGE.messages + SAID[:2], (SAID[2],), 1.0, "turn")
    ]


def test_every_reply_of_every_written_dialogue_is_a_row_and_the_brief_counts_once():
    """Two dialogues of two replies: four rows of weight 1/4; the system message opens, the brief stays out."""
    judgments = judged(CHAT, CHAT)
    made = KIND.rows(WRITE, {}, fold(CHAT, CHAT, of=WRITE), judgments)
    assert [(r.contributions, r.weight, r.response[0].text) for r in made] == [
        (("j0",), 0.25, "Hello"),
        (("j0",), 0.25, "Left"),
        (("j1",), 0.25, "Hello"),
        (("j1",), 0.25, "Left"),
    ]
    assert [m.text for m in made[1].prompt] == ["Be kind.", "Hi", "Hello", "Where to?"]


@pytest.mark.parametrize(
    ("item", "answer", "field"),
    [
        (WRITE, turns(1, 2), "type"),
        (JUDGE, CHAT, "type"),
        (WRITE, written("Hi", "Hello", "Bye"), "messages"),
        (WRITE, written("Hi", "Hello"), "messages"),
        (WRITE, written("Hi", " ", "So?", "Yes"), "messages[1].text"),
        (WRITE, {"type": "dialogue", "messages": [{"role": "assistant", "text": "Hi"}]}, "messages[0].role"),
        (JUDGE, turns(1), "turns"),
        (JUDGE, turns(1, 6), "turns[1]"),
        (JUDGE, turns(0, 1), "turns[0]"),
        (JUDGE, turns(1, 2.5), "turns[1]"),
        (JUDGE, turns(1, 2, overall=0), "overall"),
        (JUDGE, turns(1, 2, overall=None), "overall"),
    ],
)
def test_a_wrong_answer_names_its_field(item, answer, field):
    with pytest.raises(BadInput) as caught:
        KIND.parse_answer(item, answer)
    assert caught.value.where.field == field


@pytest.mark.parametrize(
    ("payload", "responses", "field"),
    [
        ({"task": "judge", "turns": [1]}, ("r",), "payload.turns"),
        ({"task": "judge", "turns": []}, ("r",), "payload.turns"),
        ({"task": "judge", "turns": [2, 0]}, ("r",), "payload.turns"),
        ({"task": "judge", "turns": [0], "scale": 1}, ("r",), "payload.scale"),
        ({"task": "judge", "turns": [0]}, (), "responses"),
        ({"task": "write"}, ("r",), "responses"),
        ({"task": "write", "replies": 0}, (), "payload.replies"),
        ({}, (), "payload.task"),
    ],
)
def test_an_item_that_makes_no_sense_names_its_field(payload, responses, field):
    with pytest.raises(BadInput) as caught:
        KIND.check_item(Item("i", "dialogue", user("Q?"), responses=responses, payload=payload), RESPONSES)
    assert caught.value.where.field == field


def test_harm_is_a_row_of_its_own_where_there_is_a_response():
    harm = {"type": "harmful", "why": "it mocks a person"}
    assert [r.criterion for r in KIND.rows(JUDGE, RESPONSES, fold(harm), [])] == ["harmless"]
    assert KIND.rows(WRITE, {}, fold(harm, of=WRITE), []) == []


RATING = st.integers(1, 5)
ANSWER = st.builds(lambda a, b, o: turns(a, b, overall=o), st.none() | RATING, RATING, RATING)


@given(ANSWER)
def test_an_answer_is_what_it_was_after_writing_and_reading(answer):
    for item, said in ((JUDGE, answer), (WRITE, CHAT)):
        parsed = KIND.parse_answer(item, said)
        assert KIND.parse_answer(item, encode(parsed)) == parsed


@given(st.lists(ANSWER, min_size=1, max_size=6), st.randoms())
def test_neither_the_order_of_judges_nor_what_was_superseded_changes_the_verdict(answers, random):
    wanted = fold(*answers)
    later = [Judgment("j0", "i", "p0", answers[0], supersedes="old"), *judged(*answers)[1:]]
    later.append(Judgment("old", "i", "p0", turns(1, 1, overall=1)))
    random.shuffle(later)
    found = KIND.fold(JUDGE, later, {})
    assert isinstance(wanted, Settled)
    assert (found.value, found.distribution, found.detail) == (wanted.value, wanted.distribution, wanted.detail)
    assert found.confidence == wanted.confidence
