"""What makes the walk and moves it on."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from time import perf_counter
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from tutelage.errors import TutelageError
from tutelage.web.pay import actions as money
from tutelage.web.people import actions as people
from tutelage.web.people.models import Member, Organisation, User
from tutelage.web.projects import actions as projects
from tutelage.web.projects import queries as project_queries
from tutelage.web.projects import rules as project_rules
from tutelage.web.projects.models import Project, Role
from tutelage.web.shared.refusals import Refused
from tutelage.web.tour import queries, scenes, votes
from tutelage.web.tour.models import Scene, Tour
from tutelage.web.work import loading

log = logging.getLogger(__name__)
EMAIL, PAIRS, ASKED = "you@sceptic.invalid", 24, 12
GUIDELINE = """Which answer would you rather be given?

Read the question, then both answers. Prefer the one that helps more: it does what was asked, is right, and is clear.
Length is not help. Say *tie* when you would not mind which, *both bad* when you would want neither.
"""


def prepare() -> tuple[Tour, str]:
    """The walk, made once, and a link that signs the sceptic in. Reads or makes up the votes first."""
    what = votes.prepare()
    found = Tour.objects.select_related("user").filter(user__email=EMAIL).first()
    tour = found or _made(what, timezone.now())
    return tour, people.entry_link(tour.user)


@transaction.atomic
def _made(what: str, now: datetime) -> Tour:
    user = people.register(name="You", email=EMAIL, password=None, is_operator=True)
    organisation = Organisation.objects.create(name="The sceptic's hall")
    Member.objects.create(organisation=organisation, user=user, part=Member.Part.OWNER)
    fields = {
        "name": "Which answer helps more?", "kind": "comparison", "purpose": "To see what an AI judge is worth.",
        "client_class": "Nobody: this is a demonstration on your own machine", "minutes": 1.0, "piece_minor": 25,
        "duties": "Compare two answers to a question and say which helps more.", "warnings": [project_rules.NONE],
        "instruction_minor": 10, "fee_bp": 1000, "currency": "EUR", "overlap": 1,
    }  # fmt: skip
    project = projects.create(user, organisation, fields, text=GUIDELINE)
    few = votes.few(votes.corpus(), PAIRS)
    responses = {r.id: r for r in votes.corpus().responses}
    offered = (loading.Offered(item, tuple(responses[r] for r in item.responses)) for item in few)
    loading.load(project, offered, np.random.default_rng(0))
    money.deposit(project, 2_000, f"tour:{project.pk}", at=now)
    project = projects.move(user, project, Project.State.OPEN)
    Role.objects.create(project=project, user=user, name=Role.Name.CONTRIBUTOR)
    terms = project_queries.terms(project)
    projects.accept(user, project, project_rules.digest(project_rules.offer(terms)))
    return Tour.objects.create(user=user, project=project, votes=what)


@transaction.atomic
def ask(tour: Tour, name: str, asked: Mapping[str, Any]) -> Scene:
    """Begin a step, or begin it anew with another choice; what rested on it is gone. Refused before what it needs."""
    step = scenes.STEPS[name]
    there = queries.scenes(tour)
    if step.after and (step.after not in there or there[step.after].state != Scene.State.DONE):
        raise Refused(f"This step needs what `{step.after}` gives.", expected=f"`{step.after}` done first",
                      remedy="Do the steps in their order.")  # fmt: skip
    behind = [there[other] for other in (name, *scenes.behind(name)) if other in there]
    busy = [one for one in behind if one.state == Scene.State.WORKING]
    if busy:
        return busy[0]
    tour.scenes.filter(name__in=scenes.behind(name)).delete()
    fresh = {"state": Scene.State.WORKING, "done": 0, "of": 1, "result": {}, "asked": dict(asked)}
    scene, _ = Scene.objects.update_or_create(tour=tour, name=name, defaults=fresh)
    import_string("tutelage.web.tour.tasks.play").enqueue(scene.pk)
    return scene


def play(scene_id: int, now: datetime) -> None:
    """Do a step and keep what came of it; what we refuse ourselves is kept as its answer."""
    scene = Scene.objects.select_related("tour__project", "tour__user").get(pk=scene_id)

    begun = perf_counter()

    def tell(done: int, of: int) -> None:
        Scene.objects.filter(pk=scene_id).update(done=done, of=of)

    try:
        result = dict(scenes.STEPS[scene.name].work(scene.tour, tell, now))
        result["took_s"] = round(perf_counter() - begun, 1)
        state = Scene.State.DONE
    except TutelageError as error:
        result, state = {"why": str(error)}, Scene.State.FAILED
    except Exception:
        log.exception("The step %s failed.", scene.name)
        result, state = {"why": "Something broke that we did not foresee; the server's log has it."}, Scene.State.FAILED
        Scene.objects.filter(pk=scene_id).update(state=state, result=result)
        raise
    Scene.objects.filter(pk=scene_id).update(state=state, result=result, done=1, of=1)


__all__ = ["ASKED", "User", "ask", "play", "prepare"]
