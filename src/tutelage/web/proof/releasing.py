"""Releases from the owner's screen: asked for, sealed in the background, verified by their own program, handed out."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from tutelage.errors import TutelageError
from tutelage.provenance.commitments import pseudonym
from tutelage.provenance.release import seal
from tutelage.provenance.release.diff import compare
from tutelage.provenance.release.manifest import Decided
from tutelage.provenance.release.source import Source, kept, verdicts_of
from tutelage.records import encode
from tutelage.store.files import locked
from tutelage.web.people.models import User
from tutelage.web.projects.models import Project
from tutelage.web.proof import certifying, queries, rightward
from tutelage.web.proof.actions import audit
from tutelage.web.proof.log import HallProject
from tutelage.web.proof.models import Certified, Release, Suspect
from tutelage.web.shared.refusals import Refused

log = logging.getLogger(__name__)
STEPS = ("waiting", "rows", "certificate", "sealing", "checking", "comparing")
UNFORESEEN = "Something broke that we did not foresee; the server's log has it."
LONGEST_S = 900
EVERYTHING, OF_RECORD = "tutelage.web.work.queries.everything_of", "tutelage.web.review.queries.of_record"


def place(project: Any, number: int) -> Path:
    """Where a release lies."""
    return Path(settings.HALL) / "projects" / str(project) / "releases" / str(number)


@transaction.atomic
def ask(
    user: User, project: Project, *, licence: str, exclusive: bool, certificate: Certified | None, now: datetime
) -> Release:
    """Ask for a release of everything until now. Refused while a row under suspicion is undecided, or one is built."""
    if queries.undecided(project):
        raise Refused("Rows are under suspicion and nobody decided on them.", expected="a decision on each",
                      remedy="Keep each or leave it out, with a reason.")  # fmt: skip
    if Release.objects.filter(project=project, state=Release.State.WORKING).exists():
        raise Refused("A release is being built already.", expected="one at a time", remedy="Wait for it.")
    made = Release.objects.create(project=project, number=queries.next_number(Release, project), licence=licence,
                                  exclusive=exclusive, certificate=certificate, asked_by=user, at=now)  # fmt: skip
    audit(user, "released", "release", made.pk, at=now, project=project, licence=licence, exclusive=exclusive)
    import_string("tutelage.web.proof.tasks.build").enqueue(made.pk)
    return made


@transaction.atomic
def suspect(user: User | None, project: Project, judgment: UUID, why: str, now: datetime) -> Suspect:
    """Put a judgment under suspicion: until somebody decides, no release is made. Once is enough."""
    if not rightward.judgment_in(project, judgment):
        raise Refused("There is no such judgment in this project.", expected="a judgment's id, as its record has it",
                      remedy="Copy it from the row.")  # fmt: skip
    found, fresh = Suspect.objects.get_or_create(project=project, judgment=judgment, defaults={"why": why, "at": now})
    if fresh:
        audit(user, "suspected", "judgment", judgment, at=now, project=project, why=why)
    return found


@transaction.atomic
def decide(user: User, one: Suspect, *, keep: bool, reason: str, now: datetime) -> None:
    """Keep a suspected row or leave it out of releases, with a reason that each of them states."""
    Suspect.objects.filter(pk=one.pk).update(keep=keep, reason=reason, decided_by=user, at=now)
    audit(user, "decided", "judgment", one.judgment, at=now, project=one.project, keep=keep, reason=reason)


def build(pk: int, now: datetime) -> None:
    """Seal a release and keep what its verifier says. Run twice, after a crash, it begins anew; never at once."""
    one = Release.objects.select_related("project", "certificate").get(pk=pk)
    folder = place(one.project_id, one.number)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.with_suffix(".lock"), wait=False) as mine:
        if mine and Release.objects.filter(pk=pk, state=Release.State.WORKING).exists():
            _build(one, now)


def _build(one: Release, now: datetime) -> None:
    fields: dict[str, Any] = {"state": Release.State.FAILED}
    try:
        fields |= _built(one, now)
        fields["state"] = Release.State.DONE if fields["checked"]["ok"] else Release.State.FAILED
    except TutelageError as why:
        fields["why"] = f"{why.seen} {why.remedy}"
    except Exception:
        log.exception("Release %s cannot be built.", one.pk)
        Release.objects.filter(pk=one.pk).update(**fields, why=UNFORESEEN)
        raise
    Release.objects.filter(pk=one.pk).update(**fields)


def _built(one: Release, now: datetime) -> dict[str, Any]:
    """All of it: rows, certificate, seal, check, difference to the last."""
    project, out = one.project, place(one.project_id, one.number)
    shutil.rmtree(out, ignore_errors=True)  # what a crash left; nothing was handed out yet
    _tell(one, "rows")
    decided = _decided(project)
    corpus = kept(import_string(EVERYTHING)(project), decided)
    if not corpus.judgments:
        raise Refused("There is no judgment yet.", expected="at least one", remedy="Wait for the first.")
    certificate = None
    if one.certificate is not None:
        _tell(one, "certificate")
        one.certificate.project = project
        people = kept(rightward.corpus_of(project), decided)
        certificate = certifying.recompute(one.certificate, people, now)
    _tell(one, "sealing")
    verdicts = sorted(import_string(OF_RECORD)(project, verdicts_of(corpus)), key=lambda v: v.item_id)
    manifest = seal(
        Source(project.slug, corpus, tuple(verdicts), decided), HallProject(project), out, now=now,
        licence=one.licence, exclusivity="exclusive" if one.exclusive else "not exclusive", certificate=certificate,
    )  # fmt: skip
    _tell(one, "checking")
    checked = check(out)
    _tell(one, "comparing")
    return {"manifest": encode(manifest), "checked": checked, "against": _against(one, out)}


def check(release: Path) -> dict[str, Any]:
    """What `verify.py` says, in a Python that sees neither our package nor any other."""
    argv = [sys.executable, "-I", "-S", "verify.py", ".", "--trust", "keys/operator.pub"]
    done = subprocess.run(argv, cwd=release, capture_output=True, text=True, check=False, timeout=LONGEST_S)
    return {"ok": done.returncode == 0, "said": (done.stdout + done.stderr)[-8000:]}


def _decided(project: Project) -> tuple[Decided, ...]:
    """Every decision, by the pseudonym of whoever took it."""
    pepper = bytes(project.pepper)
    found = Suspect.objects.filter(project=project, keep__isnull=False).order_by("pk")
    return tuple(Decided(str(s.judgment), s.keep, pseudonym(pepper, str(s.decided_by_id)), s.reason) for s in found)


def _against(one: Release, out: Path) -> dict[str, Any]:
    """Rows added, removed and changed since the last release, by part; empty for the first."""
    last = queries.release_before(one)
    if last is None or not place(one.project_id, last.number).is_dir():
        return {}
    found = compare(place(one.project_id, last.number), out)
    rows = [[part, [len(r.added), len(r.removed), len(r.changed)]] for part, r in found.rows.items()]
    return {"number": last.number, "rows": rows}


def _tell(one: Release, step: str) -> None:
    Release.objects.filter(pk=one.pk).update(step=step)
