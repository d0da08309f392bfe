"""The walk's one page, and each step as a part of it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from tutelage.web.shared.refusals import Refused
from tutelage.web.tour import actions, pictures, queries, scenes
from tutelage.web.tour.models import Scene, Tour


@login_required
def walk(request: HttpRequest) -> HttpResponse:
    """All steps, each with what came of it."""
    tour = queries.tour_for(request.user)
    there = queries.scenes(tour)
    parts = {name: _part(tour, name, there) for name in scenes.STEPS}
    judged = queries.judged(tour)
    context = {
        "tour": tour,
        "parts": parts,
        "judged": judged,
        "asked": actions.ASKED,
        "enough": judged >= actions.ASKED,
    }
    return render(request, "tour/walk.html", context)


@login_required
def step(request: HttpRequest, name: str) -> HttpResponse:
    """One step: POST begins it, GET shows how far it is."""
    tour = queries.tour_for(request.user)
    if name not in scenes.STEPS:
        raise Http404
    if request.method == "POST":
        try:
            actions.ask(tour, name)
        except Refused as why:
            return render(request, "shared/error.html", {"error": why}, status=why.status)
        return redirect(f"/tour/#{name}")
    return render(request, "tour/part.html", {"part": _part(tour, name, queries.scenes(tour))})


def _part(tour: Tour, name: str, there: dict[str, Scene]) -> dict[str, Any]:
    """What a step's part of the page needs."""
    scene, needs = there.get(name), scenes.STEPS[name].after
    ready = needs is None or (needs in there and there[needs].state == Scene.State.DONE)
    done = scene is not None and scene.state == Scene.State.DONE
    found = scene.result if scene is not None else {}
    picture = pictures.PICTURES[name](found) if done and name in pictures.PICTURES else ""
    return {"name": name, "scene": scene, "ready": ready, "done": done, "found": found, "picture": picture,
            "template": f"tour/{name}.html", "working": scene is not None and scene.state == Scene.State.WORKING,
            "project": tour.project}  # fmt: skip
