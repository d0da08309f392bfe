"""`tutelage plan`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tutelage.cli import console

if TYPE_CHECKING:
    from tutelage.planning import Plan
    from tutelage.records import Estimate

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
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(plan: Path | None, channels: bool, show_defaults: bool, backtest: Path | None, as_json: bool) -> None:
    """Who should judge, how many judgments, what it costs and how long it takes.

    Bands are P50 [P10, P90] over 20,000 simulated projects. Exits 3 where pay is below its floor: such a plan cannot
    be published.
    """
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
    if as_json:
        console.emit(_as_json(made))
    else:
        _say(made)
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


def _money(minor: float, currency: str) -> str:
    return f"{minor / 100:,.0f} {currency}"


def _band(e: Estimate, currency: str) -> str:
    return f"{e.value / 100:,.0f} [{e.lo / 100:,.0f}, {e.hi / 100:,.0f}] {currency}"


def _say(p: Plan) -> None:
    say = console.say
    say(click.style(f"{p.name}: {p.needed.question}", bold=True))
    say(f"  where     {p.channel.channel} – {p.channel.why}")
    for line in p.channel.overrides:
        say(f"            {line}")
    say(f"  cost      {_band(p.cost, p.currency)}")
    held = f"; by the deadline with {p.on_time:.0%}" if p.on_time is not None else ""
    say(f"  calendar  {p.weeks.value:.1f} [{p.weeks.lo:.1f}, {p.weeks.hi:.1f}] weeks, held up by {p.bottleneck}{held}")
    say(f"  judging   {p.items:,} items, {p.needed.judgments_per_item:.2f} judgments each; {p.needed.note}")
    say(f"  pay       {_pay(p)}; every required minute is paid")
    for line in p.advice:
        say(click.style("  next      ", fg="yellow") + line)
    _layers(p)
    say("\nOther ways" + " " * 36 + "cost P50 [P10, P90]")
    for way in p.alternatives:
        say(f"  {way.name:<42}  {_band(way.cost, p.currency):<36} {way.note}")
    say("\nWhat drives the cost (one at a time, the rest as likely)")
    widest = max((d.high - d.low for d in p.drivers), default=1)
    for driver in p.drivers[:6]:
        bar = "█" * max(1, round(24 * (driver.high - driver.low) / widest))
        say(f"  {driver.name:<15} {_money(driver.low, ''):>10}– {_money(driver.high, p.currency):<14} {bar}")
    saved = {name: _money(minor, p.currency) for name, minor in p.saved_at_take.items()}
    say(f"\nA take of 15 % would save {saved['0.15']}, none {saved['0.00']}.")
    found = p.recruit["experts_to_contact"]
    say(f"To have the experts at work, write to about {found.value:,.0f} [{found.lo:,.0f}, {found.hi:,.0f}] of them.")
    say(f"Seed {p.seed}, {p.cost.n:,} draws. Assumptions with source and date: --json, or `tutelage plan --defaults`.")


def _pay(p: Plan) -> str:
    return ", ".join(f"{layer} {e.value:.0f} an hour" for layer, e in p.hourly_pay.items())


def _layers(p: Plan) -> None:
    console.say(f"\n{'Layer':<14}{'judgments':>11}{'hours':>9}{'people':>8}{'cost':>16}")
    for row in p.layers:
        people = "" if row.people is None else f"{row.people}"
        console.say(
            f"{row.name:<14}{row.judgments:>11,}{row.hours:>9,.0f}{people:>8}{_money(row.cost, p.currency):>16}"
        )


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
        return console.emit({"assumptions": list(defaults().values()), "pay_ladder": list(pay_ladder())})
    for a in defaults().values():
        shown = f"{a.likely:g}" if a.low == a.high else f"{a.low:g} – {a.likely:g} – {a.high:g}"
        console.say(f"{a.name:<15} {shown:<18} {a.unit}\n{'':<16}{a.source} ({a.date})")
    console.say("\nPay an hour by tier, USD, June 2026, unaudited claims")
    for rung in pay_ladder():
        console.say(f"  {rung['tier']:<15} {rung['pay'][0]}–{rung['pay'][1]}  {rung['source']}"
                    + (f": {rung['note']}" if "note" in rung else ""))  # fmt: skip
    return None


def _backtest(path: Path, as_json: bool) -> None:
    from tutelage.formats.frames import read_frame
    from tutelage.planning import backtest

    frame = read_frame(path)
    found = backtest(*(frame.every_number(c) for c in ("lo", "hi", "actual")))
    if as_json:
        return console.emit(found)
    return console.say(str(found))
