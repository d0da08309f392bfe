"""What a plan costs and how long it takes: simulated from its assumptions, with what drives it.

hours = items (1 + gold) x judgments x minutes (1 + rework)(1 + paid instruction);  price = hours x rate / (1 − take);
calendar = lead + hours / (people x hours a week). Source: the project's sourcing study, section 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tutelage.errors import BadInput
from tutelage.planning import needs
from tutelage.planning.assumed import Assumption
from tutelage.planning.channel import Choice, choose
from tutelage.planning.request import Request
from tutelage.records import Estimate

DRAWS = 20_000
PILOT_ITEMS = 50
PILOTED = ("judgments", "minutes_crowd", "minutes_expert", "hard_share")
Number = float | npt.NDArray[np.float64]
Values = Mapping[str, Number]


@dataclass(frozen=True, slots=True)
class Layer:
    """Who does what in the middle case. judgments and hours are of the whole project; people are those there."""

    name: str
    judgments: int
    hours: float
    people: int | None
    cost: int


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another way to do it. cost in minor units of the currency."""

    name: str
    cost: Estimate
    hours: Estimate
    note: str


@dataclass(frozen=True, slots=True)
class Driver:
    """What the cost would be at the ends of one assumption, all others at their likely value; minor units."""

    name: str
    low: int
    high: int
    basis: str


