"""Examining a project's work. It makes a page, and nothing follows from it by itself: no pay, no role, no queue."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from django.db import transaction

from tutelage.web.integrity import queries, rules
from tutelage.web.integrity.models import Look
from tutelage.web.people.models import User
from tutelage.web.projects.models import Project
from tutelage.web.proof.actions import audit
from tutelage.web.work.queries import corpus_of

SEED = 0


@transaction.atomic
def ask(user: User, project: Project, now: datetime) -> Look:
    """Have a project's work examined; one that is under way is enough."""
    before = queries.latest(project)
    if before is not None and before.done_at is None:
        return before
    audit(user, "asked_for_evidence", "project", project.pk, at=now, project=project)
    return Look.objects.create(project=project, asked_by=user, asked_at=now)


def examine(pk: int, now: datetime) -> None:
    """Carry an examination out; once done it stays as it was found."""
    look = queries.look_for(pk)
    if look is None or look.done_at is not None:
        return
    rows, found = rules.examined(corpus_of(look.project), queries.nyms(look.project), np.random.default_rng(SEED))
    Look.objects.filter(pk=pk, done_at=None).update(rows=rows, found=found, done_at=now)
