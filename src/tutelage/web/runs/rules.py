"""Pure decisions of the owner's loop: what counts as the same answer, when it ends, what needs somebody."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _
from scipy import stats

from tutelage.records import Json

PROSE = {"why", "working", "reasoning", "quote", "text_sha256", "text"}
PAGE = 50
EVENTS = (
    "import.done", "import.failed", "export.done", "export.failed", "judgments.taken", "run.waiting", "run.done",
    "run.failed",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def value_of(answer: Json) -> str:
    """What an answer says, as one value: the same for two people who say the same in other words."""
    said = {k: v for k, v in answer.items() if k not in PROSE and k != "strength"}
    kind = said.pop("type", "")
    if not said:
        return str(kind)
    if len(said) == 1:
        only = next(iter(said.values()))
        return only if isinstance(only, str) else json.dumps(only, sort_keys=True, ensure_ascii=False)
    return json.dumps(said, sort_keys=True, ensure_ascii=False)


def in_words(answer: Json, most: int = 80) -> str:
    """An answer in a line, cut short."""
    said = value_of(answer)
    return said if len(said) <= most else said[: most - 1] + "…"


@dataclass(frozen=True, slots=True)
class Ending:
    """When the last judgment is expected, and the interval of that at 95 %."""

    at: datetime
    earliest: datetime
    latest: datetime | None


def ending(left: int, given: int, hours: float, now: datetime) -> Ending | None:
    """From `given` judgments in the last `hours`, taken as a Poisson count; None where nothing tells.

    The interval is that of the pace (exact, by Garwood 1936) and not of who may come or go.
    """
    if not left or not given or hours <= 0:
        return None
    slow = float(stats.chi2.ppf(0.025, 2 * given)) / 2 / hours
    fast = float(stats.chi2.ppf(0.975, 2 * given + 2)) / 2 / hours

    def after(pace: float) -> datetime | None:
        need = left / pace if pace else float("inf")
        return now + timedelta(hours=need) if need < 24 * 3650 else None

    at = after(given / hours)
    return Ending(at, after(fast) or at, after(slow)) if at else None


@dataclass(frozen=True, slots=True)
class Alert:
    """What needs somebody: how much it matters (larger: more), what was seen, what to do, and where."""

    weight: int
    name: str
    seen: Any
    remedy: Any
    to: str
    href: str = ""


def alerts(found: dict[str, Any]) -> list[Alert]:
    """What a project's figures ask for, the most pressing first."""
    made = [alert for holds, alert in _CHECKS if holds(found)]
    return sorted(made, key=lambda a: -a.weight)


def _slow(found: dict[str, Any]) -> bool:
    return bool(found["left"]) and found["state"] == "open" and not found["day"]


def _underpaid(found: dict[str, Any]) -> bool:
    pay = found["pay"]
    return pay["median"] is not None and pay["floor"] is not None and pay["median"] < pay["floor"]


_CHECKS = (
    (lambda f: f["items"] == 0,
     Alert(90, "empty", _("There are no items yet."), _("Import some: people find an empty queue."), "imports")),
    (lambda f: f["items"] and f["people"] == 0,
     Alert(80, "nobody", _("Nobody is here to judge."), _("Invite people, or make it an open call."),
           "project_people")),
    (lambda f: f["left"] > f["held"] and f["state"] == "open" and f["escrow"] < f["price"] * (f["held"] + 1),
     Alert(95, "escrow", _("The purse is empty: nobody is handed a task."), _("Set money aside."), "project",
           "#escrow")),
    (_underpaid,
     Alert(75, "floor", _("Half of the people earn less an hour than the floor."),
           _("Raise the pay, or correct the minutes."), "project_settings")),
    (lambda f: f["gold"]["hi"] is not None and f["gold"]["hi"] < 0.6,
     Alert(60, "gold", _("Known answers are missed often."), _("Look at them, and at the guideline."), "items")),
    (lambda f: f["agreement"]["hi"] is not None and f["agreement"]["hi"] < 0.2,
     Alert(55, "agreement", _("People hardly agree."), _("Read what they differ on before you go on."), "items")),
    (_slow,
     Alert(50, "slow", _("Nobody judged anything in the last day."), _("Write to those who take part, or invite more."),
           "project_people")),
    (lambda f: f["left"] and f["state"] == "paused",
     Alert(30, "paused", _("The project is paused."), _("Go on when you are ready."), "project")),
)  # fmt: skip


def safe_cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA) else value


RETRY_S = (10, 60, 300, 1800, 7200, 21_600, 43_200)


def retry_after(attempts: int) -> timedelta | None:
    """How long until a delivery is tried again; None: it is given up."""
    return timedelta(seconds=RETRY_S[attempts - 1]) if 0 < attempts <= len(RETRY_S) else None
