"""Erasing a contributor from a project on this machine: log, keys, attestations, and the list that buyers get."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from tutelage.provenance import erasure
from tutelage.provenance.commitments import pseudonym
from tutelage.provenance.erasure import Reason, Revocations, open_revocations, sign_revocations
from tutelage.provenance.keys import unbase64
from tutelage.provenance.log import FileLog
from tutelage.provenance.release.project import Project
from tutelage.provenance.webauthn import Credential
from tutelage.records import decode
from tutelage.store import canonical, write_whole

LIST = "revocations.json"
ATTESTATIONS = "attestations.jsonl"


def erase(project: Project, contributor: str, *, reason: Reason, now: datetime) -> Revocations:
    """Forget one contributor of a project; killed at any moment it can be done again, and done twice changes nothing.

    `revocations.json` in the project is the signed list for buyers (`verify.py --revocations`). Erased are the words,
    receipts, salts, batches and the key of it all; leaves stay, and of an enrolment its pseudonym and public key. Not
    reached: releases that were handed out, and copies of log, people's keys and `secrets/` together.
    """
    nym = pseudonym(project.secret("pepper"), contributor)
    path, operator = project.root / LIST, project.operator()
    before = Revocations(project.origin, 0)
    if path.is_file():
        before = open_revocations(json.loads(path.read_bytes()), [operator.public])
    with project.log() as log:
        _drop(project.root / ATTESTATIONS, _credentials(log, nym))
        return erasure.erase(
            log, contributor, nym, before, reason, now.replace(microsecond=0),
            keep=lambda after: write_whole(path, canonical(sign_revocations(after, operator))),
        )  # fmt: skip


def _credentials(log: FileLog, nym: str) -> set[str]:
    enrolments = (json.loads(payload) for _, payload in log.published() if b'"schema":"enrolment/1"' in payload)
    return {decode(Credential, one["key"]).id() for one in enrolments if one["nym"] == nym}


def _drop(path: Path, credentials: set[str]) -> None:
    lines = path.read_bytes().splitlines() if path.is_file() else []
    kept = [one for one in lines if json.loads(unbase64(json.loads(one)["payload"]))["credential"] not in credentials]
    if len(kept) < len(lines):
        write_whole(path, b"".join(line + b"\n" for line in kept))
