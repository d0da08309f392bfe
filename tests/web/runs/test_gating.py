"""The gate of a run on its page: figures with their intervals, signatures that hold, a report that runs nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client
from django.utils import timezone
from tests.provenance.people_at_work import Passkey
from tests.web.halls import Hall, a_hall

from tutelage.errors import Failed
from tutelage.gate import Evidence, criteria, decide, evidence
from tutelage.measure.intervals import rate
from tutelage.pipeline import signing
from tutelage.provenance.webauthn import base64url, unbase64url
from tutelage.records import encode
from tutelage.store import write_json
from tutelage.web.proof import signing as proof
from tutelage.web.proof.models import Audit
from tutelage.web.runs import gating, launching, loop_rules, loops, outside
from tutelage.web.runs.forms import DEFAULTS
from tutelage.web.runs.models import Loop

pytestmark = pytest.mark.django_db
ASKED = """\
name = "two must sign"
[[criteria]]
metric = "pass_rate"
side = "at_least"
bound = 0.4
min_n = 8
[roles]
always = ["safety lead", "product owner"]
"""
WORDS = {"role": "safety lead", "team": "safety", "approves": "yes", "words": "I read 50 answers.", "days": "30"}
PASSWORD = {"password": "a long enough secret"}
SITE, RP = "http://localhost:8690", "localhost"
MODEL = "sha256:" + "7" * 64


@pytest.fixture(autouse=True)
def place(tmp_path: Path, settings: Any) -> Path:
    settings.HALL = tmp_path
    return tmp_path


@pytest.fixture
def ended() -> tuple[Hall, Loop]:
    """A run that ended: 45 of 50 held-out tasks pass, and two people have to sign."""
    hall = a_hall(items=0)
    said = {**DEFAULTS, "name": "<b>first</b>", "base": "local:smollm2", "source": "simulated", "topics": 4,
            "answers": 2, "per_item": 2, "reward": "head", "control": False}  # fmt: skip
    loop = launching.launch(hall.owner, hall.project, loop_rules.template(said), ASKED, timezone.now())
    run, at = loops.folder(loop), datetime.now(UTC).replace(microsecond=0)
    seen = Evidence(MODEL, at, {"pass_rate": rate(45, 50)})
    asked = criteria.parse(ASKED.encode())
    (run / "checkpoint").mkdir()
    evidence.write(run / signing.EVIDENCE, seen)
    write_json(run / signing.CRITERIA, asked.model_dump(mode="json"))
    write_json(run / signing.GATE, encode(decide(asked, seen, now=at)))
    (run / "report.html").write_text("<script>alert(1)</script><p>45 of 50</p>")
    Loop.objects.update(state="done", outcome="insufficient")
    loop.refresh_from_db()
    return hall, loop


def signed_in(who: Any) -> Client:
    client = Client()
    client.force_login(who, "django.contrib.auth.backends.ModelBackend")
    return client


def where(hall: Hall, rest: str = "") -> str:
    return f"/projects/{hall.project.pk}/runs/1/{rest}"


def sign(hall: Hall, who: Any, **change: str) -> Any:
    client = signed_in(who)
    client.post(where(hall, "gate/"), WORDS | change)
    return client.post(where(hall, "gate/sign/"), PASSWORD)


def auditor(hall: Hall) -> Any:
    from tutelage.web.projects.models import Role

    Role.objects.filter(user=hall.people[0]).update(name="auditor")
    return hall.people[0]


def test_every_figure_stands_with_its_interval_and_n_and_names_are_text(ended: tuple[Hall, Loop]) -> None:
    """45 of 50 is 0.900, exact interval 0.782 – 0.967."""
    hall, _ = ended
    page = signed_in(hall.owner).get(where(hall, "gate/")).content.decode()
    assert "0.900" in page and "0.782 – 0.967" in page and ">50<" in page and "pass_rate" in page
    assert "0 of 2 asked for" in page and "missing: safety lead, product owner" in page
    assert "<b>first</b>" not in page and "&lt;b&gt;first" in page


def test_two_people_sign_in_two_roles_and_the_library_decides_the_same_from_the_files(ended: tuple[Hall, Loop]) -> None:
    hall, loop = ended
    run = loops.folder(loop)
    assert sign(hall, hall.owner).status_code == 302
    assert loops.gate(loop).decision.outcome == "insufficient" and loops.gate(loop).missing == ["product owner"]
    assert sign(hall, auditor(hall), role="product owner", words="Ship it.").status_code == 302
    loop.refresh_from_db()
    assert loop.outcome == "pass"
    decision, proven = signing.verify(run)
    assert decision.outcome == "pass" and [one.level for one in proven] == ["password", "password"]
    page = signed_in(hall.owner).get(where(hall, "gate/")).content.decode()
    assert "This model may ship." in page and "it rests on this platform's word" in page.replace("&#x27;", "'")
    again = decide(criteria.load(run / "criteria.json"), evidence.read(run / signing.EVIDENCE),
                   evidence.read_signatures(run / "signatures.jsonl"), now=datetime.now(UTC))  # fmt: skip
    assert again.outcome == "pass"
    said = Audit.objects.filter(verb="signed", what="gate").order_by("pk")
    assert [a.detail["outcome"] for a in said] == ["insufficient", "pass"]


def test_one_person_in_both_roles_is_one_signature(ended: tuple[Hall, Loop]) -> None:
    """The latest word counts: the first role is open again."""
    hall, loop = ended
    sign(hall, hall.owner)
    sign(hall, hall.owner, role="product owner")
    assert loops.gate(loop).decision.outcome == "insufficient"
    assert "the safety lead has not signed" in loops.gate(loop).decision.matters


def test_dissent_is_kept_with_the_decision(ended: tuple[Hall, Loop]) -> None:
    hall, loop = ended
    sign(hall, hall.owner, approves="no", words="Too few topics.")
    assert [d.statement for d in loops.gate(loop).decision.dissent] == ["Too few topics."]


def test_a_wrong_password_signs_nothing(ended: tuple[Hall, Loop]) -> None:
    hall, loop = ended
    client = signed_in(hall.owner)
    client.post(where(hall, "gate/"), WORDS)
    answer = client.post(where(hall, "gate/sign/"), {"password": "not this one, no"})
    assert answer.status_code == 403 and "This is not your password." in answer.content.decode()
    assert signing.signatures(loops.folder(loop)) == []


def test_what_is_signed_is_what_the_server_wrote_down_not_what_is_sent(ended: tuple[Hall, Loop]) -> None:
    """Without a statement of one's own session there is nothing to sign; an old one is refused."""
    hall, loop = ended
    assert signed_in(hall.owner).post(where(hall, "gate/sign/"), PASSWORD)["Location"] == where(hall, "gate/")
    old = gating.statement(hall.owner, loops.gate(loop), role="x", team="y", approves=True, words="z", days=1,
                           now=timezone.now() - timedelta(hours=1))  # fmt: skip
    with pytest.raises(Exception, match="too old"):
        gating.by_password(hall.owner, loop, old, right=True, now=timezone.now())
    fresh = gating.statement(hall.owner, loops.gate(loop), role="x", team="y", approves=True, words="z", days=1,
                             now=timezone.now())  # fmt: skip
    with pytest.raises(Exception, match="Somebody else wrote"):
        gating.by_password(hall.people[0], loop, fresh, right=True, now=timezone.now())


