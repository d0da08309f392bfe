"""Problems that people write: tried by the current model, on one side only, and live once blind solves agree."""

from __future__ import annotations

import functools
import json
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db.models import F
from django.utils.translation import gettext as _

from tutelage import kinds, models, records
from tutelage.environments import graders
from tutelage.errors import BadInput, TutelageError
from tutelage.kinds import problem, solving
from tutelage.records import Grade, Json, Message, Rate, Sampling, Settled, Undefined, decode, encode
from tutelage.store import digest
from tutelage.web.people.models import User
from tutelage.web.projects import models_here
from tutelage.web.projects.models import Project
from tutelage.web.shared.refusals import Refused, TooMuch, Unprocessable
from tutelage.web.work import rightward
from tutelage.web.work.models import Item, Judgment, Problem, Prompt, Slot, Trial

TRIES = 5
MOST_TRIALS = 40  # of one task: asking a model is work that others wait for
SAMPLING = Sampling("current", temperature=0.7, max_tokens=160)
PATIENCE_S = 30
KEPT = "Your draft is kept."
_asking = threading.Lock()  # one problem at a time: whoever only judges must not feel it


@dataclass(frozen=True, slots=True)
class Tried:
    """What the grader says of the author's own answer, and what the model's answers were worth, if it was asked."""

    check: Grade
    grades: tuple[Grade, ...] = ()
    answers: tuple[str, ...] = ()
    model: str = ""
    why: str = ""

    @property
    def rate(self) -> Rate | Undefined:
        """How often the model solved it."""
        return solving.pass_rate(self.grades)


def staged(kind: str) -> kinds.Staged | None:
    """The kind where one answer is what others are asked about next; else None."""
    found = kinds.get(kind)
    return found if isinstance(found, kinds.Staged) else None


def shown(record: records.Item, slot: Slot) -> records.Item:
    """The item as the holder of a slot is shown it."""
    stage = staged(record.kind) if slot.about_id else None
    return stage.asked_about(record, _authored(slot.about)) if stage and slot.about else record


def _authored(row: Judgment) -> records.Judgment:
    return records.Judgment(id=str(row.pk), item_id="", judge_id="", answer=row.answer)


# -- the author tries


def drafted(answer: Json) -> problem.Authored:
    """A problem as far as it is written: the question, its answer and its grader. Raises Unprocessable."""
    try:
        made: problem.Authored = decode(problem.Authored, {
            **answer, "check": {"type": "scored", "value": 1}, "use": answer.get("use") or "training"})  # fmt: skip
        graders.build(made.grader.name, made.grader.parameters)
    except BadInput as why:
        raise Unprocessable(f"{why.where}: {why.seen}" if str(why.where) else why.seen, expected=why.expected,
                            remedy=why.remedy, safe=KEPT) from why  # fmt: skip
    if not made.prompt or not made.prompt[-1].text.strip() or not made.answer.strip():
        raise Unprocessable(_("There is no problem to try yet."), expected=_("a question and its answer"),
                            remedy=_("Write both, then try again."), safe=KEPT)  # fmt: skip
    return made


def graded(made: problem.Authored, answer: str) -> Grade:
    """What the problem's own grader says of an answer."""
    return graders.grade(decode(graders.Task, problem.task(made)), answer)


def digest_of(made: problem.Authored) -> str:
    """Equal for problems that any model would be tried on in the same way."""
    return digest(problem.task(made)).removeprefix("sha256:")


def tried(project: Project, made: problem.Authored) -> Tried:
    """The grader on the author's answer; where it passes and a model is at hand, the model `TRIES` times. Slow."""
    check = graded(made, made.answer)
    if not isinstance(check, records.Scored) or check.value < 1:
        return Tried(check, why=_("The model is asked once the grader passes your own answer."))
    if not project.model:
        return Tried(check, why=_("No model is set for this project, so only the grader was asked."))
    try:
        answers = _answers(project.model, made.prompt)
    except Refused:
        raise
    except TutelageError as why:
        said = _("The model could not be asked: %(why)s Only the grader was.") % {"why": why.seen}
        return Tried(check, model=project.model, why=said)
    return Tried(check, tuple(graded(made, a) for a in answers), tuple(answers), project.model)


