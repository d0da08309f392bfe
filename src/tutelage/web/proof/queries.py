"""What people see of their receipts, signatures and the log. Reads only."""

from __future__ import annotations

import base64
import functools
import json
import tarfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F, Max, Subquery
from django.http import Http404

from tutelage.provenance.batches import MOST_RECEIPTS, Enrolment, PayStatement, challenge, pay_statement
from tutelage.provenance.checkpoints import Checkpoint
from tutelage.provenance.merkle import Tree, leaf_hash
from tutelage.provenance.people import decrypt
from tutelage.provenance.receipts import Given, Receipt
from tutelage.provenance.webauthn import base64url
from tutelage.records import Json, encode
from tutelage.web import installation
from tutelage.web.pay import queries as pay
from tutelage.web.people.models import User
from tutelage.web.projects.models import Project
from tutelage.web.proof import models, rightward
from tutelage.web.proof.storage import Keys

PAGE = 50


def keys() -> Keys:
    """The contributors' keys under this installation's key."""
    return _keys_in(settings.HALL)


@functools.cache
def _keys_in(hall: Path) -> Keys:
    return Keys(installation.key_encryption_key(hall))


@dataclass(frozen=True, slots=True)
class Mine:
    """One of a person's judgments with its receipt."""

    judgment: Any
    receipt: Receipt
    answer: str
    signed: bool

    @property
    def takes_back(self) -> bool:
        """Whether it withdraws an earlier one."""
        return self.judgment.supersedes_id is not None


@dataclass(frozen=True, slots=True)
class Statement:
    """What a person is asked to sign: judgments in the order of their making, and what they were paid for them."""

    mine: tuple[Mine, ...]
    pay: PayStatement

    @property
    def challenge(self) -> bytes:
        """What the passkey signs."""
        return challenge([leaf_hash(one.receipt.payload()) for one in self.mine], self.pay)


def _mine(judgment: Any, signed: bool) -> Mine:
    payload = base64.b64decode(json.loads(judgment.receipt)["payload"])
    return Mine(judgment, Receipt.own(payload), rightward.said(judgment), signed)


def _signed_by(user: User, project: Any) -> Any:
    found = models.Signature.objects.filter(batch__user=user, batch__project=project)
    return Subquery(found.values("judgment"))


def unsigned_count(user: User, project: Project) -> int:
    """How many judgments of a person in a project wait for their signature."""
    return rightward.judgments(user, project).exclude(pk__in=_signed_by(user, project)).count()


def unsigned(user: User, project: Project, only: Sequence[UUID] | None = None) -> list[Mine]:
    """Judgments that their maker has not signed, oldest first, as many as one signature takes."""
    rows = rightward.judgments(user, project).exclude(pk__in=_signed_by(user, project))
    chosen = rows if only is None else rows.filter(pk__in=only)
    found = [_mine(j, False) for j in chosen.order_by("pk")[:MOST_RECEIPTS]]
    return [one for one in found if one.receipt.pay.currency == found[0].receipt.pay.currency]


def statement(mine: Sequence[Mine], at: datetime) -> Statement:
    """What is to be signed over them at this time. Raises BadInput where there are none."""
    active_s = sum(one.judgment.active_ms for one in mine) / 1000
    return Statement(tuple(mine), pay_statement([one.receipt for one in mine], active_s, at.replace(microsecond=0)))


def enrolment(user: User, project: Project) -> models.Enrolment | None:
    """The passkey by which a person signs in a project."""
    return models.Enrolment.objects.filter(user=user, project=project).order_by("-pk").first()


def lost(user: User, project: Project) -> models.Lost | None:
    """The passkey that somebody lost and that no other has replaced yet."""
    return models.Lost.objects.filter(user=user, project=project, ended_at=None).first()


def batches(user: User, project: Project) -> list[models.Batch]:
    """What a person signed in a project, newest first."""
    found = list(models.Batch.objects.filter(user=user, project=project).order_by("-pk")[:PAGE])
    for batch in found:
        batch.pay = json.loads(batch.payload)["pay"]
    return found


