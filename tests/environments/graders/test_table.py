"""Tasks come from a file; an error names its line; a grader's fault is never the answer's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tutelage.environments.graders import GRADERS, UNGRADED, Task, build, grade, read
from tutelage.environments.graders.exact import Exact
from tutelage.errors import BadInput
from tutelage.records import Unscored, jsonl, user


def test_tasks_survive_their_file(tmp_path: Path) -> None:
    tasks = [
        Task(user("1 + 1?"), "number", {"absolute": 0.1}, "2", group="sums"),
        Task(user("Say no comma"), "format", {"checks": [{"check": "no_comma"}]}),
    ]
    jsonl.write(tmp_path / "tasks.jsonl", tasks)
    assert read(tmp_path / "tasks.jsonl") == tasks


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"grader": "nought"}, "grader"),
        ({"parameters": {"tolerance": 1}}, "parameters.tolerance"),
        ({"grader": "format", "parameters": {"checks": []}}, "parameters"),
        ({"grader": "format", "parameters": {"checks": [{"check": "bullets"}]}}, "parameters"),
        ({"grader": "format", "parameters": {"checks": [{"check": "bulets", "n": 1}]}}, "parameters"),
        ({"colour": 1}, "colour"),
    ],
)
def test_a_task_that_cannot_be_graded_is_named_by_line_and_field(
    tmp_path: Path, change: dict[str, object], field: str
) -> None:
    good = {"prompt": [{"role": "user", "text": "q"}], "grader": "number", "reference": "2"}
    path = tmp_path / "tasks.jsonl"
    path.write_text(json.dumps(good) + "\n" + json.dumps(good | change) + "\n")
    with pytest.raises(BadInput) as error:
        read(path)
    assert error.value.where.line == 2
    assert str(error.value.where.field).startswith(field)


def test_a_file_without_tasks_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tasks.jsonl").write_text("\n")
    with pytest.raises(BadInput):
        read(tmp_path / "tasks.jsonl")


def test_a_grader_that_breaks_gives_unscored_and_never_a_nought(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("x")

    monkeypatch.setattr(Exact, "grade", broken)
    assert grade(Task(user("q"), "exact", {}, "a"), "a") == Unscored("grader_error", "ZeroDivisionError: x")


def test_every_grader_of_the_table_can_be_built() -> None:
    needs = {
        "format": {"checks": [{"check": "no_comma"}]},
        "unit_tests": {"tests": ["assert f() == 1"]},
        "rubric": {"criteria": [{"id": "right", "grader": "exact"}]},
    }
    for name in GRADERS:
        assert build(name, needs.get(name, {}))


def test_a_prompt_may_be_plain_text_or_chat_messages(tmp_path: Path) -> None:
    """As other tools write them; text is taken as it is, also where it looks like a list."""
    path = tmp_path / "tasks.jsonl"
    prompts = ["[1, 2]?", [{"role": "user", "content": "2?"}], [{"role": "user", "text": "2?"}]]
    path.write_text("".join(json.dumps({"prompt": p, "grader": "number", "reference": "2"}) + "\n" for p in prompts))
    assert [t.prompt for t in read(path)] == [user("[1, 2]?"), user("2?"), user("2?")]


@pytest.mark.parametrize("prompt", [[], [{"role": "nobody", "content": "2?"}], 7])
def test_a_prompt_that_asks_nothing_is_named_by_its_line(tmp_path: Path, prompt: object) -> None:
    path = tmp_path / "tasks.jsonl"
    path.write_text(json.dumps({"prompt": prompt, "grader": "number", "reference": "2"}) + "\n")
    with pytest.raises(BadInput) as error:
        read(path)
    assert error.value.where.line == 1


def test_a_task_without_a_grader_is_read_where_none_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl"
    path.write_text('{"prompt": "why?"}\n{"prompt": "2?", "grader": "number", "reference": "2"}\n')
    assert [t.grader for t in read(path, graded=False)] == [UNGRADED, "number"]
    with pytest.raises(BadInput, match="no `grader`"):
        read(path)
