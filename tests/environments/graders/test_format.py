"""Instructions about form are kept or broken, one by one."""

from __future__ import annotations

import pytest

from tutelage.environments.graders import Task, grade
from tutelage.environments.graders.checks import CHECKS
from tutelage.records import Scored, user

KEPT_AND_BROKEN = {
    "bullets": ({"n": 2}, ["- a\n- b", "Here:\n* one\n• two"], ["- a", "- a\n- b\n- c", "- a\n- ", "a\nb"]),
    "numbered": ({"n": 2}, ["1. a\n2. b", "1) a\n2) b"], ["1. a", "1. a\n3. b", "2. a\n1. b"]),
    "starts_with": ({"phrase": "Sure"}, ["Sure, it is."], ["sure, it is", "It is. Sure", "Sure"]),
    "ends_with": ({"phrase": "Goodbye."}, ["It is so. Goodbye."], ["Goodbye.", "Goodbye. It is", "It is so. Goodb"]),
    "contains": ({"words": ["cat", "dog"]}, ["A Cat and a dog."], ["A cat.", "concatenate hotdogs"]),
    "avoids": ({"words": ["cat"]}, ["concatenate"], ["The Cat."]),
    "sentences": (
        {"lo": 2, "hi": 2},
        ["One is it. Two it is!", "Dr. Smith has 3.5 cats. He said so."],
        ["One.", "A b. C d. E f.", "One is it. Two it is. And"],
    ),
    "words": ({"lo": 2, "hi": 3}, ["It's well-known", "a b c"], ["one", "a b c d"]),
    "uppercase": ({}, ["ALL OF IT 3!"], ["All of it", "3"]),
    "lowercase": ({}, ["all of it"], ["All", "3"]),
    "json_object": (
        {"keys": ["a"]},
        ['{"a": 1}', '```json\n{"a": 1, "b": 2}\n```'],
        ['{"b": 1}', '[{"a": 1}]', '{"a": 1', 'Here: {"a": 1}'],
    ),
    "no_comma": ({}, ["no such sign"], ["one, two"]),
    "title": ({}, ["<<A title>>\nThen text."], ["A title\nThen text.", "<<A title>>", "<<>> text"]),
    "finished": ({}, ["It is so.", '{"a": 1}'], ["It is so and"]),
    "language": (
        {"code": "en"},
        ["The cat is on the mat and it is not to be moved.", "Cats."],
        ["Die Katze ist nicht auf der Matte und das ist gut.", "Кошка сидит на коврике."],
    ),
}  # fmt: skip


def test_every_check_has_its_examples() -> None:
    assert set(KEPT_AND_BROKEN) == set(CHECKS)


@pytest.mark.parametrize("name", sorted(KEPT_AND_BROKEN))
def test_a_check_is_kept_by_these_texts_and_broken_by_those(name: str) -> None:
    arguments, kept, broken = KEPT_AND_BROKEN[name]
    for text in kept:
        assert CHECKS[name](text, **arguments), text
    for text in broken:
        assert not CHECKS[name](text, **arguments), text


@pytest.mark.parametrize("name", sorted(KEPT_AND_BROKEN))
def test_empty_blank_and_echo_keep_no_instruction(name: str) -> None:
    """Even "no comma", which the empty text keeps, pays nothing for it."""
    question = "Write about a cat and a dog please"
    task = Task(user(question), "format", {"checks": [{"check": name, **KEPT_AND_BROKEN[name][0]}]})
    for answer in ("", " ", "\n", "- \n- ", question, f"{question} {question}"):
        found = grade(task, answer)
        assert isinstance(found, Scored)
        assert found.value == 0, answer


def test_all_must_be_kept_unless_partial_credit_is_asked_for() -> None:
    """2 bullets yes, no comma no: 0, or 1/2."""
    checks = [{"check": "bullets", "n": 2}, {"check": "no_comma"}]
    answer = "- a, b\n- c"
    found = grade(Task(user("q"), "format", {"checks": checks}), answer)
    assert found == Scored(0.0, {"kept": ["bullets"], "broken": ["no_comma"]})
    half = grade(Task(user("q"), "format", {"checks": checks, "partial": True}), answer)
    assert isinstance(half, Scored)
    assert half.value == 0.5
