"""Tasks from what people have, and what is held out of them."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tutelage.environments.graders import UNGRADED, Task
from tutelage.records import DemonstrationRow, RankedRow, assistant, jsonl, user
from tutelage.training import tasks
from tutelage.training.tasks import Tasks


def test_a_file_of_tasks_gives_them_with_their_graders(tmp_path: Path) -> None:
    given_tasks = [Task(user("2 + 2"), "number", reference="4"), Task(user("3 + 3"), "number", reference="6")]
    jsonl.write(tmp_path / "tasks.jsonl", given_tasks)
    assert tasks.read(tmp_path / "tasks.jsonl").tasks == tuple(given_tasks)
    assert tasks.read(tmp_path).tasks == tuple(given_tasks)


def test_the_prompts_of_rows_become_tasks_once_with_all_the_work_on_them(tmp_path: Path) -> None:
    jsonl.write(
        tmp_path / "train.jsonl",
        [
            RankedRow(user("a"), (assistant("x"), assistant("y")), (1, 2), ("j1",), "g"),
            DemonstrationRow(user("a"), assistant("z"), ("j2",), "g"),
            DemonstrationRow(user("b"), assistant("z"), ("j3",), "h"),
        ],
    )
    found = tasks.read(tmp_path)
    assert found.tasks == (Task(user("a"), UNGRADED, group="g"), Task(user("b"), UNGRADED, group="h"))
    assert found.contributions == (("j1", "j2"), ("j3",))
    assert found.work == ["j1", "j2", "j3"]


@given(st.lists(st.integers(0, 8), min_size=1, max_size=30), st.integers(0, 12), st.integers(0, 3))
def test_no_group_is_on_both_sides_and_at_most_a_third_is_held_out(groups: list[int], wanted: int, seed: int) -> None:
    made = [Task(user(f"q{i}"), UNGRADED, group=str(g)) for i, g in enumerate(groups)]
    train, held = Tasks(tuple(made), ((),) * len(made)).split(wanted, seed)
    assert not {t.group for t in train.tasks} & {t.group for t in held.tasks}
    assert len(held.tasks) <= min(wanted, len(made) // 3)
    assert sorted([*train.tasks, *held.tasks], key=lambda t: t.prompt[0].text) == sorted(
        made, key=lambda t: t.prompt[0].text
    )


def test_prompts_alone_are_tasks_whichever_line_has_a_grader(tmp_path: Path) -> None:
    (tmp_path / "tasks.jsonl").write_text('{"prompt": "why?"}\n{"prompt": "2?", "grader": "number"}\n')
    found = tasks.read(tmp_path / "tasks.jsonl")
    assert [t.grader for t in found.tasks] == [UNGRADED, "number"]
    assert found.work == []
