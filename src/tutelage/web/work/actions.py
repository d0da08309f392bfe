"""What changes the queue. Judgment, receipt, pay line, audit entry and next lease are one transaction."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from tutelage import kinds, records
from tutelage.errors import BadInput
from tutelage.provenance.commitments import Salt
from tutelage.provenance.receipts import Pay, issue
from tutelage.records import Json, decode
from tutelage.store import canonical
from tutelage.web.pay import actions as money
from tutelage.web.pay import rules as pay_rules
from tutelage.web.pay.models import Transfer
from tutelage.web.people.models import User
from tutelage.web.projects.actions import pay_instructions
from tutelage.web.projects.models import Project
from tutelage.web.proof import actions as proof
from tutelage.web.shared.ids import new_id
from tutelage.web.shared.refusals import Refused, Unprocessable
from tutelage.web.work import caring, claiming, problems, purse, queries, rules
from tutelage.web.work.models import Draft, Item, Judgment, Keys, Seat, Skip, Slot

SAFE = "Your work and pay are safe: what was accepted before stays accepted and paid."


class Done(NamedTuple):
    """What a submission gave. `again`: it had been stored before, and this is the same answer."""

    judgment: Judgment
    receipt: Json
    next: dict[str, Any] | None
    again: bool = False


@transaction.atomic
def take(seat: Seat, now: datetime) -> dict[str, Any] | None:
    """The task that somebody holds, or the next one; None where nothing is left for them."""
    slot = queries.held(seat)
    if slot is not None:
        expires = now + timedelta(seconds=seat.project.lease_s)
        Slot.objects.filter(pk=slot.pk).update(expires_at=expires)
        return caring.again(seat, slot, queries.task(seat, slot, slot.token, expires), now)
    return _next(seat, now)


@transaction.atomic
def submit(user: User, token: str, key: str, answer: Json, reason: str, telemetry: Json, now: datetime) -> Done:
    """Store an answer once. The same key with the same body gives the same judgment; another body is refused."""
    said = hashlib.sha256(canonical({"token": token, "answer": answer, "reason": reason})).hexdigest()
    slot = queries.slot_for(user, token)
    if slot.state != Slot.LEASED:
        return _again(user, key, said, slot, now)
    seat = _seated(slot, user)
    _answerable(slot)
    item = problems.shown(decode(records.Item, json.loads(slot.item.body.record)), slot)
    _parse(item, answer)
    if answer.get("type") != "cannot_rate" and caring.unseen(slot, queries.classes_in(slot.item.body)):
        raise Unprocessable("This task was not looked at yet.", expected="an answer to what was shown",
                            remedy="Show it, or skip it: your time is paid.", safe="Your draft is kept.")  # fmt: skip
    found = problems.conditions(slot, user, item, answer)
    if not seat.done:  # who came by an open call is paid for reading with the first answer
        pay_instructions(slot.project, user)
        seat.refresh_from_db(fields=["earned_minor"])
    judgment = _store(seat, slot, item, answer, reason, telemetry, key, said, now, found)
    Item.objects.filter(pk=slot.item_id).update(given=F("given") + 1)
    _by_need(slot.project, slot.item_id, item)
    receipt = json.loads(judgment.receipt)
    return Done(judgment, receipt, _next(seat, now, undo=judgment))


@transaction.atomic
def reveal(user: User, token: str, now: datetime, *, shown: bool = True) -> dict[str, Any]:
    """What a held task holds, which until then stays here; its dose runs from this transaction on. `shown` off ends it.

    Raises TooMuch where it may not be looked at now.
    """
    slot = queries.slot_for(user, token)
    if slot.state != Slot.LEASED:
        raise Refused("This task is no longer open for you.", expected="a task that you hold", remedy="Reload.",
                      safe=SAFE)  # fmt: skip
    seat = _seated(slot, user)
    if not shown:
        caring.looked(slot, now, over=True)
    task = queries.task(seat, slot, token, slot.expires_at or now)
    return caring.reveal(seat, slot, task, now) if shown else {"care": caring.again(seat, slot, task, now)["care"]}


def try_out(user: User, token: str, answer: Json, now: datetime) -> problems.Tried:
    """What the grader says of an author's own answer, and the current model's tries. Stores only that it was tried.

    Not one transaction: a model takes seconds, and nobody else may wait for them.
    """
    slot = queries.slot_for(user, token)
    if slot.state != Slot.LEASED or slot.about_id is not None or problems.staged(slot.project.kind) is None:
        raise Refused("There is no problem to try here.", expected="a task in which you write a problem",
                      remedy="Reload.", safe=SAFE)  # fmt: skip
    made = problems.drafted(answer)
    with transaction.atomic():
        problems.count_trial(slot, user, now)
    found = problems.tried(slot.project, made)
    with transaction.atomic():
        problems.keep(slot, user, made, found, now)
    return found


@transaction.atomic
def skip(user: User, token: str, key: str, why: str, note: str, now: datetime) -> tuple[int, dict[str, Any] | None]:
    """Give a task back, paid for the time it took. Gives the pay and the next task."""
    before = Skip.objects.filter(user=user, key=key).first()
    if before is not None:
        seat = queries.seat_for(user, before.item.project_id)
        return before.pay_minor, take(seat, now)
    slot = queries.slot_for(user, token)
    if slot.state != Slot.LEASED:
        raise Refused("This task was answered already.", expected="a task that you hold", remedy="Reload.", safe=SAFE)
    seat, project = _seated(slot, user), slot.project
    spent = _attention(slot, user, now)
    paid = slot.epoch and _taken_back(queries.before(slot, user))
    due = 0 if paid else pay_rules.for_time(project.piece_minor, project.minutes, spent)
    Skip.objects.create(item=slot.item, user=user, why=why, note=note, key=key, pay_minor=due, at=now)
    if due:
        money.pay(Transfer.Kind.SKIP, f"skip:{user.pk}:{key}", project, user, due, seconds=spent // 1000, at=now)
    claiming.release([slot.pk])
    proof.audit(user, "skipped", "item", slot.item_id, at=now, project=project, why=why)
    _advance(seat, spent, due, None, slot.rank, now, done=0)
    caring.looked(slot, now, over=True)
    return due, caring.LEFT if why == caring.LEAVING else _next(seat, now)


@transaction.atomic
def undo(user: User, judgment_id: UUID, key: str, now: datetime) -> dict[str, Any]:
    """Take an answer back within ten seconds: a withdrawal with its own receipt; the task is open again, pay stays."""
    judgment = queries.judgment_for(user, judgment_id)
    if Judgment.objects.filter(supersedes=judgment).exists():
        seat = queries.seat_for(user, judgment.project_id)
        return take(seat, now) or {}
    if now > queries.undo_until(judgment) + timedelta(seconds=5):  # the way back from the browser is not theirs to lose
        raise Refused("The ten seconds for taking it back are over.", expected="a judgment of just now",
                      remedy="Tell a reviewer what you would change.", safe=SAFE)  # fmt: skip
    seat, slot = queries.seat_for(user, judgment.project_id), judgment.slot
    _put_back(queries.held(seat), seat, now)
    item: records.Item = decode(records.Item, json.loads(judgment.item.body.record))
    slot.epoch += 1
    withdrawal = _record(seat, slot, item, dict(records.WITHDRAWN), "", {}, key, key, now, supersedes=judgment, pay=0)
    problems.withdrawn(judgment)
    expires = now + timedelta(seconds=seat.project.lease_s)
    token = hashlib.sha256(f"undo:{withdrawal.pk}".encode()).hexdigest()[:32]
    Slot.objects.filter(pk=slot.pk).update(state=Slot.LEASED, epoch=slot.epoch + 1, token=token, leased_at=now,
                                           expires_at=expires)  # fmt: skip
    Draft.objects.update_or_create(slot=slot, user=user, defaults={
        "answer": judgment.answer, "reason": judgment.reason, "version": 1, "saved_at": now})  # fmt: skip
    Item.objects.filter(pk=slot.item_id).update(given=F("given") - 1)
    _by_need(seat.project, slot.item_id, item)
    Seat.objects.filter(pk=seat.pk).update(done=F("done") - 1, receipt=seat.receipt, cursor=slot.rank)
    slot.epoch, slot.token = slot.epoch + 1, token
    return caring.again(seat, slot, queries.task(seat, slot, token, expires), now)


@transaction.atomic
def reopen(user: User, judgment: Judgment, token: str, now: datetime) -> dict[str, Any]:
    """Give a judgment's task back to its maker, who was asked for it again: its next answer replaces it, and is paid.

    Another task that they hold goes back to the queue; what was drafted there stays.
    """
    seat = queries.seat_for(user, judgment.project_id)
    slot = Slot.objects.select_for_update().get(pk=judgment.slot_id)
    slot.project = seat.project
    _answerable(slot)
    if slot.state == Slot.LEASED and slot.user_id == user.pk:
        return take(seat, now) or {}
    if slot.state != Slot.FREE and (slot.state != Slot.DONE or slot.user_id != user.pk):
        raise Refused("Somebody else is at this task now.", expected="a task that nobody else has taken",
                      remedy="Take another.", safe=SAFE)  # fmt: skip
    _put_back(queries.held(seat), seat, now)
    purse.check(seat)
    expires, was = now + timedelta(seconds=seat.project.lease_s), slot.state
    slot.epoch, slot.token = slot.epoch + 1, token
    guideline = queries.latest_guideline(seat.project_id)
    slot.guideline_id = guideline.pk
    Slot.objects.filter(pk=slot.pk).update(state=Slot.LEASED, user=user, epoch=slot.epoch, token=token, leased_at=now,
                                           expires_at=expires, guideline=guideline)  # fmt: skip
    Draft.objects.update_or_create(slot=slot, user=user, defaults={
        "answer": judgment.answer, "reason": judgment.reason, "version": 1, "saved_at": now})  # fmt: skip
    if was == Slot.DONE:
        Item.objects.filter(pk=slot.item_id).update(given=F("given") - 1)
    return caring.again(seat, slot, queries.task(seat, slot, token, expires), now)


def _by_need(project: Project, item_id: int, record: records.Item) -> None:
    """Where the strategy is the least certain first, move an item's free places to where its answers put it."""
    if project.strategy != Project.Strategy.UNCERTAINTY or project.overlap < 2:
        return
    rows = Judgment.objects.filter(item=item_id, superseded_by=None).exclude(answer__type="withdrawn")
    values = [rules.value_of(record, answer) for answer in rows.values_list("answer", flat=True)]
    place = Item.objects.values_list("rank", flat=True).get(pk=item_id)
    Slot.objects.filter(item=item_id, state=Slot.FREE).update(rank=rules.uncertain_rank(place, values))


