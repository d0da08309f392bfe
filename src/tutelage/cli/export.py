"""`tutelage export`: imported judgments in another tool's format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tutelage.cli import console
from tutelage.cli.export_training import training
from tutelage.cli.words import Word

EXAMPLE = """\b
Example: tutelage export judgments/ --to trl-preference --out pairs.parquet
         tutelage export training --help      for another engine to train from
"""


@click.command(
    cls=Word, words={"training": training}, options_metavar="--to FORMAT --out FILE [OPTIONS]", epilog=EXAMPLE
)
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--to", required=True, help="judgments, rows, or one of TRL's shapes below.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="FILE.jsonl, .jsonl.gz or .parquet.")
@click.option(
    "--style",
    type=click.Choice(["conversational", "standard"]),
    default="conversational",
    help="Chat messages or plain text, for TRL.",
)
@click.option("--each", is_flag=True, help="One row a judgment, not one a verdict.")
@click.option("--force", is_flag=True, help="Replace FILE.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(directory: Path, to: str, out: Path, style: Any, each: bool, force: bool, as_json: bool) -> None:
    """Write judgments that `tutelage import` wrote, in another tool's format.

    `judgments` keeps everything exactly. TRL's shapes are trl-preference,
    trl-preference-implicit, trl-unpaired, trl-prompt-completion,
    trl-language-modelling and trl-prompt-only.
    """
    from tutelage.formats import Corpus, export

    made = export(Corpus.read(directory), to, out, style=style, each=each, force=force)
    if as_json:
        console.emit(made)
        return
    console.say(f"{made.rows:,} rows of {made.format} in {made.path}")
    for reason, count in made.left_out.items():
        console.say(f"Not carried over: {count:,} {reason}.")
