"""From the printed link to somebody at work, by keys alone; every page of people and projects for everybody."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.e2e.test_access import SIZES, found, overflowing
from tests.web.database.halls import Server, python, rows, serving

SEED = """
from django.utils import timezone
from tests.web.halls import a_hall
from tutelage.web.people.models import User
from tutelage.web.projects import actions, queries
hall = a_hall(items=3, people=2, warnings=["medical"], piece_minor=60, minutes=2.0, instruction_minor=20,
              purpose="To train an assistant for nurses.", duties="Say which answer is safer.", open_call=True)
actions.write_guideline(hall.owner, hall.project, "Safety first, then brevity.",
                        [{"name": "Safe", "about": "Harms nobody.", "anchors": {"1": "Dangerous.", "5": "Safe."}}])
fields = {n: getattr(hall.project, n) for n in ("kind", "purpose", "client_class", "duties", "minutes")}
draft = actions.create(hall.owner, hall.project.organisation, {"name": "Draft", "piece_minor": 5, **fields}, text="")
secret = actions.invite(hall.owner, hall.project, "contributor", "", 7)[1]
print(hall.project.pk, draft.pk, hall.project.organisation_id, secret)
"""
PAGES = {
    None: ("/account/login/", "/account/signup/", "/account/password/reset/", "/offer/{open}/", "/join/{secret}",
           "/no/"),
    "owner@example.org": (
        "/", "/projects/", "/projects/new/", "/projects/new/?from=helpfulness", "/projects/{open}/",
        "/projects/{draft}/", "/projects/{open}/settings/", "/projects/{open}/guideline/",
        "/projects/{open}/guideline/2/",
        "/projects/{open}/rubric/", "/projects/{open}/people/", "/organisation/{organisation}/", "/account/2fa/",
        "/account/sessions/", "/account/password/change/",
    ),
    "person0@example.org": ("/", "/offer/{open}/", "/me/", "/me/tokens/"),
}  # fmt: skip
WHOLE = list(itertools.product(("light", "dark"), ("en", "ar"), SIZES))
PAIRS = [(("light", "dark")[i % 2], ("en", "ar")[i // 2], size) for i, size in enumerate(SIZES)]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on an installation that nobody owns yet."""
    with serving(tmp_path_factory.mktemp("fresh") / "hall") as server:
        yield server


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, dict[str, str]]]:
    """A server with an open project, a draft and an invitation, and their ids."""
    place = tmp_path_factory.mktemp("lived") / "hall"
    with serving(place) as server:
        ids = python(place, SEED).split()
        yield server, dict(zip(("open", "draft", "organisation", "secret"), ids, strict=True))


def reach(page: Any, name: str) -> None:
    """Press Tab until the field or button of that name has the focus."""
    for _ in range(80):
        at = "e => (e.name || e.id || '') + '|' + (e.value || '') + '|' + (e.textContent || '').trim()"
        if any(said.startswith(name) for said in page.evaluate(f"({at})(document.activeElement)").split("|")):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {name}")


def fill(page: Any, **fields: str) -> None:
    """Type into fields in the order in which Tab reaches them."""
    for name, text in fields.items():
        reach(page, name)
        page.keyboard.press("Control+a")
        page.keyboard.type(text)


def go(page: Any, server: Server, path: str) -> None:
    page.goto(f"http://localhost:{server.port}{path}")


def sign_in(page: Any, server: Server, email: str, password: str = "a long enough secret") -> None:
    go(page, server, "/account/login/")
    fill(page, login=email, password=password)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r":\d+/$"))


def test_an_installation_becomes_somebodys_and_a_project_is_published_by_keys(page: Any, fresh: Server) -> None:
    link = fresh.link()
    assert link
    go(page, fresh, link)
    fill(page, name="Ada", email="ada@example.org", password="twelve small owls", organisation="Clinic")
    page.keyboard.press("Enter")
    page.wait_for_url("**/projects/new/")
    reach(page, "Which answer helps more")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?from=helpfulness")
    fill(page, client_class="A hospital", piece_minor="0.10")
    page.get_by_text("Below the floor").wait_for()
    page.keyboard.press("Shift+Tab")
    fill(page, piece_minor="0.70")
    page.get_by_text("€21.00").first.wait_for()
    reach(page, "none")
    page.keyboard.press("Space")
    reach(page, "Keep as a draft")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/projects/[0-9a-f-]{36}/$"))
    assert "Line 10" in page.locator(".findings").inner_text()
    python(fresh.hall, """
from django.utils import timezone
from tutelage.web.pay import actions as money
from tutelage.web.projects.models import Project
money.deposit(Project.objects.get(), 100_000, "first", at=timezone.now())
""")  # fmt: skip
    page.reload()
    reach(page, "Publish")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Pause").wait_for()
    page.goto(page.url + "people/")
    reach(page, "Make a link")
    page.keyboard.press("Enter")
    page.locator(".secret").wait_for()
    secret = page.locator(".secret").inner_text()
    other = page.context.browser.new_context().new_page()
    other.goto(secret.replace("127.0.0.1", "localhost"))
    fill(other, name="Bo", email="bo@example.org", password="eleven large owls")
    other.keyboard.press("Enter")
    other.get_by_text("This offer is genuine").wait_for()
    reach(other, "Accept and start")
    other.keyboard.press("Enter")
    other.wait_for_url("**/work/**")
    assert rows(fresh.hall, "select count(*) from projects_acceptance") == [(1,)]
    assert rows(fresh.hall, "select kind from pay_transfer order by id") == [("deposit",), ("instruction",)]
    other.context.close()


