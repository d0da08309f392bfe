"""What a plan costs and how long it takes: simulated from its assumptions, with what drives it.

hours = items (1 + gold) x judgments x minutes (1 + rework)(1 + paid instruction);  price = hours x rate / (1 − take);
calendar = lead + hours / (people x hours a week). Source: the project's sourcing study, section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from tutelage.errors import BadInput
from tutelage.planning import needs
from tutelage.planning.assumed import Assumption
from tutelage.planning.channel import Choice, choose
from tutelage.planning.request import PILOTED, Request
from tutelage.records import Estimate

DRAWS = 20_000
PILOT_ITEMS = 50
NINE_IN_TEN = 90
DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "UGX": 0, "XAF": 0, "XOF": 0,
          "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3}  # fmt: skip  # ISO 4217; others 2
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
    """What the target asks for. reachable: whether these people can meet it at all."""

    question: str
    items: int
    judgments_per_item: float
    note: str
    reachable: bool = True


@dataclass(frozen=True, slots=True)
class Recruit:
    """People of one layer and language: how many must be at work (to meet the deadline nine times in ten, where one is
    set), how many are there, and how many experts to write to so that `people` of them work."""

    layer: str
    language: str
    people: int
    there: int
    write_to: Estimate | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer. Every band is an Estimate at level .8: value P50, lo P10, hi P90; money in minor units.

    minor_digits       decimals of the currency: 2 where 100 minor units are one
    saved_at_take      what a take of 15 % or none would save of the likely cost
    direct_pays_below  what finding the experts yourself may cost and still pay: take x what they cost
    """

    name: str
    currency: str
    minor_digits: int
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
    direct_pays_below: int
    hourly_pay: dict[str, Estimate]
    blocked: tuple[str, ...]
    recruit: tuple[Recruit, ...]
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
    _Way("layered", _layered, lambda _, h: f"experts on the hard {h:.0%}, others on the rest"),
    _Way("everything by experts", _by_experts, lambda *_: "at the crowd's pace, so at least this"),
    _Way("everything by the crowd", _by_crowd,
         lambda n, h: f"confident answers on {round(n * h):,} hard items nobody there can judge"),
    _Way("AI judge, human slice, experts on the hard", _with_judge,
         lambda *_: "the judge's own cost left out; `tutelage certify` says whether the slice is enough"),
)  # fmt: skip


@dataclass(frozen=True)
class _Case:
    """A request with its assumptions drawn; what every part of the plan is computed from."""

    request: Request
    assumed: Mapping[str, Assumption]
    drawn: Values
    likely: dict[str, float]
    needed: Needed
    minor: int  # minor units in one of the currency

    @property
    def items(self) -> int:
        return min(self.request.items, self.needed.items)

    def band(self, values: Number, unit: str) -> Estimate:
        """P50 [P10, P90] of simulated values."""
        low, middle, high = (float(x) for x in np.percentile(values, [10, 50, 90]))
        return Estimate(middle, low, high, "simulation, P50 [P10, P90]", DRAWS, 0.8, unit=unit, seed=self.request.seed,
                        assumptions=("the assumptions listed, each independent of the others",))  # fmt: skip

    def money(self, values: Number) -> Estimate:
        """A band in minor units."""
        e = self.band(np.asarray(values) * self.minor, "minor units")
        return replace(e, value=round(e.value), lo=round(e.lo), hi=round(e.hi))

    def units(self, value: Number) -> int:
        """An amount in minor units."""
        return round(float(value) * self.minor)


def make(request: Request) -> Plan:
    """The plan for a request; equal requests give equal plans. A target out of reach is said in `needed`."""
    rng = np.random.default_rng(request.seed)
    assumed = request.assumptions()
    likely = {name: a.at("likely") for name, a in assumed.items()}
    digits = DIGITS.get(request.currency, 2)
    drawn = {name: a.draw(DRAWS, rng) for name, a in assumed.items()}
    case = _Case(request, assumed, drawn, likely, _needed(request, likely), 10**digits)
    weeks, bottleneck = _calendar(case)
    crowd, expert = _layered(drawn, case.items)
    drivers, blocked, recruit = _drivers(case), _blocked(assumed), _recruit(case)
    on_time = None if request.deadline_weeks is None else float((weeks <= request.deadline_weeks).mean())
    return Plan(
        request.name, request.currency, digits, case.items, choose(request.needs), case.needed,
        case.money(_price(drawn, _layered, case.items)), case.band(weeks, "weeks"), bottleneck, on_time, _layers(case),
        case.band(expert / (crowd + expert), "share of hours"), tuple(_alternative(case, way) for way in WAYS), drivers,
        _saved(case), _direct(case),
        {layer: case.band(drawn[f"rate_{layer}"], f"{request.currency} an hour") for layer in ("crowd", "expert")},
        blocked, recruit, _advice(case, drivers, on_time, blocked, recruit),
        tuple({"name": a.name, **{at: a.at(at) for at in ("low", "likely", "high")}, "unit": a.unit, "basis": a.basis}
              for a in assumed.values()), request.seed,
    )  # fmt: skip