def _answers(name: str, prompt: tuple[Message, ...]) -> list[str]:
    models_here.check(name)
    if not _asking.acquire(timeout=PATIENCE_S):
        raise TooMuch(_("Other problems are being tried just now."), expected=_("a moment"), remedy=_("Try again."),
                      safe=KEPT)  # fmt: skip
    try:
        asked = _loaded(models_here.specs()[name]).sample([prompt], n=TRIES, sampling=SAMPLING)
        return [one.text for one in asked[0]]
    finally:
        _asking.release()


@functools.lru_cache(maxsize=1)
def _loaded(spec: str) -> models.Policy:
    return models.load(spec)


def keep(slot: Slot, user: User, made: problem.Authored, found: Tried, now: datetime) -> None:
    """Remember a trial of just this problem; what was tried before stands no more."""
    said = {"grades": encode(found.grades), "model": found.model}
    Trial.objects.update_or_create(slot=slot, user=user, defaults={
        "digest": digest_of(made), "found": said, "at": now})  # fmt: skip


def count_trial(slot: Slot, user: User, now: datetime) -> None:
    """One more trial of this task, or TooMuch."""
    row, _new = Trial.objects.get_or_create(slot=slot, user=user, defaults={"digest": "", "at": now})
    if row.count >= MOST_TRIALS:
        raise TooMuch(_("This problem was tried %(n)d times.") % {"n": row.count}, expected=_("fewer trials"),
                      remedy=_("Submit it, or skip it: your time is paid."), safe=KEPT)  # fmt: skip
    Trial.objects.filter(pk=row.pk).update(count=F("count") + 1)


# -- what a submission means


def conditions(slot: Slot, user: User, item: records.Item, answer: Json) -> Json:
    """What the server finds beside an answer: the author's tries; a solve's grade. Raises Unprocessable.

    The grader's finding of the author's own answer is made again here: what the browser says of it counts for nothing.
    """
    if staged(item.kind) is None:
        return {}
    said: Any = kinds.get(item.kind).parse_answer(item, answer)
    if isinstance(said, problem.Authored):
        return _of_author(slot, user, said)
    if isinstance(said, problem.Solved) and slot.about is not None:
        written: problem.Authored = decode(problem.Authored, slot.about.answer)
        return {"grade": encode(graded(written, said.answer))}
    return {}


def _of_author(slot: Slot, user: User, made: problem.Authored) -> Json:
    check = graded(drafted(cast(Json, encode(made))), made.answer)
    if not isinstance(check, records.Scored) or check.value < 1:
        raise Unprocessable(_("The grader does not pass your own answer."), expected=_("full marks"),
                            remedy=_("Correct the answer or the grader, and try it again."), safe=KEPT)  # fmt: skip
    row = Trial.objects.filter(slot=slot, user=user, digest=digest_of(made)).first()
    if row is None or not row.found.get("grades"):
        return {}
    grades: tuple[Grade, ...] = decode(tuple[Grade, ...], row.found["grades"])
    return {"pass_rate": encode(solving.pass_rate(grades)), "tried_by": row.found["model"]}


def stored(project: Project, judgment: Judgment, answer: Json, before: Judgment | None) -> None:
    """Follow a stored answer: a problem goes to its side and asks for solves, a solve may make it live or disputed."""
    stage = staged(project.kind)
    if stage is None:
        return
    if answer.get("type") == "problem":
        _file(project, judgment, answer, before)
        _ask(stage, judgment)
    elif judgment.slot.about_id is None:
        _take_off(before)
    else:
        _look(judgment)


def withdrawn(judgment: Judgment) -> None:
    """Take a problem off its side again, and its solves out of the queue: its author took it back."""
    if judgment.slot.about_id is not None:
        _look(judgment)
    else:
        _take_off(judgment)


