"""Items, jobs and deliveries as those see them who run a project. Reads only; one door to each object."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import BooleanField, Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Collate
from django.http import Http404
from django.utils.text import Truncator

from tutelage import kinds, records
from tutelage.errors import TutelageError
from tutelage.records import Judge, Open, Person, Simulated, Verdict, decode
from tutelage.web.people.models import User
from tutelage.web.projects import queries as projects
from tutelage.web.projects.models import Project
from tutelage.web.runs import outside, rules
from tutelage.web.runs.models import Delivery, Disputed, Figures, Job, Outside, Webhook
from tutelage.web.shared.ids import Choice
from tutelage.web.work import queries as work
from tutelage.web.work.models import Item, ItemBody, Judgment

READ, MANAGE = projects.READ, projects.MANAGE
OVERSEE = (*MANAGE, "auditor")
STATES = ("open", "begun", "settled", "disputed", "gold")
FAR = "\U0010ffff"
LITERAL = {
    "open": "work_item.given = 0", "begun": "work_item.given > 0 AND work_item.given < work_item.needed",
    "settled": "work_item.given >= work_item.needed", "gold": "work_item.gold",
}  # fmt: skip


def project_for(user: Any, pk: Any, *roles: str) -> Project:
    """The one door to a project; see `projects.queries.project_for`."""
    return projects.project_for(user, pk, *roles)


def folder(job: Job) -> Path:
    """Where a job's file lies."""
    return Path(settings.HALL) / "jobs" / str(job.project_id) / str(job.pk)


def job_for(project: Project, number: int) -> Job:
    """A job of that project, or Http404."""
    found = Job.objects.filter(project=project, pk=number).first()
    if found is None:
        raise Http404
    return found


def jobs(project: Project, kind: Choice, most: int = 30) -> list[Job]:
    """Its imports or exports, newest first."""
    return list(Job.objects.filter(project=project, kind=kind).select_related("asked_by").order_by("-pk")[:most])


@dataclass(frozen=True, slots=True)
class Asked:
    """What an item list shows: a state, a domain, names that begin so; from a place in the list on."""

    state: str = ""
    domain: str = ""
    name: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some items, and where the next page begins ("" at the end)."""

    items: list[Item]
    after: str


def beginnings(items: list[Item]) -> dict[int, str]:
    """How each begins, by number: a name from a file may say nothing."""
    rows = ItemBody.objects.filter(item__in=[item.pk for item in items]).values_list("item", "record")
    return {pk: _beginning(record) for pk, record in rows}


def _beginning(record: str, most: int = 90) -> str:
    """The first words that an item asks, in a line; "" where it says that it may upset."""
    said = json.loads(record)
    if said.get("content_classes"):
        return ""
    text = next((m["text"] for m in said["messages"] if m["role"] == "user"), "")
    return Truncator(" ".join(text[: 4 * most].split())).chars(most)


def page(project: Project, asked: Asked, size: int = rules.PAGE) -> Page:
    """A page of items in the project's order (by name where names are searched): the keys of the last one lead on."""
    rows, order = _chosen(project, asked)
    found = list(_behind(rows, asked.after, order[0]).order_by(*order)[: size + 1])
    last = found[size - 1] if len(found) > size else None
    after = "" if last is None else last.name if asked.name else f"{last.rank}-{last.pk}"
    return Page(found[:size], after)


def _chosen(project: Project, asked: Asked) -> tuple[QuerySet[Item], tuple[str, ...]]:
    rows = Item.objects.filter(project=project)
    if asked.domain:
        rows = rows.filter(domain=asked.domain)
    if asked.state in LITERAL:  # a bound value would not match the index of a state
        rows = rows.filter(RawSQL(LITERAL[asked.state], (), BooleanField()))  # noqa: S611  our own words
    elif asked.state == "disputed":
        rows = rows.filter(disputed__isnull=False)
    if not asked.name:
        return rows, ("rank", "pk")
    spelt = "name"
    if connection.vendor == "postgresql":  # a language's order has no beginnings, and another index
        rows, spelt = rows.annotate(spelt=Collate("name", "C")), "spelt"
    return rows.filter(**{f"{spelt}__gte": asked.name, f"{spelt}__lt": asked.name + FAR}), (spelt,)


