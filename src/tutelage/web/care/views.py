"""What one is ready to meet, and how much of it there was."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from tutelage.web.care import actions, clock, forms, queries, rules
from tutelage.web.people.queries import signed_in


@never_cache
def care(request: HttpRequest) -> HttpResponse:
    """One's own content choices and the last 24 hours."""
    user, now = signed_in(request), timezone.now()
    steady = clock.steady(now)
    form = forms.ContentForm(request.POST if request.method == "POST" else None, chosen=queries.chosen(user))
    if request.method == "POST" and form.is_valid():
        actions.choose(user, form.classes(), now)
        messages.success(request, _("Saved. You can change it at any time; nothing is counted against you."))
        return redirect("care")
    doses = [
        {"word": forms.LEVELS[s], "spent": spent // 60, "most": most // 60, "s": spent, "of": most}
        for s, spent, most in queries.today(user, steady)
    ]
    said = {"form": form, "doses": doses, "stretch": rules.STRETCH_S // 60, "rest": rules.BREAK_S // 60}
    return render(request, "care/care.html", said)
