"""The installation becomes somebody's once, by a link that is printed; everybody else is invited."""

from __future__ import annotations

import pytest
from django.test import Client

from tutelage.web.people import actions, queries, rules
from tutelage.web.people.models import Invitation, Member, User
from tutelage.web.proof.models import Audit
from tutelage.web.shared.refusals import Forbidden

pytestmark = pytest.mark.django_db
OWNER = {"name": "Ada", "email": "Ada@Example.org", "password": "twelve small owls", "organisation": "Clinic"}


def test_the_printed_link_makes_the_owner_and_the_default_organisation() -> None:
    token = actions.first_run_token()
    client = Client()
    assert client.get(f"/start/{token}").status_code == 200
    answer = client.post(f"/start/{token}", OWNER)
    assert answer.status_code == 302 and answer.url == "/projects/new/"
    ada = User.objects.get()
    assert ada.email == "ada@example.org" and ada.is_operator
    assert {m.part for m in Member.objects.filter(user=ada)} == {"owner", "operator"}
    assert Audit.objects.filter(actor=ada, verb="set up").count() == 1
    assert client.get("/projects/new/").status_code == 200


def test_the_link_is_refused_once_it_was_used() -> None:
    token = actions.first_run_token()
    assert token
    Client().post(f"/start/{token}", OWNER)
    assert Client().get(f"/start/{token}").status_code == 403
    assert Client().post(f"/start/{token}", OWNER | {"email": "eve@example.org"}).status_code == 403
    with pytest.raises(Forbidden):
        actions.first_run(token, **OWNER)
    assert actions.first_run_token() is None
    assert User.objects.count() == 1


def test_only_the_latest_link_works_and_only_its_hash_is_kept() -> None:
    old, new = actions.first_run_token(), actions.first_run_token()
    assert old and new
    assert Client().get(f"/start/{old}").status_code == 403
    assert [i.token_hash for i in Invitation.objects.all()] == [rules.hashed(new)]


def test_a_short_password_is_refused_with_what_to_do() -> None:
    page = Client().post(f"/start/{actions.first_run_token()}", OWNER | {"password": "short"})
    assert page.status_code == 200 and b"at least 12 characters" in page.content
    assert not queries.has_owner()
