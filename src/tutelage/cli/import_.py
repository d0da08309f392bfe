"""`tutelage import`: a file that somebody has becomes items, responses, judgments and judges."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tutelage.cli import console
from tutelage.cli.import_checkpoint import checkpoint
from tutelage.cli.words import Word

if TYPE_CHECKING:
    from tutelage.formats import Example, Imported

EXAMPLE = """\b
Example: tutelage import votes.csv --kind comparison --map winner=vote --out j
         tutelage import checkpoint --help        weights trained elsewhere
"""


@click.command(
    cls=Word, words={"checkpoint": checkpoint}, options_metavar="--kind KIND --out DIR [OPTIONS]", epilog=EXAMPLE
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--kind", required=True, help="comparison, ranking, rating, demonstration, classification.")
@click.option("--out", type=click.Path(path_type=Path), help="Directory for the four JSONL files.")
@click.option("--format", "name", help="Skip detection: hh-rlhf, arena, label-studio, columns …")
@click.option("--map", "columns", multiple=True, help="ROLE=COLUMN, ROLE=@CONSTANT, ROLE:VALUE=MEANING.")
@click.option("--join", "joins", multiple=True, help="FILE:KEY or FILE:OURS=THEIRS, e.g. votes of pairs.")
@click.option("--source", help="Name of the data set, for provenance.")
@click.option("--keep-unusable", is_flag=True, help="Keep unreadable answers as cannot_rate.")
@click.option("--dry-run", is_flag=True, help="Show what would be read; write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask whether the preview is right.")
@click.option("--force", is_flag=True, help="Replace DIR.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(
    file: Path,
    kind: str,
    out: Path | None,
    name: str | None,
    columns: tuple[str, ...],
    joins: tuple[str, ...],
    source: str | None,
    keep_unusable: bool,
    dry_run: bool,
    yes: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Read judgments from a file, show both ends of their scale, and write them."""
    from tutelage.formats import ends, import_file
    from tutelage.formats.corpus import refuse_to_overwrite

    if out is None and not dry_run:
        raise click.UsageError("Say where to with --out DIR, or only look with --dry-run.")
    if out is not None:
        refuse_to_overwrite(out, force=force)
    read = import_file(
        file, kind, format=name, columns=columns, joins=joins, source=source, keep_unusable=keep_unusable
    )
    examples = ends(read.corpus)
    if not as_json:
        _show(read, examples)
        if not (yes or dry_run) and sys.stdin.isatty():
            click.confirm("Is this the right way round?", abort=True)
    written = None if dry_run else out
    if written is not None:
        read.corpus.write(written, force=force)
    if as_json:
        console.emit(_summary(read, examples, written))
    elif written is not None:
        console.say(f"Written to {written}")


def _show(read: Imported, examples: list[Example]) -> None:
    counts = _counts(read)
    console.say(f"Read as {read.format}: {read.summary}.")
    console.say(", ".join(f"{n:,} {part}" for part, n in counts.items()))
    for note in read.notes:
        console.say(f"Note: {note}.")
    for example in examples:
        console.say(f"\n{example.reading}")
        for label, text in example.texts.items():
            console.say(f"  {label:>8}  {text}")
    console.say()


def _counts(read: Imported) -> dict[str, int]:
    from tutelage.formats.corpus import PARTS

    return {part: len(getattr(read.corpus, part)) for part in PARTS}


def _summary(read: Imported, examples: list[Example], out: Path | None) -> dict[str, object]:
    return {
        "format": read.format,
        "out": None if out is None else str(out),
        **_counts(read),
        "notes": read.notes,
        "ends": examples,
    }
