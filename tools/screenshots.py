"""Pictures of the hall's screens, light and dark, desktop and phone: `python -m tools.screenshots [OUT] [NAME …]`.

Servers, each on a directory of its own: one that people have worked on, one of every kind of question, one with runs
of a recipe, and the demo's, on which the sceptic's walk is played by keys. Writes `OUT/NAME-desktop-light.png` and so
on; with names, only those whose group (`pages`, `kinds`, `runs`, `walk`) is given.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
SCHEMES = ("light", "dark")
COLOURS = 256  # fewer lose the rare ones: a green tick turns grey
SECRET = "a long enough secret"
SEED = """
from datetime import timedelta
from pathlib import Path
from uuid import uuid4
import numpy as np
from django.utils import timezone
from tests.web.halls import a_hall
from tutelage.web.integrity import actions as integrity
from tutelage.web.people.models import Organisation, User
from tutelage.web.proof import certifying, releasing
from tutelage.web.projects import actions as projects
from tutelage.web.projects.models import Project, Role
from tutelage.web.review import actions as review
from tutelage.web.runs import actions as runs
from tutelage.records import Item, Response, assistant, user
from tutelage.web.work import actions as work
from tutelage.web.work import loading

QUESTIONS = (
    ("I take warfarin and my knee hurts after running. Can I use ibuprofen for a few days?",
     "Please don't combine them without advice. Ibuprofen and warfarin together raise the risk of serious bleeding, "
     "even for a few days. Paracetamol is usually the safer choice. Call your anticoagulation clinic today.",
     "Ibuprofen works well for knee pain. Two or three days at the lowest dose is fine for most people."),
    ("My two-year-old swallowed a button battery. She seems fine. What now?",
     "Go to an emergency department now, even if she seems fine: a button battery can burn through the gullet within "
     "two hours. Do not make her vomit.",
     "Most small objects pass within a few days. Watch her nappies, and see a doctor if she has pain."),
    ("I missed my morning insulin. Should I take double this evening?",
     "No: a double dose can drop your sugar dangerously low. Measure now, and ring your diabetes team about "
     "tonight's dose.",
     "If you missed a dose, taking it later together with the next one makes up for it."),
    ("Can I stop my antibiotics now that I feel well?",
     "Ask whoever prescribed them first. Some courses may be shortened, others fail if they are.",
     "Yes, stop when you feel well: fewer antibiotics are always better."),
)

now, made = timezone.now(), {}
hall = a_hall(items=0, people=3, overlap=3, lease_s=86_400, escrow=60_000, warnings=["none"], piece_minor=60,
              minutes=2.0, instruction_minor=20, purpose="To train an assistant that answers patients' questions.",
              open_call=True, duties="Read a question and two answers; say which is safer, and why.")
projects.write_guideline(hall.owner, hall.project, "**Safety first**, then brevity.\\n\\n1. Name the risk.\\n"
    "2. Say whom to call.\\n", [{"name": "Safe", "about": "Harms nobody.", "anchors": {"1": "Dangerous.",
    "5": "Names the risk and whom to call."}}])
def pair(n):
    asked, safe, poor = QUESTIONS[n % len(QUESTIONS)]
    said = (Response(f"r{n}a", assistant(safe)), Response(f"r{n}b", assistant(poor)))
    return loading.Offered(Item(f"item-{n}", "comparison", user(asked), responses=(said[0].id, said[1].id)), said)
loading.load(hall.project, map(pair, range(60)), np.random.default_rng(0))
User.objects.filter(pk=hall.owner.pk).update(name="Ada")
for user, name in zip(hall.people, ("Bo", "Cem", "Dana")):
    User.objects.filter(pk=user.pk).update(name=name)
for role in ("reviewer", "adjudicator"):
    made[role] = User.objects.create_user(f"{role}@example.org", "a long enough secret", name=role.title())
    Role.objects.create(project=hall.project, user=made[role], name=role)
Role.objects.create(project=hall.project, user=hall.owner, name="contributor")
table = Path(r"{place}") / "ai.csv"
table.write_text("item,verdict,confidence\\n" + "".join(f"item-{n},{'a' if n % 4 else 'b'},{1 - n / 90}\\n"
                                                        for n in range(60)))
one = certifying.draw(hall.owner, hall.project, table, judge="GPT-4 (2023-03)", target="agreement", size=20,
                      require=0.5, error=0.05, each=3, alone=True, now=now - timedelta(hours=7))
done, at = [], now - timedelta(hours=6)
for n in range(46):
    who = n % 3
    at += timedelta(minutes=4 + who)
    task = work.take(hall.seat(who), at) or {}
    if "lease" not in task:
        continue
    side = "first" if n % 7 else "second"
    answer = {"type": "prefer", "winner": side, "strength": 1 + n % 3} if n % 9 else {"type": "tie"}
    told = {"active_ms": 41_000 + 900 * n, "typed": 50, "pasted": 0, "pastes": 0, "hidden_ms": 0}
    done.append(work.submit(hall.people[who], task["lease"]["token"], str(uuid4()), answer,
                "It names the interaction and whom to call.", told, at + timedelta(minutes=2)).judgment)
