"""A project with one real person in it, and an adversary who has all that the operator has, for tests."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from tests.provenance.people_at_work import NOW, RP, Passkey
from tests.provenance.released import corpus, digest, rows, sealed, verify

from tutelage.provenance.batches import Batch, Enrolment, challenge, pay_statement
from tutelage.provenance.commitments import pseudonym
from tutelage.provenance.keys import SigningKey, seal
from tutelage.provenance.merkle import leaf_hash
from tutelage.provenance.receipts import Receipt
from tutelage.provenance.release.project import Project
from tutelage.provenance.release.seal import ATTESTATIONS, STATEMENT_TYPE
from tutelage.provenance.release.sshsig import sign
from tutelage.provenance.trust import Attestation, TrustList, attest
from tutelage.records import Json, encode
from tutelage.store import canonical

ISSUER, WITNESS = SigningKey("university", bytes(range(1, 33))), SigningKey("witness", bytes(range(2, 34)))
YEAR = timedelta(days=365)


@dataclass
class World:
    """The operator's whole machine: log, pepper, keys and people's data keys. No passkey of a person's is on it."""

    root: Path
    ana: Passkey = field(default_factory=Passkey)

    @property
    def project(self) -> Project:
        return Project("small", self.root / "project")

    def nym(self, name: str) -> str:
        return pseudonym(self.project.secret("pepper"), name)

    def seal(self, name: str, count: int = 12) -> Path:
        """A release of the first `count` judgments; every fourth is ana's, the one after each is bo's."""
        return sealed(self.root, name, corpus(count))

    def receipts(self, release: Path, name: str) -> list[Receipt]:
        """Those of one person in a release."""
        return [r for r in map(Receipt.parse, rows(release / "receipts.jsonl.gz")) if r.nym == self.nym(name)]

    def enrolment(self, name: str, key: Passkey, at: datetime = NOW) -> Enrolment:
        project = self.project
        return Enrolment(project.origin, project.name, self.nym(name), key.public, RP, at)

    def batch(self, receipts: Sequence[Receipt], key: Passkey, at: datetime = NOW) -> Batch:
        """Signed by this passkey, in the name of whose receipts they are."""
        pay = pay_statement(receipts, 60.0, at)
        signed = key.sign(challenge([leaf_hash(r.payload()) for r in receipts], pay))
        first, ids = receipts[0], tuple(r.id for r in receipts)
        return Batch(first.log, first.project, first.nym, key.public.id(), ids, pay, signed)

    def log(self, *payloads: Enrolment | Batch) -> None:
        """Append, in this order."""
        with self.project.log() as log:
            for one in payloads:
                log.publish(one.payload())

    def attest(self, *envelopes: Json) -> None:
        """What the next release carries of attestations."""
        text = b"".join(canonical(one) + b"\n" for one in envelopes)
        (self.project.root / ATTESTATIONS).write_bytes(text)

    def trust(self, known: Path | None = None, witnesses: Sequence[SigningKey] = ()) -> Path:
        """The trust list of a verifier who believes the university, and may have kept an earlier release."""
        note = (known / "proof/checkpoint").read_text() if known else None
        found = TrustList(
            self.project.origin, (self.project.operator().public.vkey(),), tuple(w.public.vkey() for w in witnesses),
            {"university": ISSUER.public.raw.hex()}, known=note,
        )  # fmt: skip
        path = self.root / "trust.json"
        path.write_text(json.dumps(encode(found)))
        return path

    def judge(self, release: Path, *more: str, known: Path | None = None) -> tuple[int, str]:
        """What the verifier says, outside our package, to somebody with that trust list."""
        return verify(release, self.trust(known), *more)


def said_of(key: Passkey, issuer: SigningKey = ISSUER, start: datetime = NOW, length: timedelta = YEAR) -> Json:
    """An attestation that an issuer knows in person who holds this key."""
    return attest(Attestation(issuer.public.name, key.public.id(), "live", start, start + length), issuer)


def honest(root: Path) -> tuple[World, Path]:
    """Ana enrols, the university attests her key, she signs her three judgments of twelve; and the release of them."""
    world = World(root)
    world.log(world.enrolment("ana", world.ana))
    draft = world.seal("draft")
    with world.project.log() as log:
        log.publish(world.batch(world.receipts(draft, "ana"), world.ana).payload(), about="ana")
    world.attest(said_of(world.ana))
    return world, world.seal("honest")


def stolen(world: World, root: Path) -> World:
    """The same machine in the hands of an adversary; Ana's passkey is not on it."""
    shutil.copytree(world.root / "project", root / "project")
    return World(root, ana=world.ana)


def signed_again(release: Path, project: Project, changed: Mapping[str, bytes]) -> Path:
    """Change files of a release, by path, and sign all of it with the operator's real key."""
    for name, content in changed.items():
        (release / name).write_bytes(content)
    names = sorted(line[66:] for line in (release / "SHA256SUMS").read_text().splitlines())
    sums = {name: digest(release / name) for name in names if name != "statement.json"}
    statement = json.loads(base64.b64decode(json.loads((release / "statement.json").read_text())["payload"]))
    statement["subject"] = [{"name": name, "digest": {"sha256": h}} for name, h in sums.items()]
    statement["predicate"] = json.loads((release / "release.json").read_text())
    envelope = seal(STATEMENT_TYPE, canonical(statement), project.operator())
    (release / "statement.json").write_bytes(canonical(envelope) + b"\n")
    listed = "".join(f"{digest(release / name)}  {name}\n" for name in names)
    (release / "SHA256SUMS").write_text(listed)
    (release / "SHA256SUMS.sig").write_text(sign(listed.encode(), project.operator()))
    return release


def moved(batch: Batch, **pay: object) -> Batch:
    """The same signature under another pay statement."""
    return replace(batch, pay=replace(batch.pay, **pay))  # type: ignore[arg-type]  the test chooses the fields
