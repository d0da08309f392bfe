"""Held-out prompts come as items or as plain lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tutelage.errors import BadInput
from tutelage.evaluation.prompts import Answers, HeldOut, few, read
from tutelage.evaluation.stored import Answer, answers_of
from tutelage.models import Generation
from tutelage.records import Item, Sampling, jsonl, user


def test_items_and_plain_lines_are_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    jsonl.write(path, [Item("1", "comparison", user("a"), group="g"), {"prompt": "b", "benign": False}])
    assert read(path) == [HeldOut(user("a"), "g"), HeldOut(user("b"), benign=False)]


def test_an_error_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"prompt": "a"}\n{"prompt": "b", "colour": 1}\n')
    with pytest.raises(BadInput) as error:
        read(path)
    assert (error.value.where.line, error.value.where.field) == (2, "colour")
    path.write_text("")
    with pytest.raises(BadInput):
        read(path)


def test_a_prompt_without_a_group_is_its_own() -> None:
    rows = Answers([HeldOut(user("a")), HeldOut(user("b"), "g")], [])
    assert rows.groups == ["a", "g"]


def test_a_draw_keeps_the_order_and_repeats_with_its_seed() -> None:
    prompts = [HeldOut(user(str(i))) for i in range(20)]
    drawn = few(prompts, 5, rng=np.random.default_rng(1))
    assert drawn == few(prompts, 5, rng=np.random.default_rng(1))
    assert drawn == [p for p in prompts if p in drawn]
    assert few(prompts, None, rng=np.random.default_rng(1)) == prompts


def test_stored_answers_stand_in_for_a_model_if_there_is_one_a_prompt(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    jsonl.write(path, [Answer("one two"), Answer("x", 9, False)])
    found = answers_of(str(path), [user("a"), user("b")], Sampling("m"))
    assert found == [Generation("one two", 2, True, 0.0), Generation("x", 9, False, 0.0)]
    with pytest.raises(BadInput):
        answers_of(str(path), [user("a")], Sampling("m"))
