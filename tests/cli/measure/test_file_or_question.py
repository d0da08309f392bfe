"""`tutelage measure`: its first word is a FILE or a question."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner

from tutelage.cli import root
from tutelage.cli.measure import QUESTIONS
from tutelage.errors import BadInput


def test_a_file_goes_to_the_page_with_its_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is a room of its own; here stands one that says what it was asked."""
    seen: list[dict[str, Any]] = []
    stand_in = ModuleType("tutelage.cli.measure.page")
    stand_in.page = lambda **given: seen.append(given)  # type: ignore[attr-defined]  # a module made here
    monkeypatch.setitem(sys.modules, "tutelage.cli.measure.page", stand_in)
    file, out = tmp_path / "v.csv", tmp_path / "p.html"
    file.write_text("id,who,v\n1,p,a\n")
    for argv in (["measure", str(file), "--html", str(out)], ["measure", "--html", str(out), str(file)]):
        assert CliRunner().invoke(root, argv, catch_exceptions=False).exit_code == 0
    assert seen == [{"file": file, "html": out, "as_json": False}] * 2


def test_a_misspelt_question_is_recognised() -> None:
    with pytest.raises(BadInput, match="Did you mean `tutelage measure agreement FILE`"):
        CliRunner().invoke(root, ["measure", "agrement"], catch_exceptions=False, standalone_mode=False)


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_is_listed_and_answers_help(question: str) -> None:
    assert question in CliRunner().invoke(root, ["measure", "--help"]).output
    assert "--json" in CliRunner().invoke(root, ["measure", question, "--help"]).output