@dataclass(frozen=True, slots=True)
class Needed:
    """What the target asks for."""

    question: str
    items: int
    judgments_per_item: float
    note: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer. Every band is an Estimate at level .8: value P50, lo P10, hi P90; money in minor units."""

    name: str
    currency: str
    items: int
    channel: Choice
    needed: Needed
    cost: Estimate
    weeks: Estimate
    bottleneck: str
    on_time: float | None
    layers: tuple[Layer, ...]
    expert_share: Estimate
    alternatives: tuple[Alternative, ...]
    drivers: tuple[Driver, ...]
    saved_at_take: dict[str, int]
    hourly_pay: dict[str, Estimate]
    blocked: tuple[str, ...]
    recruit: dict[str, Estimate]
    advice: tuple[str, ...]
    assumptions: tuple[dict[str, object], ...]
    seed: int
    schema: str = field(default="plan/1")


@dataclass(frozen=True)
class _Way:
    """One way to do the work: hours of either layer, as a function of the values and the items judged."""

    name: str
    hours: Callable[[Values, int], tuple[Number, Number]]
    note: Callable[[int, float], str]


def _layered(v: Values, items: int) -> tuple[Number, Number]:
    each = _factor(v, items)
    return each * (1 - v["hard_share"]) * v["minutes_crowd"], each * v["hard_share"] * v["minutes_expert"]


def _by_experts(v: Values, items: int) -> tuple[Number, Number]:
    return 0.0, _factor(v, items) * v["minutes_crowd"]


def _by_crowd(v: Values, items: int) -> tuple[Number, Number]:
    return _factor(v, items) * v["minutes_crowd"], 0.0


def _with_judge(v: Values, items: int) -> tuple[Number, Number]:
    crowd, expert = _layered(v, items)
    return crowd * v["human_slice"], expert


def _factor(v: Values, items: int) -> Number:
    """Hours for every minute of a judgment: items with gold, judgments each, rework and instruction paid."""
    return items * (1 + v["gold"]) * v["judgments"] * (1 + v["rework"]) * (1 + v["instruction"]) / 60


WAYS = (
    _Way("layered", _layered, lambda n, h: f"experts on the hard {h:.0%}, others on the rest"),  # noqa: ARG005
    _Way("everything by experts", _by_experts, lambda n, h: "at the crowd's pace, so at least this"),  # noqa: ARG005
    _Way("everything by the crowd", _by_crowd, lambda n, h: f"confident answers on {round(n * h):,} hard items nobody there can judge"),  # noqa: E501
    _Way("AI judge, human slice, experts on the hard", _with_judge,
         lambda n, h: "the judge's own cost left out; `tutelage certify` says whether the slice is enough"),  # noqa: ARG005
)  # fmt: skip


def make(request: Request) -> Plan:
    """The plan for a request; equal requests give equal plans. Raises BadInput where the target cannot be reached."""
    rng = np.random.default_rng(request.seed)
    assumed = request.assumptions()
    drawn = {name: a.draw(DRAWS, rng) for name, a in assumed.items()}
    likely = {name: a.at("likely") for name, a in assumed.items()}
    needed = _needed(request, likely)
    items = min(request.items, needed.items)
    weeks, bottleneck = _calendar(request, drawn, items)
    drivers = _drivers(assumed, likely, items)
    blocked = _blocked(assumed)
    late = None if request.deadline_weeks is None else float((weeks <= request.deadline_weeks).mean())
    crowd, expert = _layered(drawn, items)
    return Plan(
        request.name, request.currency, items, choose(request.needs), needed, _money(_price(drawn, _layered, items)),
        _band(weeks, "weeks"), bottleneck, late, _layers(request, likely, items),
        _band(expert / (crowd + expert), "share of hours"),
        tuple(_alternative(w, drawn, likely, items) for w in WAYS), drivers, _saved(likely, items),
        {layer: _band(drawn[f"rate_{layer}"], f"{request.currency} an hour") for layer in ("crowd", "expert")}, blocked,
        _recruit(request, drawn), _advice(request, drivers, late, blocked, needed, weeks),
        tuple({"name": a.name, "low": a.low, "likely": a.likely, "high": a.high, "unit": a.unit, "basis": a.basis}
              for a in assumed.values()), request.seed,
    )  # fmt: skip


def _price(v: Values, hours: Callable[[Values, int], tuple[Number, Number]], items: int) -> Number:
    crowd, expert = hours(v, items)
    return (crowd * v["rate_crowd"] + expert * v["rate_expert"]) / (1 - v["take"])


def _band(values: Number, unit: str) -> Estimate:
    low, middle, high = np.percentile(values, [10, 50, 90])
    return Estimate(float(middle), float(low), float(high), "simulation, P50 [P10, P90]", DRAWS, 0.8, unit=unit,
                    assumptions=("the assumptions listed, each independent of the others",))  # fmt: skip


def _money(values: Number) -> Estimate:
    return _band(np.rint(np.asarray(values) * 100), "minor units")


def _minor(value: Number) -> int:
    return round(float(value) * 100)


def _needed(request: Request, likely: Mapping[str, float]) -> Needed:
    """What the target asks for, in items and judgments."""
    t, j = request.target, likely["judgments"]
    if t.accuracy is not None:
        p = needs.single_accuracy(likely["agreement"])
        try:
            way = needs.until_sure(p, t.accuracy)
            reached = f"asking until one answer leads by {way.lead} is right on {way.accuracy:.1%} of items"
        except BadInput as error:
            reached = f"but {error.seen} It needs {error.expected}"
        return Needed(f"labels right on {t.accuracy:.0%} of items", request.items, j,
                      f"one person is right {p:.1%} of the time; {reached}")  # fmt: skip
    if t.within is not None:
        n = needs.for_rate(t.within)
        return Needed(f"a share known to ± {t.within:.1%}", n, j, "95 %, at worst; a random sample is enough")
    if t.error_at_most is not None:
        truth = t.truth if t.truth is not None else t.error_at_most / 2
        proof, clean = needs.to_prove(t.error_at_most, truth), needs.without_a_miss(t.error_at_most)
        return Needed(f"error at most {t.error_at_most:.1%}", proof.items, j,
                      f"at most {proof.misses} wrong shows it (90 % chance if the truth is {truth:.1%}); {clean:,} without a miss")  # fmt: skip  # noqa: E501
    rate = float(t.win_rate or 0)
    return Needed(f"a win rate of {rate:.0%} told from one half", needs.for_win_rate(rate), j, "95 %, power 80 %")


def _layers(request: Request, v: Mapping[str, float], items: int) -> tuple[Layer, ...]:
    """Crowd (or domain), expert, adjudication: an expert's judgments beyond the first on a hard item."""
    crowd, expert = (float(x) for x in _layered(v, items))
    whole = items * (1 + v["gold"])
    easy, hard, more = whole * (1 - v["hard_share"]), whole * v["hard_share"], max(v["judgments"] - 1, 0.0)
    first = expert / v["judgments"] * min(v["judgments"], 1.0)
    sell = 1 / (1 - v["take"])
    name = {0: "crowd", 1: "domain", 2: "domain"}[request.axes.rarity]
    rows = [
        Layer(name, round(easy * v["judgments"]), crowd, request.bench.crowd, _minor(crowd * v["rate_crowd"] * sell)),
        Layer("expert", round(hard), first, request.bench.expert, _minor(first * v["rate_expert"] * sell)),
        Layer("adjudication", round(hard * more), expert - first, None,
              _minor((expert - first) * v["rate_expert"] * sell)),
    ]  # fmt: skip
    if request.judge_correlation is not None:
        rows.insert(0, Layer("AI judge", items, 0.0, None, 0))
    return tuple(rows)


