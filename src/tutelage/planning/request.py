"""What somebody wants judged: `plan.toml`, twelve questions, each with a default that is shown with its source."""

from __future__ import annotations

import math
import tomllib
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, model_validator

from tutelage.errors import BadInput, Where
from tutelage.formats.frames import read_frame
from tutelage.planning.assumed import SHARES, Assumption, defaults
from tutelage.planning.channel import Flag, Needs
from tutelage.planning.needs import MOST_JUDGMENTS, single_accuracy, until_sure

PILOTED = ("judgments", "minutes_crowd", "minutes_expert", *SHARES)  # what the items of a pilot show
BELOW_ONE = ("hard_share", "take")

EXAMPLE = """\
# Who should judge, how many, what it costs and how long it takes: tutelage plan plan.toml
# Everything may be left out; what is, is filled with a default that the plan names with its source.
name = "support-bot"
kind = "comparison"
items = 20000
hard_share = [0.04, 0.06, 0.08]      # least, likely, most; or one number; a pilot of 50 items tells
languages = ["en"]
deadline_weeks = 16
currency = "USD"
take = [0.30, 0.35, 0.40]            # what the channel keeps of your price

[target]                             # one of: accuracy, within, error_at_most, win_rate
accuracy = 0.96

[axes]                               # 0 low, 1, 2 high
rarity = 1                           # how rare are the credentials
sensitivity = 0                      # how bad would a leak be
control = 1                          # how much must you see who works and how

[pay]                                # an hour, to the person, in whole currency
crowd = [20, 25, 30]
expert = [100, 135, 170]

[minutes]                            # a judgment
crowd = [2.0, 2.5, 3.3]
expert = [5, 7, 10]

[bench]                              # people who really work, and their hours a week
crowd = 100
expert = 10
hours_a_week = [1.7, 2.7, 4.2]
"""


