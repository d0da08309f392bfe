"""The guideline and its rubric, version by version."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tutelage.web.people.queries import signed_in
from tutelage.web.projects import actions, forms, queries, rules


def edit(request: HttpRequest, pk: Any) -> HttpResponse:
    """Write the next version; all earlier ones beside."""
    found = queries.project_for(request.user, pk, *queries.WRITE)
    current = queries.guideline(found)
    form = forms.GuidelineForm(request.POST or None, initial={"text": current.text})
    if request.method == "POST" and form.is_valid():
        user = signed_in(request)
        made = actions.write_guideline(user, found, form.cleaned_data["text"], current.rubric)
        messages.success(request, _("Version %(n)d is in force.") % {"n": made.version})
        return redirect("guideline", pk=found.pk)
    context = {
        "project": found,
        "tab": "guideline",
        "form": form,
        "current": current,
        "versions": queries.guidelines(found),
        "minutes": rules.reading_minutes(current.text),
    }
    return render(request, "projects/guideline.html", context)


def version(request: HttpRequest, pk: Any, number: int) -> HttpResponse:
    """One version as contributors read it, and what it changed, word by word."""
    found = queries.project_for(request.user, pk)
    shown = queries.guideline_version(found, number)
    against = request.GET.get("against", str(number - 1))
    before = queries.guideline_version(found, int(against)) if against.isdigit() and int(against) > 0 else None
    context = {
        "project": found,
        "tab": "guideline",
        "shown": shown,
        "before": before,
        "runs": rules.word_diff(before.text, shown.text) if before else [],
        "rubric_changed": bool(before and before.rubric != shown.rubric),
        "rubric_runs": rules.word_diff(rules.rubric_text(before.rubric), rules.rubric_text(shown.rubric))
        if before
        else [],
    }
    return render(request, "projects/version.html", context)


def rubric(request: HttpRequest, pk: Any) -> HttpResponse:
    """Criteria with examples that anchor their scales. Saving makes the next version of the guideline."""
    found = queries.project_for(request.user, pk, *queries.WRITE)
    current = queries.guideline(found)
    initial = forms.rubric_initial(current.rubric)
    criteria = forms.RubricForms(request.POST or None, initial=initial, prefix="c")
    if request.method == "POST" and criteria.is_valid():
        user = signed_in(request)
        made = actions.write_guideline(user, found, current.text, criteria.rubric())
        messages.success(request, _("Version %(n)d is in force.") % {"n": made.version})
        return redirect("rubric", pk=found.pk)
    context = {"project": found, "tab": "guideline", "criteria": criteria, "current": current}
    return render(request, "projects/rubric.html", context)
