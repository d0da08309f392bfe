"""`tutelage measure agreement`: do the judges agree, beyond chance?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tutelage.cli import console
from tutelage.cli.measure import columns, show
from tutelage.errors import BadInput, Where

if TYPE_CHECKING:
    from tutelage.cli.measure.columns import Ballot, Repeats, Sheet

MOST_VALUES = 500  # above, weights of all pairs of values cost more than they tell


@click.command(
    short_help="Do judges agree, beyond chance?",
    epilog="Example:  tutelage measure agreement votes.csv --item id --judge who --value v --level nominal",
)
@click.argument("file", type=columns.FILE)
@columns.judge_options
@click.option("--level", type=click.Choice(["nominal", "ordinal", "interval", "ratio"]), metavar="L",
              help="What values are: nominal, ordinal, interval, ratio.")  # fmt: skip
@click.option("--order", metavar="A,B,C", help="Ordinal values from least to most.")
@columns.repeats_option
@click.option("--confidence", default=0.95, show_default=True, metavar="X", help="Of the intervals.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    file: Path, item: str | None, judge: str | None, value: str | None, level: str | None, order: str | None,
    repeats: Repeats, confidence: float, as_json: bool,
) -> None:  # fmt: skip
    """Say how far judges agree beyond chance, and the most one may ask of any judge.

    Krippendorff's alpha, and what to read beside it: raw agreement, Gwet's AC, alpha of each value, the ceiling.
    """
    sheet = columns.read_sheet(file)
    votes = columns.ballot(sheet, item, judge, value, repeats, judges_needed=False)
    scale = _scale(sheet, votes, level, order)
    if scale == "ordinal":
        votes = _in_order(sheet, votes, order)
    _warn(sheet, votes)
    found = _figures(votes, scale, confidence)
    whole = {
        **found, "scale": scale, "rows": votes.n, "items": len(votes.items), "judges": len(votes.judges) or None,
        "values": votes.values.tolist()[:MOST_VALUES], "claim": _claim(found["alpha"]), "read": sheet.read,
        "warnings": sheet.notes,
    }  # fmt: skip
    if as_json:
        console.emit(whole)
        return
    _show(whole, votes)
    show.notes(sheet.notes)


def _scale(sheet: Sheet, votes: Ballot, level: str | None, order: str | None) -> str:
    if level is None:
        level = "ordinal" if order else "nominal"
        sheet.say(f"--level was not given: {level} was assumed")
    if level in ("interval", "ratio"):
        if votes.numbers is None and votes.n:
            raise BadInput(
                f"The values are names: {columns.listed(votes.values, 5)}.", expected=f"numbers for --level {level}",
                remedy=columns.number_remedy(votes.values, "Use --level ordinal with --order, or --level nominal."),
                where=Where(str(sheet.frame.path), field=sheet.read["value"]),
            )  # fmt: skip
        if level == "ratio" and votes.numbers is not None and (votes.numbers < 0).any():
            raise BadInput(
                f"The least value is {votes.numbers.min():g}.", expected="numbers from 0 up for --level ratio",
                remedy="Use --level interval.", where=Where(str(sheet.frame.path), field=sheet.read["value"]),
            )  # fmt: skip
    elif order and level == "nominal":
        sheet.say("--order has no meaning for --level nominal and was left aside")
    return level


def _in_order(sheet: Sheet, votes: Ballot, order: str | None) -> Ballot:
    given = columns.spelled_order(order, votes.numbers is not None)
    if given:
        return votes.ordered(given)
    if votes.numbers is None and votes.n:
        sheet.say(
            f"the values were ordered as they are spelled: {columns.listed(votes.values)}; --order says otherwise"
        )
    return votes


def _warn(sheet: Sheet, votes: Ballot) -> None:
    if not len(votes.judges):
        sheet.say("no judge is named: each row was taken for another judge's")
    elif 1 < len(votes.judges) < 5:
        sheet.say(
            f"the interval is for these {len(votes.judges)} judges on other items; it says nothing about other judges"
        )


def _figures(votes: Ballot, scale: str, level: float) -> dict[str, Any]:
    """Every figure worth reading together; the ones that weigh all pairs of values only where these are few."""
    from tutelage.measure import agreement, kappa
    from tutelage.records import Undefined

    numeric: Any = scale in ("interval", "ratio")
    said = votes.numbers[votes.value] if numeric and votes.numbers is not None else votes.value
    how: dict[str, Any] = {"scale": scale, "level": level}
    if scale == "ordinal":
        how["order"] = range(len(votes.values))
    few = len(votes.values) <= MOST_VALUES
    many = Undefined(f"{len(votes.values):,} different values: above {MOST_VALUES} they are not weighed in pairs")
    top = agreement.ceiling(votes.item, votes.value, level=level)
    per_value = agreement.per_value(votes.item, votes.value, level=level) if few else {}
    return {
        "alpha": agreement.alpha(votes.item, said, **how) if few or scale != "ratio" else many,
        "raw": top.pair,
        "gwet": kappa.gwet(votes.item, said, **how) if few else many,
        "fleiss": kappa.fleiss(votes.item, said, **how) if few else many,
        "brennan_prediger": kappa.brennan_prediger(votes.item, said, **how) if few else many,
        "ceiling": {"pair": top.pair, "rest": top.rest},
        "per_value": {str(votes.values[code]): figure for code, figure in per_value.items()},
        "same_judge_again": _consistency(votes, level),
    }


def _consistency(votes: Ballot, level: float) -> Any:
    """How often judges who judged an item again said the same: no agreement with others can be above it for long."""
    from tutelage.measure import agreement
    from tutelage.records import Undefined

    if not votes.again[0].size:
        return Undefined("no judge judged an item twice")
    return agreement.raw(*votes.again, level=level)


def _claim(alpha: Any) -> str:
    """What alpha means, by the end of its interval that matters (Krippendorff's own marks)."""
    from tutelage.records import Undefined

    if isinstance(alpha, Undefined):
        return f"Agreement cannot be told from this file: {alpha.why}."
    marks = (
        (alpha.lo >= 0.8, "Judges agree well beyond chance: alpha is 0.8 or more, whatever the draw of items."),
        (alpha.lo >= 0.667, "Judges agree beyond chance, enough for tentative conclusions (alpha 0.667 or more)."),
        (alpha.lo > 0, "Judges agree more than chance, but less than 0.8 is not ruled out: keep the disagreement,"
                       " and ask whether the guideline or the question causes it."),
        (alpha.hi < 0, "Judges disagree more than chance would: some read the scale the other way round."),
    )  # fmt: skip
    return next((text for holds, text in marks if holds), "Agreement beyond chance is not shown by these judgments.")


def _show(whole: dict[str, Any], votes: Ballot) -> None:
    judges = f" by {len(votes.judges):,} judges" if len(votes.judges) else ""
    console.say(f"{votes.n:,} judgments of {len(votes.items):,} items{judges}, {whole['scale']}")
    console.say(whole["claim"])
    console.say()
    again = [("same judge again", whole["same_judge_again"], "a judge agrees with themself")]
    again = again if votes.again[0].size else []
    show.table([
        ("alpha", whole["alpha"], "0 is chance, 1 perfect"),
        ("raw agreement", whole["raw"], "two judges say the same"),
        ("Gwet AC1" if whole["scale"] == "nominal" else "Gwet AC2", whole["gwet"], "steady where one value is rare"),
        ("ceiling", whole["ceiling"]["rest"], "a judge agrees with the others' plurality"),
        *again,
    ])  # fmt: skip
    if 1 < len(whole["per_value"]) <= 20:
        console.say()
        show.table([(show.clipped(name), figure) for name, figure in whole["per_value"].items()], ("value", "alpha"))
