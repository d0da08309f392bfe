"""A plan on one screen: the answer first, what it rests on below."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import click

from tutelage.cli import console

if TYPE_CHECKING:
    from tutelage.planning import Plan
    from tutelage.records import Estimate

WIDTH, BAR, DRIVERS = 100, 24, 6
DIGITS = 3  # of an amount: a band from guesses has no more


def amount(minor: float, p: Plan) -> str:
    """`246,000`: minor units in whole currency, to three digits."""
    whole = minor / 10**p.minor_digits
    return f"{float(f'{whole:.{DIGITS}g}'):,.0f}" if abs(whole) >= 1 else f"{whole:.2g}"


def band(e: Estimate, p: Plan) -> str:
    """`246,000 [194,000, 319,000] USD`."""
    return f"{amount(e.value, p)} [{amount(e.lo, p)}, {amount(e.hi, p)}] {p.currency}"


def screen(p: Plan) -> None:
    """Print it."""
    console.say(click.style(f"{p.name}: {p.needed.question}", bold=True))
    for label, text in _answer(p):
        colour = "yellow" if label == "next" else None
        lines = textwrap.wrap(text, WIDTH - 12) or [""]
        for nth, line in enumerate(lines):
            console.say("  " + click.style(f"{label if nth == 0 else '':<10}", fg=colour) + line)
    for part in (_layers, _ways, _drivers, _people):
        console.say()
        part(p)
    console.say(f"Seed {p.seed}, {p.cost.n:,} draws. Each assumption's source and date: --json, "
                "`tutelage plan --defaults`.")  # fmt: skip


def _answer(p: Plan) -> list[tuple[str, str]]:
    """The headline: what, where, cost, calendar, what drives it, what to do."""
    due = f"; on time with {p.on_time:.0%}" if p.on_time is not None else ""
    pay = ", ".join(f"{layer} {e.value:.0f}" for layer, e in p.hourly_pay.items())
    return [
        ("where", f"{p.channel.channel} – {p.channel.why}"),
        *(("", line) for line in p.channel.overrides),
        ("cost", band(p.cost, p)),
        ("calendar", f"{p.weeks.value:.1f} [{p.weeks.lo:.1f}, {p.weeks.hi:.1f}] weeks, held up by {p.bottleneck}{due}"),
        ("judging", f"{p.items:,} items × {p.needed.judgments_per_item:.2f} judgments; {p.needed.note}"),
        ("driven by", ", ".join(d.name for d in p.drivers[:3]) or "nothing uncertain"),
        ("pay", f"{pay} {p.currency} an hour, every required minute paid"),
        *(("next", line) for line in p.advice),
    ]  # fmt: skip


def _layers(p: Plan) -> None:
    console.say(f"{'Layer':<14}{'judgments':>11}{'hours':>9}{'people':>8}{'cost':>14} {p.currency}")
    for row in p.layers:
        people = "" if row.people is None else f"{row.people:,}"
        console.say(f"{row.name:<14}{row.judgments:>11,}{row.hours:>9,.0f}{people:>8}{amount(row.cost, p):>14}")
    share = p.expert_share
    console.say(f"Experts give {share.value:.0%} [{share.lo:.0%}, {share.hi:.0%}] of the hours.")


def _ways(p: Plan) -> None:
    console.say("Ways to do it, P50 [P10, P90]")
    for way in p.alternatives:
        console.say(f"  {way.name:<42} {band(way.cost, p):<36} {way.hours.value:>7,.0f} h")
        console.say(click.style(f"    {way.note}", dim=True))


def _drivers(p: Plan) -> None:
    console.say("What drives the cost: one assumption at its ends, the others as likely")
    widest = max((d.high - d.low for d in p.drivers), default=1)
    for driver in p.drivers[:DRIVERS]:
        bar = "█" * max(1, round(BAR * (driver.high - driver.low) / widest))
        console.say(f"  {driver.name:<15}{amount(driver.low, p):>11} – {amount(driver.high, p):<11} {bar}")


def _people(p: Plan) -> None:
    for row in p.recruit:
        if row.write_to is not None:
            e = row.write_to
            console.say(f"To have {row.people:,} {row.layer}s at work in {row.language}, write to about "
                        f"{e.value:,.0f} [{e.lo:,.0f}, {e.hi:,.0f}].")  # fmt: skip
        elif row.people > row.there:
            console.say(f"The {row.layer} in {row.language} needs {row.people:,} at work; {row.there:,} are there.")
    less, none = (amount(p.saved_at_take[take], p) for take in ("0.15", "0.00"))
    console.say(f"A take of 15 % saves {less} {p.currency}, none {none}. Finding the experts yourself pays below "
                f"{amount(p.direct_pays_below, p)}.")  # fmt: skip
