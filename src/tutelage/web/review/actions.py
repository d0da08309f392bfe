"""What reviewers, adjudicators and contributors say. Nothing here changes a judgment or takes pay back."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.db import transaction

from tutelage.records import Json
from tutelage.web.people.models import User
from tutelage.web.proof.actions import audit
from tutelage.web.review import queries, rules
from tutelage.web.review.models import Case, Reply, Review, Ruling
from tutelage.web.shared.refusals import Refused, Unprocessable
from tutelage.web.work import actions as work
from tutelage.web.work.models import Judgment

SAFE = "Nobody's work or pay is changed by this."


@transaction.atomic
def decide(reviewer: User, judgment: Judgment, verdict: str, reason: str, now: datetime) -> Review:
    """Approve a judgment, ask for it again, or give it to an expert; the latter two with a reason, and once."""
    before = Review.objects.filter(judgment=judgment).first()
    if before is not None:
        if (before.reviewer_id, before.verdict) == (reviewer.pk, verdict):
            return before
        raise Refused("Somebody reviewed it already.", expected="a judgment that waits", remedy="Take the next one.",
                      safe=SAFE)  # fmt: skip
    if verdict != "approved" and not reason.strip():
        raise Unprocessable("No reason was given.", expected="a reason that helps its maker",
                            remedy="Say in a sentence what you would change.", safe=SAFE)  # fmt: skip
    made = Review.objects.create(judgment=judgment, project_id=judgment.project_id, reviewer=reviewer, verdict=verdict,
                                 reason=reason.strip(), at=now)  # fmt: skip
    audit(reviewer, "reviewed", "judgment", judgment.pk, at=now, project=judgment.project, verdict=verdict)
    if verdict == "expert":
        _open(judgment, "expert", reason, reviewer, now)
    return made


@transaction.atomic
def lay_before(judgment: Judgment, by: User, why: str, now: datetime) -> None:
    """A problem on which blind solves disagree goes to an adjudicator, once."""
    if not Case.objects.filter(judgment=judgment, why=Case.Why.SOLVES).exists():
        _open(judgment, "solves", why, by, now)
        audit(by, "disagreed", "judgment", judgment.pk, at=now, project=judgment.project)


@transaction.atomic
def begin_redo(user: User, judgment: Judgment, now: datetime) -> dict[str, Any]:
    """Do again what a reviewer asked for again, as rework that is paid; gives the task."""
    judgment = queries.own_judgment_for(user, judgment.pk)  # as it stands now, within this transaction
    if not queries.result_of(judgment, now).can_redo:
        raise Refused("Nobody asks for this again.", expected="a judgment that a reviewer asked for again",
                      remedy="Look at your feedback.", safe="What you did stays paid.")  # fmt: skip
    audit(user, "began_again", "judgment", judgment.pk, at=now, project=judgment.project)
    return work.reopen(user, judgment, secrets.token_hex(16), now)


@transaction.atomic
def rule(adjudicator: User, case: Case, verdict: str, answer: Json | None, reason: str, now: datetime) -> Ruling:
    """One's own verdict on a case, once; it closes the case and opens the votes to its maker."""
    if queries.own_ruling(case, adjudicator) is not None:
        raise Refused("You have given your verdict on this.", expected="one verdict of each adjudicator",
                      remedy="Read the votes.", safe=SAFE)  # fmt: skip
    if not reason.strip():
        raise Unprocessable("No reason was given.", expected="a reason, which its maker will read",
                            remedy="Say in a sentence why.", safe=SAFE)  # fmt: skip
    if (verdict == "answer") != (answer is not None) or (answer is not None and not queries.is_option(case, answer)):
        raise Unprocessable("The answer is none of those that the case is between.", expected="one of the answers",
                            remedy="Choose one of them, or another verdict.", safe=SAFE)  # fmt: skip
    made = Ruling.objects.create(case=case, adjudicator=adjudicator, verdict=verdict, answer=answer,
                                 reason=reason.strip(), at=now)  # fmt: skip
    Case.objects.filter(pk=case.pk, closed_at=None).update(closed_at=now)
    audit(adjudicator, "ruled", "case", case.pk, at=now, project=case.project, verdict=verdict)
    return made


@transaction.atomic
def reply(user: User, judgment: Judgment, agrees: bool, reason: str, now: datetime) -> Reply:
    """Agree with a result, or dispute it while there is time: an adjudicator then answers within a week."""
    result = queries.result_of(judgment, now)
    if result.review is None and result.right is None and result.ruling is None:
        raise Refused("There is no result yet.", expected="a result", remedy="Wait for it.", safe=SAFE)
    if not result.can_reply:
        raise Refused("It was answered already, or its thirty days are over.", expected="an open result",
                      remedy="Write to whoever runs the project.", safe=SAFE)  # fmt: skip
    if not agrees and not reason.strip():
        raise Unprocessable("No reason was given.", expected="what is wrong with the result",
                            remedy="Say in a sentence why you answered so.", safe=SAFE)  # fmt: skip
    made = Reply.objects.create(judgment=judgment, agrees=agrees, reason=reason.strip(), at=now)
    verb = "agreed" if agrees else "disputed"
    audit(user, verb, "judgment", judgment.pk, at=now, project=judgment.project)
    if not agrees:
        _open(judgment, "dispute", reason, user, now)
    return made


def _open(judgment: Judgment, why: str, reason: str, user: User, now: datetime) -> None:
    Case.objects.create(project_id=judgment.project_id, item_id=judgment.item_id, judgment=judgment, why=why,
                        reason=reason.strip(), opened_by=user, opened_at=now, due_at=now + rules.ANSWER)  # fmt: skip
