"""What changes: imports, exports, limits. Each writes its audit row in the same transaction."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from tutelage.errors import BadInput, TutelageError, Where
from tutelage.records import AiJudge, Json, Person
from tutelage.web.people.models import User
from tutelage.web.projects.models import Project
from tutelage.web.projects.queries import guideline
from tutelage.web.proof import actions as proof
from tutelage.web.runs import exporting, hooks, importing, measuring, outside, queries
from tutelage.web.runs.models import Disputed, Figures, Job, Outside
from tutelage.web.shared.ids import Choice
from tutelage.web.shared.refusals import Refused, Unprocessable
from tutelage.web.work import loading
from tutelage.web.work.models import Item

MOST_BYTES = 2 << 30
MOST_DISPUTED = 5_000


def prepare_import(
    user: User, project: Project, name: str, blocks: Iterator[bytes], options: Json, now: datetime,
    key: str | None = None,
) -> Job:  # fmt: skip
    """Keep a file and look at its first rows; nothing goes into the queue before `start`. Raises BadInput."""
    if project.state == Project.State.CLOSED:
        raise Refused("The project is closed.", expected="a project that is not", remedy="Import into another.")
    known = Job.objects.filter(project=project, key=key).first() if key else None
    if known is not None:
        return known
    job = Job.objects.create(project=project, kind=Job.Kind.IMPORT, state=Job.State.PREVIEW, name=_base(name),
                             options=options, asked_by=user, at=now, moved_at=now, key=key)  # fmt: skip
    try:
        path, mark = _keep(job, blocks)
        job.options = {**options, "mark": mark, "payload": default_payload(project)}
        job.said = importing.look(path, project.kind, importing.Options.of(job.options))
        job.of = importing.count(path)
    except BaseException:
        discard(job)
        raise
    with transaction.atomic():
        job.save()
        proof.audit(user, "looked at", "import", job.pk, at=now, project=project, file=job.name)
    return job


def _base(name: str) -> str:
    """A file's own name, without any way to it."""
    return Path(name.replace("\\", "/")).name[:200] or "pasted.jsonl"


def _keep(job: Job, blocks: Iterator[bytes]) -> tuple[Path, str]:
    """The file under its own name in the job's folder, and its digest."""
    folder = queries.folder(job)
    shutil.rmtree(folder, ignore_errors=True)  # of a database that was since restored
    folder.mkdir(parents=True)
    path, mark, size = folder / "input", hashlib.sha256(), 0
    with path.open("wb") as out:
        for block in blocks:
            size += len(block)
            if size > MOST_BYTES:
                raise BadInput("The file is larger than 2 GiB.", expected="a smaller one", remedy="Split it.",
                               where=Where(job.name))  # fmt: skip
            mark.update(block)
            out.write(block)
    return path, mark.hexdigest()


def default_payload(project: Project) -> Json | None:
    """What the project's rubric says of every item, where a file does not: the criteria of a rating, the classes."""
    names = [c["name"] for c in guideline(project).rubric if c.get("name")]
    if project.kind == "rating" and names:
        return {"criteria": [{"name": name, "worst": 1, "best": 5} for name in names]}
    if project.kind == "classification" and len(names) > 1:
        return {"labels": names}
    return None


def discard(job: Job) -> None:
    """An import that is not wanted after all: its file goes."""
    shutil.rmtree(queries.folder(job), ignore_errors=True)
    job.delete()


def start(user: User, job: Job, now: datetime) -> Job:
    """Set an import going, or going again where it stopped."""
    if job.state not in (Job.State.PREVIEW, Job.State.FAILED):
        return job
    with transaction.atomic():
        job.state, job.error, job.moved_at = Job.State.WORKING, {}, now
        job.save(update_fields=["state", "error", "moved_at"])
        proof.audit(user, "started", job.kind, job.pk, at=now, project=job.project, file=job.name)
    _enqueue(job)
    return job


def _enqueue(job: Job) -> None:
    task = import_string("tutelage.web.runs.tasks.carry")
    transaction.on_commit(lambda: task.enqueue(job.pk))


def start_export(user: User, project: Project, to: str, file: str, now: datetime, key: str | None = None) -> Job:
    """Ask for a file of all judgments. Raises BadInput for a format that there is not."""
    exporting.check(to, file)
    known = Job.objects.filter(project=project, key=key).first() if key else None
    if known is not None:
        return known
    with transaction.atomic():
        job = Job.objects.create(
            project=project, kind=Job.Kind.EXPORT, state=Job.State.WORKING, name=f"{project.slug}-{to}.{file}",
            options={"to": to, "file": file}, asked_by=user, at=now, moved_at=now, key=key,
        )  # fmt: skip
        proof.audit(user, "started", "export", job.pk, at=now, project=project, to=to)
        _enqueue(job)
    return job


def carry(number: int) -> None:
    """Do a job to its end, from where it stands. Twice is as once; what stops it is kept in words."""
    job = Job.objects.select_related("project", "asked_by").get(pk=number)
    if job.state != Job.State.WORKING:
        return
    try:
        WORK[job.kind](job)
    except TutelageError as error:
        where = error.where
        job.error = {"seen": error.seen, "expected": error.expected, "remedy": error.remedy,
                     "line": where.line, "field": where.field or ""}  # fmt: skip
        _leave(job, Job.State.FAILED)
        return
    except Exception:
        job.error = {"seen": "Something broke that we did not foresee; the server's log has it."}
        _leave(job, Job.State.FAILED)
        raise
    _leave(job, Job.State.DONE)


