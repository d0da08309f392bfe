"""What every command shares: figures to stdout, errors to stderr, exit codes."""

from __future__ import annotations

import errno
import json
import os
import sys
from typing import Any, NoReturn

import click

from tutelage.errors import BAD_INPUT, INTERRUPTED, BadInput, TutelageError, Where
from tutelage.records import encode

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)  # these may come without a file's name


def emit(value: Any) -> None:
    """Print one JSON object: what a command prints under `--json`. A rate also says its value, k / n."""
    click.echo(json.dumps(_with_values(encode(value)), ensure_ascii=False, allow_nan=False))


def _with_values(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_values(v) for v in value]
    if not isinstance(value, dict):
        return value
    first = {"value": value["k"] / value["n"]} if value.get("schema") == "rate/1" else {}
    return first | {k: _with_values(v) for k, v in value.items()}


def say(text: str = "") -> None:
    """Print a line of the result."""
    click.echo(text)


def note(text: str) -> None:
    """Print a line beside the result (progress, advice): stderr, so that stdout stays the result."""
    click.echo(text, err=True)


def run_and_exit(command: click.Command, argv: list[str]) -> NoReturn:
    """Run a command; turn our errors into one clear message (one JSON object under `--json`) and its code."""
    as_json = "--json" in argv
    try:
        command.main(args=argv, prog_name="tutelage", standalone_mode=False)
    except TutelageError as error:
        _report(error.to_json() if as_json else str(error), as_json)
        sys.exit(error.exit_code)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        if as_json:
            path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "tutelage"
            asked = BadInput(error.format_message(), expected="what --help says", remedy=f"Read `{path} --help`.")
            _report(asked.to_json(), as_json)
        else:
            error.show()
        sys.exit(BAD_INPUT)
    except (KeyboardInterrupt, click.Abort):
        note("Interrupted. Run the same command again to go on from the last finished stage.")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        if error.filename is None and error.errno not in NO_ROOM:
            raise  # not a file of the user's: a fault of ours
        found = _unusable(error)
        _report(found.to_json() if as_json else str(found), as_json)
        sys.exit(found.exit_code)
    sys.exit(0)


def _unusable(error: OSError) -> BadInput:
    return BadInput(
        f"{error.strerror}.",
        expected="a place that can be read and written, with room on its disk",
        remedy="Correct the path or its permissions, or make room; then give the same command again.",
        where=Where(None if error.filename is None else str(error.filename)),
    )


def _report(error: str | dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(error, ensure_ascii=False), err=True)
    else:
        click.echo(click.style("Error: ", fg="red", bold=True, reset=True) + str(error), err=True)
