"""A person signs their own judgments and pay with a passkey; a release then shows them at H2, and nobody else can."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.provenance.people_at_work import Passkey
from tests.web.proof.signers import RP, SITE, enrolled, judge, released, sign, verified

from tutelage.provenance.frames import opposite
from tutelage.web.proof import queries, signing
from tutelage.web.proof.log import HallLog
from tutelage.web.proof.models import Audit, Leaf, Lost, Signature
from tutelage.web.shared.refusals import Refused, Unprocessable

NOW = timezone.now().replace(microsecond=0)


def test_rows_that_their_maker_signed_verify_at_h2_and_the_others_at_h1(hall: Any, tmp_path: Path) -> None:
    """Three of person 0 signed on http://localhost, one of person 1 not: H2 3, H1 1, and where it was signed."""
    key = Passkey()
    judge(hall, 3, NOW)
    enrolled(hall, key, NOW)
    batch = sign(hall, key, NOW)
    judge(hall, 1, NOW, person=1)
    assert len(batch.receipts) == 3
    made = released(hall, tmp_path / "r", NOW)
    assert (made.levels["H2"], made.levels["H1"]) == (3, 1)
    holds, said = verified(tmp_path / "r")
    assert holds, said
    assert "levels: H1 1, H2 3" in said
    assert "signed at http://localhost, on the machine of the platform itself: 1" in said


def test_a_batch_lies_in_the_log_under_its_makers_key_and_an_enrolment_in_the_clear(hall: Any) -> None:
    key = Passkey()
    judge(hall, 1, NOW)
    enrolment, batch = enrolled(hall, key, NOW), sign(hall, key, NOW)
    owner = queries.keys().owner_of(str(hall.people[0].pk))
    assert owner is not None
    assert bytes(batch.leaf.owner) == opposite(owner) and b"batch/1" not in bytes(batch.leaf.body)
    assert enrolment.leaf.owner is None and bytes(enrolment.leaf.body) == enrolment.payload.encode()
    assert not HallLog().enrolled, "it has no place before the sequencer has passed"


def test_only_ones_own_unsigned_judgments_are_signed_once_and_just_now(hall: Any) -> None:
    key, other = Passkey(), Passkey()
    mine, theirs = judge(hall, 2, NOW), judge(hall, 1, NOW, person=1)
    with pytest.raises(Refused, match="no passkey"):
        sign(hall, key, NOW)
    enrolled(hall, key, NOW)
    with pytest.raises(Refused, match="already"):
        enrolled(hall, other, NOW)
    user = hall.people[0]
    said = queries.statement(queries.unsigned(user, hall.project), NOW)
    good = key.sign(said.challenge, rp=RP, origin=SITE)
    for asked, at, proof, why in (
        ([*mine, *theirs], NOW, good, "not yours"),
        (mine[:1], NOW, good, "signs something else"),
        (mine, NOW - timedelta(hours=1), good, "too old"),
        (mine, NOW, other.sign(said.challenge, rp=RP, origin=SITE), "another key"),
        (mine, NOW, key.sign(said.challenge, rp=RP, origin="http://evil.example"), "another site"),
        (mine, NOW, key.sign(said.challenge, rp="evil.example"), "another"),
        (mine, NOW, replace(good, signature=""), "another key"),
    ):
        with pytest.raises((Refused, Unprocessable), match=why):
            signing.sign(user, hall.project, asked, at, proof, NOW)
    assert not Signature.objects.exists()
    signing.sign(user, hall.project, mine, NOW, good, NOW)
    with pytest.raises(Refused, match="signed already"):
        signing.sign(user, hall.project, mine, NOW, good, NOW)
    assert queries.unsigned(user, hall.project) == []
    assert Signature.objects.count() == 2


def test_fifty_are_signed_at_a_time(make_hall: Any) -> None:
    hall = make_hall(items=52)
    judge(hall, 52, NOW)
    key = Passkey()
    enrolled(hall, key, NOW)
    assert len(sign(hall, key, NOW).receipts) == 50
    assert queries.unsigned_count(hall.people[0], hall.project) == 2
    assert Leaf.objects.count() == 54


def test_a_passkey_made_elsewhere_or_before_is_not_enrolled(hall: Any) -> None:
    key = Passkey()
    key.flags = 1  # present, not verified
    with pytest.raises(Unprocessable, match="not made here"):
        enrolled(hall, key, NOW)


def test_the_statement_is_what_the_receipts_say(hall: Any) -> None:
    """Three tasks of 25 cents: 75, over exactly three."""
    judge(hall, 3, NOW)
    said = queries.statement(queries.unsigned(hall.people[0], hall.project), NOW)
    assert (said.pay.minor, said.pay.count, said.pay.currency) == (75, 3, "EUR")
    assert said.pay.nym == hall.seat().nym


def test_a_lost_passkey_is_replaced_after_a_week_and_what_the_first_signed_stays(hall: Any, tmp_path: Path) -> None:
    """One row by the first key: H2. One by its replacement: kept here, but to a verifier unsigned (H1)."""
    first, second = Passkey(), Passkey()
    judge(hall, 1, NOW)
    enrolled(hall, first, NOW)
    sign(hall, first, NOW)
    user = hall.people[0]
    with pytest.raises(Refused, match="already"):
        enrolled(hall, second, NOW)
    assert signing.lose(user, hall.project, NOW) == signing.lose(user, hall.project, NOW + timedelta(days=6))
    with pytest.raises(Refused, match="not over"):
        enrolled(hall, second, NOW + timedelta(days=6))
    later = NOW + timedelta(days=7)
    enrolled(hall, second, later)
    assert queries.lost(user, hall.project) is None
    judge(hall, 1, later)
    assert len(sign(hall, second, later).receipts) == 1
    verbs = Audit.objects.filter(what="passkey").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["enrolled", "lost", "replaced"]
    released(hall, tmp_path / "r", later)
    holds, said = verified(tmp_path / "r")
    assert holds and "levels: H1 1, H2 1" in said, said
    assert "a second key without the first one's consent; not counted" in said


def test_a_passkey_that_was_found_is_not_replaced_and_the_page_says_where_one_stands(hall: Any) -> None:
    enrolled(hall, Passkey(), NOW)
    client, page = Client(), f"/proof/{hall.project.pk}/sign/"
    client.force_login(hall.people[0], "django.contrib.auth.backends.ModelBackend")
    headers = {"HTTP_HOST": "localhost"}
    assert "I lost my passkey" in client.get(page, **headers).content.decode()
    client.post(f"/proof/{hall.project.pk}/lost/", {"do": "lose"}, **headers)
    assert "Another passkey from" in client.get(page, **headers).content.decode()
    Lost.objects.update(at=NOW - timedelta(days=8))
    assert "Make another passkey" in client.get(page, **headers).content.decode()
    client.post(f"/proof/{hall.project.pk}/lost/", {"do": "find"}, **headers)
    assert "I lost my passkey" in client.get(page, **headers).content.decode()
    with pytest.raises(Refused, match="already"):
        enrolled(hall, Passkey(), NOW)