def _as_range(value: Any) -> Any:
    """A number is a range of no width; two numbers have their middle as the likely one."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return (value, value, value)
    if isinstance(value, (list, tuple)) and len(value) == 2:
        return (value[0], sum(value) / 2, value[1])
    return value


def _observations(value: Any, info: ValidationInfo) -> Any:
    """A table of lists, or the name of a file (beside the plan) with one column for each assumption."""
    if not isinstance(value, str):
        return value
    frame = read_frame((info.context or {}).get("beside", Path()) / value)
    columns = {name: frame.numbers(name) for name in frame.columns}
    return {name: tuple(seen[np.isfinite(seen)].tolist()) for name, seen in columns.items()}


Triple = tuple[float, float, float]
Range = Annotated[
    Triple, BeforeValidator(_as_range, json_schema_input_type=float | tuple[float, float] | tuple[float, float, float])
]
Seen = dict[str, tuple[float, ...]]
Observations = Annotated[
    Seen, BeforeValidator(_observations, json_schema_input_type=dict[str, tuple[float, ...]] | str)
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Target(_Strict):
    """What the judgments are for: exactly one of these."""

    accuracy: float | None = Field(None, gt=0.5, lt=1, description="share of items whose final label is right")
    within: float | None = Field(None, gt=0, lt=0.5, description="a share known to ± this, at 95 %")
    error_at_most: float | None = Field(None, gt=0, lt=1, description="show that the error is at most this, at 95 %")
    truth: float | None = Field(None, ge=0, lt=1, description="with error_at_most: the error you expect; default half")
    win_rate: float | None = Field(None, gt=0, lt=1, description="tell this win rate from one half")

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = [n for n in ("accuracy", "within", "error_at_most", "win_rate") if getattr(self, n) is not None]
        if len(given) != 1:
            raise ValueError(
                f"names {' and '.join(given) or 'nothing'}; name one of accuracy, within, error_at_most, win_rate"
            )
        if self.truth is not None and self.error_at_most is None:
            raise ValueError("truth goes with error_at_most")
        return self


class Axes(_Strict):
    """Where the work stands; see `channel`."""

    rarity: Literal[0, 1, 2] = 0
    sensitivity: Literal[0, 1, 2] = 0
    control: Literal[0, 1, 2] = 1


class Pair(_Strict):
    """A range for the crowd (or domain) layer and one for experts."""

    crowd: Range | None = None
    expert: Range | None = None


class Bench(_Strict):
    """Who is there."""

    crowd: int = Field(100, ge=1)
    expert: int = Field(10, ge=1)
    hours_a_week: Range | None = None


class Request(_Strict):
    """The whole of `plan.toml`."""

    name: str = "plan"
    kind: str = "comparison"
    items: int = Field(1000, ge=1)
    hard_share: Range | None = None
    judgments: Range | None = Field(None, description="an item; from target and agreement where absent")
    agreement: float | None = Field(None, gt=0.5, le=1, description="how often two people agree; from a pilot")
    target: Target = Target(accuracy=0.95)
    axes: Axes = Axes()
    recurring: bool = False
    flags: tuple[Flag, ...] = ()
    languages: tuple[str, ...] = Field(("en",), min_length=1)
    deadline_weeks: float | None = Field(None, gt=0)
    currency: str = Field("USD", pattern="^[A-Z]{3}$")
    take: Range | None = None
    pay: Pair = Pair()
    floor_hour: float | None = Field(
        None, ge=0, description="least effective pay an hour; a dated floor of the country"
    )
    minutes: Pair = Pair()
    bench: Bench = Bench()
    judge_correlation: float | None = Field(None, ge=0, lt=1, description="of an AI judge with people, if known")
    pilot: Observations = Field(default={}, description="by assumption, one value an item; or a file of columns")
    history: Observations = Field(default={}, description="one value a finished project; or a file of columns")
    seed: int = 0

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for name, (low, likely, high) in _given(self).items():
            if not 0 <= low <= likely <= high < math.inf:
                raise ValueError(f"{name}: a range is least, likely, most, none negative; saw {low}, {likely}, {high}")
            if name in BELOW_ONE and high >= 1:
                raise ValueError(f"{name}: a share below 1; saw {high:g}: write 6 % as 0.06")
        for table, seen in (("pilot", self.pilot), ("history", self.history)):
            _check_observations(table, seen)
        unpaid = self.pay.crowd is None or self.pay.expert is None or self.floor_hour is None
        if self.currency != "USD" and unpaid:
            raise ValueError(f"currency: the default pay is in USD; in {self.currency} give pay.crowd, pay.expert "
                             "and floor_hour")  # fmt: skip
        return self

    @property
    def needs(self) -> Needs:
        """What decides the channel."""
        return Needs(self.axes.rarity, self.axes.sensitivity, self.axes.control, self.recurring, self.flags)

    def assumptions(self) -> dict[str, Assumption]:
        """Every quantity of the plan: as given, as observed, or as the dated default."""
        out = dict(defaults())
        for name, (low, likely, high) in _given(self).items():
            out[name] = replace(out[name], low=low, likely=likely, high=high, source="the plan", date="as given")
        out = {
            name: replace(a, finished=self.history.get(name, ()), piloted=self.pilot.get(name, ()))
            for name, a in out.items()
        }
        if self.judgments is None and not out["judgments"].measured:
            out["judgments"] = self._judgments(out["judgments"], out["agreement"])
        return out

    def _judgments(self, assumed: Assumption, agreement: Assumption) -> Assumption:
        """Judgments an item, from the target and how often people agree."""
        if self.target.accuracy is not None:
            return _until_sure(assumed, agreement, self.target.accuracy)
        return replace(assumed, low=1.0, likely=1.0, high=1.0, date="by design",
                       source="a figure over items needs one judgment each")  # fmt: skip


def _check_observations(table: str, seen: Seen) -> None:
    """Raises ValueError where an observation cannot be one."""
    for name, values in seen.items():
        if name not in defaults():
            near = get_close_matches(name, defaults(), 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(defaults())}"
            raise ValueError(f"{table}: {name} is no assumption; {hint}")
        if table == "pilot" and name not in PILOTED:
            raise ValueError(
                f"{table}: items show {', '.join(PILOTED)}; {name} belongs in history, one value a project"
            )
        most = 1.0 if table == "pilot" and name in SHARES else math.inf
        wrong = [v for v in values if not 0 <= v <= most or (name in BELOW_ONE and table == "history" and v >= 1)]
        if wrong:
            raise ValueError(f"{table}: {name} cannot be {wrong[0]:g}")


def _given(request: Request) -> dict[str, tuple[float, float, float]]:
    """The ranges that the plan states, by assumption."""
    stated = {
        "hard_share": request.hard_share, "judgments": request.judgments, "take": request.take,
        "rate_crowd": request.pay.crowd, "rate_expert": request.pay.expert,
        "minutes_crowd": request.minutes.crowd, "minutes_expert": request.minutes.expert,
        "hours_a_week": request.bench.hours_a_week, "agreement": _certain(request.agreement),
        "floor_hour": _certain(request.floor_hour),
    }  # fmt: skip
    return {name: known for name, known in stated.items() if known is not None}


def _certain(value: float | None) -> tuple[float, float, float] | None:
    return None if value is None else (value, value, value)


def _until_sure(assumed: Assumption, agreement: Assumption, target: float) -> Assumption:
    """Judgments an item by asking until sure; the range is that of the agreement, at least 5 points to either side."""
    likely = agreement.at("likely")
    ends = [agreement.at("low"), likely, agreement.at("high")]
    if not agreement.measured:
        ends = [likely - 0.05, likely, likely + 0.05]
    low, middle, high = sorted(_asked(min(max(a, 0.501), 1.0), target) for a in ends)
    source = (
        f"asking until {target:.0%} sure, two people agreeing {ends[0]:.0%}, {likely:.0%} or {ends[2]:.0%} of the time"
    )
    return replace(assumed, low=low, likely=middle, high=high, source=source, date="computed")


def _asked(agreement: float, target: float) -> float:
    try:
        return until_sure(single_accuracy(agreement), target).judgments
    except BadInput:
        return float(MOST_JUDGMENTS)


def load(path: Path) -> Request:
    """Read a plan. Raises BadInput naming file and field."""
    try:
        return Request.model_validate(tomllib.loads(path.read_text(encoding="utf-8")), context={"beside": path.parent})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"The TOML cannot be read: {error}.", expected="valid TOML", remedy="Correct it.",
                       where=Where(str(path))) from None  # fmt: skip
    except ValidationError as error:
        raise _explained(error, path) from None


def _explained(error: ValidationError, path: Path) -> BadInput:
    first = error.errors()[0]
    *above, key = [str(part) for part in first["loc"] if not str(part).startswith("function")] or [""]
    where = Where(str(path), None, ".".join([*above, key]) or None)
    if first["type"] == "extra_forbidden":
        return BadInput("There is no such key.", expected="a key of the plan (`tutelage schema plan`)",
                        remedy=_meant(above, key), where=where)  # fmt: skip
    said = str(first["msg"]).removeprefix("Value error, ")
    if not key:  # a check over several fields names the one it is about first
        field, _, said = said.partition(": ")
        where = Where(str(path), None, field)
    return BadInput(f"{said}.", expected="a plan as `tutelage example plan` shows", remedy="Correct it.", where=where)


def _meant(above: list[str], key: str) -> str:
    """What an unknown key was meant to be: a key of another table, or the nearest of its own."""
    tables: dict[str, type[BaseModel]] = {
        "": Request,
        "target": Target,
        "axes": Axes,
        "pay": Pair,
        "minutes": Pair,
        "bench": Bench,
    }
    home = next((name for name, table in tables.items() if name and key in table.model_fields), None)
    if home:
        return f"It belongs in [{home}]."
    near = get_close_matches(key, tables[".".join(above)].model_fields, 1)
    return f"Did you mean `{near[0]}`?" if near else "Correct its name or take it out."
