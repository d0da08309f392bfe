"""What a contributor has of their own work: signatures, receipts, pay, and the way out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from tutelage.web.pay import queries as pay
from tutelage.web.people.queries import signed_in
from tutelage.web.proof import erasing, queries, rules, signing
from tutelage.web.proof.api import CHALLENGE
from tutelage.web.proof.rightward import seat_for
from tutelage.web.shared.refusals import Refused


@never_cache
def sign(request: HttpRequest, pk: Any) -> HttpResponse:
    """What is not signed yet, what signing says, and the button; without a passkey, the way to make one."""
    seat = seat_for(request.user, pk)
    project, host = seat.project, request.get_host()
    rp = rules.relying_party(host, secure=request.is_secure())
    mine = queries.unsigned(seat.user, project)
    said = queries.statement(mine, timezone.now()) if mine else None
    enrolled = queries.enrolment(seat.user, project)
    ask: dict[str, Any] = {"project": str(project.pk)}
    lost = queries.lost(seat.user, project) if enrolled else None
    ripe = lost is not None and timezone.now() >= rules.ripe_at(lost.at)
    if rp and (enrolled is None or ripe):
        request.session[CHALLENGE] = signing.new_challenge()
        ask |= {"enrol": {"challenge": request.session[CHALLENGE], "rp": rp, "user": seat.nym[:32],
                          "name": f"{project.name} ({seat.nym[:8]})"}}  # fmt: skip
    elif rp and enrolled and said:
        ask |= {"sign": queries.to_sign(said, enrolled)}
    home = rules.at_home(host)
    context = {"project": project, "said": said, "enrolled": enrolled, "rp": rp, "ask": ask,
               "left": queries.unsigned_count(seat.user, project) if said else 0, "nym": seat.nym,
               "batches": queries.batches(seat.user, project),
               "local": f"http://{home}{request.get_full_path()}" if home else "", "back": _back(request), "lost": lost,
               "ripe": ripe, "ripe_at": rules.ripe_at(lost.at) if lost else None, "wait": rules.WAIT.days}  # fmt: skip
    return render(request, "proof/sign.html", context)


@require_POST
def lost(request: HttpRequest, pk: Any) -> HttpResponse:
    """Say that one's passkey is lost, or that it was found again."""
    seat = seat_for(request.user, pk)
    act = signing.find if request.POST.get("do") == "find" else signing.lose
    act(seat.user, seat.project, timezone.now())
    return redirect("sign", pk=seat.project.pk)


@never_cache
def receipts(request: HttpRequest, pk: Any) -> HttpResponse:
    """One's own receipts in a project, with how to check each without us."""
    seat = seat_for(request.user, pk)
    before = request.GET.get("before")
    rows = queries.receipts(seat.user, seat.project, queries.number(before) if before else None)
    context = {"project": seat.project, "rows": rows, "nym": seat.nym, "last": queries.latest(),
               "more": rows[-1].judgment.pk if len(rows) == queries.PAGE else None}  # fmt: skip
    return render(request, "proof/receipts.html", context)


@never_cache
def receipt(request: HttpRequest, pk: Any, judgment: UUID) -> HttpResponse:
    """A receipt with its proof of inclusion and what opens it, as one file."""
    seat = seat_for(request.user, pk)
    found = queries.judgment_for(seat.user, seat.project, judgment)
    said = queries.proven(seat.user, found)
    if request.GET.get("only") == "envelope":
        said = said["envelope"]
    return _file(said, f"receipt-{judgment}.json")


@never_cache
def earnings(request: HttpRequest) -> HttpResponse:
    """What one earned, by currency and kind of line, and the newest lines."""
    user = signed_in(request)
    context = {"earned": pay.earnings(user), "lines": pay.lines_of(user)}
    return render(request, "proof/earnings.html", context)


@never_cache
def earnings_json(request: HttpRequest) -> HttpResponse:
    """One's pay lines as a file: every one, with the judgment that it is for."""
    user = signed_in(request)
    return _file(queries.pay_statement_of(user), "pay.json")


@never_cache
def erase(request: HttpRequest) -> HttpResponse:
    """Leave for good. One types one's own address, so that it happens to nobody by mistake."""
    user = signed_in(request)
    wrong = False
    if request.method == "POST":
        if request.POST.get("address", "").strip().lower() == user.email:
            try:
                count = erasing.erase(user, "request", timezone.now(), by=None)
            except Refused as why:
                return render(request, "proof/erase.html", {"refused": why}, status=why.status)
            logout(request)
            messages.success(request, _("You were erased: {n} contributions can no longer be read.").format(n=count))
            return redirect("erased")
        wrong = True
    return render(request, "proof/erase.html", {"wrong": wrong}, status=422 if wrong else 200)


def _back(request: HttpRequest) -> str:
    """Where the page was entered from: a place here, or none."""
    wanted = request.GET.get("back", "")
    mine = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if mine else ""


def _file(said: Any, name: str) -> JsonResponse:
    answer = JsonResponse(said, json_dumps_params={"indent": 1, "ensure_ascii": False}, safe=False)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