def _put_back(other: Slot | None, seat: Seat, now: datetime) -> None:
    """Give a held task back to the queue."""
    if other is not None:
        other.project = seat.project
        caring.looked(other, now, over=True)
        claiming.release([other.pk])


@transaction.atomic
def save_draft(
    user: User, token: str, version: int, answer: Json | None, reason: str, now: datetime
) -> tuple[int, datetime]:  # fmt: skip
    """Keep what was typed so far, and the task for longer; gives the new version and until when.

    An older version than the stored one is refused.
    """
    slot = queries.slot_for(user, token)
    if slot.state != Slot.LEASED:
        raise Refused("This task is no longer open for you.", expected="a task that you hold", remedy="Reload.",
                      safe=SAFE)  # fmt: skip
    draft, made = Draft.objects.get_or_create(slot=slot, user=user, defaults={
        "answer": answer, "reason": reason, "version": 1, "saved_at": now,
        "active_ms": rules.attention(0, slot.leased_at, now)})  # fmt: skip
    expires = now + timedelta(seconds=slot.project.lease_s)
    Slot.objects.filter(pk=slot.pk).update(expires_at=expires)
    caring.looked(slot, now)
    if made:
        return 1, expires
    if version < draft.version:
        raise Refused(f"Another tab has saved version {draft.version} since.", expected=f"version {draft.version}",
                      remedy="Reload to see it.", safe=SAFE)  # fmt: skip
    draft.active_ms = rules.attention(draft.active_ms, draft.saved_at, now)
    draft.answer, draft.reason, draft.version, draft.saved_at = answer, reason, draft.version + 1, now
    draft.save()
    return draft.version, expires


