"""`tutelage chat` and `tutelage models`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tutelage.cli import main


def printed(argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as done:
        main(argv)
    assert done.value.code == 0
    return capsys.readouterr().out


def test_one_question_gets_one_answer_and_the_digest_of_who_gave_it(
    tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["chat", str(tiny), "--prompt", "hello", "--max-tokens", "4", "--temperature", "0"]
    facts = json.loads(printed([*argv, "--json"], capsys))
    assert facts["tokens"] <= 4
    assert facts["digest"].startswith("sha256:")
    assert printed(argv, capsys).strip() == facts["text"]


def test_the_list_says_what_is_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TUTELAGE_HOME", str(tmp_path))
    (smollm2,) = [
        m for m in json.loads(printed(["models", "list", "--json"], capsys))["models"] if m["name"] == "smollm2"
    ]
    assert (smollm2["here"], smollm2["path"]) == (False, None)
    assert "absent" in printed(["models", "list"], capsys)


def test_an_unknown_model_is_refused_before_anything_is_installed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["models", "add", "gpt-9"])
    assert done.value.code == 2
    assert "smollm2 or minilm" in capsys.readouterr().err
