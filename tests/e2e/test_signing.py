"""A person signs their own work in a real browser, with a real passkey of its virtual authenticator."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.test_people import go, reach, sign_in
from tests.web.database.halls import Server, python, rows, serving

SEED = """
from django.utils import timezone
from tests.web.halls import a_hall
from tests.web.proof.signers import judge
hall = a_hall(items=6, people=1)
judge(hall, 4, timezone.now())
print(hall.project.pk)
"""
RELEASE = """
from types import SimpleNamespace
from django.utils import timezone
from tests.web.proof.signers import released, verified
from tutelage.web.projects.models import Project
made = released(SimpleNamespace(project=Project.objects.get()), Path({out!r}), timezone.now())
print(made.levels["H2"], *verified(Path({out!r})))
"""


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A server on which somebody has judged four pairs."""
    place = tmp_path_factory.mktemp("worked") / "hall"
    with serving(place) as server:
        yield server, python(place, SEED).strip()


def test_a_passkey_is_made_for_the_project_and_signs_what_a_release_then_shows_at_h2(
    page: Any, worked: tuple[Server, str], tmp_path: Path
) -> None:
    server, project = worked
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto(f"http://127.0.0.1:{server.port}/account/login/")  # no browser makes a passkey for a number
    sign_in(page, server, "person0@example.org")
    go(page, server, f"/proof/{project}/sign/")
    assert page.get_by_text("4 judgments, €1.00").is_visible()
    reach(page, "Make a passkey")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign 4 judgments").wait_for()
    reach(page, "Sign 4 judgments")
    page.keyboard.press("Enter")
    page.get_by_text("4 judgments signed by you on").wait_for()
    assert page.get_by_text("with €1.00 of pay").is_visible()
    go(page, server, f"/proof/{project}/receipts/")
    assert page.get_by_text("signed by you").count() == 4
    assert rows(server.hall, "select count(*) from proof_signature") == [(4,)]
    said = python(server.hall, RELEASE.format(out=str(tmp_path / "release")))
    assert said.startswith("4 True"), said
    assert "levels: H2 4" in said and "signed at http://localhost" in said


def test_a_receipt_is_checked_with_three_downloads_and_nothing_of_ours(
    page: Any, worked: tuple[Server, str], tmp_path: Path
) -> None:
    server, project = worked
    sign_in(page, server, "person0@example.org")
    python(server.hall, "from tutelage.web.proof.actions import sequence\nsequence()")
    go(page, server, f"/proof/{project}/receipts/")
    for name in ("check_receipt.py", "operator.pub"):
        with page.expect_download() as found:
            page.get_by_role("link", name=name).first.click()
        found.value.save_as(tmp_path / name)
    with page.expect_download() as found:
        page.locator("td a[download]").first.click()
    found.value.save_as(tmp_path / "receipt.json")
    argv = [sys.executable, "-I", "check_receipt.py", "receipt.json", "--trust", "operator.pub"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "VERIFIED" in done.stdout and "of the signed log" in done.stdout, done.stdout
    said = json.loads((tmp_path / "receipt.json").read_text())
    said["line"] = said["line"].replace("tie", "first")
    (tmp_path / "receipt.json").write_text(json.dumps(said))
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "not what the receipt commits to" in done.stdout


def test_at_a_number_for_an_address_the_page_leads_to_localhost(page: Any, worked: tuple[Server, str]) -> None:
    server, project = worked
    page.goto(f"http://127.0.0.1:{server.port}/account/login/?next=/proof/{project}/sign/")
    page.locator("[name=login]").fill("person0@example.org")
    page.locator("[name=password]").fill("a long enough secret")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign/")
    assert page.get_by_role("link", name="Go on at localhost").get_attribute("href") == (
        f"http://localhost:{server.port}/proof/{project}/sign/"
    )