@transaction.atomic
def keep_keys(user: User, mapped: dict[str, str], off: bool, now: datetime) -> None:
    """The keys that somebody works with, wherever they sign in."""
    Keys.objects.update_or_create(user=user, defaults={"mapped": mapped, "off": off})
    proof.audit(user, "kept", "keys", user.pk, at=now)


def _store(
    seat: Seat, slot: Slot, item: records.Item, answer: Json, reason: str, telemetry: Json, key: str, said: str,
    now: datetime, found: Json,
) -> Judgment:  # fmt: skip
    """Judgment, leaf, pay line, audit entry, slot and seat."""
    project, user = slot.project, seat.user
    spent = _attention(slot, user, now)
    before = queries.before(slot, user) if slot.epoch else None
    taken_back = _taken_back(before)
    due = 0 if taken_back else project.piece_minor  # what was taken back has been paid already; rework is paid again
    replaced = None if taken_back else before
    judgment = _record(seat, slot, item, answer, reason, telemetry, key, said, now, pay=due, spent=spent,
                       supersedes=replaced, found=found)  # fmt: skip
    if due:
        why = Transfer.Kind.REWORK if replaced else Transfer.Kind.TASK
        money.pay(why, f"task:{judgment.pk}", project, user, due, seconds=spent // 1000, at=now,
                  contribution=judgment.pk)  # fmt: skip
    Slot.objects.filter(pk=slot.pk).update(state=Slot.DONE)
    judgment.slot = slot
    problems.stored(project, judgment, answer, replaced)
    caring.looked(slot, now, over=True)
    _advance(seat, spent, due, judgment, slot.rank, now, done=1)
    return judgment


