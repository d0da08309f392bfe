"""Another organisation's object is 404, for everybody, at every address: pages, machine addresses, later apps' too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from tests.web.addresses import operations, pages
from tests.web.halls import Hall, a_hall

from tutelage.web.people import actions as people
from tutelage.web.people.models import Member, Organisation, User
from tutelage.web.projects.models import Guideline, Project, Role
from tutelage.web.work.models import Item, Slot

pytestmark = pytest.mark.django_db
SECRET = "Ωmega-Ψ"  # in every name and text of the other organisation
PARTS = ("owner", "operator", "auditor")
ROLES = ("contributor", "reviewer", "adjudicator", "author", "owner", "auditor")
OPEN = {"/healthz", "/api/openapi.json"}
HIDDEN = (302, 401, 403, 404, 405, 409, 422)


@pytest.fixture
def other() -> Hall:
    """A draft with people and items of an organisation that nobody below belongs to."""
    hall = a_hall(items=1, people=1, name=SECRET, purpose=SECRET, duties=SECRET, client_class=SECRET, state="draft")
    Organisation.objects.filter(pk=hall.project.organisation_id).update(name=SECRET)
    Guideline.objects.filter(project=hall.project).update(text=SECRET)
    User.objects.filter(pk=hall.people[0].pk).update(name=SECRET)
    return hall


def values(other: Hall) -> dict[str, list[Any]]:
    """What every part of an address may name: objects of the other organisation, or what nobody has."""
    owner, project = other.owner, other.project
    token = people.make_token(owner, SECRET, ["read"], 7)[0]
    invitation = people.invite(owner, "reviewer", organisation=project.organisation, project=project.pk)[0]
    objects = [project.pk, project.organisation_id, token.pk, invitation.pk, uuid4()]
    slot = Slot.objects.filter(project=project)[:1].get()
    return {
        "pk": objects, "project": [project.pk], "organisation": [project.organisation_id],
        "invitation": [invitation.pk], "role": [Role.objects.filter(project=project)[:1].get().pk],
        "member": [Member.objects.get(user=owner).pk], "number": [1], "version": [1], "token": ["nothing"],
        "user": [owner.pk], "item": [Item.objects.filter(project=project)[:1].get().pk], "slot": [slot.pk],
        "judgment": [uuid4()], "webhook": [uuid4()], "case": [uuid4()], "key": ["a-key-of-somebody-00"],
        "name": ["nothing"],
    }  # fmt: skip


def actors() -> Iterator[tuple[str, Client]]:
    """Somebody of every sort, none of whom belongs to the other organisation."""
    yield "nobody", Client()
    home = Organisation.objects.create(name="Home")
    usual = {"kind": "comparison", "minutes": 1.0, "piece_minor": 25, "state": "open"}
    own = Project.objects.create(organisation=home, slug="own", name="Own", **usual)
    Guideline.objects.create(project=own, version=1, text="Own.", digest="sha256:" + "1" * 64)
    for sort in ("stranger", *(f"part {p}" for p in PARTS), *(f"role {r}" for r in ROLES)):
        user = User.objects.create_user(f"{sort.replace(' ', '-')}@example.net", None)
        if sort.startswith("part"):
            Member.objects.create(organisation=home, user=user, part=sort[5:])
        if sort.startswith("role"):
            Role.objects.create(project=own, user=user, name=sort[5:])
        client = Client()
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        yield sort, client


def test_every_page_hides_what_another_organisation_has(other: Hall) -> None:
    """The owner elsewhere tries every object at every address; the others the two that stand for all the rest."""
    named, leaks = values(other), []
    every, few = list(pages(named)), list(pages({**named, "pk": named["pk"][:2]}))
    for sort, client in actors():
        for address, is_named in every if sort == "part owner" else few:
            for ask in (client.get, client.post):
                answer = ask(address)
                hides = answer.status_code in HIDDEN or (not is_named and answer.status_code == 200)
                if not (hides or address in OPEN) or SECRET in answer.content.decode():
                    leaks.append(f"{sort}: {ask.__name__} {address} gave {answer.status_code}")
    assert not leaks, "\n".join(leaks)
    assert len(every) > 30


def test_every_machine_address_hides_what_another_organisation_has(other: Hall) -> None:
    named, leaks, reached = values(other), [], 0
    asked = list(operations(named))
    for sort, client in actors():
        for method, address, body, is_named in asked:
            data = json.dumps(body) if body is not None else None
            answer = client.generic(method.upper(), address, data or "", content_type="application/json")
            reached += answer.status_code == 404
            hides = answer.status_code in HIDDEN or (not is_named and answer.status_code < 300)
            if not hides or SECRET in answer.content.decode():
                leaks.append(f"{sort}: {method} {address} gave {answer.status_code}: {answer.content.decode()[:200]}")
    assert not leaks, "\n".join(leaks)
    assert reached > 50, "most requests must reach the door, not fail before it"


def test_the_other_organisation_is_not_changed_by_any_of_it(other: Hall) -> None:
    before = (list(Role.objects.values()), list(Member.objects.filter(user=other.owner).values()))
    stranger = Client()
    user = User.objects.create_user("stranger@example.net", None)
    stranger.force_login(user, "django.contrib.auth.backends.ModelBackend")
    for address, _ in pages(values(other)):
        stranger.post(address, {"to": "open", "name": "x", "role": "owner", "days": 1, "text": "x", "digest": "x"})
    assert before == (list(Role.objects.values()), list(Member.objects.filter(user=other.owner).values()))
    assert Project.objects.get(pk=other.project.pk).state == "draft"
