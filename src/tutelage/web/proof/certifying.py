"""An AI judge held against people: its verdicts read, a slice drawn and committed, the claim computed from labels."""

from __future__ import annotations

import gzip
import logging
import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from tutelage.errors import BadInput, TutelageError
from tutelage.formats.frames import read_frame
from tutelage.measure import sample
from tutelage.provenance import certificate
from tutelage.provenance.certificate import Asked, Drawn
from tutelage.provenance.release.certified import labels
from tutelage.records import Json, encode, jsonl
from tutelage.store import canonical, write_whole
from tutelage.web.people.models import User
from tutelage.web.projects.models import Project
from tutelage.web.proof import queries, rightward, rules
from tutelage.web.proof.actions import audit, publish, sequence
from tutelage.web.proof.log import HallProject
from tutelage.web.proof.models import Certified
from tutelage.web.shared.refusals import Refused, Unprocessable

log = logging.getLogger(__name__)
DRAWN = "drawn.jsonl.gz"


def place(one: Certified) -> Path:
    """Where its rows and the certificate lie."""
    return Path(settings.HALL) / "projects" / str(one.project_id) / "certificates" / str(one.number)


@transaction.atomic
def draw(
    user: User, project: Project, file: Path, *, judge: str, target: str, size: int, require: float | None,
    error: float, each: int, alone: bool, now: datetime,
) -> Certified:  # fmt: skip
    """Draw the slice, commit to it in the log, and ask people about it. Raises Refused or BadInput.

    Only items that nobody has judged are drawn from: a label that was known before the draw could have chosen it.
    """
    frame = read_frame(file)
    said = rules.verdicts(frame, project.kind)
    free = rightward.unjudged(project)
    ids = sorted(said.keys() & free.keys())
    if not ids:
        raise Refused(f"None of the {len(said)} items in the file waits for its first judgment here.",
                      expected="ids of items of this project that nobody has judged",
                      remedy="Name the ids as they were imported.")  # fmt: skip
    if not 1 <= size <= len(ids):
        raise Unprocessable(f"A slice of {size} cannot be drawn from {len(ids)} items.", expected=f"1 to {len(ids)}",
                            remedy="Change the size.")  # fmt: skip
    seed = secrets.randbits(31)
    planned = _planned(ids, [said[i] for i in ids], target, size, error, seed)
    inside = planned.drawn()
    rows = [{"item": i, "ai": said[i][0], "confidence": said[i][1], "pi": float(planned.pi[n]),
             "cell": int(planned.cell[n]), "in_slice": bool(inside[n]), "domain": free[i] or None}
            for n, i in enumerate(ids)]  # fmt: skip
    drawn = Drawn.of(planned)
    made = Certified.objects.create(
        project=project, number=queries.next_number(Certified, project), judge=judge, target=target, require=require,
        error=error, seed=seed, items=len(ids), size=int(inside.sum()), left=len(said) - len(ids), rest=alone,
        draw=encode(drawn), leaf=publish(drawn.payload()), at=now,
    )  # fmt: skip
    write_whole(place(made) / DRAWN, gzip.compress(b"".join(canonical(r) + b"\n" for r in rows), mtime=0))
    rightward.queue_slice(project, [r["item"] for r in rows if r["in_slice"]], each, alone=alone)
    audit(user, "drew", "slice", made.pk, at=now, project=project, commitment=drawn.commitment, size=made.size)
    return made


@transaction.atomic
def compute(user: User, one: Certified, now: datetime) -> None:
    """Ask for the claim to be computed from the labels there are now, in the background."""
    if Certified.objects.filter(pk=one.pk, working=False).update(working=True, why=""):
        audit(user, "computed", "certificate", one.pk, at=now, project=one.project)
        import_string("tutelage.web.proof.tasks.claim").enqueue(one.pk)


@transaction.atomic
def reopen(user: User, one: Certified, now: datetime) -> int:
    """Let the rest of the queue go on; gives how many tasks."""
    Certified.objects.filter(project=one.project).update(rest=False)
    audit(user, "reopened", "queue", one.pk, at=now, project=one.project)
    return rightward.reopen(one.project)


def claim(pk: int, now: datetime) -> None:
    """Compute the claim and keep it; what we refuse ourselves is kept as the reason."""
    one = Certified.objects.select_related("project").get(pk=pk)
    try:
        recompute(one, rightward.corpus_of(one.project), now)
    except TutelageError as why:
        Certified.objects.filter(pk=pk).update(working=False, why=f"{why.seen} {why.remedy}")
    except Exception:
        log.exception("Certificate %s cannot be computed.", pk)
        Certified.objects.filter(pk=pk).update(working=False, why="Something broke that we did not foresee.")
        raise


def recompute(one: Certified, corpus: Any, now: datetime) -> Path:
    """The certificate from the corpus's labels, written beside its draw; gives its directory.

    The label of a drawn item is that of the first person who judged it, so that nobody picks among several.
    """
    sequence()
    with HallProject(one.project).log() as held:
        leaves = {j.id: index for j in corpus.judgments if (index := held.index_of(j.id)) is not None}
    given = labels(corpus, leaves)
    rows = [_labelled(row, given) for _, row in jsonl.objects(place(one) / DRAWN)]
    count = sum(r["human"] is not None for r in rows)
    if not count:
        raise BadInput("Nobody has judged an item of the slice yet.", expected="labels of people",
                       remedy="Wait for them; simulated contributors are not people.")  # fmt: skip
    asked = Asked(one.target, one.require, one.error, seed=one.seed)
    sheet, ordered = certificate.made(one.judge, rows, one.seed, one.draw["design"], asked)
    certificate.write(sheet, ordered, place(one))
    fields = {"found": sheet.claims, "labelled": count, "computed_at": now, "working": False, "why": ""}
    Certified.objects.filter(pk=one.pk).update(**fields)
    return place(one)


def _labelled(row: Json, given: Any) -> Json:
    """A drawn row with the labels of the first two people who judged it after the draw."""
    said = [label for _, _, label in given.get(row["item"], [])] if row["in_slice"] else []
    first, second, *_ = [*said, None, None]
    return {**row, "human": first, "second": second, "never": False}


def _planned(
    ids: Sequence[str], said: Sequence[tuple[str | None, float | None]], target: str, size: int, error: float, seed: int
) -> sample.Draw:
    if target != "residual":
        return sample.plan_uniform(ids, size, seed=seed)
    sure = np.array([np.nan if c is None else c for _, c in said])
    if np.isnan(sure).any():
        raise Unprocessable("Some verdicts have no confidence.", expected="a column `confidence` on every row",
                            remedy="Choose another target, or add the column.")  # fmt: skip
    return sample.plan_residual(ids, size, sure, error=error, seed=seed)