def _price(v: Values, hours: Callable[[Values, int], tuple[Number, Number]], items: int) -> Number:
    crowd, expert = hours(v, items)
    return (crowd * v["rate_crowd"] + expert * v["rate_expert"]) / (1 - v["take"])


def _needed(request: Request, likely: Mapping[str, float]) -> Needed:
    """What the target asks for, in items and judgments."""
    t, j = request.target, likely["judgments"]
    if t.accuracy is not None:
        return _for_accuracy(request, t.accuracy, likely)
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


def _for_accuracy(request: Request, accuracy: float, likely: Mapping[str, float]) -> Needed:
    """Sequential and fixed majorities beside one another."""
    p, question = needs.single_accuracy(likely["agreement"]), f"labels right on {accuracy:.0%} of items"
    fixed = needs.fixed_majority(p, accuracy)
    instead = f"a fixed {fixed} each would too" if fixed else "no fixed number would"
    try:
        way = needs.until_sure(p, accuracy)
    except BadInput:
        return Needed(question, request.items, likely["judgments"],
                      f"one person is right {p:.1%} of the time: "
                      f"out of reach of {needs.MOST_JUDGMENTS} judgments an item; {instead}",
                      reachable=False)  # fmt: skip
    reached = f"asking until one answer leads by {way.lead} is right on {way.accuracy:.1%}"
    return Needed(question, request.items, likely["judgments"],
                  f"one person is right {p:.1%} of the time, {reached}; {instead}",
                  reachable=way.accuracy >= accuracy)  # fmt: skip


def _layers(case: _Case) -> tuple[Layer, ...]:
    """Crowd (or domain), expert, adjudication: an expert's judgments beyond the first on a hard item."""
    request, v, items = case.request, case.likely, case.items
    crowd, expert = (float(x) for x in _layered(v, items))
    whole = items * (1 + v["gold"])
    easy, hard, more = whole * (1 - v["hard_share"]), whole * v["hard_share"], max(v["judgments"] - 1, 0.0)
    first = expert / v["judgments"] * min(v["judgments"], 1.0)
    crowd_price, expert_price = (v[f"rate_{layer}"] / (1 - v["take"]) for layer in ("crowd", "expert"))
    name = {0: "crowd", 1: "domain", 2: "domain"}[request.axes.rarity]
    rows = [
        Layer(name, round(easy * v["judgments"]), crowd, request.bench.crowd, case.units(crowd * crowd_price)),
        Layer("expert", round(hard), first, request.bench.expert, case.units(first * expert_price)),
        Layer("adjudication", round(hard * more), expert - first, None, case.units((expert - first) * expert_price)),
    ]
    if request.judge_correlation is not None:
        rows.insert(0, Layer("AI judge", items, 0.0, None, 0))
    return tuple(rows)


def _alternative(case: _Case, way: _Way) -> Alternative:
    crowd, expert = way.hours(case.drawn, case.items)
    cost = case.money(_price(case.drawn, way.hours, case.items))
    note = way.note(case.items, case.likely["hard_share"])
    return Alternative(way.name, cost, case.band(crowd + expert, "hours"), note)


def _drivers(case: _Case) -> tuple[Driver, ...]:
    """The tornado: largest swing first; what does not move the cost is left out."""
    out = []
    for name, a in case.assumed.items():
        if a.fixed:
            continue
        ends = [case.units(_price(case.likely | {name: a.at(end)}, _layered, case.items)) for end in ("low", "high")]
        if ends[0] != ends[1]:
            out.append(Driver(name, min(ends), max(ends), a.basis))
    return tuple(sorted(out, key=lambda d: d.low - d.high))


def _saved(case: _Case) -> dict[str, int]:
    """Never negative: a take that is lower already saves nothing."""
    now = _price(case.likely, _layered, case.items)
    return {f"{take:.2f}": max(0, case.units(now - _price(case.likely | {"take": take}, _layered, case.items)))
            for take in (0.15, 0.0)}  # fmt: skip


def _direct(case: _Case) -> int:
    """Going direct breaks even where recruiting costs take x expert spend."""
    v = case.likely
    _, expert = _layered(v, case.items)
    return case.units(v["take"] * expert * v["rate_expert"] / (1 - v["take"]))


