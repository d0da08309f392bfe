"""Content choices by machine: one's own only."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema

from tutelage.web.care import actions, clock, queries, rules
from tutelage.web.people.queries import signed_in

router = Router()


class Choice(Schema):
    """The classes that one is ready to meet, all of them."""

    classes: list[str]


class Dose(Schema):
    """Attention to content of a severity and above in the last 24 hours."""

    severity: int
    spent_s: int
    allowed_s: int


class Care(Schema):
    """One's choices among the classes there are, and the doses."""

    chosen: list[str]
    classes: dict[str, int]
    doses: list[Dose]


@router.get("care", response=Care)
def read(request: HttpRequest) -> Any:
    """What you are ready to meet, and how much of it there was."""
    user = signed_in(request)
    doses = [
        {"severity": s, "spent_s": a, "allowed_s": b} for s, a, b in queries.today(user, clock.steady(timezone.now()))
    ]
    return {"chosen": sorted(queries.chosen(user)), "classes": rules.CLASSES, "doses": doses}


@router.put("care", response=Choice)
def choose(request: HttpRequest, body: Choice) -> Any:
    """Be ready to meet just these classes from now on."""
    return {"classes": sorted(actions.choose(signed_in(request), body.classes, timezone.now()))}
