"""Making a project: from a template or six questions to a published offer."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tutelage.web.people.queries import organisation_for, signed_in
from tutelage.web.projects import actions, floors, forms, gallery, queries, rules

TERMS = tuple(forms.TermsForm.base_fields)
QUEUE = tuple(forms.QueueForm.base_fields)
DEFAULTS: dict[str, Any] = {"currency": "EUR", "fee_bp": 0, "warnings": []}


def new(request: HttpRequest) -> HttpResponse:
    """The gallery, and the six questions filled in from what was chosen there."""
    user = signed_in(request)
    organisations = queries.organisations(user, *queries.MANAGE)
    if not organisations:
        raise Http404
    chosen = gallery.template(request.GET.get("from", ""))
    if chosen is None and "from" not in request.GET and request.method == "GET":
        return render(request, "projects/gallery.html", {"templates": gallery.templates()})
    form = forms.NewProjectForm(request.POST or None, organisations=organisations, initial=_start(chosen))
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        organisation = organisation_for(user, fields.pop("organisation"), *queries.MANAGE)
        fields["overlap"] = chosen.overlap if chosen else 1
        text = str(chosen.guideline) if chosen else ""
        project = actions.create(user, organisation, fields, text=text, rubric=chosen.rubric if chosen else ())
        messages.success(request, _("The draft is kept. Next: the guideline, then five tasks yourself."))
        return redirect("project", pk=project.pk)
    return render(request, "projects/new.html", {"form": form, "chosen": chosen, **_price(form)})


def quote(request: HttpRequest) -> HttpResponse:
    """What the terms being typed give and cost: the part of the page that follows the typing."""
    return render(request, "projects/quote.html", _price(forms.TermsForm(request.GET)))


def project(request: HttpRequest, pk: Any) -> HttpResponse:
    """A project for those who run it: where it stands and what it still needs."""
    found = queries.project_for(request.user, pk, *queries.READ)
    said = queries.terms(found)
    wrong = queries.findings(found)
    needed, there = queries.escrow(found)
    start = {"minor": max(0, needed - there), "key": secrets.token_hex(8)}
    context = {
        "project": found,
        "tab": "overview",
        "terms": said,
        "wrong": wrong,
        "counts": queries.role_counts(found),
        "price": rules.money(found.piece_minor, found.fee_bp, found.minutes),
        "floor": floors.floor_for(found.currency, today=timezone.now().date()),
        "warnings": [rules.WARNINGS.get(w, w) for w in found.warnings],
        "manages": bool(found.held & set(queries.MANAGE)),
        "moves": rules.MOVES[found.state],
        "tasks": queries.tasks_left(found),
        "needed": needed,
        "there": there,
        "short": queries.short(found),
        "money": forms.MoneyForm(initial=start),
        "rehearsed": queries.rehearsed(found, signed_in(request)) if found.manages else None,
    }
    return render(request, "projects/project.html", context)


def settings(request: HttpRequest, pk: Any) -> HttpResponse:
    """The terms and how tasks are handed out."""
    found = queries.project_for(request.user, pk, *queries.MANAGE)
    now = {name: getattr(found, name) for name in (*TERMS, *QUEUE)}
    terms = forms.TermsForm(request.POST or None, initial=now)
    queue = forms.QueueForm(request.POST or None, initial=now)
    if found.state != found.State.DRAFT:
        terms.fields["kind"].disabled = terms.fields["currency"].disabled = True
    if request.method == "POST" and terms.is_valid() and queue.is_valid():
        actions.change(signed_in(request), found, {**terms.cleaned_data, **queue.cleaned_data})
        messages.success(request, _("Saved."))
        return redirect("project_settings", pk=found.pk)
    context = {"project": found, "tab": "settings", "terms": terms, "queue": queue, **_price(terms)}
    return render(request, "projects/settings.html", context)


@require_POST
def set_aside(request: HttpRequest, pk: Any) -> HttpResponse:
    """Put money aside for the project's people."""
    found, form = queries.project_for(request.user, pk, *queries.MANAGE), forms.MoneyForm(request.POST)
    if form.is_valid():
        actions.set_aside(signed_in(request), found, **form.cleaned_data)
        messages.success(request, _("The money is set aside: it goes to people, as they work, and nowhere else."))
    else:
        messages.error(request, _("Nothing was set aside: give an amount above nothing."))
    return redirect("project", pk=found.pk)


@require_POST
def move(request: HttpRequest, pk: Any) -> HttpResponse:
    """Publish, pause, go on, close."""
    found = queries.project_for(request.user, pk, *queries.MANAGE)
    to = request.POST.get("to", "")
    if to not in found.State.values:
        raise Http404
    actions.move(signed_in(request), found, to)
    if to == found.State.OPEN and not queries.rehearsed(found, signed_in(request))["anybody"]:
        messages.warning(
            request, _("Published. Nobody has done a task themselves yet: whether the time holds is open.")
        )
    return redirect("project", pk=found.pk)


def _start(chosen: gallery.Template | None) -> dict[str, Any]:
    if chosen is None:
        return dict(DEFAULTS)
    floor = floors.FLOORS[DEFAULTS["currency"]]
    piece = -(-floor.hourly_minor * 5 // 4 * round(chosen.minutes * 60) // 3600)
    reading = rules.reading_minutes(str(chosen.guideline))
    return DEFAULTS | {
        "name": str(chosen.title),
        "kind": chosen.kind,
        "purpose": str(chosen.purpose),
        "duties": str(chosen.duties),
        "minutes": chosen.minutes,
        "piece_minor": piece,
        "instruction_minor": -(-floor.hourly_minor * 5 // 4 * round(reading * 60) // 3600),
    }


def _price(form: Any, today: date | None = None) -> dict[str, Any]:
    """You get / buyer pays of what is filled in so far; nothing where it cannot be worked out yet."""
    values = {}
    for name in ("piece_minor", "fee_bp", "minutes", "currency"):
        raw = form[name].value()
        try:
            values[name] = form.fields[name].clean(raw)
        except ValidationError:
            return {}
    if not values["minutes"] or values["piece_minor"] is None:
        return {}
    price = rules.money(values["piece_minor"], values["fee_bp"] or 0, values["minutes"])
    floor = floors.floor_for(values["currency"], today=today or timezone.now().date())
    return {
        "price": price,
        "currency": values["currency"],
        "floor": floor,
        "below": floor is not None and price.you_get_hour < floor.hourly_minor,
    }
