"""What the workbench shows. Reads only."""

from __future__ import annotations

import base64
import functools
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from pydantic import TypeAdapter

from tutelage import kinds, records
from tutelage.formats.corpus import Corpus
from tutelage.provenance.receipts import Terms
from tutelage.records import decode, encode
from tutelage.store import digest
from tutelage.web import installation
from tutelage.web.care import queries as care
from tutelage.web.care import rules as content
from tutelage.web.people.models import User
from tutelage.web.projects.models import Guideline, Project, Role
from tutelage.web.projects.rules import WARNINGS
from tutelage.web.shared.rendering import safe_html
from tutelage.web.work import claiming, problems, rightward, rules
from tutelage.web.work.models import Draft, ItemBody, Judgment, Keys, Seat, Slot

LABELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NOTHING = {"none": {"reason": _("Nothing is left for you here just now."), "when": None}}
FEW = 100  # how many are counted before "many" says enough
WORKING = (Role.Name.CONTRIBUTOR,)


def seat_for(user: User, project: Any) -> Seat:
    """The contributor's place in a project that is theirs to work in. Raises Http404."""
    working = {"project__roles__user": user, "project__roles__name__in": WORKING}
    found = next(iter(Seat.objects.select_related("project").filter(user=user, project=project, **working)[:1]), None)
    if found is None:
        raise Http404
    found.user = user
    return found


def keys(user: User) -> dict[str, Any] | None:
    """The keys that somebody works with; None where they never chose any."""
    return Keys.objects.filter(user=user).values("mapped", "off").first()


def held(seat: Seat) -> Slot | None:
    """The slot that somebody holds in a project, if any."""
    return Slot.objects.filter(project=seat.project_id, user=seat.user_id, state=Slot.LEASED).order_by("rank").first()


def slot_for(user: User, token: str) -> Slot:
    """The slot of a lease with its item. Raises Http404."""
    try:
        return Slot.objects.select_related("item__body", "about").get(token=token, user=user)
    except Slot.DoesNotExist:
        raise Http404 from None


def judgment_for(user: User, pk: Any) -> Judgment:
    """One of somebody's own judgments. Raises Http404."""
    found = Judgment.objects.select_related("project", "item", "item__body", "slot", "guideline").filter(
        pk=pk, user=user).first()  # fmt: skip
    if found is None:
        raise Http404
    return found


def task(seat: Seat, slot: Slot, token: str, expires_at: datetime, *, undo: Any = None) -> dict[str, Any]:
    """A leased task as the workbench shows it; see the contract in `docs/reference`."""
    body, project = ItemBody.objects.get(pk=slot.item_id), seat.project
    guideline = guideline_of(project.pk, slot.guideline_id)
    item, shown = _shown(body, slot), _responses(body, slot, str(seat.user_id))
    draft = Draft.objects.filter(slot=slot.pk, user=seat.user_id).first() if slot.epoch or not undo else None
    return {
        "lease": {"token": token, "expires_at": expires_at.isoformat()},
        "project": {"id": str(project.pk), "name": project.name, "kind": project.kind,
                    "guideline": {"version": guideline.version}, "rubric": guideline.rubric},
        "item": {"id": item["id"], "messages": _messages(item["messages"]), "payload": item.get("payload", {}),
                 "language": item.get("language"), "content_classes": item.get("content_classes", [])},
        "responses": shown,
        "draft": None if draft is None else {"answer": draft.answer, "reason": draft.reason, "version": draft.version},
        "progress": progress(seat),
        "care": _care(item, body, project),
        "undo": undo,
        "redo": _redo(slot, seat.user, shown) if slot.epoch else None,
    }  # fmt: skip