def _behind(rows: QuerySet[Item], after: str, order: str) -> QuerySet[Item]:
    if not after:
        return rows
    if order != "rank":
        return rows.filter(**{f"{order}__gt": after})
    rank, _, pk = after.rpartition("-")
    if not (rank.isdecimal() and pk.isdecimal() and len(after) < 40):
        raise Http404
    return rows.filter(Q(rank__gt=int(rank)) | Q(rank=int(rank), pk__gt=int(pk)), rank__gte=int(rank))


def domains(project: Project, most: int = 40) -> list[str]:
    """The domains that occur, each found by one step in the index of domains."""
    found: list[str] = []
    last = ""
    while len(found) < most:
        rows = Item.objects.filter(project=project, domain__gt=last).order_by("domain")
        name = rows.values_list("domain", flat=True).first()
        if name is None:
            break
        found.append(name)
        last = name
    return found


def item_for(project: Project, pk: int) -> Item:
    """An item of that project with its texts, or Http404."""
    found = Item.objects.select_related("body").filter(project=project, pk=pk).first()
    if found is None:
        raise Http404
    return found


def items_named(project: Project, names: list[str]) -> dict[str, Item]:
    """Items by their names, with their texts."""
    rows = Item.objects.select_related("body").filter(project=project, name__in=names)
    return {item.name: item for item in rows}


@dataclass(frozen=True, slots=True)
class Voice:
    """A judgment on an item's page: who gave it is a letter."""

    id: UUID
    who: str
    sort: str
    answer: str
    reason: str
    seconds: float | None
    pay: int | None
    at: Any
    receipt: str
    withdrawn: bool
    version: int


@dataclass(frozen=True, slots=True)
class Whole:
    """An item with all that was said of it."""

    item: Item
    messages: list[dict[str, str]]
    responses: list[dict[str, Any]]
    voices: list[Voice]
    verdict: str
    open_why: str


def whole(project: Project, item: Item) -> Whole:
    """An item with its judgments, names hidden, and what they amount to."""
    record: records.Item = decode(records.Item, json.loads(item.body.record))
    said: tuple[records.Response, ...] = decode(tuple[records.Response, ...], json.loads(item.body.responses))
    rows = list(Judgment.objects.filter(item=item).select_related("guideline", "user").order_by("pk"))
    others = list(Outside.objects.filter(item=item).select_related("guideline").order_by("pk"))
    gone = {r.supersedes_id for r in rows if r.supersedes_id}
    letters: dict[str, str] = {}
    voices = [_voice(r, letters, r.pk in gone) for r in rows] + [_other(o) for o in others]
    verdict, why = _verdict(record, item, rows, others)
    return Whole(
        item, [{"role": m.role, "text": m.text} for m in record.messages],
        [{"label": chr(65 + n), "text": "\n\n".join(m.text for m in r.messages), "author": r.author}
         for n, r in enumerate(said)], voices, verdict, why,
    )  # fmt: skip


def _voice(row: Judgment, letters: dict[str, str], gone: bool) -> Voice:
    who = letters.setdefault(str(row.user_id), f"{len(letters) + 1}")
    return Voice(row.pk, who, "person", rules.in_words(row.answer), row.reason, row.active_ms / 1000, row.pay_minor,
                 row.accepted_at, work.receipt_id(row) if row.receipt else "", gone or row.answer == records.WITHDRAWN,
                 row.guideline.version)  # fmt: skip


def _other(row: Outside) -> Voice:
    sort = str(row.judge.get("type", "ai"))
    return Voice(row.pk, row.name if sort == "ai" else "", sort, rules.in_words(row.answer), row.reason, None, None,
                 row.accepted_at, receipt_id(row), False, row.guideline.version)  # fmt: skip


