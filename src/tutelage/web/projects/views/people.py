"""Who takes part in a project, and who is asked to."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from tutelage.web.people import actions as accounts
from tutelage.web.people import queries as people_queries
from tutelage.web.people.forms import AccountForm, InvitationForm
from tutelage.web.people.queries import signed_in
from tutelage.web.people.rules import ENTER, FIRST
from tutelage.web.people.views import BACKEND
from tutelage.web.projects import actions, queries
from tutelage.web.projects.models import Role


@never_cache
def people(request: HttpRequest, pk: Any) -> HttpResponse:
    """Everybody with a part, open invitations, and a form for another one, whose link is shown once."""
    found = queries.project_for(request.user, pk, *queries.MANAGE, "auditor")
    manages = bool(found.held & set(queries.MANAGE))
    form, link = InvitationForm(request.POST or None, roles=Role.Name.choices), ""
    if request.method == "POST":
        found = queries.project_for(request.user, pk, *queries.MANAGE)
        if form.is_valid():
            user = signed_in(request)
            secret = actions.invite(user, found, **form.cleaned_data)[1]
            link = request.build_absolute_uri(f"/join/{secret}")
            form = InvitationForm(roles=Role.Name.choices)
    context = {
        "project": found,
        "tab": "people",
        "form": form,
        "link": link,
        "manages": manages,
        "roles": queries.roles_in(found),
        "invitations": people_queries.invitations(project=found.pk) if manages else [],
    }
    return render(request, "projects/people.html", context)


@require_POST
def role_take(request: HttpRequest, pk: Any, role: int) -> HttpResponse:
    """Take a part away. What was done stays done and paid."""
    found, user = queries.project_for(request.user, pk, *queries.MANAGE), signed_in(request)
    actions.take_role(user, queries.role_for(found, role))
    messages.success(request, _("The part was taken away. What was done stays done and paid."))
    return redirect("project_people", pk=found.pk)


@require_POST
def invitation_revoke(request: HttpRequest, pk: Any, invitation: Any) -> HttpResponse:
    """Make an invitation's link useless."""
    found, user = queries.project_for(request.user, pk, *queries.MANAGE), signed_in(request)
    accounts.revoke_invitation(user, people_queries.invitation_for(invitation, project=found.pk))
    return redirect("project_people", pk=found.pk)


@login_not_required
@never_cache
def join(request: HttpRequest, token: str) -> HttpResponse:
    """An invitation's link: accept as oneself, or make an account first."""
    invitation = people_queries.invitation_by(token)
    if invitation is None or invitation.role in (FIRST, ENTER):
        return render(request, "people/link_dead.html", status=403)
    context = {
        "invitation": invitation,
        "project": queries.invited_to(invitation),
        "token": token,
        "role": queries.role_label(invitation),
    }
    user: Any = request.user
    if user.is_authenticated:
        if request.method == "POST":
            return _onward(actions.join(user, token))
        return render(request, "projects/join.html", context)
    form = AccountForm(request.POST or None, initial={"email": invitation.email})
    if invitation.email:
        form.fields["email"].disabled = True
    if request.method == "POST" and form.is_valid():
        made, project = actions.join_new(token, **form.cleaned_data)
        login(request, made, backend=BACKEND)
        return _onward(project)
    return render(request, "projects/join.html", {**context, "form": form})


def _onward(project: Any) -> HttpResponse:
    return redirect("offer", pk=project.pk) if project else redirect("home")
