"""Runs of recipes: launching them, watching them, the gate and its signatures, the report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth import authenticate
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from tutelage.errors import TutelageError
from tutelage.web.people.queries import signed_in
from tutelage.web.proof import queries as proofs
from tutelage.web.proof import rules as proof_rules
from tutelage.web.proof import signing
from tutelage.web.proof.api import CHALLENGE
from tutelage.web.runs import gating, launching, loop_rules, outside, queries
from tutelage.web.runs import loops as reads
from tutelage.web.runs.forms import LoopForm, RecipeForm, StatementForm

STATEMENT = "gate-statement"  # in the session: what is to be signed, by project and run
ACTS: dict[str, Callable[..., Any]] = {
    "pause": launching.pause, "stop": launching.stop, "resume": launching.resume, "go-on": launching.go_on,
    "cancel": launching.cancel,
}  # fmt: skip
# a page of its own, in a frame of nobody's: no script, no form, no link to what the reader is signed in to
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox"
)


@never_cache
def runs(request: HttpRequest, pk: Any) -> HttpResponse:
    """All runs; a form for the next. It launches at once, or shows the recipe that it makes."""
    project = queries.project_for(request.user, pk, *queries.OVERSEE)
    form = LoopForm(request.POST or None, bases=reads.bases(), kind=project.kind)
    wrong = None
    if request.method == "POST":
        project = queries.project_for(request.user, pk, *queries.MANAGE)
        if form.is_valid():
            text = loop_rules.template(form.said())
            if request.POST.get("do") == "edit":
                return _edit(request, project, RecipeForm({"recipe": text, "criteria": loop_rules.starter_criteria()}))
            try:
                made = launching.launch(
                    signed_in(request), project, text, loop_rules.starter_criteria(), timezone.now()
                )
                return redirect("loop", pk=project.pk, number=made.number)
            except TutelageError as error:
                wrong = error
    context = {"project": project, "tab": "runs", "form": form, "wrong": wrong, "loops": reads.loops(project),
               "manages": _manages(project)}  # fmt: skip
    return render(request, "runs/loops.html", context, status=400 if wrong or form.errors else 200)


@never_cache
def edit(request: HttpRequest, pk: Any) -> HttpResponse:
    """The recipe as text: checked line by line, and launched as it stands."""
    project = queries.project_for(request.user, pk, *queries.MANAGE)
    if request.method != "POST":
        usual = LoopForm(bases=reads.bases(), kind=project.kind).defaults()
        text = loop_rules.template({**usual, "base": reads.PACKAGED})
        return _edit(request, project, RecipeForm({"recipe": text, "criteria": loop_rules.starter_criteria()}))
    form = RecipeForm(request.POST)
    if not form.is_valid():
        return _edit(request, project, form, status=422)
    recipe, criteria = (form.cleaned_data[name].replace("\r\n", "\n") for name in ("recipe", "criteria"))
    try:
        if request.POST.get("do") != "launch":
            launching.check(project, recipe, criteria)
            return _edit(request, project, form, right=True)
        made = launching.launch(signed_in(request), project, recipe, criteria, timezone.now())
    except TutelageError as error:
        return _edit(request, project, form, wrong=error, status=422)
    return redirect("loop", pk=project.pk, number=made.number)


def _edit(request: HttpRequest, project: Any, form: RecipeForm, status: int = 200, **more: Any) -> HttpResponse:
    return render(request, "runs/recipe.html", {"project": project, "tab": "runs", "form": form, **more}, status=status)


@never_cache
def loop(request: HttpRequest, pk: Any, number: int) -> HttpResponse:
    """One run: how far it is, what it waits for, what went wrong. Its parts are fetched anew while something moves."""
    project = queries.project_for(request.user, pk, *queries.OVERSEE)
    found = reads.loop_for(project, number)
    if reads.gone(found):
        return _gone(request, project, found)
    part = {"state": "runs/loop_state.html", "acts": "runs/loop_acts.html"}.get(request.GET.get("part", ""))
    context = {
        "project": project,
        "tab": "runs",
        "loop": found,
        "manages": _manages(project),
        "seen": reads.seen(found),
    }
    if part is None:
        context |= {"recipe": reads.recipe_text(found)}
    return render(request, part or "runs/loop.html", context)


def _gone(request: HttpRequest, project: Any, found: Any) -> HttpResponse:
    """A run whose directory is not there: what is known of it, and that nobody's work is lost with it."""
    context = {"project": project, "tab": "runs", "loop": found}
    return render(request, "runs/loop_gone.html", context, status=410)


