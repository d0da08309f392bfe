"""Whose key counts for whom, and how far a person is known: what a release shows, never what it says of itself."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tutelage.provenance.verifier.formats import (
    Fault,
    Key,
    Note,
    canonical,
    check_assertion,
    credential,
    dsse,
    jcs,
    leaf_of,
    need,
    root_of,
    roots_at,
    sha,
    time_of,
)  # fmt: skip

LIST, ENROLMENTS = "proof/people.jsonl", "proof/enrolments.jsonl"
FIRST = "signed by the key first enrolled for the pseudonym"


class Receipt(NamedTuple):
    """What is needed of a receipt."""

    id: str
    nym: str
    project: str
    minor: int
    currency: str
    level: str
    leaf: bytes


class Signed(NamedTuple):
    """A batch that counts.

    at    when the signer says it was
    late  not logged before this: the last time that a trusted witness saw the log without it, else `at`
    dated whether a trusted witness did
    """

    credential: str
    at: datetime
    late: datetime
    bound: bool
    dated: bool


class Enrolled:
    """The keys that count, by pseudonym, each from its leaf on."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.notes: list[str] = []
        self._chains: dict[str, list[tuple[int, Any]]] = {}
        self._holders: dict[str, str] = {}

    def count(self, index: int, one: Any) -> None:
        """Count an enrolment if it is its person's first, or the key before agreed; and if nobody else has the key."""
        chain, key = self._chains.setdefault(one["nym"], []), credential(one["key"])
        try:
            need(one["log"] == self.origin, "it is for another log")
            need(self._holders.get(key, one["nym"]) == one["nym"], "another person has the same key")
            if chain:
                need(one["proof"], "a second key without the first one's consent")
                asked = leaf_of(jcs({**one, "proof": None}).encode())
                check_assertion(one["proof"], chain[-1][1]["key"], chain[-1][1]["rp"], asked)
            chain.append((index, one))
            self._holders[key] = one["nym"]
        except (Fault, ValueError, KeyError, TypeError, AttributeError) as fault:
            self.notes.append(f"{ENROLMENTS}: leaf {index}, of {one['nym'][:12]}…: {fault}; not counted")

    def key_at(self, nym: str, index: int) -> Any:
        """The enrolment that counts for a batch at this leaf, by its place and by no clock; None if there is none."""
        return next((one for place, one in reversed(self._chains.get(nym, [])) if place < index), None)


def check_list(lines: list[bytes], head: Note, earlier: list[Note], shown: dict[int, bytes]) -> None:
    """Fault unless `lines` are the list of enrolments that the checkpoint signs, and none of a person's is left out.

    shown  by leaf index the enrolments that the release holds
    """
    sizes = [note.people for note in (*earlier, head) if note.people]
    roots = roots_at([leaf_of(line) for line in lines], {size for size, _ in sizes})
    need((len(lines), roots.get(len(lines))) == head.people, f"{LIST}: it is not the list that the checkpoint signs")
    for size, root in sizes:
        need(roots.get(size) == root, f"{LIST}: FORK: the list of {size} enrolments seen before is not its beginning")
    listed = {one["index"]: one for one in map(canonical, lines)}
    need(list(listed) == sorted(listed) and len(listed) == len(lines), f"{LIST}: it is not in the order of the log")
    nyms = {index: canonical(line)["nym"] for index, line in shown.items()}
    people = {sha(nym.encode()).hex() for nym in nyms.values()}
    left = [index for index, one in listed.items() if one["nym"] in people and index not in shown]
    need(not left, f"{ENROLMENTS}: other enrolments of the same people are left out: leaves {left[:5]}")
    for index, line in shown.items():
        said, mine = listed.get(index, {}), (leaf_of(line).hex(), sha(nyms[index].encode()).hex())
        need((said.get("leaf"), said.get("nym")) == mine, f"{ENROLMENTS}: leaf {index} is not in the signed list")


def check_batch(batch: Any, by_id: dict[str, Receipt], enrolled: Any) -> bool:
    """Fault unless this person's key signed exactly these receipts and this pay; gives whether it is device-bound."""
    missing = [i for i in batch["receipts"] if i not in by_id]
    need(not missing, f"it signs a receipt that is not here: {missing[:1]}")
    mine, pay = [by_id[i] for i in batch["receipts"]], batch["pay"]
    need(0 < len(mine) <= 50 and len(set(batch["receipts"])) == len(mine), "it is empty, too large or names one twice")
    owners = {(r.project, r.nym, r.currency) for r in mine}
    need(owners == {(batch["project"], batch["nym"], pay["currency"])}, "it signs someone else's receipts")
    need((pay["project"], pay["nym"]) == (batch["project"], batch["nym"]), "its pay is someone else's")
    need(batch["log"] == enrolled["log"], "its key was enrolled in another log")
    need(pay["count"] == len(mine) and pay["minor"] == sum(r.minor for r in mine), "its pay is not its receipts'")
    challenge = root_of([*(r.leaf for r in mine), leaf_of(jcs(pay).encode())])
    return check_assertion(batch["assertion"], enrolled["key"], enrolled["rp"], challenge)


class Attested(NamedTuple):
    """What an issuer whom the verifier trusts says of a key."""

    credential: str
    start: datetime
    end: datetime
    method: str
    issuer: str


def attested(line: bytes, issuers: list[Key]) -> Attested | None:
    """What a line of attestations is worth: None unless one of the issuers signed it in its own name."""
    try:
        payload, key = dsse(json.loads(line), "application/vnd.tutelage.attestation.v1+json", issuers)
        said = json.loads(payload)
        need(said["issuer"] == key.name, "it speaks for another")
        times = time_of(said["issued_at"]), time_of(said["expires_at"])
        return Attested(said["credential"], *times, str(said["method"]), said["issuer"])
    except (Fault, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def unsigned(receipt: Receipt | None) -> tuple[str, str]:
    """H0 or H1 with its reason: no signature by the person counts."""
    if receipt is None or receipt.level == "H0":
        return "H0", "delivered by the operator, who did not see it being done; no signature by the person counts"
    return "H1", "the operator says that it saw it being done; no signature by the person counts"


def known(by: Signed, said: list[Attested], issuers: list[Key], enough: bool) -> tuple[str, str]:
    """H2 to H4 of what a person's key signed, and why it is not the next one.

    enough  a quorum of the verifier's witnesses cosigned the checkpoint
    """
    own = [one for one in said if one.credential == by.credential]
    good = [one for one in own if one.start <= by.at and by.late < one.end]
    for holds, why in (
        (issuers, "the verifier trusts no issuer"),
        (own, "no issuer whom the verifier trusts speaks of this key"),
        (good, "what the issuer says was not valid when the batch was signed or logged"),
        (by.bound, "the key may be copied to other devices"),
    ):
        if not holds:
            return "H2", f"{FIRST}; who holds it, the operator alone says: {why}"
    live = [one for one in good if one.method == "live" and by.late - one.start <= timedelta(days=30)]
    one = (live or good)[0]
    whom = f"{FIRST}; {one.issuer} says that it knows who held it ({one.method}); the key says it cannot be copied"
    whom += "" if by.dated else "; when it was signed, the signer alone says"
    for holds, why in (
        (live, "nobody met them within 30 days before"),
        (enough, "too few of the verifier's witnesses cosigned the log"),
    ):
        if not holds:
            return "H3", f"{whom}; {why}"
    return "H4", f"{whom}; they met within 30 days before, and the verifier's witnesses cosigned the log"
