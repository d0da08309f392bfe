"""What waits for a look or a ruling, and what contributors may learn. Reads only. No name of a person leaves here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from tutelage import records
from tutelage.records import Json, decode
from tutelage.web.people.models import User
from tutelage.web.projects.models import Project
from tutelage.web.projects.queries import project_for
from tutelage.web.review import rules
from tutelage.web.review.models import Case, Reply, Review, Ruling
from tutelage.web.shared.rendering import safe_html
from tutelage.web.work.models import Item, ItemBody, Judgment, Seat
from tutelage.web.work.queries import LABELS, seat_for
from tutelage.web.work.rules import value_of

REVIEWERS = ("reviewer", "owner", "operator")
ADJUDICATORS = ("adjudicator", "owner", "operator")
PAGE = 50
TURNS = {"user": _("prompt"), "assistant": _("answer"), "system": _("instructions to the model"), "tool": _("tool")}


def standing(project: Any) -> QuerySet[Judgment]:
    """The judgments of a project that count: neither replaced nor withdrawn, nor withdrawals."""
    return Judgment.objects.filter(project=project, superseded_by=None).exclude(answer__type="withdrawn")


def waiting(project: Project, user: User) -> QuerySet[Judgment]:
    """What waits for a reviewer, oldest first; never their own work."""
    return standing(project).filter(review=None).exclude(user=user).order_by("pk")


@dataclass(frozen=True, slots=True)
class Line:
    """One judgment in a list."""

    judgment: Judgment
    answer: str


def queue(project: Project, user: User, after: UUID | None = None) -> list[Line]:
    """A page of what waits."""
    rows = waiting(project, user).select_related("item")
    page = (rows.filter(pk__gt=after) if after else rows)[:PAGE]
    return [Line(j, rules.in_words(j.answer)) for j in page]


def reviewed(project: Project) -> dict[str, int]:
    """How many judgments were reviewed, by verdict."""
    counted = Counter(Review.objects.filter(project=project).values_list("verdict", flat=True))
    return {str(label): counted[value] for value, label in Review.Verdict.choices}


def next_for(project: Project, user: User) -> Judgment | None:
    """The next judgment that waits for this reviewer."""
    return waiting(project, user).first()


def judgment_for(user: User, project: Any, pk: Any) -> Judgment:
    """A standing judgment of somebody else in a project that the user reviews. Raises Http404."""
    found = project_for(user, project, *REVIEWERS)
    rows = standing(found).exclude(user=user).select_related("item__body", "slot", "project", "guideline")
    return _one(rows.filter(pk=pk))


def case_for(user: User, project: Any, pk: Any) -> Case:
    """A case about others' work in a project where the user adjudicates. Raises Http404."""
    found = project_for(user, project, *ADJUDICATORS)
    rows = Case.objects.filter(project=found, pk=pk).exclude(judgment__user=user)
    return _one(rows.select_related("item__body", "judgment", "project"))


def own_judgment_for(user: User, pk: Any) -> Judgment:
    """One of somebody's own judgments with what was said about it. Raises Http404."""
    rows = Judgment.objects.filter(pk=pk, user=user).select_related("item__body", "slot", "project", "review")
    return _one(rows)


@dataclass(frozen=True, slots=True)
class Shown:
    """An item as reviewers, adjudicators and contributors read it."""

    name: str
    messages: list[dict[str, str]]
    responses: list[dict[str, str]]
    record: records.Item


def shown(item: Item) -> Shown:
    """An item's prompt and responses in the order of its record: A is the first."""
    record: records.Item = decode(records.Item, json.loads(item.body.record))
    said = json.loads(item.body.responses)
    messages = [{"role": str(TURNS.get(m.role, m.role)), "html": safe_html(m.text)} for m in record.messages]
    responses = [{"label": label, "html": safe_html("\n\n".join(m["text"] for m in r["messages"]))}
                 for label, r in zip(LABELS, said, strict=False)]  # fmt: skip
    return Shown(item.name, messages, responses, record)


@dataclass(frozen=True, slots=True)
class Vote:
    """An answer with its reason, of nobody in particular."""

    answer: str
    reason: str
    same: bool


