"""Import and export: what was asked, how far it is, what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from tutelage.errors import TutelageError
from tutelage.web.people.queries import signed_in
from tutelage.web.runs import actions, queries
from tutelage.web.runs.examples import ROWS
from tutelage.web.runs.forms import ExportForm, ImportForm
from tutelage.web.runs.models import Job


def imports(request: HttpRequest, pk: Any) -> HttpResponse:
    """A form, and all imports so far. What cannot be read is said beside the form, with its line."""
    project = queries.project_for(request.user, pk, *queries.OVERSEE)
    manages = bool(project.held & set(queries.MANAGE))
    form, wrong = ImportForm(request.POST or None, request.FILES or None), None
    if request.method == "POST":
        project = queries.project_for(request.user, pk, *queries.MANAGE)
        if form.is_valid():
            try:
                job = actions.prepare_import(signed_in(request), project, *_given(form), form.options(), timezone.now())
                return redirect("import", pk=project.pk, number=job.pk)
            except TutelageError as error:
                wrong = error
                if wrong.where.file:  # it was kept under a name of ours
                    wrong.where = replace(
                        wrong.where, file=form.cleaned_data["file"] and form.cleaned_data["file"].name
                    )
    context = {"project": project, "place": "imports", "form": form, "wrong": wrong, "manages": manages,
               "jobs": queries.jobs(project, Job.Kind.IMPORT), "example": ROWS.get(project.kind)}  # fmt: skip
    return render(request, "runs/imports.html", context, status=400 if wrong else 200)


def _given(form: ImportForm) -> tuple[str, Iterator[bytes]]:
    file = form.cleaned_data["file"]
    if file:
        return file.name, file.chunks()
    return "pasted.txt", iter([form.cleaned_data["text"].encode()])


def import_(request: HttpRequest, pk: Any, number: int) -> HttpResponse:
    """One import: what was understood of the file, then how far it is."""
    project = queries.project_for(request.user, pk, *queries.OVERSEE)
    job = _job(project, number, Job.Kind.IMPORT)
    context = {"project": project, "place": "imports", "job": job, "manages": _manages(project)}
    part = "X-Part" in request.headers
    return render(request, "runs/job.html" if part else "runs/import.html", context)


@require_POST
def import_start(request: HttpRequest, pk: Any, number: int) -> HttpResponse:
    """Set it going, or going again where it stopped."""
    project = queries.project_for(request.user, pk, *queries.MANAGE)
    actions.start(signed_in(request), _job(project, number, Job.Kind.IMPORT), timezone.now())
    return redirect("import", pk=project.pk, number=number)


@require_POST
def import_discard(request: HttpRequest, pk: Any, number: int) -> HttpResponse:
    """Not wanted after all; nothing of it is in the queue."""
    project = queries.project_for(request.user, pk, *queries.MANAGE)
    job = _job(project, number, Job.Kind.IMPORT)
    if job.state != Job.State.PREVIEW:
        raise Http404
    actions.discard(job)
    return redirect("imports", pk=project.pk)


def exports(request: HttpRequest, pk: Any) -> HttpResponse:
    """A form, and all exports so far with their files."""
    project = queries.project_for(request.user, pk, *queries.OVERSEE)
    form = ExportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.start_export(signed_in(request), project, form.cleaned_data["to"], form.cleaned_data["file"],
                             timezone.now())  # fmt: skip
        return redirect("exports", pk=project.pk)
    context = {"project": project, "place": "exports", "form": form, "jobs": queries.jobs(project, Job.Kind.EXPORT)}
    return render(request, "runs/exports.html", context)


def export_file(request: HttpRequest, pk: Any, number: int) -> FileResponse:
    """The file of a finished export."""
    project = queries.project_for(request.user, pk, *queries.OVERSEE)
    return download(_job(project, number, Job.Kind.EXPORT))


def download(job: Job) -> FileResponse:
    """A finished export as a download, never shown as a page."""
    path = queries.folder(job) / "output"
    if job.state != Job.State.DONE or not path.is_file():
        raise Http404
    sort = "text/csv; charset=utf-8" if job.options["file"] == "csv" else "application/jsonl"
    return FileResponse(path.open("rb"), as_attachment=True, filename=job.name, content_type=sort)


def _job(project: Any, number: int, kind: Any) -> Job:
    job = queries.job_for(project, number)
    if job.kind != kind:
        raise Http404
    job.project = project
    return job


def _manages(project: Any) -> bool:
    return bool(project.held & set(queries.MANAGE))