def _record(
    seat: Seat, slot: Slot, item: records.Item, answer: Json, reason: str, telemetry: Json, key: str, said: str,
    now: datetime, *, pay: int, spent: int = 0, supersedes: Judgment | None = None,
    found: Json | None = None,
) -> Judgment:  # fmt: skip
    """The row of a judgment with its leaf in the log and its audit entry."""
    project, user, guideline = seat.project, seat.user, queries.guideline_of(seat.project_id, slot.guideline_id)
    wall = max(0, int((now - slot.leased_at).total_seconds() * 1000)) if slot.leased_at else 0
    made = records.Judgment(
        id=str(new_id()), item_id=item.id, judge_id=str(user.pk), answer=answer, reason=reason or None,
        guideline_version=str(guideline.version), supersedes=str(supersedes.pk) if supersedes else None,
        active_s=spent / 1000, wall_s=wall / 1000, at=now,
        conditions={"order": rules.shown_order(len(item.responses), slot.pk, slot.epoch, str(user.pk)),
                    **(found or {})},
    )  # fmt: skip
    given = issue(
        made, queries.terms(project.pk, project.kind, guideline.digest), receipt_id=str(new_id()), nym=seat.nym,
        pay=Pay(pay, project.currency, f"piece-{project.piece_minor}"), level="H0" if user.simulated else "H1",
        now=now, item=(slot.item.body.record.encode(), Salt.parse(bytes(slot.item.body.salt).hex())),
        previous=seat.receipt,
    )  # fmt: skip
    receipt = proof.log_contribution(user, made.id, given)
    row = Judgment.objects.create(
        id=UUID(made.id), project=project, item_id=slot.item_id, slot=slot, epoch=slot.epoch, user=user,
        guideline=guideline, answer=answer, reason=reason, supersedes=supersedes, active_ms=spent, wall_ms=wall,
        telemetry=telemetry, conditions=found or {}, key=key, body_digest=said, pay_minor=pay,
        receipt=json.dumps(receipt), accepted_at=now,
    )  # fmt: skip
    seat.receipt = given.receipt.id
    verb = "withdrew" if answer == records.WITHDRAWN else "judged"
    proof.audit(user, verb, "judgment", made.id, at=now, project=project, receipt=given.receipt.id)
    return row


def _advance(
    seat: Seat, spent: int, due: int, judgment: Judgment | None, rank: int, now: datetime, *, done: int
) -> None:  # fmt: skip
    """Move the seat on, within the day's quota."""
    today = now.date()
    if seat.day != today:
        seat.day, seat.done_today = today, 0
    seat.done, seat.done_today = seat.done + done, seat.done_today + done
    seat.active_ms, seat.earned_minor, seat.cursor = seat.active_ms + spent, seat.earned_minor + due, rank
    seat.save(update_fields=["day", "done", "done_today", "active_ms", "earned_minor", "cursor", "receipt"])


