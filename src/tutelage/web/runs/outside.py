"""Judgments from outside the workbench enter by the door of all others: a leaf, a receipt, an audit row; never pay."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from tutelage import kinds, records
from tutelage.errors import BadInput
from tutelage.provenance.commitments import Salt
from tutelage.provenance.merkle import leaf_hash
from tutelage.provenance.people import encrypt
from tutelage.provenance.receipts import Given, Pay, envelope, issue
from tutelage.records import Json, Judge, decode, encode
from tutelage.store import canonical
from tutelage.web import installation
from tutelage.web.people.models import User
from tutelage.web.projects.models import Guideline, Project
from tutelage.web.projects.queries import guideline as latest
from tutelage.web.proof import actions as proof
from tutelage.web.proof.models import Leaf
from tutelage.web.proof.queries import keys
from tutelage.web.runs.models import Outside
from tutelage.web.shared.ids import Choice, new_id
from tutelage.web.shared.refusals import Refused, Unprocessable
from tutelage.web.work import queries as work
from tutelage.web.work.models import Item


class Said(NamedTuple):
    """One judgment to be taken in; `key` makes giving it twice the same as once."""

    item: Item
    judge: Judge
    answer: Json
    reason: str
    key: str


def nym(project: Project, judge: str) -> str:
    """The only name of a judge outside the platform."""
    return hmac.new(bytes(project.pepper), judge.encode(), hashlib.sha256).hexdigest()


@transaction.atomic
def take_in(
    user: User, project: Project, said: Sequence[Said], via: Choice, now: datetime
) -> tuple[list[Outside], int]:
    """Store judgments that are new, whole or not at all; gives all of them, in order, and how many were new.

    Items need their `body` at hand. Raises Unprocessable where the kind refuses an answer, Refused where a key came
    with another body before.
    """
    there = {o.key: o for o in Outside.objects.filter(project=project, key__in=[s.key for s in said])}
    guideline, kind = latest(project), kinds.get(project.kind)
    made: dict[str, tuple[Outside, Leaf, str]] = {}
    for one in said:
        body = hashlib.sha256(
            canonical({"item": one.item.name, "judge": encode(one.judge), "answer": one.answer, "reason": one.reason})
        ).hexdigest()
        known = there.get(one.key) or (made[one.key][0] if one.key in made else None)
        if known is not None:
            if known.body_digest != body:
                raise Refused("The same key came with another judgment before.", expected="a new key for a new one",
                              remedy="Give it a key of its own.")  # fmt: skip
            continue
        record: records.Item = decode(records.Item, json.loads(one.item.body.record))
        try:
            kind.parse_answer(record, one.answer)
        except BadInput as e:
            raise Unprocessable(f"{e.where}: {e.seen}" if str(e.where) else e.seen, expected=e.expected,
                                remedy=e.remedy) from e  # fmt: skip
        made[one.key] = _made(project, guideline, one, via, body, now)
    Leaf.objects.bulk_create([leaf for _, leaf, _ in made.values()])
    Outside.objects.bulk_create([row for row, _, _ in made.values()])
    for row, _, receipt in made.values() if via == Outside.Via.API else ():
        proof.audit(user, "took in", "judgment", row.pk, at=now, project=project, receipt=receipt, judge=row.name)
    if made and via == Outside.Via.FILE:
        proof.audit(user, "imported", "judgments", project.pk, at=now, project=project, count=len(made))
    return [there.get(s.key) or made[s.key][0] for s in said], len(made)


def _made(
    project: Project, guideline: Guideline, one: Said, via: Choice, body: str, now: datetime
) -> tuple[Outside, Leaf, str]:  # fmt: skip
    pk, name = new_id(), nym(project, one.judge.id)
    judgment = records.Judgment(
        id=str(pk), item_id=one.item.name, judge_id=one.judge.id, answer=one.answer, reason=one.reason or None,
        guideline_version=str(guideline.version), at=now, conditions={"via": via},
    )  # fmt: skip
    given = issue(
        judgment, work.terms(project.pk, project.kind, guideline.digest), receipt_id=str(new_id()), nym=name,
        pay=Pay(0, project.currency, "none"), level="H0", now=now, conditions={"judge": one.judge.type, "via": via},
        item=(one.item.body.record.encode(), Salt.parse(bytes(one.item.body.salt).hex())),
    )  # fmt: skip
    receipt = envelope(given.receipt, installation.operator_key(settings.HALL))
    row = Outside(
        id=pk, project=project, item=one.item, guideline=guideline, via=via, name=one.judge.id[:160],
        judge=encode(one.judge), answer=one.answer, reason=one.reason, key=one.key, body_digest=body,
        receipt=json.dumps(receipt), accepted_at=now,
    )  # fmt: skip
    return row, _leaf(one.judge.id, judgment.id, given), given.receipt.id


def _leaf(judge: str, contribution: str, given: Given) -> Leaf:
    key, leaf, tag = keys().key_of(judge), leaf_hash(given.receipt.payload()), keys().tag(contribution)
    return Leaf(leaf=leaf, tag=tag, owner=key.owner, body=encrypt(key.key, given.body(), leaf + tag))


def record_of(row: Outside) -> records.Judgment:
    """The record behind a row's receipt, exactly as it was logged. Needs item and guideline at hand."""
    return records.Judgment(
        id=str(row.pk), item_id=row.item.name, judge_id=str(row.judge["id"]), answer=row.answer,
        reason=row.reason or None, guideline_version=str(row.guideline.version), at=row.accepted_at,
        conditions={"via": row.via},
    )  # fmt: skip


__all__ = ["Said", "nym", "record_of", "take_in"]
