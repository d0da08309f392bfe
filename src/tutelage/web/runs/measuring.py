"""A project's figures from its rows: each with its interval, or with why there is none. Reads only."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import Count, F, Max, Min, Q, Sum

from tutelage import records
from tutelage.measure import agreement, intervals
from tutelage.records import Json, Undefined
from tutelage.web.care.models import Exposure
from tutelage.web.pay import queries as money
from tutelage.web.pay import rules as pay_rules
from tutelage.web.pay.models import Account, Entry
from tutelage.web.projects import floors
from tutelage.web.projects.models import Project, Role
from tutelage.web.proof import queries as proof
from tutelage.web.runs import rules
from tutelage.web.work.models import Item, Judgment, Seat, Slot

MOST = 20_000  # of the newest judgments, for agreement: its interval is narrow long before
FEWEST_S = 60  # attention of somebody before their hour counts
NOTHING: Json = {"value": None, "lo": None, "hi": None, "n": 0, "why": ""}


def measure(project: Project, now: datetime) -> dict[str, Any]:
    """All figures of the run page, as plain values."""
    items = Item.objects.filter(project=project).aggregate(
        items=Count("id"), wanted=Sum("needed"), done=Sum("given"), open=Count("id", filter=Q(given=0)),
        settled=Count("id", filter=Q(given__gte=F("needed"))), known=Count("id", filter=Q(gold=True)),
    )  # fmt: skip
    begun = items["items"] - items["open"] - items["settled"]
    slots = dict(Slot.objects.filter(project=project).values_list("state").annotate(Count("id")))
    left = slots.get(Slot.FREE, 0) + slots.get(Slot.LEASED, 0)
    values = answers(project)
    found = {
        "items": items["items"], "settled": items["settled"], "wanted": items["wanted"] or 0,
        "given": items["done"] or 0, "left": left, "held": slots.get(Slot.LEASED, 0), "state": project.state,
        "people": Role.objects.filter(project=project, name=Role.Name.CONTRIBUTOR).count(),
        "agreement": _agreement(values), "gold": _gold(project), "pay": _pay(project, now),
        "exposure": _exposure(project, now), "claims": _claims(project), **_spent(project, left),
        **_pace(project, left, now),
    }  # fmt: skip
    found["counts"] = {"open": items["open"], "begun": begun, "settled": items["settled"], "gold": items["known"]}
    return found


def answers(project: Project) -> list[tuple[int, str]]:
    """(item, what was answered) of the newest judgments that stand."""
    rows = Judgment.objects.filter(project=project, superseded_by=None).exclude(answer=records.WITHDRAWN)
    found = rows.order_by("-pk").values_list("item_id", "answer")[:MOST]
    return [(item, rules.value_of(answer)) for item, answer in found]


def differing(values: list[tuple[int, str]]) -> dict[int, int]:
    """Items on which people gave more than one answer, and how many."""
    by_item: dict[int, set[str]] = {}
    for item, value in values:
        by_item.setdefault(item, set()).add(value)
    return {item: len(said) for item, said in by_item.items() if len(said) > 1}


def _agreement(values: list[tuple[int, str]]) -> Json:
    if not values:
        return {**NOTHING, "why": "nobody has judged anything"}
    found = agreement.alpha([item for item, _ in values], [value for _, value in values])
    if isinstance(found, Undefined):
        return {**NOTHING, "why": found.why}
    each = Counter(item for item, _ in values)
    people = sum(each.values()) / len(each)
    return {"value": found.value, "lo": found.lo, "hi": found.hi, "n": found.n, "why": "", "people": people}


def _gold(project: Project) -> Json:
    rows = Judgment.objects.filter(project=project, item__gold=True, superseded_by=None).exclude(
        answer=records.WITHDRAWN).values_list("answer", "item__body__gold_answer")[:MOST]  # fmt: skip
    right = [rules.value_of(said) == rules.value_of(known) for said, known in rows if known]
    if not right:
        return {**NOTHING, "why": "no known answer was asked for yet"}
    lo, hi = intervals.clopper_pearson(sum(right), len(right))
    return {"value": sum(right) / len(right), "lo": lo, "hi": hi, "n": len(right), "why": ""}


def _pay(project: Project, now: datetime) -> Json:
    """An hour's effective pay by person: pay over attention, both by the server's clock."""
    rows = Seat.objects.filter(project=project, active_ms__gte=FEWEST_S * 1000).values_list("earned_minor", "active_ms")
    hours = np.array([3_600_000 * earned / ms for earned, ms in rows])
    floor = floors.floor_for(project.currency, today=now.date())
    return {
        "people": len(hours), "floor": floor.hourly_minor if floor else None,
        "median": float(np.median(hours)) if len(hours) else None,
        "p10": float(np.quantile(hours, 0.1)) if len(hours) else None,
    }  # fmt: skip


def _exposure(project: Project, now: datetime) -> Json:
    """The longest that anybody met difficult content in the last day, everywhere: a dose belongs to a person."""
    people = Seat.objects.filter(project=project).values("user")
    rows = Exposure.objects.filter(user__in=people, seen_at__gte=now - timedelta(days=1))
    each = rows.values("user").annotate(ms=Sum("ms"))
    found = each.aggregate(most=Max("ms"), people=Count("user"))
    return {"most_s": (found["most"] or 0) / 1000, "people": found["people"]}


def _claims(project: Project) -> Json | None:
    """The latest certificate that has an answer."""
    found = next((c for c in proof.certificates(project) if c.found), None)
    if found is None:
        return None
    return {"number": found.number, "judge": found.judge, "target": found.target, "found": found.found}


def _spent(project: Project, left: int) -> Json:
    """What was spent, and the band that the plan allows: all tasks at their price, up to what must be set aside."""
    sums = dict(
        Entry.objects.filter(transfer__project=project).values_list("account__kind").annotate(minor=Sum("minor"))
        .values_list("account__kind", "minor")
    )  # fmt: skip
    price = pay_rules.cost(project.piece_minor, project.fee_bp)
    total = left + Slot.objects.filter(project=project, state=Slot.DONE).count()
    people, fees = sums.get(Account.Kind.PAYABLE, 0), sums.get(Account.Kind.FEES, 0)
    return {"spent": people + fees, "to_people": people, "plan_low": price * total, "price": price,
            "plan_high": money.escrow_needed(project, total), "escrow": money.escrow_balance(project)}  # fmt: skip


def _pace(project: Project, left: int, now: datetime) -> Json:
    rows = Judgment.objects.filter(project=project, supersedes=None)
    day = rows.filter(accepted_at__gte=now - timedelta(days=1))
    found = day.aggregate(n=Count("id"), first=Min("accepted_at"))
    first = rows.aggregate(first=Min("accepted_at"))["first"]
    hours = min(24.0, (now - first).total_seconds() / 3600) if first else 0.0
    ending = rules.ending(left, found["n"], max(hours, 0.25), now) if found["n"] else None
    return {
        "day": found["n"],
        "ending": {k: v.isoformat() if v else None for k, v in asdict(ending).items()} if ending else None,
    }