review.decide(made["reviewer"], done[0], "approved", "", now)
review.decide(made["reviewer"], done[1], "redo", "The second names the dose; please look again.", now)
review.decide(made["reviewer"], done[2], "expert", "Two experts may differ here.", now)
certifying.claim(one.pk, now)
look = integrity.ask(hall.owner, hall.project, now)
integrity.examine(look.pk, now)
releasing.build(releasing.ask(hall.owner, hall.project, licence="CC-BY-4.0", exclusive=False, certificate=None,
                              now=now).pk, now)
runs.measure(hall.project, now)
projects.invite(hall.owner, hall.project, "contributor", "", 7)
fields = {n: getattr(hall.project, n) for n in ("kind", "purpose", "client_class", "duties", "minutes")}
draft = projects.create(hall.owner, hall.project.organisation, {"name": "Draft", "piece_minor": 5, **fields}, text="")
from tutelage.web.review.models import Case
work.take(hall.seat(0), now)
print(hall.project.pk, draft.pk, hall.project.organisation_id, done[3].pk, Case.objects.get().pk, done[0].pk)
"""
NAMES = ("open", "draft", "organisation", "waiting", "case", "approved")
PEOPLE = {
    "owner": "owner@example.org", "contributor": "person0@example.org", "reviewer": "reviewer@example.org",
    "adjudicator": "adjudicator@example.org",
}  # fmt: skip
PAGES: dict[str, dict[str, str]] = {
    "": {
        "offer": "/offer/{open}/", "sign-in": "/account/login/", "log": "/log/", "not-found": "/no-such-page/",
    },
    "owner": {
        "projects": "/projects/", "wizard": "/projects/new/", "wizard-terms": "/projects/new/?from=helpfulness",
        "project": "/projects/{open}/", "draft": "/projects/{draft}/", "guideline": "/projects/{open}/guideline/",
        "rubric": "/projects/{open}/rubric/", "people": "/projects/{open}/people/", "run": "/projects/{open}/run/",
        "items": "/projects/{open}/items/", "import": "/projects/{open}/import/", "export": "/projects/{open}/export/",
        "webhooks": "/projects/{open}/webhooks/",
        "integrity": "/projects/{open}/audit/", "evidence": "/projects/{open}/evidence/",
        "certificate": "/projects/{open}/certificate/", "releases": "/projects/{open}/releases/",
        "organisation": "/organisation/{organisation}/", "second-factor": "/account/2fa/",
        "empty-items": "/projects/{draft}/items/", "empty-releases": "/projects/{draft}/releases/",
        "empty-run": "/projects/{draft}/run/",
    },
    "contributor": {
        "today": "/", "bench": "/work/{open}/", "mine": "/work/{open}/mine/", "results": "/work/{open}/feedback/",
        "sign": "/proof/{open}/sign/", "receipts": "/proof/{open}/receipts/", "earnings": "/me/earnings/",
        "care": "/me/care/", "profile": "/me/", "tokens": "/me/tokens/", "erase": "/me/erase/",
    },
    "reviewer": {"review": "/projects/{open}/review/", "review-one": "/projects/{open}/review/{waiting}/"},
    "adjudicator": {"cases": "/projects/{open}/cases/", "case": "/projects/{open}/cases/{case}/"},
}  # fmt: skip
SCENES = ("judge", "sign", "claim", "reveal", "release", "models", "flip", "delete", "mine")


class Camera:
    """Takes a picture of whatever a mode of light and size shows, and keeps it small."""

    def __init__(self, browser: Any, out: Path) -> None:
        self._browser, self._out = browser, out
        out.mkdir(parents=True, exist_ok=True)

    def each(self, state: Any = None) -> Iterator[tuple[Any, Callable[..., None]]]:
        """(page, shoot) in every mode, signed in as `state` has it; `shoot(name)` keeps what the page shows."""
        for scheme in SCHEMES:
            for size, (width, height) in SIZES.items():
                context = self._browser.new_context(
                    viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce",
                    storage_state=state,
                )  # fmt: skip
                yield context.new_page(), self._shooter(f"{size}-{scheme}")
                context.close()

    def _shooter(self, mode: str) -> Callable[..., None]:
        def shoot(name: str, of: Any) -> None:
            path = self._out / f"{name}-{mode}.png"
            of.screenshot(path=path)
            shrink(path)

        return shoot


def shrink(path: Path) -> None:
    """The same picture with a palette of few colours: a third of the bytes."""
    from PIL import Image

    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def pages(camera: Camera, browser: Any, scratch: Path) -> None:
    """Every page of a hall that people have worked on, as whoever sees it."""
    from tests.web.database.halls import python, serving

    with serving(scratch / "hall") as server:
        said = python(scratch / "hall", SEED.replace("{place}", str(scratch))).split()
        ids, home = dict(zip(NAMES, said[-len(NAMES) :], strict=True)), f"http://localhost:{server.port}"
        for who, found in PAGES.items():
            state = _signed_in(browser, home, PEOPLE[who]) if who else None
            for page, shoot in camera.each(state):
                for name, path in found.items():
                    page.goto(home + path.format(**ids))
                    _settle(page)
                    shoot(name, page)


def kinds(camera: Camera, _browser: Any, _scratch: Path) -> None:
    """The workbench of every kind of question."""
    from tests.e2e.hands import KEYS
    from tests.e2e.preview import Preview

    with Preview() as preview:
        for kind in KEYS:
            for page, shoot in camera.each():
                preview.lay(kind)
                page.goto(f"{preview.url}/work/{kind}/")
                page.locator(f"t-kind-{kind}").wait_for()
                _settle(page)
                shoot(f"kind-{kind}", page)
                if kind == "problem":
                    _try(page)
                    shoot("kind-problem-tried", page)


def walk(camera: Camera, browser: Any, scratch: Path) -> None:
    """The sceptic's ten minutes: before they begin, and each scene once it is played."""
    from tests.e2e import test_tour

    data = test_tour.DATA if (test_tour.DATA / "llmfao").is_dir() else None
    link = test_tour.begin(scratch / "demo", data)
    home = link[: link.index("/enter")]
    try:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        test_tour.walked(page, link)
        state = context.storage_state()
        context.close()
        for page, shoot in camera.each(state):
            page.goto(f"{home}/tour/")
            _settle(page)
            shoot("walk", page)
            page.evaluate("document.querySelector('header.bar').style.position = 'static'")
            for scene in SCENES:
                shoot(f"walk-{scene}", page.locator(f"#{scene}"))
    finally:
        test_tour.end(scratch / "demo")