@pytest.mark.parametrize("file", ["gate.json", "criteria.json", "signatures.jsonl", "checkpoint/evidence.json"])
def test_a_changed_file_is_named_on_the_page(ended: tuple[Hall, Loop], file: str) -> None:
    hall, loop = ended
    sign(hall, hall.owner)
    path = loops.folder(loop) / file
    changes = {
        "gate.json": ("insufficient", "pass"), "criteria.json": ("0.4", "0.3"),
        "signatures.jsonl": ("I read 50", "I read 90"), "checkpoint/evidence.json": ('"n": 50', '"n": 51'),
    }  # fmt: skip
    before = path.read_text()
    path.chmod(0o644)
    path.write_text(before.replace(*changes[file]))
    assert path.read_text() != before
    with pytest.raises(Failed):
        signing.verify(loops.folder(loop))
    assert "The signed decision does not hold" in signed_in(hall.owner).get(where(hall, "gate/")).content.decode()


def test_a_passkey_signs_what_the_session_keeps_and_a_password_is_refused_from_then_on(
    ended: tuple[Hall, Loop],
) -> None:
    """The assertion verifies from the files alone; over one word changed it does not."""
    hall, loop = ended
    key, now, nym = Passkey(), timezone.now(), outside.nym(hall.project, str(hall.owner.pk))
    challenge = proof.new_challenge()
    made = key.sign(proof.unbase64url(challenge), rp=RP, origin=SITE, kind="webauthn.create")
    spki = key._p256.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    proof.enrol(hall.owner, hall.project, nym, rp=RP, challenge=challenge, credential_id=base64url(b"an id"),
                key=base64url(spki), client_data=made.client_data, authenticator_data=made.authenticator_data,
                now=now)  # fmt: skip
    client = signed_in(hall.owner)
    client.post(where(hall, "gate/"), WORDS)
    page = client.get(where(hall, "gate/sign/"), headers={"host": "localhost"}).content.decode()
    ask = json.loads(page.split('<script id="ask" type="application/json">')[1].split("</script>")[0])
    assert client.post(where(hall, "gate/sign/"), PASSWORD).status_code == 403
    said = key.sign(unbase64url(ask["sign"]["challenge"]), rp=RP, origin=SITE)
    other = key.sign(b"something else", rp=RP, origin=SITE)
    for assertion, status in ((other, 422), (said, 200), (said, 409)):
        body = json.dumps(encode(assertion))
        answer = client.post(f"/api/{ask['to']['sign']}", body, content_type="application/json")
        assert answer.status_code == status, answer.content.decode()
    (one,) = signing.verify(loops.folder(loop))[1]
    assert (one.level, one.signature.role) == ("passkey", "safety lead")
    with pytest.raises(Failed):
        signing.check(replace(one, signature=replace(one.signature, statement="I read 90 answers.")), one.basis)