def _take_off(judgment: Judgment | None) -> None:
    row = Problem.objects.filter(judgment=judgment).first() if judgment else None
    if row is None:
        return
    row.delete()
    Prompt.objects.filter(pk=row.prompt_id, problems=None).delete()
    Slot.objects.filter(about=judgment, state=Slot.FREE).update(state=Slot.WAITING, about=None)


def _file(project: Project, judgment: Judgment, answer: Json, before: Judgment | None) -> None:
    """Onto its side: one problem of these words in a project, and never on both sides in an organisation."""
    _take_off(before)
    made: problem.Authored = decode(problem.Authored, answer)
    prompt, _new = Prompt.objects.get_or_create(
        organisation_id=project.organisation_id, key=solving.prompt_key(made.prompt), defaults={"use": made.use}
    )
    if prompt.use != made.use:
        raise Unprocessable(_("This problem is already on the other side."),
                            expected=_("training or held out, not both"),
                            remedy=_("Write another problem, or choose the other side."), safe=KEPT)  # fmt: skip
    if Problem.objects.filter(project=project, prompt=prompt).exists():
        raise Unprocessable(_("This problem was written here before."), expected=_("a new problem"),
                            remedy=_("Change what it asks: words that only look different count as the same."),
                            safe=KEPT)  # fmt: skip
    Problem.objects.create(project=project, prompt=prompt, judgment=judgment)


def _ask(stage: kinds.Staged, judgment: Judgment) -> None:
    """Open the solves that waited for this problem; where earlier ones were about another text, ask for new ones."""
    item = Item.objects.select_related("body").get(pk=judgment.item_id)
    wanted = stage.follows(decode(records.Item, json.loads(item.body.record)))
    waiting = list(Slot.objects.filter(item=item, state=Slot.WAITING).values_list("pk", flat=True)[:wanted])
    Slot.objects.filter(pk__in=waiting).update(state=Slot.FREE, about=judgment)
    more = wanted - len(waiting)
    Slot.objects.bulk_create(
        Slot(project_id=item.project_id, item=item, rank=item.rank, about=judgment) for _n in range(more)
    )
    Item.objects.filter(pk=item.pk).update(needed=F("needed") + more)


def _look(solve: Judgment) -> None:
    """Live where enough solves agree; before an adjudicator where all are in and they do not."""
    row = Problem.objects.select_related("judgment").filter(judgment=solve.slot.about_id).first()
    if row is None or row.state == Problem.State.DISPUTED:
        return
    found = verdict(row)
    left = Slot.objects.filter(about=row.judgment_id, state__in=(Slot.FREE, Slot.LEASED)).exists()
    live = isinstance(found, Settled) and found.value == "live"
    state = Problem.State.LIVE if live else Problem.State.OPEN if left else Problem.State.DISPUTED
    Problem.objects.filter(pk=row.pk).update(state=state)
    if state == Problem.State.DISPUTED:
        rightward.disagreement(row.judgment, solve.user, said(found), solve.accepted_at)


def verdict(row: Problem) -> records.Verdict:
    """What the solves so far amount to."""
    given = Judgment.objects.filter(item=row.judgment.item_id).select_related("item__body", "guideline").order_by("pk")
    rows = list(given)
    item: records.Item = decode(records.Item, json.loads(rows[0].item.body.record))
    heard = [
        records.Judgment(
            id=str(j.pk), item_id=item.id, judge_id=str(j.user_id), answer=j.answer, conditions=j.conditions,
            supersedes=str(j.supersedes_id) if j.supersedes_id else None,
        ) for j in rows
    ]  # fmt: skip
    return kinds.get(item.kind).fold(item, heard, {})


def said(found: records.Verdict) -> str:
    """Why a problem is not live, in a line."""
    if isinstance(found, Settled):
        return _("The solves agree with one another and not with the author.")
    return _("The solves do not agree with the author's answer: %(why)s.") % {"why": found.why}
