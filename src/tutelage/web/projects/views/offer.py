"""The offer: public, signed, and accepted as it was shown."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tutelage.web.people.adapters import OPEN_CALL
from tutelage.web.people.queries import signed_in
from tutelage.web.projects import actions, floors, queries, rules


@login_not_required
def offer(request: HttpRequest, pk: Any) -> HttpResponse:
    """Everything one should know before accepting."""
    project = queries.offered(pk, request.user)
    said = queries.terms(project)
    signed = queries.signed_offer(said)
    before = queries.accepted_before(project, request.user)
    context = {
        "project": project, "terms": said, "signed": signed, "genuine": queries.is_genuine(signed),
        "price": rules.money(project.piece_minor, project.fee_bp, project.minutes),
        "warnings": [rules.WARNINGS.get(w, w) for w in project.warnings], "harmless": project.warnings == [rules.NONE],
        "floor": floors.floor_for(project.currency, today=timezone.now().date()),
        "accepted": queries.acceptance(project, request.user), "reading": rules.reading_minutes(said.guideline),
        "before": before,
        "runs": rules.word_diff(before.text, said.guideline) if before else [],
        "invited": "contributor" in project.held,
    }  # fmt: skip
    return render(request, "projects/offer.html", context)


@login_not_required
def offer_json(request: HttpRequest, pk: Any) -> HttpResponse:
    """The offer, its digest and the operator's signature, for whoever wants to check it elsewhere."""
    return JsonResponse(queries.signed_offer(queries.terms(queries.offered(pk, request.user))))


@login_not_required
@require_POST
def accept(request: HttpRequest, pk: Any) -> HttpResponse:
    """Take the offer; a stranger signs up first where the project takes anybody."""
    project, user = queries.offered(pk, request.user), request.user
    if not user.is_authenticated:
        here = reverse("offer", args=[project.pk])
        request.session[OPEN_CALL] = project.open_call
        return redirect(f"{reverse('account_signup' if project.open_call else 'account_login')}?next={here}")
    actions.accept(user, project, request.POST.get("digest", ""))
    messages.success(request, _("You are in. The instructions come first, and reading them is paid."))
    return redirect("workbench", pk=project.pk)


@require_POST
def leave(request: HttpRequest, pk: Any) -> HttpResponse:
    """Stop contributing."""
    project = queries.project_for(request.user, pk, "contributor")
    actions.leave(signed_in(request), project)
    messages.success(request, _("You left. What you did stays paid, and nothing is counted against you."))
    return redirect("home")
