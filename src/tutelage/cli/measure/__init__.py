"""`tutelage measure`: one page about a FILE, or one question at a time."""

from __future__ import annotations

import importlib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from tutelage.errors import BadInput

QUESTIONS = ("agreement", "consensus", "preference", "perspectives")
PAGE = "page"  # what `tutelage measure FILE` runs: no command of its own


class FileOrQuestion(click.Group):
    """A group whose first word may be a FILE instead of a command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Anything that is not a question, nor a cry for help, is a FILE with its options."""
        if args and args[0] not in (*QUESTIONS, "--help", "-h"):
            args = [PAGE, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The questions, in the order in which one asks them."""
        return list(QUESTIONS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name == PAGE:
            return whole_page
        if cmd_name not in QUESTIONS:
            return None
        module: Any = importlib.import_module(f"tutelage.cli.measure.{cmd_name}")
        found: click.Command = module.command
        found.name = cmd_name
        return found


@click.group(cls=FileOrQuestion, subcommand_metavar="FILE [--html OUT] | QUESTION FILE",
             epilog="Example:  tutelage measure votes.csv --html page.html")  # fmt: skip
def command() -> None:
    """Say what a file of judgments can and cannot support.

    FILE is Parquet, JSONL or CSV with one judgment a row. With a QUESTION, one figure and what to read beside it.
    """


NAMED = {
    "item": "what was judged", "judge": "who judged", "value": "the verdict", "gold": "what is true, where known",
    "left": "who is compared", "right": "with whom", "winner": "who won", "prompt": "what the comparison is about",
}  # fmt: skip


@click.command(PAGE, epilog="Example:  tutelage measure votes.parquet --html page.html")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), metavar="OUT", help="Write the page here.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def whole_page(file: Path, html: Path | None, as_json: bool, **named: str | None) -> None:
    """One page on what FILE, or a directory of `tutelage import`, can and cannot support, with plots.

    Columns are found by their usual names, such as item, judge, value; name one that is called otherwise.
    """
    if not file.exists():
        near = get_close_matches(str(file), QUESTIONS, 1)
        raise BadInput(
            f"There is no `{file}`.", expected=f"a file, or one of {', '.join(QUESTIONS)}",
            remedy=f"Did you mean `tutelage measure {near[0]} FILE`?" if near else "Check the path.",
        )  # fmt: skip
    written: Any = importlib.import_module("tutelage.cli.measure.page")
    written.page(file=file, html=html, as_json=as_json, **named)


for _name, _about in NAMED.items():
    whole_page = click.option(f"--{_name}", metavar="C", help=f"Column: {_about}.")(whole_page)
