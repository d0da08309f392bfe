"""The walk's page, and each step as a part of it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from tutelage.web.proof import queries as proof
from tutelage.web.tour import actions, forms, pictures, queries, rules, scenes, votes
from tutelage.web.tour.models import Scene, Tour


@never_cache
@login_required
def walk(request: HttpRequest) -> HttpResponse:
    """All steps, each with what came of it."""
    return _walk(request, queries.tour_for(request.user))


def _walk(request: HttpRequest, tour: Tour, wrong: dict[str, Any] | None = None) -> HttpResponse:
    there, judged, signed = queries.scenes(tour), queries.judged(tour), queries.signed(tour)
    parts = {name: _part(tour, name, there, (wrong or {}).get(name)) for name in scenes.STEPS}
    context = {
        "tour": tour, "parts": parts, "judged": judged, "asked": actions.ASKED, "signed": signed,
        "enough": judged >= actions.ASKED, "facts": votes.facts(), "simulated": tour.votes == votes.SIMULATED,
        "marks": [("judged" if n < judged else "") + (" signed" if n < signed else "") for n in range(actions.ASKED)],
        "all": all(part["done"] for part in parts.values()),
    }  # fmt: skip
    return render(request, "tour/walk.html", context, status=422 if wrong else 200)


@never_cache
@login_required
def step(request: HttpRequest, name: str) -> HttpResponse:
    """One step: POST begins it, GET shows how far it is."""
    tour = queries.tour_for(request.user)
    if name not in scenes.STEPS:
        raise Http404
    if request.method == "POST":
        form = forms.form_of(name, tour, {}, request.POST)
        if not form.is_valid():
            return _walk(request, tour, {name: form})
        actions.ask(tour, name, form.cleaned_data)
        return redirect(f"/tour/#{name}")
    part = _part(tour, name, queries.scenes(tour))
    return render(request, "tour/part.html", {"part": part, "simulated": tour.votes == votes.SIMULATED})


@login_required
def release_tar(request: HttpRequest) -> StreamingHttpResponse:
    """The walk's release, whole."""
    tour = queries.tour_for(request.user)
    queries.handed(tour, "verify")
    packed = proof.tar(rules.place(tour) / "release", "release")
    answer = StreamingHttpResponse(packed, content_type="application/x-tar")
    answer["Content-Disposition"] = 'attachment; filename="release.tar"'
    return answer


@login_required
def file(request: HttpRequest, name: str) -> FileResponse:
    """One of the walk's files, as a download."""
    found, kind = queries.handed(queries.tour_for(request.user), name)
    return FileResponse(found.open("rb"), as_attachment=True, content_type=kind, filename=found.name)


def _part(tour: Tour, name: str, there: dict[str, Scene], wrong: Any = None) -> dict[str, Any]:
    """What a step's part of the page needs."""
    scene, needs = there.get(name), scenes.STEPS[name].after
    ready = needs is None or (needs in there and there[needs].state == Scene.State.DONE)
    done = scene is not None and scene.state == Scene.State.DONE
    found = scene.result if scene is not None else {}
    picture = pictures.PICTURES[name](found) if done and name in pictures.PICTURES else {}
    form = wrong or (forms.form_of(name, tour, scene.asked if scene is not None else {}) if ready else None)
    return {"name": name, "scene": scene, "ready": ready, "done": done, "found": found, "picture": picture,
            "template": f"tour/{name}.html", "working": scene is not None and scene.state == Scene.State.WORKING,
            "project": tour.project, "form": form}  # fmt: skip
