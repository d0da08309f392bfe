"""`tutelage train reward --base minilm`: a reward model in seconds, from any file of comparisons."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tutelage.cli import main


def pairs(path: Path, count: int, start: int = 0) -> Path:
    """TRL preference rows in which the more precise answer is chosen."""
    lines = [
        {"prompt": f"How long is river {i}?", "chosen": f"River {i} is {i * 7} km long.", "rejected": "No idea, sorry."}
        for i in range(start, start + count)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def called(argv: list[str]) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(argv)
    return int(stopped.value.code or 0)


def test_a_file_of_pairs_becomes_a_reward_model_that_is_right_on_new_pairs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """24 pairs train it, 12 others are all in the right order."""
    train, test = pairs(tmp_path / "train.jsonl", 24), pairs(tmp_path / "test.jsonl", 12, 100)
    assert called(["train", "reward", str(train), "--base", "minilm", "--out", str(tmp_path / "rm"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 24
    assert called(["eval", "reward-model", str(tmp_path / "rm"), "--pairs", str(test), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["accuracy"]["value"] == 1.0
