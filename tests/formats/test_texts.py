"""Conversations in the spellings of others."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutelage.errors import BadInput
from tutelage.formats.texts import chat, conversation, plain, transcript
from tutelage.records import Message

TURNS = (Message("user", "Hi"), Message("assistant", "Hello"), Message("user", "2+2?"))


def test_text_is_one_turn_of_the_role_that_is_asked_for():
    assert conversation("Hi", "user") == (Message("user", "Hi"),)
    assert conversation("4", "assistant") == (Message("assistant", "4"),)


@pytest.mark.parametrize(
    "value",
    [
        chat(TURNS),
        [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}, {"from": "human", "value": "2+2?"}],
        json.dumps(chat(TURNS)),
        "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: 2+2?\n\nAssistant:",
    ],
    ids=["chat", "sharegpt", "JSON in a cell", "transcript"],
)
def test_every_spelling_is_the_same_conversation(value):
    assert conversation(value, "user") == TURNS


def test_an_empty_answer_is_a_turn_and_the_place_for_one_is_not():
    text = "\n\nHuman: Hi\n\nAssistant: "
    assert conversation(text, "user") == (Message("user", "Hi"),)
    assert conversation(text, "assistant") == (Message("user", "Hi"), Message("assistant", ""))


def test_an_answer_that_begins_with_human_is_still_the_answer():
    """Models run on into the other's turn: it is what they said, and stays theirs."""
    assert conversation("Human: are you there?", "assistant") == (Message("assistant", "Human: are you there?"),)


WORDS = st.text(st.characters(codec="utf-8"), max_size=20).filter(lambda t: "Human:" not in t and "Assistant:" not in t)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=4), WORDS)
def test_a_transcript_says_what_its_messages_said(turns, last):
    """Blanks at the ends of a turn are not part of a transcript; everything else is."""
    said = [m for u, a in turns for m in (Message("user", u.strip()), Message("assistant", a.strip()))]
    said.append(Message("user", last.strip()))
    assert list(transcript(plain(said))) == said


@given(st.lists(st.builds(Message, st.sampled_from(["system", "user", "assistant"]), WORDS), min_size=1, max_size=5))
def test_chat_messages_come_back_as_they_were(said):
    assert list(conversation(chat(said), "user")) == said


@pytest.mark.parametrize("value", [7, None, [1], [{"role": "wizard", "content": "x"}], [{"role": "user"}]])
def test_what_is_no_conversation_is_refused(value):
    with pytest.raises(BadInput):
        conversation(value, "user")