def _calendar(case: _Case) -> tuple[npt.NDArray[np.float64], str]:
    """Weeks, draw by draw, and the layer that takes longest in most of them."""
    bench = {"crowd": case.request.bench.crowd, "expert": case.request.bench.expert}
    hours = dict(zip(bench, _layered(case.drawn, case.items), strict=True))
    spans = np.stack([np.asarray(hours[x] / (bench[x] * case.drawn["hours_a_week"])) for x in bench])
    slowest = "expert" if (spans[1] > spans[0]).mean() >= 0.5 else "crowd"
    who = {"crowd": f"the {bench['crowd']} in the crowd", "expert": f"the {bench['expert']} experts"}
    return case.drawn["lead_weeks"] + spans.max(axis=0), who[slowest]


def _blocked(assumed: Mapping[str, Assumption]) -> tuple[str, ...]:
    """Every required minute is paid, so the effective hourly pay is the rate; below the floor nothing is published."""
    floor = assumed["floor_hour"].at("likely")
    least = {layer: assumed[f"rate_{layer}"].at("low") for layer in ("crowd", "expert")}
    return tuple(
        f"{layer} pay of {pay:g} an hour is below the floor of {floor:g}" for layer, pay in least.items() if pay < floor
    )


def _recruit(case: _Case) -> tuple[Recruit, ...]:
    """Languages share the work, and the people there, equally."""
    request, drawn, languages = case.request, case.drawn, case.request.languages
    asked, out = _heads(case), []
    for layer, bench in {"crowd": request.bench.crowd, "expert": request.bench.expert}.items():
        for nth, language in enumerate(languages):
            there = bench // len(languages) + (nth < bench % len(languages))
            people = max(there, 1) if asked is None else asked[layer]
            found = people / (drawn["reply"] * drawn["pass"] * drawn["stay"])
            out.append(
                Recruit(layer, language, people, there, case.band(found, "people") if layer == "expert" else None)
            )
    return tuple(out)


def _heads(case: _Case) -> dict[str, int] | None:
    """People a language who together finish by the deadline nine times in ten; None where none is set, or where
    finding people alone takes longer."""
    if case.request.deadline_weeks is None:
        return None
    room = case.request.deadline_weeks - np.asarray(case.drawn["lead_weeks"])
    each = np.where(room > 0, np.asarray(case.drawn["hours_a_week"]) * room * len(case.request.languages), np.nan)
    asked = np.stack([np.nan_to_num(np.asarray(h) / each, nan=np.inf) for h in _layered(case.drawn, case.items)])
    for quantile in range(NINE_IN_TEN, 100):  # both layers must hold at once, so each a little more often
        enough = np.ceil(np.percentile(asked, quantile, axis=1, method="higher"))
        if np.isfinite(enough).all() and (asked <= enough[:, None]).all(axis=0).mean() >= NINE_IN_TEN / 100:
            return {"crowd": max(1, int(enough[0])), "expert": max(1, int(enough[1]))}
    return None


def _advice(
    case: _Case, drivers: tuple[Driver, ...], on_time: float | None, blocked: tuple[str, ...],
    recruit: tuple[Recruit, ...],
) -> tuple[str, ...]:  # fmt: skip
    """What to do next, the most urgent first."""
    request = case.request
    out = [f"Raise the pay: {line}. No project is published below its floor." for line in blocked]
    if not case.needed.reachable:
        out.append("These people cannot meet the target: clearer guidelines or more able people raise agreement "
                   f"(now {case.likely['agreement']:.0%}); or lower the target.")  # fmt: skip
    unknown = [d.name for d in drivers[:3] if d.name in PILOTED and not case.assumed[d.name].measured]
    if unknown:
        out.append(f"Run a paid pilot of {PILOT_ITEMS} items and put what it shows under [pilot]: "
                   f"{', '.join(unknown)} decide the cost more than any rate.")  # fmt: skip
    if on_time is not None and on_time < NINE_IN_TEN / 100:
        out.append(_deadline(case, on_time, recruit))
    if case.items < request.items:
        out.append(f"Judge {case.items:,} of {request.items:,} items, drawn at random: `tutelage slice draw`.")
    if case.needed.items > request.items:
        out.append(f"The target needs {case.needed.items:,} items; there are {request.items:,}: "
                   "find more, or ask for less.")  # fmt: skip
    if request.judge_correlation is not None:
        worth = needs.judge_worth(request.judge_correlation)
        then = ": no gain to speak of." if worth < 1.2 else "; certify it on your own items first."
        out.append(
            f"A judge at ρ = {request.judge_correlation:g} makes a human slice worth {worth:.2f} × its size{then}"
        )
    return tuple(out)


def _deadline(case: _Case, on_time: float, recruit: tuple[Recruit, ...]) -> str:
    held = f"{case.request.deadline_weeks:g} weeks hold with probability {on_time:.0%}"
    short = [
        f"{r.people} instead of {r.there} {r.layer} people for {r.language}" for r in recruit if r.people > r.there
    ]
    if not short:
        return f"{held}: finding people alone may take longer. Start earlier, or move the deadline."
    return f"{held}; nine in ten need {', '.join(short)}."
