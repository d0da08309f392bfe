"""An owner seals from a page: whole, verified, blocked by what is under suspicion, streamed, compared with the last."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from tests.web.proof.signers import judge, verified

from tutelage.web.proof import releasing
from tutelage.web.proof.models import Audit, Release, Suspect
from tutelage.web.shared.refusals import Refused

NOW = timezone.now().replace(microsecond=0)


def owner_of(hall: Any) -> Client:
    client = Client()
    client.force_login(hall.owner, "django.contrib.auth.backends.ModelBackend")
    return client


def asked(hall: Any) -> Release:
    """A release, asked for and built."""
    one = releasing.ask(hall.owner, hall.project, licence="CC-BY-4.0", exclusive=True, certificate=None, now=NOW)
    releasing.build(one.pk, NOW)
    return Release.objects.get(pk=one.pk)


def test_a_release_is_built_verified_and_compared_with_the_one_before(hall: Any) -> None:
    """Two judgments, then one more: release 2 adds one judgment and one item."""
    judge(hall, 2, NOW)
    first = asked(hall)
    assert first.state == "done" and first.checked["ok"], (first.why, first.checked)
    assert first.manifest["judgments"] == 2 and first.manifest["exclusivity"] == "exclusive" and first.against == {}
    judge(hall, 1, NOW, person=1)
    second = asked(hall)
    assert second.against["number"] == 1
    assert dict(second.against["rows"])["judgments"] == [1, 0, 0]
    assert second.manifest["previous"] == first.manifest["digest"]


def test_the_stream_is_the_release_and_verifies(hall: Any, tmp_path: Path) -> None:
    judge(hall, 1, NOW)
    asked(hall)
    client = owner_of(hall)
    answer = client.get(f"/projects/{hall.project.pk}/releases/1/release.tar")
    with tarfile.open(fileobj=io.BytesIO(b"".join(answer))) as packed:
        packed.extractall(tmp_path, filter="data")
    assert verified(tmp_path / "answers-1")[0]
    card = client.get(f"/projects/{hall.project.pk}/releases/1/card/")
    assert card["Content-Disposition"].startswith("attachment") and b"<html" in b"".join(card)
    assert client.get(f"/projects/{hall.project.pk}/releases/1/secrets/").status_code == 404


def test_a_row_under_suspicion_stops_every_release_until_somebody_decides(hall: Any) -> None:
    """Left out: one row less, and the decision stands in the release by a pseudonym."""
    made = judge(hall, 2, NOW)
    releasing.suspect(None, hall.project, made[0], "pasted", NOW)
    releasing.suspect(None, hall.project, made[0], "pasted again", NOW)
    one = Suspect.objects.get()
    with pytest.raises(Refused, match="suspicion"):
        asked(hall)
    releasing.decide(hall.owner, one, keep=False, reason="it is from the web", now=NOW)
    done = asked(hall)
    assert done.state == "done" and done.manifest["judgments"] == 1
    [decided] = done.manifest["decided"]
    assert decided["reason"] == "it is from the web" and len(decided["by"]) == 64
    assert Audit.objects.filter(verb="decided").count() == 1


def test_what_is_no_judgment_of_this_project_is_not_suspected(hall: Any) -> None:
    with pytest.raises(Refused, match="no such judgment"):
        releasing.suspect(hall.owner, hall.project, hall.project.pk, "?", NOW)


def test_building_again_after_a_crash_begins_anew_and_a_finished_one_stays(hall: Any) -> None:
    judge(hall, 1, NOW)
    one = releasing.ask(hall.owner, hall.project, licence="CC0-1.0", exclusive=False, certificate=None, now=NOW)
    left = Path(settings.HALL) / "projects" / str(hall.project.pk) / "releases" / "1"
    left.mkdir(parents=True)
    (left / "half").write_text("of it")
    releasing.build(one.pk, NOW)
    assert Release.objects.get().state == "done" and not (left / "half").exists()
    releasing.build(one.pk, NOW)
    assert Release.objects.get().state == "done"


def test_an_empty_project_says_why_there_is_no_release(hall: Any) -> None:
    one = asked(hall)
    assert one.state == "failed" and "no judgment yet" in one.why


def test_contributors_see_none_of_it_and_auditors_change_nothing(hall: Any) -> None:
    judge(hall, 1, NOW)
    asked(hall)
    client = Client()
    client.force_login(hall.people[0], "django.contrib.auth.backends.ModelBackend")
    for page in ("releases/", "releases/1/", "releases/1/release.tar", "certificate/"):
        assert client.get(f"/projects/{hall.project.pk}/{page}").status_code == 404
    from tutelage.web.projects.models import Role

    Role.objects.create(project=hall.project, user=hall.people[0], name="auditor")
    assert client.get(f"/projects/{hall.project.pk}/releases/").status_code == 200
    assert client.post(f"/projects/{hall.project.pk}/releases/", {"licence": "CC0-1.0"}).status_code == 404


def test_the_page_shows_three_releases_with_no_more_queries_than_one(
    hall: Any, django_assert_max_num_queries: Any
) -> None:
    judge(hall, 1, NOW)
    asked(hall)
    client, address = owner_of(hall), f"/projects/{hall.project.pk}/releases/"
    client.get(address)
    counts = []
    for _ in range(2):
        with django_assert_max_num_queries(60) as found:
            assert client.get(address).status_code == 200
        counts.append(len(found))
        asked(hall)
        asked(hall)
    assert counts[0] == counts[1]