@require_POST
def act(request: HttpRequest, pk: Any, number: int, name: str) -> HttpResponse:
    """Pause it, stop it at once, let it go on, go on with what there is, end it."""
    project = queries.project_for(request.user, pk, *queries.MANAGE)
    found = reads.loop_for(project, number)
    if name not in ACTS:
        raise Http404
    if reads.gone(found):
        return _gone(request, project, found)
    ACTS[name](signed_in(request), found, timezone.now())
    return redirect("loop", pk=project.pk, number=number)


@never_cache
def report(request: HttpRequest, pk: Any, number: int) -> HttpResponse:
    """The page that the run wrote, under a policy of its own: it runs nothing and reaches nothing."""
    project = queries.project_for(request.user, pk, *queries.OVERSEE)
    found = reads.loop_for(project, number)
    if reads.gone(found):
        return _gone(request, project, found)
    answer = HttpResponse(reads.report(found), content_type="text/html; charset=utf-8")
    answer["Content-Security-Policy"] = REPORT_POLICY
    answer["Cross-Origin-Opener-Policy"] = "same-origin"
    return answer


@never_cache
def gate(request: HttpRequest, pk: Any, number: int) -> HttpResponse:
    """The decision with every figure it rests on, who signed, and a form for one's own word."""
    project = queries.project_for(request.user, pk, *queries.OVERSEE)
    found = reads.loop_for(project, number)
    if reads.gone(found):
        return _gone(request, project, found)
    shown, user = reads.gate(found), signed_in(request)
    form = StatementForm(request.POST or None, roles=shown.missing)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        request.session[STATEMENT] = {"run": found.pk, **gating.statement(
            user, shown, role=given["role"], team=given["team"], approves=given["approves"] == "yes",
            words=given["words"], days=given["days"], now=timezone.now(),
        )}  # fmt: skip
        return redirect("gate_sign", pk=project.pk, number=number)
    context = {"project": project, "tab": "runs", "loop": found, "gate": shown, "form": form,
               "word": reads.latest_word(shown, gating.person(user))}  # fmt: skip
    return render(request, "runs/gate.html", context, status=422 if form.errors else 200)


@never_cache
def gate_sign(request: HttpRequest, pk: Any, number: int) -> HttpResponse:
    """What is about to be signed, word by word; the passkey's button, or the field for the password."""
    project = queries.project_for(request.user, pk, *queries.OVERSEE)
    found, user, now = reads.loop_for(project, number), signed_in(request), timezone.now()
    kept = request.session.get(STATEMENT, {})
    if reads.gone(found):
        return _gone(request, project, found)
    if kept.get("run") != found.pk:
        return redirect("gate", pk=project.pk, number=number)
    wrong = None
    if request.method == "POST":
        right = authenticate(request, email=user.email, login=user.email, password=request.POST.get("password", ""))
        try:
            gating.by_password(user, found, kept, right=right == user, now=now)
            del request.session[STATEMENT]
            return redirect("gate", pk=project.pk, number=number)
        except TutelageError as error:
            wrong = error
    context = _signing(request, project, found, kept, now)
    context |= {"project": project, "tab": "runs", "loop": found, "wrong": wrong}
    return render(request, "runs/gate_sign.html", context, status=getattr(wrong, "status", 400) if wrong else 200)


def _signing(request: HttpRequest, project: Any, found: Any, kept: Any, now: Any) -> dict[str, Any]:
    """What the page for signing shows, and what its script asks the passkey."""
    user, host = signed_in(request), request.get_host()
    said, basis = gating.read(kept, now)
    rp = proof_rules.relying_party(host, secure=request.is_secure())
    key = proofs.enrolment(user, project)
    to = f"projects/{project.pk}/runs/{found.number}"
    ask: dict[str, Any] = {"project": str(project.pk), "to": {"enrol": f"{to}/passkey", "sign": f"{to}/signature"}}
    if rp and key is None:
        nym = outside.nym(project, str(user.pk))
        request.session[CHALLENGE] = signing.new_challenge()
        ask |= {"enrol": {"challenge": request.session[CHALLENGE], "rp": rp, "user": nym[:32],
                          "name": f"{project.name} ({nym[:8]})"}}  # fmt: skip
    elif rp and key:
        ask |= {"sign": gating.to_sign(kept, key, now)}
    home = proof_rules.at_home(host)
    return {"said": said, "basis": basis, "rp": rp, "key": key, "ask": ask,
            "local": f"http://{home}{reverse('gate', args=[project.pk, found.number])}" if home else ""}  # fmt: skip


def _manages(project: Any) -> bool:
    return bool(project.held & set(queries.MANAGE))