def test_the_report_is_a_page_of_its_own_that_runs_nothing(ended: tuple[Hall, Loop]) -> None:
    hall, _ = ended
    answer = signed_in(hall.owner).get(where(hall, "report/"))
    policy = answer["Content-Security-Policy"]
    assert "sandbox" in policy and "default-src 'none'" in policy and "script-src" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff" and answer["X-Frame-Options"] == "DENY"
    assert "45 of 50" in answer.content.decode()


def test_before_the_end_there_is_neither_gate_nor_report(ended: tuple[Hall, Loop]) -> None:
    hall, _ = ended
    Loop.objects.update(state="working")
    client = signed_in(hall.owner)
    for rest in ("gate/", "report/"):
        assert client.get(where(hall, rest)).status_code == 404


def test_by_machine_the_gate_is_read_and_a_token_signs_nothing(ended: tuple[Hall, Loop]) -> None:
    hall, _ = ended
    client = signed_in(hall.owner)
    said = client.get(f"/api{where(hall, 'gate')}").json()
    assert said["decision"]["outcome"] == "insufficient" and said["missing"] and said["broken"] == ""
    body = json.dumps(dict.fromkeys(("client_data", "authenticator_data", "signature"), "eA"))
    answer = client.post(f"/api{where(hall, 'signature')}", body, content_type="application/json")
    assert answer.status_code == 409 and "no passkey" in answer.json()["seen"]