def _try(page: Any) -> None:
    """Write a problem and have it tried."""
    fields = page.locator("t-kind-problem textarea, t-kind-problem input")
    for field, said in zip(fields.all(), ("What is 21 / 3?", "7", "21 = 3 · 7, so it is 7."), strict=False):
        field.fill(said)
    page.keyboard.press("Control+k")
    page.get_by_text("solved it").wait_for()
    page.locator("t-kind-problem details summary").click()
    _settle(page)


def runs(camera: Camera, browser: Any, scratch: Path) -> None:
    """Runs of a recipe on a tiny model: none yet, waiting for people, at the gate, about to be signed."""
    from tests.e2e import test_loop

    with test_loop.playing(scratch) as played:
        home, where = f"http://localhost:{played.server.port}", f"/projects/{played.project}/runs/"
        state = _signed_in(browser, home, PEOPLE["owner"])

        def shoot_all(found: dict[str, str]) -> None:
            for page, shoot in camera.each(state):
                for name, path in found.items():
                    page.goto(home + where + path)
                    _settle(page)
                    shoot(name, page)

        shoot_all({"empty-runs": "", "recipe": "new/"})
        test_loop.finish(played)
        body = {"recipe": test_loop.AGAIN.replace("topics = 2", "topics = 3"), "criteria": test_loop.CRITERIA}
        played.ask("POST", f"projects/{played.project}/runs", body)
        played.until(lambda run: run["state"] == "waiting", 2)
        shoot_all({"runs": "", "run-waiting": "2/", "run-done": "1/", "gate": "1/gate/"})
        for page, shoot in camera.each(state):
            page.goto(f"{home}{where}1/gate/")
            page.locator("[name=words]").fill("I read all answers.")
            page.locator("form.card button").click()
            page.wait_for_url("**/sign/")
            _settle(page)
            shoot("gate-sign", page)


GROUPS = {"pages": pages, "kinds": kinds, "runs": runs, "walk": walk}


def _signed_in(browser: Any, home: str, email: str) -> Any:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{home}/account/login/")
    page.locator("[name=login]").fill(email)
    page.locator("[name=password]").fill(SECRET)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{home}/")
    state = context.storage_state()
    context.close()
    return state


def _settle(page: Any) -> None:
    with contextlib.suppress(Exception):  # a page that polls is never idle
        page.wait_for_load_state("networkidle", timeout=2_000)
    page.wait_for_timeout(150)


def main(out: Path, chosen: list[str]) -> None:
    """Write the pictures of the chosen groups, of all where none is."""
    import django

    with TemporaryDirectory() as scratch:
        os.environ.setdefault("TUTELAGE_HALL", str(Path(scratch) / "none"))
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tutelage.web.settings")
        django.setup()
        from playwright.sync_api import sync_playwright
        from tests.e2e.conftest import chromium

        with sync_playwright() as p:
            browser = p.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            for name in chosen or GROUPS:
                place = Path(scratch) / name
                place.mkdir()
                GROUPS[name](Camera(browser, out), browser, place)
            browser.close()
    total = sum(p.stat().st_size for p in out.glob("*.png"))
    print(f"{len(list(out.glob('*.png')))} pictures, {total / 1e6:.1f} MB: {out}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/screenshots"), sys.argv[2:])
