"""The log for everybody: its newest signed note, the key, consistency between two sizes, and who was erased since."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from tutelage.provenance.release.sshsig import openssh
from tutelage.provenance.verifier import receipt_script
from tutelage.web import installation
from tutelage.web.proof import queries


@login_not_required
@never_cache
def log(request: HttpRequest) -> HttpResponse:
    """The newest checkpoint, earlier ones, and whether one continues another."""
    kept = queries.checkpoints()
    asked = {name: request.GET.get(name, "") for name in ("old", "new")}
    found, wrong = None, ""
    if all(asked.values()):
        try:
            found = queries.consistency(*_sizes(request))
        except Http404:
            wrong = "absent"
    context: dict[str, Any] = {
        "kept": kept, "last": kept[0] if kept else None, "asked": asked, "found": found, "wrong": wrong,
        "key": installation.operator_key(settings.HALL).public.vkey(), "list": queries.revocations(),
        "origin": installation.origin(settings.HALL),
    }  # fmt: skip
    return render(request, "proof/log.html", context)


@login_not_required
def erased(request: HttpRequest) -> HttpResponse:
    """What somebody sees who has just left for good."""
    return render(request, "proof/erased.html")


@login_not_required
@never_cache
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest signed note as it is (C2SP), or that of a size."""
    size = request.GET.get("size")
    found = queries.checkpoint_of(_number(size)) if size else queries.latest()
    if found is None:
        raise Http404
    return HttpResponse(found.note, content_type="text/plain; charset=utf-8")


@login_not_required
@never_cache
def consistency(request: HttpRequest) -> HttpResponse:
    """Two notes and the path that shows the one a beginning of the other."""
    return JsonResponse(queries.consistency(*_sizes(request)))


@login_not_required
@never_cache
def revocations(request: HttpRequest) -> HttpResponse:
    """The signed list for `verify.py --revocations`."""
    found = queries.revocations()
    if found is None:
        raise Http404
    return JsonResponse(found.sealed, headers={"Content-Disposition": 'attachment; filename="revocations.json"'})


@login_not_required
def operator(request: HttpRequest) -> HttpResponse:
    """The operator's key as `--trust` takes it."""
    key = installation.operator_key(settings.HALL).public
    return _text(openssh(key.raw, key.name), "operator.pub")


@login_not_required
def checker(request: HttpRequest) -> HttpResponse:
    """The program that checks a receipt, of the standard library alone."""
    return _text(receipt_script().decode(), "check_receipt.py")


def _text(said: str, name: str) -> HttpResponse:
    return HttpResponse(said, content_type="text/plain; charset=utf-8",
                        headers={"Content-Disposition": f'attachment; filename="{name}"'})  # fmt: skip


def _sizes(request: HttpRequest) -> tuple[int, int]:
    return _number(request.GET.get("old", "")), _number(request.GET.get("new", ""))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise Http404
    return int(text)
