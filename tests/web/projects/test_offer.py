"""From six questions to a signed offer that somebody accepts as it was shown."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tutelage.provenance.keys import PublicKey, open_sealed
from tutelage.store import canonical
from tutelage.web.pay import actions as money
from tutelage.web.pay import queries as pay
from tutelage.web.people import actions as people
from tutelage.web.people.models import Invitation, Organisation, User
from tutelage.web.projects import actions, queries
from tutelage.web.projects.models import Acceptance, Project, Role
from tutelage.web.shared.refusals import Forbidden, Refused, Unprocessable
from tutelage.web.work.models import Seat

pytestmark = pytest.mark.django_db
SIX = {
    "name": "Clinic answers", "kind": "comparison", "purpose": "To train an assistant that helps nurses.",
    "client_class": "A hospital", "duties": "Read two answers and say which is safer.", "minutes": "2",
    "currency": "EUR", "piece_minor": "0.60", "instruction_minor": "0.50", "fee_bp": "10", "warnings": ["medical"],
}  # fmt: skip


@pytest.fixture
def owner() -> Client:
    """A browser in which the owner of a fresh installation is signed in."""
    client = Client()
    form = {"name": "Ada", "email": "ada@example.org", "password": "twelve small owls", "organisation": "Clinic"}
    client.post(f"/start/{people.first_run_token()}", form)
    return client


@pytest.fixture
def project(owner: Client) -> Project:
    """A draft from a template, as its owner made it."""
    form = SIX | {"organisation": str(Organisation.objects.get().pk)}
    answer = owner.post("/projects/new/?from=helpfulness", form)
    assert answer.status_code == 302, answer.content.decode()
    return Project.objects.get()


def publish(project: Project) -> Project:
    money.deposit(project, 100_000, f"first:{project.pk}", at=timezone.now())
    return actions.move(User.objects.get(email="ada@example.org"), project, "open")


def invited(project: Project, email: str = "bo@example.org") -> Client:
    ada, client = User.objects.get(email="ada@example.org"), Client()
    secret = actions.invite(ada, project, "contributor", "", 7)[1]
    answer = client.post(f"/join/{secret}", {"name": "Bo", "email": email, "password": "eleven large owls"})
    assert answer.status_code == 302 and answer.url == f"/offer/{project.pk}/"
    return client


def test_six_questions_make_a_draft_that_nobody_else_sees(owner: Client, project: Project) -> None:
    assert (project.piece_minor, project.instruction_minor, project.fee_bp, project.state) == (60, 50, 1000, "draft")
    assert queries.guideline(project).version == 1 and queries.guideline(project).text.startswith("# Which answer")
    assert owner.get(f"/offer/{project.pk}/").status_code == 200
    assert Client().get(f"/offer/{project.pk}/").status_code == 404


def test_the_offer_is_public_once_it_is_open_and_its_signature_can_be_checked_elsewhere(project: Project) -> None:
    publish(project)
    page = Client().get(f"/offer/{project.pk}/")
    assert page.status_code == 200
    for said in ("This offer is genuine", "A hospital", "Illness and injury", "€18.00", "€0.66", "9.1"):
        assert said in page.content.decode(), said
    signed = Client().get(f"/offer/{project.pk}/offer.json").json()
    payload, _ = open_sealed(signed["envelope"], queries.OFFER_TYPE, [PublicKey.parse(signed["key"])])
    assert payload == canonical(signed["offer"])
    assert signed["offer"]["you_get_an_hour_minor"] == 60 * 30


def test_an_offer_that_was_altered_is_not_genuine(project: Project) -> None:
    signed = queries.signed_offer(queries.terms(project))
    assert queries.is_genuine(signed)
    assert not queries.is_genuine(signed | {"offer": signed["offer"] | {"you_get_minor": 600}})
    forged = signed["envelope"] | {"signatures": [{"keyid": "", "sig": base64.b64encode(bytes(64)).decode()}]}
    assert not queries.is_genuine(signed | {"envelope": forged})


def test_whom_an_invitation_brings_accepts_and_is_paid_for_reading(project: Project) -> None:
    publish(project)
    bo = invited(project)
    digest = queries.signed_offer(queries.terms(project))["digest"]
    answer = bo.post(f"/offer/{project.pk}/accept/", {"digest": digest})
    assert answer.status_code == 302 and answer.url == f"/work/{project.pk}/"
    user = User.objects.get(email="bo@example.org")
    assert Acceptance.objects.get(user=user).offer == digest
    assert Role.objects.get(user=user).name == "contributor" and len(Seat.objects.get(user=user).nym) == 64
    assert pay.earnings(user)["EUR"]["minor"] == 50
    bo.post(f"/offer/{project.pk}/accept/", {"digest": digest})
    assert Acceptance.objects.count() == 1 and pay.earnings(user)["EUR"]["minor"] == 50
    assert bo.get("/").status_code == 200


def test_an_offer_that_changed_meanwhile_is_not_accepted_by_its_old_digest(project: Project) -> None:
    publish(project)
    invited(project)
    bo, old = User.objects.get(email="bo@example.org"), queries.signed_offer(queries.terms(project))["digest"]
    project = actions.change(User.objects.get(email="ada@example.org"), project, {"piece_minor": 70})
    with pytest.raises(Refused, match="changed while you read it"):
        actions.accept(bo, project, old)


def test_without_an_invitation_only_an_open_call_takes_people_on(project: Project) -> None:
    publish(project)
    cy = User.objects.create_user("cy@example.org", "thirteen grey owls")
    digest = queries.signed_offer(queries.terms(project))["digest"]
    with pytest.raises(Forbidden):
        actions.accept(cy, project, digest)
    Project.objects.update(open_call=True)
    actions.accept(cy, project, digest)
    assert Role.objects.filter(user=cy, name="contributor").exists()
    assert pay.earnings(cy) == {}, "who comes by an open call is paid for reading with the first answer"


def test_a_stranger_signs_up_from_an_open_call_and_nowhere_else(project: Project) -> None:
    publish(project)
    Project.objects.update(open_call=True)
    form = {"email": "di@example.org", "password1": "fourteen pale owls"}
    assert b"made by invitation" in Client().get("/account/signup/").content
    Client().post("/account/signup/", form)
    assert not User.objects.filter(email="di@example.org").exists()
    client = Client()
    answer = client.post(f"/offer/{project.pk}/accept/", {"digest": "x"})
    assert answer.url == f"/account/signup/?next=/offer/{project.pk}/"
    client.post(answer.url, form | {"next": f"/offer/{project.pk}/"})
    assert User.objects.filter(email="di@example.org").exists()


def test_pay_of_a_published_project_can_rise_but_not_fall(project: Project) -> None:
    project, ada = publish(project), User.objects.get(email="ada@example.org")
    assert actions.change(ada, project, {"piece_minor": 61}).piece_minor == 61
    with pytest.raises(Refused, match="cannot be lowered"):
        actions.change(ada, project, {"piece_minor": 60})


def test_publishing_is_refused_with_the_line_that_is_wrong(project: Project) -> None:
    ada = User.objects.get(email="ada@example.org")
    with pytest.raises(Unprocessable, match="Line 10 of the offer, Money set aside"):
        actions.move(ada, project, "open")
    actions.change(ada, project, {"piece_minor": 20})
    with pytest.raises(Unprocessable, match=r"Line 7 of the offer, Pay: €6.00 an hour is below the floor of €13.90"):
        actions.move(ada, project, "open")
    assert Project.objects.get().state == "draft"


def test_an_invitation_works_once_and_only_for_the_address_it_names(project: Project) -> None:
    ada = User.objects.get(email="ada@example.org")
    bo = User.objects.create_user("bo@example.org", "eleven large owls")
    _, secret = actions.invite(ada, project, "reviewer", "cy@example.org", 7)
    with pytest.raises(Forbidden, match="another address"):
        actions.join(bo, secret)
    cy = User.objects.create_user("cy@example.org", "thirteen grey owls")
    assert actions.join(cy, secret) == project
    with pytest.raises(Forbidden, match="was used"):
        actions.join(cy, secret)
    assert secret not in str(list(Invitation.objects.values()))


def test_leaving_takes_the_part_away_and_leaves_what_was_paid(project: Project) -> None:
    publish(project)
    bo: Any = invited(project)
    bo.post(f"/offer/{project.pk}/accept/", {"digest": queries.signed_offer(queries.terms(project))["digest"]})
    bo.post(f"/offer/{project.pk}/leave/")
    user = User.objects.get(email="bo@example.org")
    assert not Role.objects.filter(user=user).exists() and pay.earnings(user)["EUR"]["minor"] == 50
