"""A person who works in the hall and signs there, without a browser."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.provenance.people_at_work import Passkey

from tutelage.provenance.release import seal
from tutelage.provenance.release.source import Source
from tutelage.provenance.webauthn import base64url
from tutelage.web.proof import queries, signing
from tutelage.web.proof.log import HallProject
from tutelage.web.work import actions
from tutelage.web.work import queries as work

SITE, RP = "http://localhost:8690", "localhost"


def judge(hall: Any, count: int, now: datetime, person: int = 0) -> list[UUID]:
    """So many judgments by a person; gives their ids."""
    task, made = actions.take(hall.seat(person), now) or {}, []
    for _ in range(count):
        token = task["lease"]["token"]
        done = actions.submit(hall.people[person], token, f"key-{token}", {"type": "tie"}, "even", {}, now)
        made.append(done.judgment.pk)
        task = done.next or {}
    return made


def enrolled(hall: Any, key: Passkey, now: datetime, person: int = 0) -> Any:
    """The passkey enrolled as a browser would."""
    challenge = signing.new_challenge()
    made = key.sign(signing.unbase64url(challenge), rp=RP, origin=SITE, kind="webauthn.create")
    spki = key._p256.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return signing.enrol(
        hall.people[person], hall.project, hall.seat(person).nym, rp=RP, challenge=challenge,
        credential_id=base64url(b"an id"), key=base64url(spki), client_data=made.client_data,
        authenticator_data=made.authenticator_data, now=now,
    )  # fmt: skip


def sign(hall: Any, key: Passkey, now: datetime, person: int = 0) -> Any:
    """Everything unsigned, signed."""
    user = hall.people[person]
    said = queries.statement(queries.unsigned(user, hall.project), now)
    asked = [one.judgment.pk for one in said.mine]
    return signing.sign(user, hall.project, asked, said.pay.at, key.sign(said.challenge, rp=RP, origin=SITE), now)


def released(hall: Any, out: Path, now: datetime) -> Any:
    """The hall's release of everything, by its manifest."""
    source = Source("answers", work.corpus_of(hall.project), ())
    return seal(source, HallProject(hall.project), out, now=now, licence="CC-BY-4.0")


def verified(release: Path, *more: str) -> tuple[bool, str]:
    """Whether `verify.py` alone finds nothing wrong, and what it says."""
    trust = str(release / "keys" / "operator.pub")
    argv = [sys.executable, "-I", str(release / "verify.py"), str(release), "--trust", trust, *more]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr
