"""Review, adjudication and feedback as pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from tutelage.web.people.queries import signed_in
from tutelage.web.projects.queries import project_for
from tutelage.web.review import actions, forms, queries
from tutelage.web.shared.pages import place
from tutelage.web.work import queries as work


@never_cache
def review(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What waits for a look, oldest first."""
    user = signed_in(request)
    project = project_for(user, pk, *queries.REVIEWERS)
    lines = queries.queue(project, user, place(request.GET.get("after")))
    more = lines[-1].judgment.pk if len(lines) == queries.PAGE else None
    said = {"project": project, "tab": "review", "lines": lines, "more": more, "done": queries.reviewed(project)}
    return render(request, "review/queue.html", said)


@never_cache
def review_one(request: HttpRequest, pk: UUID, judgment: UUID) -> HttpResponse:
    """One judgment beside its item and the other answers; three keys decide, and the next one comes."""
    user = signed_in(request)
    found = queries.judgment_for(user, pk, judgment)
    project = project_for(user, pk, *queries.REVIEWERS)
    form = forms.ReviewForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        actions.decide(user, found, said["verdict"], said["reason"], timezone.now())
        following = queries.next_for(project, user)
        return redirect("review_one", pk, following.pk) if following else redirect("review", pk)
    item = queries.shown(found.item)
    context = {
        "project": project, "tab": "review", "judgment": found, "item": item, "form": form,
        "answer": queries.in_words(found), "others": queries.others(found, item.record),
        "accuracy": queries.accuracy(project, found.user_id),
    }  # fmt: skip
    return render(request, "review/one.html", context)


@never_cache
def cases(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Open cases, the most urgent first, and those that were decided."""
    user, now = signed_in(request), timezone.now()
    project = project_for(user, pk, *queries.ADJUDICATORS)
    closed = queries.cases(project, user, closed=True)
    said = {"project": project, "tab": "cases", "open": queries.cases(project, user), "closed": closed, "now": now}
    return render(request, "review/cases.html", said)


@never_cache
def case(request: HttpRequest, pk: UUID, case: UUID) -> HttpResponse:
    """One case: the item and the answers it is between; votes and reasons only after one's own verdict."""
    user = signed_in(request)
    found = queries.case_for(user, pk, case)
    project = project_for(user, pk, *queries.ADJUDICATORS)
    item, own = queries.shown(found.item), queries.own_ruling(found, user)
    options = queries.options(found, item.record)
    form = forms.RulingForm(request.POST if request.method == "POST" else None, options=options)
    if request.method == "POST" and form.is_valid():
        verdict, answer = form.ruling()
        actions.rule(user, found, verdict, answer, form.cleaned_data["reason"], timezone.now())
        return redirect("case", pk, found.pk)
    context = {"project": project, "tab": "cases", "case": found, "item": item, "form": form, "own": own}
    if own is not None:
        context |= {"votes": queries.votes(found, item.record), "rulings": queries.rulings(found)}
    return render(request, "review/case.html", context)


@never_cache
def feedback(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What became of one's own work."""
    user, now = signed_in(request), timezone.now()
    seat, results = queries.feedback(user, pk, now, place(request.GET.get("before")))
    accuracy, missing = queries.own_accuracy(seat)
    more = results[-1].judgment.pk if len(results) == queries.PAGE else None
    said = {"project": seat.project, "results": results, "accuracy": accuracy, "missing": missing, "more": more}
    return render(request, "review/feedback.html", said)


@never_cache
def result(request: HttpRequest, judgment: UUID) -> HttpResponse:
    """One result of one's own: agree, or dispute it."""
    user, now = signed_in(request), timezone.now()
    found = queries.own_judgment_for(user, judgment)
    form = forms.ReplyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        actions.reply(user, found, form.cleaned_data["agrees"], form.cleaned_data["reason"], now)
        messages.success(request, _("Kept. Your pay is not touched by it."))
        return redirect("result", found.pk)
    said: dict[str, Any] = {"result": queries.result_of(found, now), "item": queries.shown(found.item), "form": form,
                            "turned": work.turned(found)}  # fmt: skip
    return render(request, "review/result.html", {**said, "project": found.project, "now": now})


@require_POST
def redo(request: HttpRequest, judgment: UUID) -> HttpResponse:
    """Do again what was asked for again; the workbench opens with it."""
    user = signed_in(request)
    found = queries.own_judgment_for(user, judgment)
    actions.begin_redo(user, found, timezone.now())
    return redirect("workbench", found.project_id)