def _redo(slot: Slot, user: User, shown: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Why a reviewer asked for this again, where one did, and which response here has which of their letters."""
    last = before(slot, user)
    why = rightward.redo_of(last) if last else None
    if why is None:
        return None
    letters = sorted((LABELS[r["at"]], r["label"]) for r in shown)  # reviewers see the order of the record
    return {"why": why, "letters": [] if all(theirs == mine for theirs, mine in letters) else letters}


def _shown(body: ItemBody, slot: Slot) -> dict[str, Any]:
    """The item as this slot shows it: a problem instead of what commissioned it, where it is to be solved."""
    if slot.about_id is None:
        found: dict[str, Any] = json.loads(body.record)
        return found
    record: records.Item = decode(records.Item, json.loads(body.record))
    shown: dict[str, Any] = encode(problems.shown(record, slot))
    return shown


def _care(item: dict[str, Any], body: ItemBody, project: Project) -> dict[str, Any] | None:
    """What a task may contain, in words and by name; None where nothing. How long it may be looked at comes later."""
    if not item.get("content_classes") and not content.real(project.warnings):
        return None
    names = content.classes_of(classes_in(body), project.warnings)
    return {"classes": [str(WARNINGS.get(n, n)) for n in names], "names": names, "dose_left_s": 0} if names else None


def classes_in(body: ItemBody) -> list[str]:
    """What an item and its responses say that they may contain."""
    said = json.loads(body.record).get("content_classes") or []
    return [*said, *(c for r in json.loads(body.responses) for c in r.get("content_classes") or ())]


def last_benign(user: User, now: datetime) -> datetime | None:
    """When somebody last answered a task without upsetting content, within a day."""
    done = Judgment.objects.filter(user=user, accepted_at__gt=now - content.DAY)
    benign = done.exclude(slot__in=care.slots_seen(user, now)).order_by("-accepted_at")
    return next(iter(benign.values_list("accepted_at", flat=True)[:1]), None)


def progress(seat: Seat) -> dict[str, Any]:
    """How far somebody is: tasks, paid attention and money."""
    said = {"done": seat.done, "paid_s": seat.active_ms // 1000, "earned_minor": seat.earned_minor,
            "currency": seat.project.currency}  # fmt: skip
    left = claiming.left(seat.project_id, seat.user_id, FEW)
    return said if left is None else said | {"left": left + 1}


def _messages(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"role": m["role"], "text": m["text"], "html": safe_html(m["text"]), "tool_calls": m.get("tool_calls", [])}
            for m in messages]  # fmt: skip


def _responses(body: ItemBody, slot: Slot, user: str) -> list[dict[str, Any]]:
    """In the order shown to this person; `at` is the place in the item, and who wrote it stays hidden."""
    said = json.loads(body.responses)
    shown = []
    for label, at in zip(LABELS, rules.shown_order(len(said), slot.pk, slot.epoch, user), strict=False):
        messages = said[at]["messages"]
        text = "\n\n".join(m["text"] for m in messages)
        shown.append({"at": at, "label": label, "text": text, "html": safe_html(text), "words": len(text.split()),
                      "messages": _messages(messages) if len(messages) > 1 else []})  # fmt: skip
    return shown


@functools.lru_cache(maxsize=256)
def guideline_of(project: UUID, pk: int) -> Guideline:
    """A version of a project's guideline by its number as a row; it is never edited, so it is read once."""
    return Guideline.objects.get(project=project, pk=pk)


def latest_guideline(project: UUID) -> Guideline:
    """The version in force."""
    return Guideline.objects.filter(project=project).order_by("-version")[:1].get()


def before(slot: Slot, user: User) -> Judgment | None:
    """What somebody said in a slot before: a judgment that the next one replaces, or its withdrawal."""
    return Judgment.objects.filter(slot=slot, user=user).order_by("-epoch").first()


@functools.lru_cache(maxsize=64)
def terms(project: UUID, kind: str, guideline_digest: str) -> Terms:
    """What all receipts of a project under one guideline have in common."""
    return Terms(installation.origin(settings.HALL), str(project), guideline_digest, _schema_of(kind))


@functools.lru_cache
def _schema_of(kind: str) -> str:
    return "sha256:" + digest(TypeAdapter(kinds.get(kind).answers).json_schema()).removeprefix("sha256:")


def undo_until(judgment: Judgment) -> datetime:
    """Until when one key takes it back."""
    return judgment.accepted_at + timedelta(seconds=rules.UNDO_S)


def guideline_for(seat: Seat, version: int) -> Guideline:
    """A version of the guideline of one's project. Raises Http404."""
    found = Guideline.objects.filter(project=seat.project_id, version=version).first()
    if found is None:
        raise Http404
    return found


@dataclass(frozen=True, slots=True)
class Mine:
    """One of somebody's own judgments as they see it."""

    judgment: Judgment
    answer: str
    receipt: str
    withdrawn: bool

    @property
    def active_s(self) -> float:
        """Seconds of attention."""
        return self.judgment.active_ms / 1000


def mine(seat: Seat, before: str | None = None, size: int = 50) -> list[Mine]:
    """A person's judgments in a project, newest first, a page at a time; withdrawals are shown with what they undo."""
    rows = Judgment.objects.filter(user=seat.user_id, project=seat.project_id).select_related("item")
    page = list((rows.filter(pk__lt=_place(before)) if before else rows).order_by("-pk")[:size])
    gone = set(Judgment.objects.filter(supersedes__in=[j.pk for j in page]).values_list("supersedes", flat=True))
    return [Mine(j, said(j), receipt_id(j), j.pk in gone) for j in page]


def _place(text: str) -> UUID:
    """A place in a list as an address gives it. Raises Http404."""
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def receipt_id(judgment: Judgment) -> str:
    """The id in a judgment's receipt."""
    payload = json.loads(judgment.receipt)["payload"]
    return str(json.loads(base64.b64decode(payload))["id"])


def said(judgment: Judgment) -> str:
    """What somebody answered, in a line; of a comparison by the letters that they saw."""
    order = rules.shown_order(2, judgment.slot_id, judgment.epoch, str(judgment.user_id))
    sides = {name: rules.LETTERS[order.index(at)] for at, name in enumerate(rules.SIDES)}
    return rules.in_words(judgment.answer, sides)


def turned(judgment: Judgment) -> bool:
    """Whether somebody saw the two responses the other way round than the record has them."""
    order = rules.shown_order(2, judgment.slot_id, judgment.epoch, str(judgment.user_id))
    return order != sorted(order) and len(json.loads(judgment.item.body.responses)) == len(order)


def record_of(judgment: Judgment) -> records.Judgment:
    """The record behind a judgment's receipt, exactly as it was logged. Needs item, item body and guideline at hand."""
    item = json.loads(judgment.item.body.record)
    shown = rules.shown_order(len(item["responses"]), judgment.slot_id, judgment.epoch, str(judgment.user_id))
    return records.Judgment(
        id=str(judgment.pk), item_id=item["id"], judge_id=str(judgment.user_id), answer=judgment.answer,
        reason=judgment.reason or None, guideline_version=str(judgment.guideline.version),
        supersedes=str(judgment.supersedes_id) if judgment.supersedes_id else None,
        active_s=judgment.active_ms / 1000, wall_s=judgment.wall_ms / 1000, at=judgment.accepted_at,
        conditions={"order": shown, **judgment.conditions},
    )  # fmt: skip


def corpus_of(project: Project) -> Corpus:
    """Everything that people did in a project, as records: judged items, their responses, judgments, judges.

    Of people who were erased there is nothing any more.
    """
    rows = (
        Judgment.objects.filter(project=project, user__isnull=False)
        .select_related("item__body", "guideline", "user")
        .order_by("pk")
    )
    judgments: list[records.Judgment] = []
    items: dict[int, records.Item] = {}
    responses: dict[str, records.Response] = {}
    judges: dict[str, records.Judge] = {}
    for row in rows.iterator(1000):
        judgments.append(record_of(row))
        if row.item_id not in items:
            items[row.item_id] = decode(records.Item, json.loads(row.item.body.record))
            said: tuple[records.Response, ...] = decode(
                tuple[records.Response, ...], json.loads(row.item.body.responses)
            )
            responses |= {r.id: r for r in said}
        who = str(row.user_id)
        if who not in judges:
            judges[who] = records.Simulated(who, "demo") if row.user.simulated else records.Person(who, level="H1")
    return Corpus(tuple(items.values()), tuple(responses.values()), tuple(judgments), tuple(judges.values()))


def everything_of(project: Project) -> Corpus:
    """What people did, and beside it what came in from elsewhere: AI judges, pre-labels, files. Each says what it is.

    For what is handed on whole. Whoever counts people counts by the sort of judge, or asks `corpus_of`.
    """
    mine, others = corpus_of(project), list(rightward.outside(project))
    known = {item.id for item in mine.items}
    missing = {judgment.item_id for judgment, _judge in others} - known
    bodies = ItemBody.objects.filter(item__project=project, item__name__in=missing).order_by("pk")
    items, responses = list(mine.items), {r.id: r for r in mine.responses}
    for body in bodies:
        items.append(decode(records.Item, json.loads(body.record)))
        said: tuple[records.Response, ...] = decode(tuple[records.Response, ...], json.loads(body.responses))
        responses |= {r.id: r for r in said}
    judges = {j.id: j for j in mine.judges} | {judge.id: judge for _judgment, judge in others}
    judgments = (*mine.judgments, *(judgment for judgment, _judge in others))
    return Corpus(tuple(items), tuple(responses.values()), judgments, tuple(judges.values()))
