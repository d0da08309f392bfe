"""`tutelage grade`: answers against tasks, and graders against policies that know nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tutelage.cli.grade import command
from tutelage.environments.graders import Task
from tutelage.errors import BadInput, Failed
from tutelage.records import jsonl, user


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    """Three sums, the last without a reference."""
    path = tmp_path / "tasks.jsonl"
    jsonl.write(path, [Task(user("2 + 2?"), "number", {}, "4"), Task(user("3 + 3?"), "number", {}, "6"),
                       Task(user("How much?"), "number")])  # fmt: skip
    return path


def answers(at: Path, *rows: object) -> Path:
    path = at / "answers.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return path


def test_answers_are_graded_in_the_order_of_their_tasks(tasks: Path, tmp_path: Path) -> None:
    """Right, wrong, no reference: a mean of ½ over the two that could be graded."""
    given = answers(tmp_path, {"answer": "4"}, {"answer": "5"}, {"answer": "7"})
    found = CliRunner().invoke(command, [str(tasks), str(given), "--json"], catch_exceptions=False)
    out = json.loads(found.stdout)
    assert (out["n"], out["mean"], out["unscored"]) == (3, 0.5, {"no_reference": 1})
    assert [g.get("value") for g in out["grades"]] == [1.0, 0.0, None]
    shown = CliRunner().invoke(command, [str(tasks), str(given)], catch_exceptions=False).stdout
    assert "3\tunscored: no_reference" in shown
    assert "mean of 2 graded: 0.500" in shown


def test_an_answer_may_name_its_task_and_a_book_keeps_its_grade(tasks: Path, tmp_path: Path) -> None:
    given = answers(tmp_path, {"task": 2, "answer": "6"}, {"task": 2, "answer": "6"})
    book = tmp_path / "book.jsonl"
    found = CliRunner().invoke(command, [str(tasks), str(given), "--book", str(book), "--json"], catch_exceptions=False)
    assert json.loads(found.stdout)["mean"] == 1.0
    assert len(book.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    "row", [{"answer": 4}, {"text": "4"}, "4", {"task": 9, "answer": "4"}, {"task": 0, "answer": "4"}]
)
def test_a_line_that_is_no_answer_is_named(tasks: Path, tmp_path: Path, row: object) -> None:
    given = answers(tmp_path, {"answer": "4"}, row)
    with pytest.raises(BadInput) as found:
        CliRunner().invoke(command, [str(tasks), str(given)], catch_exceptions=False)
    assert found.value.where.line == 2


def test_an_audit_ends_with_3_where_a_policy_that_knows_nothing_is_paid(tmp_path: Path) -> None:
    path = tmp_path / "open.jsonl"
    jsonl.write(path, [Task(user("Say no comma"), "format", {"checks": [{"check": "no_comma"}]})] * 9)
    with pytest.raises(Failed, match=r"refusal|constant"):
        CliRunner().invoke(command, [str(path), "--audit", "--json"], catch_exceptions=False)


def test_an_audit_of_sound_tasks_shows_every_policy(tmp_path: Path) -> None:
    path = tmp_path / "sums.jsonl"
    jsonl.write(path, [Task(user(f"{n} + {n}?"), "number", {}, str(2 * n)) for n in range(7, 19)])
    found = CliRunner().invoke(command, [str(path), "--audit", "--json"], catch_exceptions=False)
    out = json.loads(found.stdout)
    assert out["paid"] == 0
    assert {r["policy"]: r["verdict"] for r in out["rows"]}["the reference"] == "pays"


def test_answers_and_an_audit_exclude_each_other(tasks: Path) -> None:
    with pytest.raises(BadInput):
        CliRunner().invoke(command, [str(tasks)], catch_exceptions=False)