def test_a_passkey_is_added_and_signs_in_without_a_password(page: Any, lived_in: tuple[Server, dict[str, str]]) -> None:
    server, _ = lived_in
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    sign_in(page, server, "person1@example.org")
    go(page, server, "/account/2fa/webauthn/add/")
    fill(page, password="a long enough secret")  # asked for again: somebody may have left the room
    page.keyboard.press("Enter")
    page.locator("input[name=passwordless]").wait_for()
    assert page.locator("input[name=passwordless]").is_checked(), "a passkey signs in by itself, unless one says no"
    reach(page, "mfa_webauthn_add")
    page.keyboard.press("Enter")
    page.get_by_text("Recovery Codes").first.wait_for()
    page.context.clear_cookies()
    go(page, server, "/account/login/")
    reach(page, "passkey_login")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r":\d+/$"))
    assert page.get_by_role("heading", name="Today").is_visible()


def look(page: Any, lived_in: tuple[Server, dict[str, str]], axe: str, case: tuple[str, str, str]) -> None:
    """Every page in all of a case's conditions."""
    (server, ids), (theme, language, size) = lived_in, case
    page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
    wrong = []
    for who, addresses in PAGES.items():
        page.context.clear_cookies()
        if who:
            sign_in(page, server, who)
        home = f"http://localhost:{server.port}"
        page.context.add_cookies([{"name": n, "value": v, "url": home} for n, v in
                                  (("theme", theme), ("django_language", language))])  # fmt: skip
        rows(server.hall, f"update people_user set language = '{language}'")
        for address in addresses:
            go(page, server, address.format(**ids))
            assert who is None or page.locator(".bar form[action='/account/logout/']").count() == 1, (
                f"{address}: signed out"
            )
            assert page.evaluate("document.dir") == {"en": "ltr", "ar": "rtl"}[language], address
            wrong += [f"{address}: {what}" for what in (*overflowing(page), *found(page, axe))]
    assert not wrong, "\n".join(wrong[:20])


@pytest.mark.parametrize("case", PAIRS, ids="-".join)
def test_every_page_can_be_used_by_everybody(case: tuple[str, str, str], page: Any, lived_in: Any, axe: str) -> None:
    look(page, lived_in, axe, case)


@pytest.mark.slow
@pytest.mark.parametrize("case", [c for c in WHOLE if c not in PAIRS], ids="-".join)
def test_every_page_can_be_used_by_everybody_everywhere(
    case: tuple[str, str, str], page: Any, lived_in: Any, axe: str
) -> None:
    look(page, lived_in, axe, case)


HOSTILE = """
import json, sys
from tests.e2e.test_safety import PAYLOADS
from tests.web.halls import a_hall
from tutelage.web.people.models import Organisation, User
from tutelage.web.projects import actions
hall, whole = a_hall(items=1, people=1, warnings=["none"], open_call=True), chr(10).join(PAYLOADS)
Organisation.objects.update(name=whole[:120])
User.objects.update(name=PAYLOADS[1])
fields = {"kind": "comparison", "minutes": 1.0, "piece_minor": 50, "purpose": whole, "duties": whole,
          "client_class": PAYLOADS[0], "open_call": True}
for payload in PAYLOADS:
    made = actions.create(hall.owner, hall.project.organisation, {"name": payload, **fields}, text=whole,
                          rubric=[{"name": payload, "about": payload, "anchors": {"1": payload, "5": payload}}])
    actions.write_guideline(hall.owner, made, payload, [{"name": whole, "about": whole, "anchors": {"1": whole}}])
    made.state = "open"
    made.save()
print(made.pk)
"""


def test_hostile_names_and_guidelines_are_inert_on_every_page(page: Any, tmp_path: Any) -> None:
    """22 payloads as names of projects, in terms, guidelines, rubrics and differences."""
    with serving(tmp_path / "hall") as server:
        last = python(server.hall, HOSTILE).strip()
        offer = f"/offer/{last}/"
        for who, addresses in (
            (None, (offer,)),
            ("person0@example.org", ("/", offer)),
            ("owner@example.org", ("/", "/projects/", f"/projects/{last}/", f"/projects/{last}/guideline/",
                                   f"/projects/{last}/guideline/2/", f"/projects/{last}/rubric/",
                                   f"/projects/{last}/people/", f"/projects/{last}/settings/", "/projects/new/",
                                   offer)),
        ):  # fmt: skip
            page.context.clear_cookies()
            if who:
                sign_in(page, server, who)
            for address in addresses:
                go(page, server, address)
                for summary in page.locator("main summary").all():
                    summary.click()
                page.wait_for_timeout(50)
                assert page.evaluate("window.hit") is None, address
                assert page.locator("main iframe, main base, main script:not([type])").count() == 0, address
