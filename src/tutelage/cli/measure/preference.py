"""`tutelage measure preference`: strengths of what was compared, and what may be said about their order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tutelage.cli import console
from tutelage.cli.measure import columns, show

if TYPE_CHECKING:
    pass


@click.command(
    short_help="Rank what was compared in twos.",
    epilog="Example:  tutelage measure preference duels.csv --left a --right b --winner w --judge who",
)
@click.argument("file", type=columns.FILE)
@click.option("--left", metavar="C", help="Column of what was shown on the left, or first.")
@click.option("--right", metavar="C", help="Column of what was shown on the right, or second.")
@click.option("--winner", metavar="C", help="left/right/tie, 1/2/0, a/b, or the winner's name.")
@click.option("--judge", metavar="C", help="Column of who judged: errors are clustered by it.")
@click.option("--prompt", metavar="C", help="Column of what about: clustered by it too.")
@click.option("--prior-sd", type=float, metavar="X", help="Where wins do not connect all items: a normal prior.")
@click.option("--confidence", default=0.95, show_default=True, metavar="X", help="Of the intervals.")
@click.option("--seed", default=0, metavar="N", help="Of the rank sets.  [default: 0]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    file: Path, left: str | None, right: str | None, winner: str | None, judge: str | None, prompt: str | None,
    prior_sd: float | None, confidence: float, seed: int, as_json: bool,
) -> None:  # fmt: skip
    """Rank what was compared in twos: strengths, the ranks each may have, ties, side bias.

    Exits 4, naming the groups, where wins and ties do not connect all items.
    """
    from tutelage.cli.measure import duels
    from tutelage.records import encode

    sheet = columns.read_sheet(file)
    found = duels.read(sheet, left, right, winner, judge, prompt)
    scores = duels.fit(sheet, found, prior_sd, confidence)
    whole = duels.figures(found, scores, seed) | {"read": sheet.read, "warnings": sheet.notes}
    if as_json:
        flat = {name: encode(row.pop("strength")) | row for name, row in whole["scores"].items()}
        console.emit(whole | {"scores": flat})
        return
    _show(whole)
    show.notes(sheet.notes)


def _show(whole: dict[str, Any]) -> None:
    console.say(f"{whole['comparisons']:,} comparisons of {whole['items']:,} items")
    console.say(whole["claim"])
    console.say()
    scores = list(whole["scores"].items())
    show.table(
        [(_ranks(row["rank"]), show.clipped(name), row["strength"], f"{row['wins']:g}/{row['comparisons']:,}")
         for name, row in scores[:30]],
        ("rank", "item", "log strength", "won"),
    )  # fmt: skip
    if len(scores) > 30:
        console.say(f"  … and {len(scores) - 30:,} more: --json")
    console.say()
    show.table([("side: what being left is worth", whole["side"]), ("ties: 1 is as likely as a win", whole["ties"])])


def _ranks(ends: list[int]) -> str:
    return f"{ends[0]}" if ends[0] == ends[1] else f"{ends[0]}–{ends[1]}"
