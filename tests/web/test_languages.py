"""Every text can be translated: under the trial language nothing of ours is left in English."""

from __future__ import annotations

import gettext
import re
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.web.halls import a_hall
from tools import pseudo

from tutelage.web.people import actions as people
from tutelage.web.people.models import Organisation, User
from tutelage.web.projects import actions, queries
from tutelage.web.projects.models import Guideline, Project

GREEK = "Ωμέγα ψ"
PLAIN = re.compile(r"[A-Za-z]{3,}")
OVERRIDDEN = re.compile(f"{pseudo.OVERRIDE}[^{pseudo.END}]*{pseudo.END}")
SAME = {"Tutelage", "EUR", "GBP", "USD", "API", "offer", "json", "Mindestlohnanpassungsverordnung", "nfte", "smollm"}
VOID = {"input", "br", "hr", "img", "meta", "link"}
SPOKEN = ("aria-label", "placeholder", "title", "alt")


class Said(HTMLParser):
    """What a page says to eyes and ears; not what is code, or says that it reads from left to right."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.texts += [named[a] or "" for a in SPOKEN if a in named]
        silent = tag in ("script", "style") or named.get("dir") == "ltr" or "mono" in (named.get("class") or "")
        if tag not in VOID:
            self.open.append((tag, silent))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not any(silent for _, silent in self.open):
            self.texts.append(data)


def left_in_english(html: str) -> set[str]:
    said = Said()
    said.feed(html[html.index("<body") :])
    return set(PLAIN.findall(OVERRIDDEN.sub(" ", " ".join(said.texts)))) - SAME


def test_the_catalogue_holds_every_text_and_is_current() -> None:
    """Run `python -m tools.pseudo` where this fails."""
    assert pseudo.CATALOGUE.read_bytes() == pseudo.compiled(pseudo.texts())


def test_a_trial_text_keeps_its_placeholders_and_is_longer() -> None:
    made = pseudo.pseudo("Line %(line)d of <bdi>{{ name }}</bdi>: save it")
    assert re.findall(r"%\(line\)d|<bdi>|</bdi>", made) == ["%(line)d", "<bdi>", "</bdi>"]
    assert len(made) > len("Line %(line)d of <bdi>{{ name }}</bdi>: save it")
    assert not PLAIN.search(OVERRIDDEN.sub("", pseudo.pseudo("Nobody sees a draft.")))


def test_the_compiled_catalogue_is_what_gettext_reads() -> None:
    made = pseudo.compiled([pseudo.Text("one owl", "many owls"), pseudo.Text("yes")])
    read = gettext.GNUTranslations(BytesIO(made))
    assert read.gettext("yes") == pseudo.pseudo("yes")
    assert read.ngettext("one owl", "many owls", 1) == pseudo.pseudo("one owl")
    assert read.ngettext("one owl", "many owls", 7) == pseudo.pseudo("many owls")


@pytest.fixture
def greek(db: None) -> Any:
    """A hall in which everything that people wrote is Greek, so that Latin letters are ours."""
    hall = a_hall(
        items=1, people=1, name=GREEK, purpose=GREEK * 3, duties=GREEK * 3, client_class=GREEK, warnings=["hate"]
    )
    Organisation.objects.update(name=GREEK)
    Guideline.objects.update(text=GREEK, rubric=[{"name": GREEK, "about": GREEK, "anchors": {"1": GREEK, "5": GREEK}}])
    User.objects.update(name=GREEK, language="ar")
    Project.objects.update(open_call=True, published_at=timezone.now(), piece_minor=40)
    return hall


def client_of(user: User | None) -> Client:
    client = Client(headers={"Accept-Language": "ar"})
    if user:
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def test_no_page_of_people_and_projects_leaves_english(greek: Any) -> None:
    project, owner = Project.objects.get(), greek.owner
    person = User.objects.get(pk=greek.people[0].pk)
    fields = {n: getattr(project, n) for n in ("kind", "purpose", "client_class", "duties", "minutes", "piece_minor")}
    draft = actions.create(owner, project.organisation, {"name": GREEK, **fields}, text="")
    actions.write_guideline(owner, draft, GREEK * 2, [])
    secret = actions.invite(owner, project, "reviewer", "", 7)[1]
    people.make_token(owner, GREEK, ["read", "write"], 7)
    actions.accept(person, project, queries.signed_offer(queries.terms(project))["digest"])
    shown: dict[User | None, list[str]] = {
        None: ["/account/login/", "/account/signup/", "/account/password/reset/", f"/offer/{project.pk}/", "/start/x",
               f"/join/{secret}", "/offer/x/"],
        owner: ["/", "/projects/", "/projects/new/", "/projects/new/?from=helpfulness", "/me/", "/me/tokens/",
                "/account/2fa/", "/account/password/change/", "/account/2fa/totp/activate/", "/account/logout/",
                f"/organisation/{project.organisation_id}/", f"/join/{secret}",
                *(f"/projects/{p.pk}/{page}" for p in (project, draft) for page in
                  ("", "settings/", "guideline/", "rubric/", "people/", "guideline/1/")),
                f"/projects/{draft.pk}/guideline/2/"],
        person: ["/", f"/offer/{project.pk}/", "/me/"],
    }  # fmt: skip
    left = {}
    for user, addresses in shown.items():
        client = client_of(user)
        for address in addresses:
            html = client.get(address, follow=True).content.decode()
            assert 'dir="rtl"' in html, address
            if words := left_in_english(html):
                left[address] = sorted(words)
    assert not left, left