def to_sign(said: Statement, enrolled: models.Enrolment) -> Json:
    """What the page's script needs to ask the passkey."""
    return {"judgments": [str(one.judgment.pk) for one in said.mine], "at": encode(said.pay)["at"],
            "challenge": base64url(said.challenge), "rp": Enrolment.parse(enrolled.payload.encode()).rp,
            "credential": base64url(bytes(enrolled.credential_id))}  # fmt: skip


def receipts(user: User, project: Project, before: UUID | None = None) -> list[Mine]:
    """A person's receipts in a project, newest first, a page at a time."""
    rows = rightward.judgments(user, project)
    page = list((rows.filter(pk__lt=before) if before else rows).order_by("-pk")[:PAGE])
    signed = set(models.Signature.objects.filter(judgment__in=[j.pk for j in page]).values_list("judgment", flat=True))
    return [_mine(j, j.pk in signed) for j in page]


def judgment_for(user: User, project: Project, pk: UUID) -> Any:
    """One of a person's own judgments in a project. Raises Http404."""
    found = rightward.judgments(user, project).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def proven(user: User, judgment: Any) -> Json:
    """A receipt with all that checks it: envelope, place in the log, path to the latest checkpoint, what opens it."""
    leaf = models.Leaf.objects.filter(tag=keys().tag(str(judgment.pk))).first()
    said: dict[str, Any] = {"schema": "proven/1", "envelope": json.loads(judgment.receipt)}
    if leaf is not None and leaf.body is not None:
        key = keys().key_of(str(user.pk))
        given = Given.parse(decrypt(key.key, bytes(leaf.body), bytes(leaf.leaf) + bytes(leaf.tag)))
        said |= {"line": given.contribution.decode(), "salt": given.salt.hex(),
                 "item": None if given.item is None else given.item.decode(),
                 "item_salt": None if given.item_salt is None else given.item_salt.hex()}  # fmt: skip
    last = latest()
    if leaf is None or leaf.index is None or last is None or leaf.index >= last.size:
        return said | {"index": None, "note": None, "path": []}
    path = tree(last.size).inclusion(leaf.index, last.size)
    return said | {"index": leaf.index, "note": last.note, "path": [node.hex() for node in path]}


def latest() -> models.Checkpoint | None:
    """The newest signed checkpoint."""
    return models.Checkpoint.objects.order_by("-size").first()


def checkpoints(most: int = 20) -> list[models.Checkpoint]:
    """The newest signed checkpoints."""
    return list(models.Checkpoint.objects.order_by("-size")[:most])


def checkpoint_of(size: int) -> models.Checkpoint:
    """The signed checkpoint of a size. Raises Http404."""
    found = models.Checkpoint.objects.filter(size=size).first()
    if found is None:
        raise Http404
    return found


def consistency(old: int, new: int) -> Json:
    """That the log of `old` leaves is the beginning of that of `new`: both notes and the path. Raises Http404."""
    if not 0 < old <= new:
        raise Http404
    first, second = checkpoint_of(old), checkpoint_of(new)
    path = tree(new).consistency(old, new)
    return {"schema": "consistency/1", "old": first.note, "new": second.note, "path": [node.hex() for node in path]}


_tree, _growing = Tree(), threading.Lock()


def tree(size: int) -> Tree:
    """The log's tree over at least `size` leaves, read once and then grown. It holds hashes alone."""
    global _tree  # one for the process: a million leaves are read once
    with _growing:
        last = len(_tree) - 1
        if last >= 0 and not models.Leaf.objects.filter(index=last, leaf=_tree.leaf(last)).exists():
            _tree = Tree()  # a backup was restored, or a test undone
        if len(_tree) < size:
            rows = models.Leaf.objects.filter(index__gte=len(_tree)).order_by("index")
            for leaf in rows.values_list("leaf", flat=True).iterator(5000):
                _tree.append(bytes(leaf))
        return _tree


def parsed(note: str) -> Checkpoint:
    """A note as its parts."""
    return Checkpoint.parse(note)


def revocations() -> models.RevocationList | None:
    """The signed list of receipts whose rows buyers must drop, if anybody was erased."""
    return models.RevocationList.objects.order_by("-pk").first()


