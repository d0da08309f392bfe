"""Where a project's events are sent, and what became of each."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from tutelage.errors import TutelageError
from tutelage.web.people.queries import signed_in
from tutelage.web.runs import hooks, queries
from tutelage.web.runs.forms import WebhookForm


@never_cache
def webhooks(request: HttpRequest, pk: Any) -> HttpResponse:
    """All of them, a form for another, whose secret is shown once, and the last deliveries."""
    project = queries.project_for(request.user, pk, *queries.MANAGE)
    form, secret, wrong = WebhookForm(request.POST or None), "", None
    if request.method == "POST" and form.is_valid():
        try:
            said = form.cleaned_data
            secret = hooks.make(signed_in(request), project, said["url"], said["events"], timezone.now())[1]
            form = WebhookForm()
        except TutelageError as error:
            wrong = error
    context = {"project": project, "place": "webhooks", "form": form, "secret": secret, "wrong": wrong,
               "hooks": queries.webhooks(project), "deliveries": queries.deliveries(project)}  # fmt: skip
    return render(request, "runs/webhooks.html", context, status=400 if wrong else 200)


@require_POST
def remove(request: HttpRequest, pk: Any, webhook: Any) -> HttpResponse:
    """Nothing more is sent there."""
    project = queries.project_for(request.user, pk, *queries.MANAGE)
    hooks.remove(signed_in(request), queries.webhook_for(project, webhook), timezone.now())
    return redirect("webhooks", pk=project.pk)
