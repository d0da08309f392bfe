"""Signed checkpoints of the log (C2SP tlog-checkpoint) and cosignatures of witnesses (C2SP tlog-cosignature)."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tutelage.errors import BadInput, Failed
from tutelage.provenance.keys import COSIGNATURE, PublicKey, SigningKey, unbase64
from tutelage.provenance.merkle import check_consistency

_LONGEST = 1 << 16


@dataclass(frozen=True, slots=True)
class Line:
    """One signature line: who is said to have signed, the key id, and the bytes."""

    name: str
    id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"— {self.name} {base64.b64encode(self.id + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How many leaves a log had, and their root; `lines` are not yet checked.

    people  how many enrolments there are among the leaves, and the root of their list: none can be left out unseen
    """

    origin: str
    size: int
    root: bytes
    lines: tuple[Line, ...] = ()
    people: tuple[int, bytes] | None = None

    def body(self) -> bytes:
        """What is signed."""
        listed = "" if self.people is None else f"people {self.people[0]} {_base64(self.people[1])}\n"
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n{listed}".encode()

    def note(self) -> str:
        """The note as published."""
        return self.body().decode() + "\n" + "".join(map(str, self.lines))

    @classmethod
    def parse(cls, note: str) -> Checkpoint:
        """A checkpoint from its note, to the byte. Raises BadInput on anything else."""
        body, blank, signed = note[:_LONGEST].partition("\n\n")
        parts = body.split("\n")
        if len(parts) not in (3, 4) or not blank or not signed.endswith("\n"):
            raise _unreadable()
        people = _people(parts[3]) if len(parts) == 4 else None
        lines = tuple(map(_line, signed[:-1].split("\n")))
        found = cls(parts[0], _number(parts[1]), unbase64(parts[2]), lines, people)
        roots = [found.root, *([people[1]] if people else [])]
        if found.note() != note or {len(r) for r in roots} != {32} or found.origin.split() != [found.origin]:
            raise _unreadable()
        return found


def sign(origin: str, size: int, root: bytes, key: SigningKey, people: tuple[int, bytes] | None = None) -> Checkpoint:
    """A checkpoint signed by the operator. Without the list of enrolments nobody's signature shows in a release."""
    plain = Checkpoint(origin, size, root, people=people)
    return replace(plain, lines=(Line(key.public.name, key.public.id(), key.sign(plain.body())),))


def cosign(
    new: Checkpoint,
    witness: SigningKey,
    now: datetime,
    operators: Sequence[PublicKey],
    seen: Checkpoint | None = None,
    proof: Sequence[bytes] = (),
    people: Sequence[bytes] = (),
) -> Checkpoint:
    """The checkpoint with a witness's line: it is signed by the operator, and the log the witness saw is its prefix.

    proof, people  consistency of the log, and of its list of enrolments

    Raises Failed otherwise: a witness signs no fork, and no step back.
    """
    check_signed(new, operators)
    if seen is not None:
        check_grown(seen, new, proof, people)
    seconds = int(now.timestamp())
    signature = seconds.to_bytes(8, "big") + witness.sign(_cosigned(new, seconds))
    return replace(new, lines=(*new.lines, Line(witness.public.name, witness.public.id(COSIGNATURE), signature)))


def check_signed(checkpoint: Checkpoint, operators: Sequence[PublicKey]) -> PublicKey:
    """Whichever of the operator's keys signed. Raises Failed where none did."""
    for line in checkpoint.lines:
        for key in operators:
            if (line.name, line.id) == (key.name, key.id()) and key.verifies(line.signature, checkpoint.body()):
                return key
    raise Failed("The checkpoint is not signed by the operator.", expected="a signature by a key that counts now",
                 remedy="Ask the operator for the checkpoint and its rotations.")  # fmt: skip


def check_grown(old: Checkpoint, new: Checkpoint, proof: Sequence[bytes], people: Sequence[bytes] = ()) -> None:
    """Raise Failed unless the new checkpoint's log continues the old one's, and so does its list of enrolments."""
    if old.origin != new.origin:
        raise Failed(f"Two logs: {old.origin} and {new.origin}.", expected="one log", remedy="Compare like with like.")
    check_consistency(old.size, old.root, new.size, new.root, proof)
    if old.people is not None and old.people[0]:
        check_consistency(*old.people, *(new.people or (0, b"")), people)


def witnessed(checkpoint: Checkpoint, witnesses: Sequence[PublicKey]) -> dict[PublicKey, datetime]:
    """The witnesses that cosigned, each with the time it says."""
    found = {}
    for line in checkpoint.lines:
        for key in witnesses:
            if (line.name, line.id) == (key.name, key.id(COSIGNATURE)) and len(line.signature) == 72:
                seconds = int.from_bytes(line.signature[:8], "big")
                if seconds < 1 << 36 and key.verifies(line.signature[8:], _cosigned(checkpoint, seconds)):
                    found[key] = datetime.fromtimestamp(seconds, UTC)
    return found


def _cosigned(checkpoint: Checkpoint, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n".encode() + checkpoint.body()


def _line(text: str) -> Line:
    parts = text.split(" ")
    if len(parts) != 3 or parts[0] != "—":
        raise _unreadable()
    raw = unbase64(parts[2])
    return Line(parts[1], raw[:4], raw[4:])


def _people(text: str) -> tuple[int, bytes]:
    parts = text.split(" ")
    if len(parts) != 3 or parts[0] != "people":
        raise _unreadable()
    return _number(parts[1]), unbase64(parts[2])


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 15:
        raise _unreadable()
    return int(text)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _unreadable() -> BadInput:
    return BadInput("This is not a checkpoint.", expected="origin, size, root, a blank line, signature lines",
                    remedy="Copy the note again, to the byte.")  # fmt: skip
