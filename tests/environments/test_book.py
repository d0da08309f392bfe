"""The book of grades: one line a finding, nothing graded twice, a stop loses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tutelage.environments.book import Book, Graded
from tutelage.environments.graders import Task
from tutelage.errors import BadInput
from tutelage.records import Scored, Unscored, jsonl, user

SUM = Task(user("What is 2 + 2?"), "number", {}, "4")
NONE = Task(user("What is love?"), "number", {}, None)


def test_a_finding_is_written_once_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "book.jsonl"
    first = Book(path).grade_all([SUM, SUM, SUM], ["4", "5", "4"])
    assert [g.value for g in first if isinstance(g, Scored)] == [1.0, 0.0, 1.0]
    assert len(list(jsonl.read(path, Graded))) == 2
    before = path.read_bytes()
    assert Book(path).grade_all([SUM, SUM], ["4", "5"]) == first[:2]
    assert path.read_bytes() == before


def test_what_could_not_be_graded_is_written_and_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "book.jsonl"
    for _ in range(2):
        assert isinstance(Book(path).grade_all([NONE], ["4"])[0], Unscored)
    assert len(list(jsonl.read(path, Graded))) == 2


def test_another_reference_or_parameter_is_another_task(tmp_path: Path) -> None:
    others = [Task(SUM.prompt, "number", {}, "5"), Task(SUM.prompt, "number", {"absolute": 1.0}, "5")]
    found = Book(tmp_path / "book.jsonl").grade_all([SUM, *others], ["4", "4", "4"])
    assert [g.value for g in found if isinstance(g, Scored)] == [1.0, 0.0, 1.0]


def test_a_line_cut_short_by_a_stop_is_graded_again_and_other_damage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "book.jsonl"
    Book(path).grade_all([SUM, SUM], ["4", "5"])
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    Book(path).grade_all([SUM, SUM], ["4", "5"])
    assert path.read_bytes() == whole
    path.write_bytes(b"{}\n" + whole)
    with pytest.raises(BadInput) as found:
        Book(path)
    assert found.value.where.line == 1
