"""`tutelage measure`: its first word is a FILE or a question."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tutelage.cli import root
from tutelage.cli.measure import QUESTIONS
from tutelage.errors import BadInput


def test_a_file_goes_to_the_page_whose_columns_may_be_named(tmp_path: Path) -> None:
    """Columns called as nobody calls them are read where they are named."""
    file, out = tmp_path / "v.csv", tmp_path / "p.html"
    file.write_text(
        "what,by,said\n" + "".join(f"i{i},j{j},{'ab'[(i + j * i) % 2]}\n" for i in range(9) for j in range(3))
    )
    named = ["--item", "what", "--judge", "by", "--value", "said"]
    for argv in (
        ["measure", str(file), "--html", str(out), *named],
        ["measure", *named, "--html", str(out), str(file)],
    ):
        assert CliRunner().invoke(root, argv, catch_exceptions=False).exit_code == 0
        assert "27" in out.read_text()
        out.unlink()


def test_a_misspelt_question_is_recognised() -> None:
    with pytest.raises(BadInput, match="Did you mean `tutelage measure agreement FILE`"):
        CliRunner().invoke(root, ["measure", "agrement"], catch_exceptions=False, standalone_mode=False)


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_is_listed_and_answers_help(question: str) -> None:
    assert question in CliRunner().invoke(root, ["measure", "--help"]).output
    assert "--json" in CliRunner().invoke(root, ["measure", question, "--help"]).output
