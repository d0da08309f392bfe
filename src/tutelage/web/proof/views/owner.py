"""What an owner sees: releases with their verifier's word, rows under suspicion, certificates of AI judges."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from tutelage.errors import BadInput
from tutelage.web.people.queries import signed_in
from tutelage.web.projects.queries import MANAGE, project_for
from tutelage.web.proof import certifying, forms, queries, releasing
from tutelage.web.shared.refusals import Refused

SEE = (*MANAGE, "auditor")
SAYS = {
    "card": ("card.html", "text/html"), "pay": ("pay.json", "application/json"),
    "checkpoint": ("proof/checkpoint", "text/plain"), "key": ("keys/operator.pub", "text/plain"),
}  # fmt: skip


@never_cache
def releases(request: HttpRequest, pk: Any) -> HttpResponse:
    """All releases, newest first; a form for the next one; rows under suspicion."""
    found = project_for(request.user, pk, *SEE)
    manages = bool(found.held & set(MANAGE))
    chosen = [one for one in queries.certificates(found) if one.computed_at]
    form = forms.ReleaseForm(request.POST or None, certificates=chosen)
    if request.method == "POST":
        found = project_for(request.user, pk, *MANAGE)
        if form.is_valid():
            given = dict(form.cleaned_data)
            number = given.pop("certificate")
            certificate = queries.certificate_for(found, int(number)) if number else None
            releasing.ask(signed_in(request), found, certificate=certificate, now=timezone.now(), **given)
            return redirect("releases", pk=found.pk)
    context = {
        "project": found, "tab": "releases", "form": form, "releases": queries.releases(found), "manages": manages,
        "suspects": queries.suspects(found), "undecided": queries.undecided(found), "suspect": forms.SuspectForm(),
        "licences": forms.LICENCES, "steps": releasing.STEPS,
    }  # fmt: skip
    return render(request, "proof/releases.html", context, status=422 if form.errors else 200)


@never_cache
def release(request: HttpRequest, pk: Any, number: int) -> HttpResponse:
    """One release; as a part of the page while it is built."""
    found = project_for(request.user, pk, *SEE)
    one = queries.release_for(found, number)
    return render(request, "proof/release_part.html", {"project": found, "one": one, "steps": releasing.STEPS})


def release_tar(request: HttpRequest, pk: Any, number: int) -> StreamingHttpResponse:
    """The whole release as a tar, streamed."""
    found = project_for(request.user, pk, *SEE)
    one = queries.finished(found, number)
    name = f"{found.slug}-{one.number}"
    packed = queries.tar(releasing.place(found.pk, number), name)
    answer = StreamingHttpResponse(packed, content_type="application/x-tar")
    answer["Content-Disposition"] = f'attachment; filename="{name}.tar"'
    return answer


def release_file(request: HttpRequest, pk: Any, number: int, name: str) -> FileResponse:
    """One of the files that people open by themselves, as a download: a card is never a page of ours."""
    found = project_for(request.user, pk, *SEE)
    one = queries.finished(found, number)
    if name not in SAYS:
        raise Http404
    path, kind = SAYS[name]
    file = releasing.place(found.pk, one.number) / path
    return FileResponse(file.open("rb"), as_attachment=True, content_type=kind,
                        filename=f"{found.slug}-{number}-{file.name}")  # fmt: skip


@require_POST
def suspect(request: HttpRequest, pk: Any) -> HttpResponse:
    """Put a judgment under suspicion."""
    found = project_for(request.user, pk, *MANAGE)
    form = forms.SuspectForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        releasing.suspect(signed_in(request), found, given["judgment"], given["why"], timezone.now())
    else:
        messages.error(request, _("Give a judgment's id, and say why."))
    return redirect("releases", pk=found.pk)


@require_POST
def decide(request: HttpRequest, pk: Any, judgment: UUID) -> HttpResponse:
    """Keep a suspected row or leave it out."""
    found = project_for(request.user, pk, *MANAGE)
    one, form = queries.suspect_for(found, judgment), forms.DecisionForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        releasing.decide(signed_in(request), one, keep=given["keep"] == "yes", reason=given["reason"],
                         now=timezone.now())  # fmt: skip
    else:
        messages.error(request, _("A decision needs a reason."))
    return redirect("releases", pk=found.pk)


@never_cache
def certificate(request: HttpRequest, pk: Any) -> HttpResponse:
    """AI judges under certificate; a form for another: its verdicts, and the slice to hold them against people."""
    found = project_for(request.user, pk, *SEE)
    form = forms.DrawForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        found = project_for(request.user, pk, *MANAGE)
        if form.is_valid() and _drawn(request, found, form):
            return redirect("certificate", pk=found.pk)
    context = {"project": found, "tab": "certificate", "form": form, "found": queries.certificates(found),
               "manages": bool(found.held & set(MANAGE)), "waiting": queries.unjudged_count(found)}  # fmt: skip
    return render(request, "proof/certificate.html", context, status=422 if form.errors else 200)


def _drawn(request: HttpRequest, project: Any, form: forms.DrawForm) -> bool:
    """Whether the slice was drawn; what is wrong with the file is said at its field."""
    given = dict(form.cleaned_data)
    upload = given.pop("file")
    with tempfile.NamedTemporaryFile(suffix=Path(upload.name).suffix.lower()) as copy:
        for chunk in upload.chunks():
            copy.write(chunk)
        copy.flush()
        try:
            certifying.draw(signed_in(request), project, Path(copy.name), now=timezone.now(), **given)
        except (BadInput, Refused) as why:
            form.add_error("file", f"{why.seen} {_('Expected')}: {why.expected}. {why.remedy}")
            return False
    return True


@never_cache
def certificate_one(request: HttpRequest, pk: Any, number: int) -> HttpResponse:
    """One certificate, as a part of the page while its claim is computed; POST computes it anew."""
    act: Callable[..., Any] | None = {"compute": certifying.compute, "reopen": certifying.reopen}.get(
        request.POST.get("do", "")
    )
    if request.method == "POST":
        found = project_for(request.user, pk, *MANAGE)
        one = queries.certificate_for(found, number)
        if act is None:
            raise Http404
        act(signed_in(request), one, timezone.now())
        return redirect("certificate", pk=found.pk)
    found = project_for(request.user, pk, *SEE)
    shown = next((c for c in queries.certificates(found) if c.number == number), None)
    if shown is None:
        raise Http404
    manages = bool(found.held & set(MANAGE))
    return render(request, "proof/certificate_part.html", {"project": found, "one": shown, "manages": manages})
