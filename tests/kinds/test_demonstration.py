"""Demonstrations do not compete: each becomes a row, and each prompt counts once."""

import pytest

from tutelage.errors import BadInput
from tutelage.kinds.demonstration import KIND
from tutelage.records import Item, Judgment, user

ITEM = Item("i", "demonstration", user("Q?"))


def written(name, text):
    answer = {"type": "demonstration", "response": [{"role": "assistant", "text": text}]}
    return Judgment(name, "i", "p", answer)


def test_every_demonstration_is_kept_and_the_prompt_counts_once():
    """Two answers to one prompt: two rows of weight 1/2, each crediting its own author's judgment."""
    judgments = [written("j1", "one"), written("j2", "two")]
    made = KIND.rows(ITEM, {}, KIND.fold(ITEM, judgments, {}), judgments)
    assert [(r.contributions, r.weight, r.response[0].text) for r in made] == [
        (("j1",), 0.5, "one"),
        (("j2",), 0.5, "two"),
    ]


@pytest.mark.parametrize(
    ("response", "field"),
    [
        ([], "response"),
        ([{"role": "user", "text": "x"}], "response"),
        ([{"role": "assistant", "text": " "}], "response[0].text"),
        ([{"role": "assistant"}], "response[0].text"),
        ([{"role": "bot", "text": "x"}], "response[0].role"),
    ],
)
def test_an_answer_without_words_names_its_field(response, field):
    with pytest.raises(BadInput) as caught:
        KIND.parse_answer(ITEM, {"type": "demonstration", "response": response})
    assert caught.value.where.field == field


def test_a_prompt_that_as_many_find_harmful_as_answer_trains_nothing():
    judgments = [written("j1", "one"), Judgment("j2", "i", "q", {"type": "harmful", "why": "a poison"})]
    assert KIND.fold(ITEM, judgments, {}).why == "the judges are split over harm"
    assert KIND.rows(ITEM, {}, KIND.fold(ITEM, judgments[1:], {}), judgments) == []
    assert KIND.rows(ITEM, {}, KIND.fold(ITEM, judgments, {}), judgments) == []
