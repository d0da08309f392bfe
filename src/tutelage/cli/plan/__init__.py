"""`tutelage plan`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tutelage.cli import console

if TYPE_CHECKING:
    from tutelage.planning import Plan

EXAMPLE = """\b
Example: tutelage example plan > plan.toml
         tutelage plan plan.toml
"""


@click.command(epilog=EXAMPLE)
@click.argument("plan", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--channels", is_flag=True, help="Print the channel rule: all 27 cells.")
@click.option("--defaults", "show_defaults", is_flag=True, help="Print every default with its source and date.")
@click.option("--backtest", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Finished projects (lo, hi, actual): did past bands hold?")  # fmt: skip
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), metavar="OUT", help="Write a page here.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    plan: Path | None, channels: bool, show_defaults: bool, backtest: Path | None, html: Path | None, as_json: bool
) -> None:  # fmt: skip
    """Who should judge, how many judgments, what it costs and how long it takes.

    Bands are P50 [P10, P90] over 20,000 simulated projects. Exits 3 where pay is below its floor: such a plan cannot
    be published.
    """
    from tutelage.cli.plan import page, show
    from tutelage.errors import FAILED
    from tutelage.planning import load, make

    if channels:
        return _channels(as_json)
    if show_defaults:
        return _defaults(as_json)
    if backtest is not None:
        return _backtest(backtest, as_json)
    if plan is None:
        raise click.UsageError("Name a plan. To start: tutelage example plan > plan.toml")
    made = make(load(plan))
    if html is not None:
        page.write(made, html)
        console.note(f"The page: {html}")
    if as_json:
        console.emit(_as_json(made))
    else:
        show.screen(made)
    raise SystemExit(FAILED if made.blocked else 0)


def _as_json(made: Plan) -> dict[str, Any]:
    """The plan, its bands also under p10, p50 and p90; money in minor units."""
    from tutelage.records import encode

    def named(value: Any) -> Any:
        if isinstance(value, list):
            return [named(v) for v in value]
        if not isinstance(value, dict):
            return value
        ends = {"p10": value["lo"], "p50": value["value"], "p90": value["hi"]} if "lo" in value else {}
        return {k: named(v) for k, v in value.items()} | ends

    found: dict[str, Any] = named(encode(made))
    return found


def _channels(as_json: bool) -> None:
    from tutelage.planning import cells

    found = cells()
    if as_json:
        return console.emit([
            {"rarity": n.rarity, "sensitivity": n.sensitivity, "control": n.control, "channel": c.channel, "why": c.why}
            for n, c in found
        ])  # fmt: skip
    console.say("rarity  sensitivity  control  channel (a project on its own; recurring work recruits directly)")
    for n, c in found:
        console.say(f"{n.rarity:>6}{n.sensitivity:>13}{n.control:>9}  {c.channel}")
    return None


def _defaults(as_json: bool) -> None:
    from tutelage.planning.assumed import defaults, pay_ladder

    if as_json:
        return console.emit({"assumptions": list(defaults().values()), "pay_ladder": pay_ladder()})
    for a in defaults().values():
        shown = f"{a.likely:g}" if a.low == a.high else f"{a.low:g} – {a.likely:g} – {a.high:g}"
        console.say(f"{a.name:<15} {shown:<18} {a.unit}\n{'':<16}{a.source} ({a.date})")
    ladder = pay_ladder()
    console.say("\nWhat others are said to pay, USD: nothing of it enters a plan")
    for what, ends, row in [(r["tier"] + ", an hour", r["pay"], r) for r in ladder["rung"]] + [
        (r["piece"], r["price"], r) for r in ladder["price"]
    ]:
        shown = f"{ends[0]:,}" if ends[0] == ends[1] else f"{ends[0]:,}–{ends[1]:,}"
        console.say(f"  {what:<40} {shown:<14} {row['source']}, {row['date']}"
                    + (f"\n{'':<43}{row['note']}" if "note" in row else ""))  # fmt: skip
    return None


def _backtest(path: Path, as_json: bool) -> None:
    from tutelage.formats.frames import read_frame
    from tutelage.planning import backtest

    frame = read_frame(path)
    found = backtest(*(frame.every_number(c) for c in ("lo", "hi", "actual")))
    if as_json:
        return console.emit(found)
    return console.say(str(found))