def others(judgment: Judgment, item: records.Item) -> list[Vote]:
    """The other standing answers to the item, each with whether it says the same."""
    rows = standing(judgment.project_id).filter(item=judgment.item_id).exclude(pk=judgment.pk).order_by("pk")[:PAGE]
    return [Vote(rules.in_words(j.answer), j.reason, rules.same(item, j.answer, judgment.answer)) for j in rows]


def record_with_gold(project: Project, user: Any) -> tuple[int, int]:
    """(right, of): how often somebody met the known answer in a project."""
    return _tally(_golds(project, user))


def accuracy(project: Project, user: Any) -> dict[str, int] | None:
    """That share in per cent with its interval; None while there are too few known answers."""
    return rules.percent(rules.accuracy(*record_with_gold(project, user)))


def options(case: Case, item: records.Item) -> list[Json]:
    """The answers that a case is between, without who or how many gave each."""
    given = standing(case.project_id).filter(item=case.item_id).values_list("answer", flat=True)
    known = [case.item.body.gold_answer] if case.item.gold and case.item.body.gold_answer else []
    return rules.distinct(item, [case.judgment.answer, *given, *known])


def is_option(case: Case, answer: Json) -> bool:
    """Whether an answer says the same as one of those."""
    item = shown(case.item).record
    return any(rules.same(item, answer, one) for one in options(case, item))


def cases(project: Project, user: User, *, closed: bool = False) -> list[Case]:
    """A page of cases about others' work: the open ones, most urgent first, or the closed ones, newest first."""
    rows = Case.objects.filter(project=project).exclude(judgment__user=user).select_related("item")
    if closed:
        return list(rows.exclude(closed_at=None).order_by("-pk")[:PAGE])
    return list(rows.filter(closed_at=None).order_by("due_at")[:PAGE])


def own_ruling(case: Case, user: User) -> Ruling | None:
    """What this adjudicator said."""
    return Ruling.objects.filter(case=case, adjudicator=user).first()


def votes(case: Case, item: records.Item) -> list[Vote]:
    """Every standing answer to the item with its reason: for whoever has given their own verdict."""
    rows = standing(case.project_id).filter(item=case.item_id).order_by("pk")[:PAGE]
    return [Vote(rules.in_words(j.answer), j.reason, rules.same(item, j.answer, case.judgment.answer)) for j in rows]


def of_record(project: Project, verdicts: Iterable[records.Verdict]) -> list[records.Verdict]:
    """Verdicts with what adjudicators ruled in place of the votes, which stay beside it.

    An answer that is right settles its item. "Both", "neither" and "principled disagreement" leave it open, by name:
    that reasonable people differ is a finding. Of several rulings on an item the last stands.
    """
    last = last_rulings(project)
    return [as_ruled(v, last[v.item_id]) if v.item_id in last else v for v in verdicts]


def last_rulings(project: Project, items: Iterable[int] | None = None) -> dict[str, Ruling]:
    """The ruling that stands on each item, by the item's name; of these items where they are said by number."""
    rows = Ruling.objects.filter(case__project=project)
    rows = rows if items is None else rows.filter(case__item__in=items)
    return {r.case.item.name: r for r in rows.select_related("case__item__body", "case__judgment").order_by("pk")}


def as_ruled(votes: records.Verdict, ruling: Ruling) -> records.Verdict:
    """A verdict with a ruling in place of the votes."""
    if ruling.case.why == Case.Why.SOLVES and ruling.answer:
        return rules.problem_of_record(votes, ruling.answer, str(ruling.case.judgment_id), ruling.case.judgment.answer,
                                       ruling.case.judgment.conditions, ruling.reason)  # fmt: skip
    record: records.Item = decode(records.Item, json.loads(ruling.case.item.body.record))
    value = value_of(record, ruling.answer) if ruling.answer else None
    return rules.of_record(votes, ruling.verdict, value, ruling.reason)


def rulings(case: Case) -> list[Ruling]:
    """All verdicts on a case, in their order; `words` of each says what it is."""
    found = list(case.rulings.order_by("pk"))
    for one in found:
        one.words = ruled(one)
    return found


