"""`tutelage train … --stop-on-alarm`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tutelage.cli import root
from tutelage.environments.graders import Task
from tutelage.errors import BadInput
from tutelage.records import encode, user


def test_a_stop_on_an_alarm_that_nothing_could_sound_is_refused(tmp_path: Path) -> None:
    """Without --gold there is nothing to watch; nothing is loaded and nothing begins."""
    tasks = tmp_path / "tasks.jsonl"
    tasks.write_text("".join(json.dumps(encode(Task(user(f"q{i}"), "exact", reference="a"))) + "\n" for i in range(9)))
    argv = ["train", "rloo", str(tasks), "--base", "local:none", "--reward", "graders", "--out", str(tmp_path / "out")]
    with pytest.raises(BadInput, match="without --gold"):
        root.main([*argv, "--stop-on-alarm"], standalone_mode=False)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["tasks.jsonl"]
