"""What every command does with an error: one message, one code, never a traceback."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import click
import pytest

from tutelage.cli import main, root
from tutelage.cli.console import run_and_exit


def told(capsys: pytest.CaptureFixture[str], command: click.Command, *argv: str) -> tuple[int, dict[str, object]]:
    """(exit code, the error as JSON)."""
    with pytest.raises(SystemExit) as stopped:
        run_and_exit(command, [*argv, "--json"])
    return int(stopped.value.code or 0), json.loads(capsys.readouterr().err)


def failing(error: OSError) -> click.Command:
    @click.command()
    @click.option("--json", "as_json", is_flag=True)
    def command(as_json: bool) -> None:
        raise error

    return command


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    out = str(tmp_path / "file" / "run")
    (tmp_path / "t.jsonl").write_text('{"prompt": "2?", "grader": "number", "reference": "2"}\n')
    argv = ["train", "rloo", str(tmp_path / "t.jsonl"), "--base", "local:x", "--reward", "graders", "--out", out]
    code, error = told(capsys, root, *argv)
    assert (code, error["error"], error["file"]) == (2, "BadInput", str(tmp_path / "file"))
    assert error["expected"]
    assert error["remedy"]


def test_a_full_disk_is_said_even_where_the_system_names_no_file(capsys: pytest.CaptureFixture[str]) -> None:
    code, error = told(capsys, failing(OSError(errno.ENOSPC, "No space left on device")))
    assert (code, error["seen"], error["file"]) == (2, "No space left on device.", None)


def test_a_fault_of_ours_is_not_called_the_users() -> None:
    with pytest.raises(ConnectionResetError):
        run_and_exit(failing(ConnectionResetError(errno.ECONNRESET, "reset")), [])


def test_a_wrong_option_has_the_shape_of_every_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "rloo", "--colour", "--json"])
    error = json.loads(capsys.readouterr().err)
    assert error.keys() == {"error", "seen", "expected", "remedy", "file", "line", "field", "exit_code"}
    assert error["remedy"] == "Read `tutelage train rloo --help`."