def _next(seat: Seat, now: datetime, undo: Judgment | None = None) -> dict[str, Any] | None:
    """Lease the next slot within the quota; None where there is none."""
    project = seat.project
    if project.state != project.State.OPEN:
        return None
    if project.quota_day and seat.day == now.date() and seat.done_today >= project.quota_day:
        return None
    closed = caring.closed(seat)
    if closed is not None:
        return closed
    if not purse.covers(seat) and not (claiming.reclaim(now, project.pk) and purse.covers(seat)):
        return {"none": {"reason": purse.EMPTY, "when": None}} if claiming.free(project.pk, 1) else None
    return caring.suitable(seat, now, lambda after: _lease(seat, after, now, undo))


def _lease(seat: Seat, after: int, now: datetime, undo: Judgment | None) -> tuple[Slot, dict[str, Any]] | None:
    """The next slot behind a place in the queue, with its task; None where there is none."""
    project = seat.project
    take = claiming.claim(project.pk, seat.user_id, after, seconds=project.lease_s, now=now)
    if take is None and claiming.reclaim(now, project.pk):
        take = claiming.claim(project.pk, seat.user_id, after, seconds=project.lease_s, now=now)
    if take is None:
        return None
    back = undo and {"judgment": str(undo.pk), "until": queries.undo_until(undo).isoformat()}
    slot = Slot(pk=take.slot, item_id=take.item, guideline_id=take.guideline, epoch=take.epoch, rank=take.rank,
                token=take.token, about_id=take.about)  # fmt: skip
    return slot, queries.task(seat, slot, take.token, take.expires_at, undo=back)


def _seated(slot: Slot, user: User) -> Seat:
    """The holder's seat; slot and seat then share what is read of their project."""
    seat = queries.seat_for(user, slot.project_id)
    slot.project = seat.project
    return seat


def _again(user: User, key: str, said: str, slot: Slot, now: datetime) -> Done:
    """A submission whose task is answered: the same one again, or too late."""
    stored = Judgment.objects.filter(user=user, key=key).select_related("project").first()
    if stored is None:
        raise Refused("This task was answered already.", expected="a task that you hold", remedy="Take the next one.",
                      safe=SAFE)  # fmt: skip
    if stored.body_digest != said:
        raise Unprocessable("The same key came with another answer before.", expected="a new key for a new answer",
                            remedy="Reload the task.", safe=SAFE)  # fmt: skip
    return Done(stored, json.loads(stored.receipt), take(queries.seat_for(user, stored.project_id), now), again=True)


def _taken_back(before: Judgment | None) -> bool:
    """Whether what somebody said before in a slot was withdrawn by them: its pay stayed, so the task is paid."""
    return before is not None and before.answer == records.WITHDRAWN


def _answerable(slot: Slot) -> None:
    if slot.project.state not in (slot.project.State.OPEN, slot.project.State.PAUSED):
        raise Refused("The project is closed.", expected="an open project", remedy="Choose another.", safe=SAFE)


def _parse(item: records.Item, answer: Json) -> None:
    try:
        kinds.get(item.kind).parse_answer(item, answer)
    except BadInput as e:
        raise Unprocessable(str(e.where) + ": " + e.seen if str(e.where) else e.seen, expected=e.expected,
                            remedy=e.remedy, safe="Your draft is kept.") from e  # fmt: skip


def _attention(slot: Slot, user: User, now: datetime) -> int:
    """Milliseconds of attention on a slot, by the server's clock alone; the draft is taken with it."""
    table = connection.ops.quote_name(Draft._meta.db_table)
    who = user.pk if connection.vendor == "postgresql" else user.pk.hex
    with connection.cursor() as sql:
        sql.execute(f"DELETE FROM {table} WHERE slot_id = %s AND user_id = %s RETURNING active_ms, saved_at",  # noqa: S608  our own table's name
                    [slot.pk, who])  # fmt: skip
        row = sql.fetchone()
    last = slot.leased_at or now
    if row is None:
        return rules.attention(0, last, now)
    saved = row[1] if row[1].tzinfo else row[1].replace(tzinfo=UTC)  # SQLite keeps UTC without saying so
    return rules.attention(row[0], max(saved, last), now)