def _leave(job: Job, state: Any) -> None:
    job.state, job.moved_at = state, timezone.now()
    job.save()
    hooks.announce(job.project_id, f"{job.kind}.{state}", {"job": job.pk})


@contextlib.contextmanager
def _seldom_collected() -> Iterator[None]:
    """Rows hold no circles, and to look for some among them so often is a fifth of an import's time."""
    before = gc.get_threshold()
    gc.set_threshold(500_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _import(job: Job) -> None:
    options = importing.Options.of(job.options)
    path, project, user = queries.folder(job) / "input", job.project, job.asked_by
    rng = np.random.default_rng(int(hashlib.sha256(f"{project.pk}:{job.pk}".encode()).hexdigest()[:16], 16))
    with _seldom_collected():
        for piece in importing.pieces(path, project.kind, options, skip=job.done):
            with transaction.atomic():
                job.added += loading.load(project, piece.offered, rng)
                if piece.stated:
                    _take_in(user, job, piece.stated)
                job.done, job.of, job.moved_at = piece.rows, max(job.of, piece.rows), timezone.now()
                job.save(update_fields=["done", "added", "of", "said", "moved_at"])
    job.of = job.done
    path.unlink(missing_ok=True)


def _take_in(user: Any, job: Job, stated: tuple[importing.Stated, ...]) -> None:
    """The file's own judgments, into the log; its people are nobody of ours."""
    there = queries.items_named(job.project, [s.item for s in stated])
    said = []
    for one in stated:
        if one.judgment.answer.get("type") == "withdrawn":
            continue
        judge = Person(f"imported:{one.judge.id}") if isinstance(one.judge, Person) else one.judge
        said.append(outside.Said(there[one.item], judge, one.judgment.answer, one.judgment.reason or "",
                                 "file:" + one.judgment.id))  # fmt: skip
    job.said["taken"] = job.said.get("taken", 0) + outside.take_in(
        user, job.project, said, Outside.Via.FILE, timezone.now())[1]  # fmt: skip


def _export(job: Job) -> None:
    place = queries.folder(job) / "output"
    place.parent.mkdir(parents=True, exist_ok=True)
    job.of = Item.objects.filter(project=job.project).count()
    since = job.said or {"after": 0, "offset": 0}

    def tell(after: int, offset: int, rows: int, lost: dict[str, int]) -> None:
        job.done = min(job.of, job.done + exporting.CHUNK)
        job.said = {"after": after, "offset": offset, "rows": rows, "lost": lost}
        job.moved_at = timezone.now()
        job.save(update_fields=["done", "of", "said", "moved_at"])

    exporting.write(job.project, job.options["to"], job.options["file"], place, after=since["after"],
                    offset=since["offset"], lost=since, tell=tell)  # fmt: skip
    place.touch()
    job.added = int(job.said.get("rows", 0))
    job.done = job.of


WORK: dict[Choice, Callable[[Job], None]] = {Job.Kind.IMPORT: _import, Job.Kind.EXPORT: _export}


def ai_judgments(
    user: User, project: Project, judge: Json, given: Sequence[tuple[str, Json, str, str]], now: datetime
) -> tuple[list[Outside], int]:  # fmt: skip
    """(item, answer, reason, key) of an AI judge, taken in whole or not at all. Raises Unprocessable, Refused."""
    name = judge["name"]
    model = AiJudge(f"ai:{name}", name, revision=judge.get("revision"), prompt_hash=judge.get("prompt_hash"),
                    family=judge.get("family"))  # fmt: skip
    there = queries.items_named(project, [item for item, *_ in given])
    unknown = next((item for item, *_ in given if item not in there), None)
    if unknown is not None:
        raise Unprocessable(f"There is no item {unknown!r}.", expected="the name of an item of this project",
                            remedy="See GET /projects/{pk}/items.")  # fmt: skip
    said = [outside.Said(there[item], model, answer, reason, f"api:{key}") for item, answer, reason, key in given]
    with transaction.atomic():
        taken = outside.take_in(user, project, said, Outside.Via.API, now)
        if taken[1]:
            hooks.announce(project.pk, "judgments.taken", {"judge": model.id, "new": taken[1]})
    return taken


def measure_all(now: datetime) -> None:
    """Figures of every project that people work in, anew where they may have changed."""
    for project in queries.to_measure(now):
        measure(project, now)


def measure(project: Project, now: datetime) -> None:
    """Figures of one project, and the items on which people differ."""
    found = measuring.measure(project, now)
    differ = measuring.differing(measuring.answers(project))
    found["counts"]["disputed"] = len(differ)
    ranks = dict(Item.objects.filter(project=project, pk__in=list(differ)[:MOST_DISPUTED]).values_list("pk", "rank"))
    with transaction.atomic():
        Disputed.objects.filter(project=project).exclude(pk__in=list(ranks)).delete()
        Disputed.objects.bulk_create(
            [Disputed(item_id=pk, project=project, rank=rank, answers=differ[pk]) for pk, rank in ranks.items()],
            update_conflicts=True, unique_fields=["item"], update_fields=["rank", "answers"],
        )  # fmt: skip
        Figures.objects.update_or_create(project=project, defaults={"found": found, "at": now})
