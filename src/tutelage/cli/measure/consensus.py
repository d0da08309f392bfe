"""`tutelage measure consensus`: from many judgments to one answer an item, and how far to trust it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tutelage.cli import console
from tutelage.cli.measure import columns, show

if TYPE_CHECKING:
    from tutelage.cli.measure.columns import Repeats

OUT = click.Path(dir_okay=False, path_type=Path)
CLASSES = {"informedness": "informedness", "on_gold": "on gold"}  # of each judge: figure -> heading
SCALE = {"severity": "severity", "stretch": "stretch", "noise": "noise"}


@click.command(
    short_help="One answer an item, and how sure.",
    epilog="Example:  tutelage measure consensus votes.csv --item id --judge who --value v --gold gold.csv",
)
@click.argument("file", type=columns.FILE)
@columns.judge_options
@click.option("--gold", metavar="FILE|C", help="Known answers: a file with the item column and `gold`, or a column.")
@click.option("--method", default="auto", metavar="M",
              help="auto, majority, one_coin, one_matrix, dawid_skene[_ml], ordinal, continuous.")  # fmt: skip
@click.option("--order", metavar="A,B,C", help="Ordinal values from least to most.")
@click.option("--out", type=OUT, metavar="FILE", help="Write item, consensus, probability: .parquet, .jsonl, .csv.")
@columns.repeats_option
@click.option("--confidence", default=0.95, show_default=True, metavar="X", help="Of the intervals.")
@click.option("--seed", default=0, metavar="N", help="Of the held-out votes.  [default: 0]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    file: Path, item: str | None, judge: str | None, value: str | None, gold: str | None, method: str,
    order: str | None, out: Path | None, repeats: Repeats, confidence: float, seed: int, as_json: bool,
) -> None:  # fmt: skip
    """Settle each item. auto: the method best on gold, else on held-out votes."""
    from tutelage.cli.measure import settle

    sheet = columns.read_sheet(file)
    votes = columns.ballot(sheet, item, judge, value, repeats, judges_needed=True)
    given = columns.spelled_order(order, votes.numbers is not None)
    known = settle.read_gold(sheet, votes, gold) if gold else None
    found = settle.settle(sheet, votes, known, method, given, level=confidence, seed=seed)
    if out is not None:
        settle.write(sheet, votes, found, out)
    if as_json:
        console.emit(found.figures | {"read": sheet.read, "warnings": sheet.notes})
        return
    _show(found.figures, out)
    show.notes(sheet.notes)


def _show(found: dict[str, Any], out: Path | None) -> None:
    console.say(f"{found['rows']:,} judgments of {found['items']:,} items by {found['judges']:,} judges")
    console.say(f"Method: {found['method']}. {found['why']}.")
    console.say()
    rows = [("accuracy on gold", found["accuracy_on_gold"]), ("calibration error", found["ece"])]
    if "error_on_gold" in found:
        rows = [("error on gold, mean", found["error_on_gold"])]
    elif found["measured_by"] == "accuracy on gold":
        rows.insert(1, ("… of the choice itself", found["accuracy_of_choice"]))
    show.table(rows)
    if len(found["by_method"]) > 1:
        console.say()
        gains = found["gain"]
        show.table(
            [(name, figure, gains.get(name, "")) for name, figure in found["by_method"].items()],
            ("method", found["measured_by"], "gain over majority"),
        )
    if found["by_judge"]:
        console.say()
        thin = sorted(found["by_judge"], key=lambda row: -row["labels"])[:10]
        shown = SCALE if "severity" in thin[0] else CLASSES
        show.table(
            [(show.clipped(r["judge"]), f"{r['labels']:,}", *(_cell(r[name]) for name in shown)) for r in thin],
            ("judge (most labels)", "labels", *shown.values()),
        )
    if out is not None:
        console.say()
        console.say(f"Written: {out}")


def _cell(figure: Any) -> Any:
    return f"{figure:.2f}" if isinstance(figure, float) else figure or ""