def number(text: str) -> UUID:
    """A row's number as an address gives it. Raises Http404."""
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def pay_statement_of(user: User) -> Json:
    """All pay lines of a person, and their sums, in the smallest unit of each currency."""
    rows = pay.every_line(user)
    totals: dict[str, dict[str, int]] = {}
    for row in rows:
        one = totals.setdefault(row["currency"], {"minor": 0, "count": 0, "seconds": 0})
        one["minor"], one["count"] = one["minor"] + row["minor"], one["count"] + 1
        one["seconds"] += row["seconds"]
    return {"schema": "pay-lines/1", "totals": totals, "lines": rows}


def next_number(table: Any, project: Project) -> int:
    """The next number of a release or certificate in its project."""
    last = table.objects.filter(project=project).aggregate(last=Max("number"))["last"]
    return (last or 0) + 1


def releases(project: Project) -> list[models.Release]:
    """A project's releases, newest first."""
    return list(models.Release.objects.filter(project=project).select_related("certificate").order_by("-number")[:PAGE])


def release_for(project: Project, number: int) -> models.Release:
    """A release of that project. Raises Http404."""
    found = models.Release.objects.filter(project=project, number=number).select_related("certificate").first()
    if found is None:
        raise Http404
    return found


def finished(project: Project, number: int) -> models.Release:
    """A release of that project that is handed out. Raises Http404."""
    found = release_for(project, number)
    if found.state != models.Release.State.DONE:
        raise Http404
    return found


def release_before(one: models.Release) -> models.Release | None:
    """The last release of the same project that was done before this one."""
    done = models.Release.objects.filter(project=one.project_id, state=models.Release.State.DONE)
    return done.filter(number__lt=one.number).order_by("-number").first()


def suspects(project: Project) -> list[models.Suspect]:
    """Rows under suspicion, undecided ones first."""
    found = models.Suspect.objects.filter(project=project).select_related("decided_by")
    return list(found.order_by(F("keep").asc(nulls_first=True), "-pk")[: 2 * PAGE])


def undecided(project: Project) -> int:
    """How many rows under suspicion wait for a decision."""
    return models.Suspect.objects.filter(project=project, keep=None).count()


def suspect_for(project: Project, judgment: UUID) -> models.Suspect:
    """A judgment under suspicion. Raises Http404."""
    found = models.Suspect.objects.select_related("project").filter(project=project, judgment=judgment).first()
    if found is None:
        raise Http404
    return found


def certificates(project: Project) -> list[models.Certified]:
    """A project's AI judges under certificate, newest first, each with its figures as people read them."""
    found = list(models.Certified.objects.filter(project=project).order_by("-number")[:PAGE])
    for one in found:
        one.claims = [_claim(target, said) for target, said in one.found.items()]
    return found


def certificate_for(project: Project, number: int) -> models.Certified:
    """A certificate of that project. Raises Http404."""
    found = models.Certified.objects.select_related("project").filter(project=project, number=number).first()
    if found is None:
        raise Http404
    return found


def _claim(target: str, said: Json) -> dict[str, Any]:
    """A claim in words, its own figure, and whether the judge saves anything."""
    saving = said.get("saving") or {}
    none = saving.get("gain") is False or (target == "residual" and said["threshold"] is None)
    figure = said["figures"].get(target, {})
    return {"target": target, "claim": said["claim"], "open": said["open"], "usable": said["usable"],
            "figure": figure if figure.get("type") == "estimate" else None, "undefined": figure.get("reason", ""),
            "saving": saving, "no_gain": none,
            "warnings": said["warnings"]}  # fmt: skip


def tar(folder: Path, name: str) -> Iterator[bytes]:
    """A directory as a tar stream, in constant memory: files by name, all of one time and of nobody."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        entry = tarfile.TarInfo(f"{name}/{path.relative_to(folder).as_posix()}")
        entry.size, entry.mode, entry.mtime = path.stat().st_size, 0o644, int(path.stat().st_mtime)
        yield entry.tobuf(tarfile.PAX_FORMAT)
        with path.open("rb") as file:
            while chunk := file.read(1 << 16):
                yield chunk
        yield bytes(-entry.size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def unjudged_count(project: Project) -> int:
    """How many items wait for their first judgment: those can be drawn from."""
    return len(rightward.unjudged(project))