def receipt_id(row: Outside) -> str:
    """The id in a judgment's receipt."""
    return str(json.loads(base64.b64decode(json.loads(row.receipt)["payload"]))["id"])


def _verdict(record: records.Item, item: Item, rows: list[Judgment], others: list[Outside]) -> tuple[str, str]:
    """(what the people's judgments amount to, why it is still open)."""
    judgments, judges = [], {}
    for row in rows:
        row.item = item
        judgments.append(work.record_of(row))
        judges[str(row.user_id)] = judge_of(row.user)
    for other in others:
        judge: Judge = decode(Judge, other.judge)
        if isinstance(judge, Person):
            other.item = item
            judgments.append(outside.record_of(other))
            judges[judge.id] = judge
    if not judgments:
        return "", ""
    try:
        found: Verdict = kinds.get(record.kind).fold(record, judgments, judges)
    except TutelageError as error:
        return "", str(error.seen)
    if isinstance(found, Open):
        return "", found.why
    return f"{found.value} · {found.confidence:.0%}", ""


def judge_of(user: User) -> Judge:
    """Who judged, as a record."""
    return Simulated(str(user.pk), "demo") if user.simulated else Person(str(user.pk), level="H1")


def figures(project: Project) -> Figures | None:
    """What the last pass of the worker found."""
    return Figures.objects.filter(project=project).first()


def to_measure(now: datetime) -> list[Project]:
    """Projects whose figures may have changed: open or paused ones, and drafts that have items."""
    quiet = now - timedelta(hours=1)
    live = Project.objects.exclude(state=Project.State.CLOSED).filter(
        Exists(Item.objects.filter(project=OuterRef("pk")))
    )
    busy = Q(figures=None) | Q(figures__at__lt=quiet) | Exists(
        Judgment.objects.filter(project=OuterRef("pk"), accepted_at__gt=OuterRef("figures__at"))
    ) | Exists(Job.objects.filter(project=OuterRef("pk"), moved_at__gt=OuterRef("figures__at")))  # fmt: skip
    return list(live.filter(busy))


def judgments(project: Project, after: UUID | None, size: int) -> Iterator[dict[str, Any]]:
    """People's and others' judgments merged in the order in which they came; people by their pseudonyms."""
    later: dict[str, Any] = {"pk__gt": after} if after else {}
    rows = Judgment.objects.filter(project=project, **later).select_related("item", "guideline").order_by("pk")[:size]
    others = Outside.objects.filter(project=project, **later).select_related("item", "guideline").order_by("pk")[:size]
    merged: list[Judgment | Outside] = sorted([*rows, *others], key=lambda r: r.pk)
    for row in merged[:size]:
        yield _as_value(project, row)


def _as_value(project: Project, row: Judgment | Outside) -> dict[str, Any]:
    mine = isinstance(row, Judgment)
    return {
        "id": row.pk, "item": row.item.name, "answer": row.answer, "reason": row.reason,
        "judge": {"type": "person", "id": outside.nym(project, str(row.user_id))} if mine else row.judge,
        "guideline": row.guideline.version, "supersedes": row.supersedes_id if mine else None,
        "active_s": row.active_ms / 1000 if mine else None, "at": row.accepted_at,
        "receipt": work.receipt_id(row) if mine and row.receipt else "" if mine else receipt_id(row),
    }  # fmt: skip


def disputed(project: Project) -> int:
    """How many items people gave different answers on."""
    return Disputed.objects.filter(project=project).count()


def webhooks(project: Project) -> list[Webhook]:
    """Where the project's events are sent."""
    return list(Webhook.objects.filter(project=project).order_by("pk"))


def webhook_for(project: Project, pk: Any) -> Webhook:
    """A webhook of that project, or Http404."""
    found = Webhook.objects.filter(project=project, pk=pk).first()
    if found is None:
        raise Http404
    return found


def deliveries(project: Project, most: int = 50) -> list[Delivery]:
    """What was sent or is to be, newest first."""
    rows = Delivery.objects.filter(webhook__project=project).select_related("webhook").order_by("-pk")
    return list(rows[:most])
