"""Signing what the gate of a run decided: who, over exactly which criteria and evidence, and how sure we are of it.

In the run's directory: `criteria.json`, `checkpoint/evidence.json`, `signatures.jsonl` (as `tutelage gate` reads them),
`signed.jsonl` (the same with what proves each) and `gate.json`, the decision that follows from all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from tutelage.errors import Failed, TutelageError, Where
from tutelage.gate import Criteria, Decision, Evidence, Signature, criteria, decide, evidence
from tutelage.provenance.merkle import leaf_hash
from tutelage.provenance.webauthn import Assertion, Credential, check_assertion
from tutelage.records import decode, jsonl
from tutelage.store import canonical, digest, locked, write_json

CRITERIA, EVIDENCE, GATE = "criteria.json", Path("checkpoint") / "evidence.json", "gate.json"
SIGNATURES, SIGNED = "signatures.jsonl", "signed.jsonl"
Level = Literal["passkey", "password"]


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature with what proves it.

    basis      digest of the criteria and the evidence that were on the table
    level      `passkey`: `assertion` is by `key`, on site `rp`, over `challenge`; whoever runs the platform cannot make
               it. `password`: the platform says that the signer gave theirs again; it rests on the platform's word
    """

    signature: Signature
    basis: str
    level: Level
    rp: str = ""
    key: Credential | None = None
    assertion: Assertion | None = None
    schema: Literal["signed/1"] = "signed/1"

    def payload(self) -> bytes:
        """The bytes of its leaf in a log."""
        return canonical(self)


def challenge(signature: Signature, basis: str) -> bytes:
    """What a passkey signs: the signature's every word, and what it was about."""
    return leaf_hash(canonical({"schema": "gate-statement/1", "signature": signature, "basis": basis}))


def signatures(run: Path) -> list[Signature]:
    """Those in the run's directory, oldest first."""
    return evidence.read_signatures(run / SIGNATURES) if (run / SIGNATURES).is_file() else []


def signed(run: Path) -> list[Signed]:
    """Those in the run's directory with what proves each."""
    return list(jsonl.read(run / SIGNED, Signed)) if (run / SIGNED).is_file() else []


def on_the_table(run: Path) -> tuple[Criteria, Evidence, str]:
    """(criteria, evidence, digest of both) of a finished run. Raises BadInput where it is not."""
    asked, seen = criteria.load(run / CRITERIA), evidence.read(run / EVIDENCE)
    return asked, seen, digest({"criteria": asked.model_dump(mode="json"), "evidence": seen})


def decision_of(run: Path) -> Decision:
    """What was decided last."""
    found: Decision = decode(Decision, jsonl.parse((run / GATE).read_bytes(), run / GATE))
    return found


def check(one: Signed, basis: str) -> None:
    """Raise Failed unless a signature is about this basis and, of a passkey, its key made it."""
    if one.basis != basis:
        raise _untrue(f"{one.signature.person} signed over other criteria or evidence")
    if one.level == "passkey":
        if one.key is None or one.assertion is None:
            raise _untrue(f"the passkey's assertion of {one.signature.person} is not there")
        check_assertion(one.assertion, one.key, one.rp, challenge(one.signature, basis))


def sign(run: Path, one: Signed, *, now: datetime) -> Decision:
    """Add a signature that holds, decide anew, and write both; gives the decision. The same one twice is once."""
    with locked(run / ".sign.lock"):
        asked, seen, basis = on_the_table(run)
        check(one, basis)
        there = signed(run)
        all_of = there if one in there else [*there, one]
        jsonl.write(run / SIGNED, all_of)
        jsonl.write(run / SIGNATURES, [s.signature for s in all_of])
        decision = decide(asked, seen, [s.signature for s in all_of], now=now)
        write_json(run / GATE, decision)
    return decision


def verify(run: Path) -> tuple[Decision, Sequence[Signed]]:
    """The decision and its signatures, if they follow from what lies in the run's directory. Raises Failed."""
    asked, seen, basis = on_the_table(run)
    proven, found = signed(run), decision_of(run)
    for one in proven:
        check(one, basis)
    given = signatures(run)
    if given != [s.signature for s in proven]:
        raise _untrue(f"{SIGNATURES} and {SIGNED} differ")
    if decide(asked, seen, given, now=found.at) != found:
        raise _untrue(f"{GATE} does not follow from criteria, evidence and signatures", GATE)
    return found, proven


def _untrue(why: str, file: str = SIGNED) -> Failed:
    return Failed(f"The signed decision does not hold: {why}.", expected="files as they were signed",
                  remedy="Restore the run's directory from a copy, or sign again.", where=Where(file))  # fmt: skip


def broken(run: Path) -> str:
    """Why the signed decision does not hold; "" where it does."""
    try:
        verify(run)
    except TutelageError as why:
        return why.seen
    return ""
