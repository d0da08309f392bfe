"""What may be signed where, and which files a person sees. Values in, decisions out."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tutelage.errors import BadInput
from tutelage.formats.frames import Frame
from tutelage.judges.protocol import Preferred
from tutelage.judges.replay import ITEM, SAID, VERDICT
from tutelage.provenance.webauthn import LOCAL, Credential

SURE = ("confidence", "p", "probability", "score")
WAIT = timedelta(days=7)  # so long somebody else who says "I lost it" can be noticed
SIGNABLE = timedelta(minutes=30)  # how long a statement waits for its signature


def relying_party(host: str, *, secure: bool) -> str | None:
    """The name under which browsers make passkeys on this host (`name:port`); None where they make none."""
    name = host.rsplit(":", 1)[0] if host.rsplit(":", 1)[-1].isdecimal() else host
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return name if secure or name == LOCAL else None
    return None


def at_home(host: str) -> str | None:
    """The same server as `localhost`, where this host is another name of loopback; else None."""
    name, _, port = host.rpartition(":")
    return f"{LOCAL}:{port}" if name in ("127.0.0.1", "[::1]") else None


def credential(spki: bytes) -> Credential:
    """The public key that a browser hands over (SubjectPublicKeyInfo). Raises BadInput for any other sort of key."""
    try:
        key = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        point = key.public_numbers()
        return Credential("ES256", f"{point.x:064x}", f"{point.y:064x}")
    if isinstance(key, Ed25519PublicKey):
        return Credential("Ed25519", key.public_bytes_raw().hex())
    raise BadInput("This passkey's public key is of another sort.", expected="ES256 or Ed25519",
                   remedy="Use another passkey.")  # fmt: skip


def verdicts(frame: Frame, kind: str) -> dict[str, tuple[str | None, float | None]]:
    """(verdict, confidence) by item of a table of an AI judge's stored verdicts. Raises BadInput.

    Of a comparison `a`, `left`, `1` are `first` and so on; of other kinds a verdict is a label as people give it.
    """
    ids, said = frame.every_name(frame.one_of(ITEM)).tolist(), frame.names(frame.one_of(VERDICT)).tolist()
    column = next((name for name in SURE if name in frame.columns), None)
    sure = [None] * len(ids) if column is None else [None if x != x else float(x) for x in frame.numbers(column)]
    if len(set(ids)) < len(ids):
        raise BadInput(f"{len(ids) - len(set(ids))} rows repeat an item.", expected="one row an item",
                       remedy="Keep the verdicts of one judge.")  # fmt: skip
    if kind == "comparison":
        said = [None if v is None else _side(str(v)) for v in said]
    return {i: (None if v is None else str(v), c) for i, v, c in zip(ids, said, sure, strict=True)}


def _side(said: str) -> str:
    """What a comparison calls a verdict."""
    opinion = SAID.get(said.strip().lower())
    if opinion is None:
        raise BadInput(f"A verdict is {said!r}.", expected="first, second or tie (a, b, left, right … are read too)",
                       remedy="Correct the column, or leave the cell empty where the judge abstained.")  # fmt: skip
    return opinion.side if isinstance(opinion, Preferred) else "tie"


def ripe_at(lost_at: datetime) -> datetime:
    """From when on another passkey may be made for one that was lost."""
    return lost_at + WAIT


def is_fresh(at: datetime, *, now: datetime) -> bool:
    """Whether a statement was made just now: a signature cannot be dated back."""
    return now - SIGNABLE <= at <= now + timedelta(minutes=1)
