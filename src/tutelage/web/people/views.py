"""Pages about people: first run, profile, tokens, organisation. Signing in is allauth's."""

from __future__ import annotations

from typing import Any

from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from tutelage.web.people import actions, forms, queries, rules
from tutelage.web.people.models import User

BACKEND = "django.contrib.auth.backends.ModelBackend"


@login_not_required
@never_cache
def start(request: HttpRequest, token: str) -> HttpResponse:
    """First run: whoever holds the printed link becomes the owner."""
    invitation = queries.invitation_by(token)
    if invitation is None or invitation.role != rules.FIRST:
        return render(request, "people/link_dead.html", status=403)
    form = forms.FirstRunForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        login(request, actions.first_run(token, **form.cleaned_data), backend=BACKEND)
        return redirect("project_new")
    return render(request, "people/start.html", {"form": form})


@login_not_required
@never_cache
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """A link that signs somebody in once, by a button: mail scanners open links. A second factor is still asked for."""
    invitation = queries.invitation_by(token)
    if invitation is None or invitation.role != rules.ENTER:
        return render(request, "people/link_dead.html", status=403)
    if request.method == "POST":
        wanted = request.GET.get("next", "/")
        mine = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
        return perform_login(request, actions.enter(token), redirect_url=wanted if mine else "/")
    return render(request, "people/enter.html", {"who": invitation.used_by})


def me(request: HttpRequest) -> HttpResponse:
    """One's own profile, and the ways to sign in."""
    user = queries.signed_in(request)
    shown = {"theme": request.COOKIES.get("theme", "")}
    form = forms.ProfileForm(request.POST or None, instance=user, initial=shown)
    if request.method == "POST" and form.is_valid():
        theme = form.cleaned_data.pop("theme")
        actions.change_profile(user, form.cleaned_data)
        translation.activate(user.language)
        messages.success(request, _("Saved."))
        return _keep(redirect("me"), "theme", theme)
    factors = queries.factors_of(user)
    return render(request, "people/me.html", {"form": form, "factors": factors})


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Read the pages in another language from now on."""
    chosen, user = request.POST.get("language", ""), request.user
    back = request.POST.get("next", "/")
    safe = (
        back if url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()) else "/"
    )
    answer = redirect(safe)
    if chosen in dict(settings.LANGUAGES):
        if isinstance(user, User):
            actions.change_profile(user, {"language": chosen})
        _keep(answer, settings.LANGUAGE_COOKIE_NAME, chosen)
    return answer


def _keep(answer: HttpResponse, name: str, value: str) -> HttpResponse:
    """A browser's own choice, for a year."""
    answer.set_cookie(name, value, samesite="Lax", secure=settings.HTTPS, max_age=31_536_000)
    return answer


@never_cache
def tokens(request: HttpRequest) -> HttpResponse:
    """One's own tokens; a new one is shown once."""
    user = queries.signed_in(request)
    form = forms.TokenForm(request.POST or None)
    made = None
    if request.method == "POST" and form.is_valid():
        made = actions.make_token(user, **form.cleaned_data)[1]
        form = forms.TokenForm()
    found = queries.tokens_of(user)
    return render(request, "people/tokens.html", {"form": form, "made": made, "tokens": found})


@require_POST
def token_revoke(request: HttpRequest, pk: Any) -> HttpResponse:
    """End a token of one's own."""
    actions.revoke_token(queries.token_for(request.user, pk))
    messages.success(request, _("The token was revoked. Whatever uses it is refused from now on."))
    return redirect("tokens")


@never_cache
def organisation(request: HttpRequest, pk: Any) -> HttpResponse:
    """Who belongs to an organisation; owners invite others."""
    found = queries.organisation_for(request.user, pk)
    owns = "owner" in found.held
    form, link = forms.InvitationForm(request.POST or None), ""
    if request.method == "POST":
        found = queries.organisation_for(request.user, pk, "owner")
        if form.is_valid():
            user = queries.signed_in(request)
            secret = actions.invite(user, organisation=found, **form.cleaned_data)[1]
            link = request.build_absolute_uri(f"/join/{secret}")
            form = forms.InvitationForm()
    context = {
        "organisation": found, "owns": owns, "form": form, "link": link, "members": queries.members_of(found),
        "invitations": queries.invitations(organisation=found) if owns else [],
        "rename": forms.OrganisationForm(initial={"name": found.name}),
    }  # fmt: skip
    return render(request, "people/organisation.html", context)


@require_POST
def organisation_rename(request: HttpRequest, pk: Any) -> HttpResponse:
    """Call an organisation something else."""
    found, form = queries.organisation_for(request.user, pk, "owner"), forms.OrganisationForm(request.POST)
    if form.is_valid():
        user = queries.signed_in(request)
        actions.rename(user, found, form.cleaned_data["name"])
    return redirect("organisation", pk=found.pk)


@require_POST
def member_remove(request: HttpRequest, pk: Any, member: int) -> HttpResponse:
    """Take somebody's part away."""
    found, user = queries.organisation_for(request.user, pk, "owner"), queries.signed_in(request)
    actions.remove_member(user, queries.member_for(found, member))
    return redirect("organisation", pk=found.pk)


@require_POST
def invitation_revoke(request: HttpRequest, pk: Any, invitation: Any) -> HttpResponse:
    """Make an invitation's link useless."""
    found, user = queries.organisation_for(request.user, pk, "owner"), queries.signed_in(request)
    actions.revoke_invitation(user, queries.invitation_for(invitation, organisation=found))
    return redirect("organisation", pk=found.pk)