def _alternative(way: _Way, drawn: Values, likely: Mapping[str, float], items: int) -> Alternative:
    crowd, expert = way.hours(drawn, items)
    return Alternative(way.name, _money(_price(drawn, way.hours, items)), _band(crowd + expert, "hours"),
                       way.note(items, likely["hard_share"]))  # fmt: skip


def _drivers(assumed: Mapping[str, Assumption], likely: dict[str, float], items: int) -> tuple[Driver, ...]:
    """The tornado: largest swing first; what does not move the cost is left out."""
    out = []
    for name, a in assumed.items():
        if a.fixed:
            continue
        ends = [_minor(_price(likely | {name: a.at(end)}, _layered, items)) for end in ("low", "high")]
        if ends[0] != ends[1]:
            out.append(Driver(name, min(ends), max(ends), a.basis))
    return tuple(sorted(out, key=lambda d: d.low - d.high))


def _saved(likely: dict[str, float], items: int) -> dict[str, int]:
    """What a take of 15 % or none would save of the likely cost, in minor units; never negative."""
    now = _price(likely, _layered, items)
    return {f"{take:.2f}": max(0, _minor(now - _price(likely | {"take": take}, _layered, items)))
            for take in (0.15, 0.0)}  # fmt: skip


def _calendar(request: Request, drawn: Values, items: int) -> tuple[npt.NDArray[np.float64], str]:
    """Weeks, draw by draw, and the layer that takes longest in most of them."""
    bench = {"crowd": request.bench.crowd, "expert": request.bench.expert}
    hours = dict(zip(bench, _layered(drawn, items), strict=True))
    spans = np.stack([np.asarray(hours[x] / (bench[x] * drawn["hours_a_week"])) for x in bench])
    slowest = "expert" if (spans[1] > spans[0]).mean() >= 0.5 else "crowd"
    return drawn["lead_weeks"] + spans.max(axis=0), f"{bench[slowest]} {slowest} people"


def _blocked(assumed: Mapping[str, Assumption]) -> tuple[str, ...]:
    """Every required minute is paid, so the effective hourly pay is the rate; below the floor nothing is published."""
    floor = assumed["floor_hour"].likely
    return tuple(
        f"{layer} pay of {assumed[f'rate_{layer}'].low:g} an hour is below the floor of {floor:g}"
        for layer in ("crowd", "expert") if assumed[f"rate_{layer}"].low < floor
    )  # fmt: skip


def _recruit(request: Request, drawn: Values) -> dict[str, Estimate]:
    """How many experts to write to, so that the bench works."""
    found = request.bench.expert / (drawn["reply"] * drawn["pass"] * drawn["stay"])
    return {"experts_to_contact": _band(found, "people")}


def _advice(
    request: Request, drivers: tuple[Driver, ...], on_time: float | None, blocked: tuple[str, ...], needed: Needed,
    weeks: npt.NDArray[np.float64],
) -> tuple[str, ...]:  # fmt: skip
    """What to do next, the most urgent first."""
    out = [f"Raise the pay: {line}. No project is published below its floor." for line in blocked]
    unknown = [d.name for d in drivers[:3] if d.name in PILOTED and "observations of your own" not in d.basis]
    if unknown:
        out.append(f"Run a paid pilot of {PILOT_ITEMS} items: {', '.join(unknown)} decide the cost more than any rate.")
    if on_time is not None and on_time < 0.9 and request.deadline_weeks is not None:
        lead = request.assumptions()["lead_weeks"].likely
        room = max(request.deadline_weeks - lead, 0.5)
        more = math.ceil(request.bench.expert * max(float(np.percentile(weeks, 90)) - lead, 0) / room)
        held = f"{request.deadline_weeks:g} weeks hold with probability {on_time:.0%}"
        out.append(f"{held}; about {more} experts instead of {request.bench.expert} would make it nine in ten.")
    if needed.items < request.items:
        out.append(f"Judge {needed.items:,} of {request.items:,} items, drawn at random: `tutelage slice draw`.")
    if request.judge_correlation is not None:
        worth = needs.judge_worth(request.judge_correlation)
        then = ": no gain to speak of." if worth < 1.2 else "; certify it on your own items first."
        out.append(
            f"A judge at ρ = {request.judge_correlation:g} makes a human slice worth {worth:.2f} × its size{then}"
        )
    return tuple(out)
