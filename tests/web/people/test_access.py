"""Tokens, second factors, single sign-on, sessions, organisations, languages."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone
from tests.web.halls import Hall

from tutelage.errors import BadInput
from tutelage.web.people import actions, queries, rules, sso
from tutelage.web.people.adapters import MFAAdapter
from tutelage.web.people.models import Member, Organisation, Token, User
from tutelage.web.shared.refusals import Forbidden, Refused

pytestmark = pytest.mark.django_db
SECRET = "eleven large owls"


@pytest.fixture
def bo() -> User:
    return actions.register(name="Bo", email="bo@example.org", password=SECRET)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def test_one_signs_in_by_address_and_password_in_any_case(bo: User) -> None:
    client = Client()
    assert client.post("/account/login/", {"login": "BO@example.org", "password": SECRET}).status_code == 302
    assert client.get("/").status_code == 200


def test_ten_wrong_passwords_close_the_door_for_a_while(bo: User) -> None:
    client = Client()
    for _ in range(10):
        client.post("/account/login/", {"login": "bo@example.org", "password": "wrong"})
    client.post("/account/login/", {"login": "bo@example.org", "password": SECRET})
    assert client.get("/").status_code == 302, "still outside"


def test_a_token_is_shown_once_and_kept_as_a_hash(bo: User) -> None:
    page = signed_in(bo).post("/me/tokens/", {"label": "export", "scopes": ["read"], "days": 30}).content.decode()
    [secret] = set(re.findall(r"tut_[\w-]{43}", page))
    assert secret not in signed_in(bo).get("/me/tokens/").content.decode()
    assert Token.objects.get().token_hash == rules.hashed(secret)
    assert Client(headers={"Authorization": f"Bearer {secret}"}).get("/api/me").json()["email"] == "bo@example.org"


def test_a_token_does_what_its_scopes_say_until_it_is_revoked(bo: User) -> None:
    token, secret = actions.make_token(bo, "export", ["read"], 30)
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    assert client.get("/api/me").status_code == 200
    change = {"data": {"name": "B"}, "content_type": "application/json"}
    assert client.patch("/api/me", **change).status_code == 401
    _, writes = actions.make_token(bo, "robot", ["write"], 30)
    assert Client(headers={"Authorization": f"Bearer {writes}"}).patch("/api/me", **change).json()["name"] == "B"
    signed_in(bo).post(f"/me/tokens/{token.pk}/revoke/")
    assert client.get("/api/me").status_code == 401


def test_a_token_ends_when_it_was_said_to(bo: User) -> None:
    token, secret = actions.make_token(bo, "export", ["read"], 7)
    assert queries.live_token(secret) == token
    Token.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert queries.live_token(secret) is None


def test_staff_of_a_reachable_installation_need_a_second_factor(hall: Hall, settings: Any) -> None:
    owner, person = signed_in(hall.owner), signed_in(hall.people[0])
    assert owner.get("/projects/").status_code == 200, "on loopback a password is enough"
    settings.ALLOWED_HOSTS = ["testserver", "hall.example.org"]
    answer = owner.get("/projects/")
    assert answer.status_code == 302 and answer.url == "/account/2fa/"
    assert owner.get("/account/2fa/").status_code == 200
    assert owner.get("/api/me").status_code == 401
    assert person.get("/").status_code == 200, "a contributor chooses"
    Authenticator.objects.create(user=hall.owner, type="totp", data={"secret": MFAAdapter().encrypt("A" * 32)})
    assert owner.get("/projects/").status_code == 200


def test_a_second_factor_is_asked_for_and_its_secret_is_not_in_the_database(bo: User) -> None:
    kept = MFAAdapter().encrypt("JBSWY3DPEHPK3PXP")
    assert "JBSWY3" not in kept and MFAAdapter().decrypt(kept) == "JBSWY3DPEHPK3PXP"
    Authenticator.objects.create(user=bo, type="totp", data={"secret": kept})
    client = Client()
    answer = client.post("/account/login/", {"login": "bo@example.org", "password": SECRET})
    assert answer.url.startswith("/account/2fa/authenticate/")
    assert client.get("/").status_code == 302
    assert client.post("/account/2fa/authenticate/", {"code": "000000"}).status_code == 200
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    code = format_hotp_value(hotp_value("JBSWY3DPEHPK3PXP", next(iter(yield_hotp_counters_from_time()))))
    client.post("/account/2fa/authenticate/", {"code": code})
    assert client.get("/").status_code == 200


def test_an_entry_link_signs_in_once_by_its_button(bo: User) -> None:
    secret, client = actions.entry_link(bo), Client()
    assert client.get(f"/enter/{secret}").status_code == 200
    assert client.get("/").status_code == 302, "opening the link is not enough: mail scanners open links"
    assert client.post(f"/enter/{secret}").status_code == 302
    assert client.get("/").status_code == 200
    assert Client().post(f"/enter/{secret}").status_code == 403
    with pytest.raises(Forbidden):
        actions.accept_invitation(actions.entry_link(bo), bo)


def test_the_last_owner_stays() -> None:
    ada = actions.first_run(
        actions.first_run_token() or "", name="Ada", email="ada@example.org", password=SECRET, organisation="Clinic"
    )
    member = Member.objects.get(user=ada, part="owner")
    with pytest.raises(Refused, match="last owner"):
        actions.remove_member(ada, member)
    page = signed_in(ada).post(f"/organisation/{member.organisation_id}/members/{member.pk}/remove/")
    assert page.status_code == 409 and b"Invite another owner first" in page.content


def test_an_organisation_invites_and_revokes(hall: Hall, bo: User) -> None:
    client, where = signed_in(hall.owner), f"/organisation/{hall.project.organisation_id}/"
    page = client.post(where, {"role": "auditor", "email": "", "days": 1}).content.decode()
    [secret] = set(re.findall(r"/join/(tut_[\w-]+)", page))
    [invitation] = queries.invitations(organisation=Organisation.objects.get())
    client.post(f"{where}invitations/{invitation.pk}/revoke/")
    assert signed_in(bo).post(f"/join/{secret}").status_code == 403
    page = client.post(where, {"role": "auditor", "email": "", "days": 1}).content.decode()
    [secret] = set(re.findall(r"/join/(tut_[\w-]+)", page))
    assert signed_in(bo).post(f"/join/{secret}").status_code == 302
    assert Member.objects.get(user=bo).part == "auditor"
    assert signed_in(bo).get(where).status_code == 200
    assert signed_in(bo).post(where, {"role": "owner", "email": "", "days": 1}).status_code == 404


def test_a_language_is_kept_with_the_person_and_in_the_browser(bo: User) -> None:
    client = signed_in(bo)
    answer = client.post("/language/", {"language": "ar", "next": "https://evil.example.org/"})
    assert answer.url == "/", "it leads nowhere else"
    assert 'dir="rtl"' in client.get("/").content.decode()
    assert User.objects.get(pk=bo.pk).language == "ar"
    assert client.post("/language/", {"language": "xx"}).status_code == 302
    assert User.objects.get(pk=bo.pk).language == "ar"
    stranger = Client()
    stranger.post("/language/", {"language": "ar"})
    assert 'dir="rtl"' in stranger.get("/account/login/").content.decode()


def test_a_profile_is_saved_with_the_colours_of_this_browser(bo: User) -> None:
    client = signed_in(bo)
    answer = client.post("/me/", {"name": "Bø", "language": "en", "theme": "dark"})
    assert answer.status_code == 302 and answer.cookies["theme"].value == "dark"
    assert User.objects.get(pk=bo.pk).name == "Bø"
    assert 'data-theme="dark"' in client.get("/me/").content.decode()


def test_single_sign_on_is_there_only_where_the_environment_names_it(tmp_path: Path) -> None:
    assert sso.provider({}) is None
    (tmp_path / "secret").write_text("hush\n")
    said = {"TUTELAGE_OIDC_SERVER": "https://id.example.org", "TUTELAGE_OIDC_CLIENT_ID": "hall"}
    with pytest.raises(BadInput, match="without a client id or a secret"):
        sso.provider(said)
    made = sso.provider(said | {"TUTELAGE_OIDC_SECRET_FILE": str(tmp_path / "secret")})
    assert made is not None
    [app] = made["openid_connect"]["APPS"]
    assert (app["client_id"], app["secret"], app["name"]) == ("hall", "hush", "Single sign-on")


def test_every_page_of_signing_in_is_in_our_frame(bo: User) -> None:
    client = signed_in(bo)
    for page in (
        "2fa/",
        "2fa/webauthn/",
        "2fa/recovery-codes/generate/",
        "password/change/",
        "email/",
        "sessions/",
        "logout/",
    ):
        answer = client.get(f"/account/{page}", follow=True)
        assert answer.status_code == 200 and 'class="skip-link"' in answer.content.decode(), page
    for page in ("login/", "signup/", "password/reset/", "inactive/"):
        answer = Client().get(f"/account/{page}")
        assert answer.status_code == 200 and 'class="skip-link"' in answer.content.decode(), page


def test_the_provider_of_single_sign_on_has_its_button_and_its_way_back(tmp_path: Path) -> None:
    """In a process of its own, since Django reads its settings once."""
    code = (
        "import django; django.setup()\n"
        "from django.core.management import call_command; call_command('migrate', verbosity=0)\n"
        "from django.test import Client\n"
        "page = Client(headers={'host': 'localhost'}).get('/account/login/').content.decode()\n"
        "assert 'Clinic SSO' in page and '/account/oidc/sso/login/' in page, page\n"
    )
    said = {
        "TUTELAGE_OIDC_SERVER": "https://id.example.org", "TUTELAGE_OIDC_CLIENT_ID": "hall",
        "TUTELAGE_OIDC_SECRET": "hush", "TUTELAGE_OIDC_NAME": "Clinic SSO", "TUTELAGE_HALL": str(tmp_path),
    }  # fmt: skip
    env = {k: v for k, v in os.environ.items() if k != "TUTELAGE_DATABASE_URL"} | said
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-600:]