def ruled(ruling: Ruling) -> str:
    """A ruling in words."""
    return rules.in_words(ruling.answer) if ruling.answer else str(ruling.get_verdict_display())


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one of somebody's judgments."""

    judgment: Judgment
    answer: str
    review: Review | None
    known: str
    known_reason: str
    right: bool | None
    case: Case | None
    ruling: Ruling | None
    reply: Reply | None
    can_reply: bool
    can_redo: bool

    @property
    def ruled(self) -> str:
        """The ruling in words."""
        return ruled(self.ruling) if self.ruling else ""


def feedback(user: User, project: Any, now: datetime, before: UUID | None = None) -> tuple[Seat, list[Result]]:
    """A page of results of somebody's own work, newest first: reviews, rulings, and known answers once all is in."""
    seat = seat_for(user, project)
    said = Q(review__isnull=False) | Q(cases__isnull=False) | _told(seat.project)
    rows = Judgment.objects.filter(said, user=user, project=seat.project_id).exclude(answer__type="withdrawn")
    rows = rows.select_related("item__body", "review", "reply", "slot", "superseded_by").distinct()
    page = list((rows.filter(pk__lt=before) if before else rows).order_by("-pk")[:PAGE])
    found = Case.objects.filter(judgment__in=page).prefetch_related("rulings").order_by("pk")
    by = {case.judgment_id: case for case in found}
    return seat, [_result(j, by.get(j.pk), seat.project, now) for j in page]


def result_of(judgment: Judgment, now: datetime) -> Result:
    """What became of one judgment."""
    case = Case.objects.filter(judgment=judgment).prefetch_related("rulings").order_by("-pk").first()
    return _result(judgment, case, judgment.project, now)


def _result(judgment: Judgment, case: Case | None, project: Project, now: datetime) -> Result:
    review, reply = getattr(judgment, "review", None), getattr(judgment, "reply", None)
    ruling = max(case.rulings.all(), key=lambda r: r.pk, default=None) if case else None
    body, told = judgment.item.body, is_told(judgment.item, project)
    right = _met(judgment.item, body, judgment.answer) if told else None
    again = review is not None and review.verdict == "redo" and not hasattr(judgment, "superseded_by")
    at = max([judgment.accepted_at, *([review.at] if review else ()), *([ruling.at] if ruling else ())])
    return Result(
        judgment, rules.in_words(judgment.answer), review, rules.in_words(body.gold_answer) if told else "",
        body.gold_reason if told else "", right, case, ruling, reply,
        reply is None and rules.may_dispute(at, now), again,
    )  # fmt: skip


def own_accuracy(seat: Seat) -> tuple[dict[str, int] | None, int]:
    """One's share of known answers with its interval, and how many more are needed before it says anything."""
    right, n = _tally(_golds(seat.project, seat.user).filter(_told(seat.project)))
    return rules.percent(rules.accuracy(right, n)), max(0, rules.LEAST - n)


def is_told(item: Item, project: Project) -> bool:
    """Whether a known answer may be told: it is a gold item, and nobody else can be asked any more."""
    return item.gold and (item.given >= item.needed or project.state == Project.State.CLOSED)


def _told(project: Project) -> Q:
    asked = Q() if project.state == Project.State.CLOSED else Q(item__given__gte=F("item__needed"))
    return Q(item__gold=True) & asked


def _golds(project: Project, user: Any) -> QuerySet[Judgment]:
    return standing(project).filter(user=user, item__gold=True).select_related("item__body")


def _tally(rows: QuerySet[Judgment]) -> tuple[int, int]:
    met = [_met(j.item, j.item.body, j.answer) for j in rows]
    return sum(met), len(met)


def _met(item: Item, body: ItemBody, answer: Json) -> bool:
    record: records.Item = decode(records.Item, json.loads(body.record))
    return body.gold_answer is not None and rules.same(record, answer, body.gold_answer)


def _one(rows: QuerySet[Any]) -> Any:
    found = rows.first()
    if found is None:
        raise Http404
    return found


def in_words(judgment: Judgment) -> str:
    """A judgment's answer in a line."""
    return rules.in_words(judgment.answer)
