"""SD-JWT (RFC 9901): claims signed together and shown one by one, bound to a key of the holder.

ES256 alone, which every wallet knows; disclosures of object members alone, which is all our credentials need.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tutelage.errors import BadInput, Failed
from tutelage.records import Json

SALT_BYTES = 16
LONGEST = 1 << 20  # characters of a presentation: far more than any credential
RESERVED = frozenset({"_sd", "_sd_alg", "..."})


@dataclass(frozen=True, slots=True)
class Verified:
    """What a presentation proves: the claims the holder showed, and the holder's key where it was bound."""

    claims: Json
    holder: EllipticCurvePublicKey | None


def issue(
    claims: Mapping[str, Any], hidden: Mapping[str, Mapping[str, Any]], *, key: EllipticCurvePrivateKey, key_id: str,
    type: str, holder: EllipticCurvePublicKey, salt: Callable[[int], bytes] = secrets.token_bytes,  # noqa: A002  the name of the field in a credential
) -> str:  # fmt: skip
    """A credential in its issued form: `JWT~disclosure~…~`.

    claims  shown always;  hidden  by the name of an object among the claims: its members that the holder may show
    type    the `typ` of its header, as `dc+sd-jwt`
    """
    _no_reserved(claims)
    disclosures, body = [], {**claims, "_sd_alg": "sha-256", "cnf": {"jwk": jwk(holder)}}
    for place, members in hidden.items():
        made = [_encode([_b64(salt(SALT_BYTES)), name, value]) for name, value in sorted(members.items())]
        _no_reserved(members)
        body[place] = {**body.get(place, {}), "_sd": sorted(_hash(d) for d in made)}  # sorted: no order to read
        disclosures += made
    return "~".join([_sign({"alg": "ES256", "typ": type, "kid": key_id}, body, key), *disclosures, ""])


def present(
    credential: str, show: Collection[str], *, key: EllipticCurvePrivateKey, audience: str, nonce: str, now: int
) -> str:
    """The credential with only the members named in `show`, signed by its holder for one audience and one moment."""
    token, *disclosures = credential.rstrip("~").split("~")
    named = {_decode(d)[1]: d for d in disclosures}
    absent = sorted(set(show) - set(named))
    if absent:
        raise BadInput(f"The credential has no {absent[0]}.", expected=f"some of {', '.join(sorted(named))}",
                       remedy="Name what it has.")  # fmt: skip
    shown = "~".join([token, *(d for name, d in named.items() if name in show), ""])
    said = {"iat": now, "aud": audience, "nonce": nonce, "sd_hash": _hash(shown)}
    return shown + _sign({"alg": "ES256", "typ": "kb+jwt"}, said, key)


def verify(
    presentation: str, issuers: Mapping[str, EllipticCurvePublicKey], *, audience: str, nonce: str, now: int,
    fresh_s: int = 600,
) -> Verified:  # fmt: skip
    """The claims of a presentation, or Failed naming the check that does not hold. Needs no network.

    issuers   key id -> public key that is trusted to issue
    audience, nonce  what this verifier asked the holder to sign;  fresh_s  how old that signature may be
    """
    if len(presentation) > LONGEST or not presentation.isascii():
        raise _failed("It is too long or holds what no token holds", "a presentation")
    lead, _, binding = presentation.rpartition("~")
    token, *disclosures = lead.split("~")
    header, body = _read(token)
    if not isinstance(header.get("kid"), str) or header["kid"] not in issuers:
        raise _failed(f"It is issued under the key {header.get('kid')!r}", "an issuer you trust")
    _check(token, header, issuers[header["kid"]], "the issuer's signature")
    if body.get("_sd_alg", "sha-256") != "sha-256":
        raise _failed(f"It hashes with {body.get('_sd_alg')!r}", "sha-256")
    for name, wrong in (("exp", now > _time(body, "exp", now)), ("nbf", now < _time(body, "nbf", now))):
        if wrong:
            raise _failed(f"Its `{name}` is {body[name]} and now is {now}", "a credential that is valid now")
    if not binding:
        raise _failed("Nobody signs for holding it", "a key binding")
    holder = _holder(body)
    said_header, said = _read(binding)
    if said_header.get("typ") != "kb+jwt":
        raise _failed("The key binding is of another type", "kb+jwt")
    _check(binding, said_header, holder, "the holder's signature")
    bound = {"aud": audience, "nonce": nonce, "sd_hash": _hash(presentation[: -len(binding)])}
    for name, wanted in bound.items():
        if said.get(name) != wanted:
            raise _failed(f"The holder signed another `{name}`", "a presentation made for this question")
    if abs(now - _time(said, "iat", -fresh_s)) > fresh_s:
        raise _failed("The holder's signature is of another time", f"one of the last {fresh_s} s")
    return Verified(_opened(body, disclosures), holder)


def jwk(key: EllipticCurvePublicKey) -> dict[str, str]:
    """A public key as RFC 7518 writes it."""
    at = key.public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": _b64(at.x.to_bytes(32)), "y": _b64(at.y.to_bytes(32))}


def _opened(body: Json, disclosures: list[str]) -> Json:
    """The claims with what is disclosed put in its place; every disclosure must belong, once."""
    known: dict[str, list[Any]] = {}
    for raw in disclosures:
        parts = _decode(raw)
        digest = _hash(raw)
        whole = isinstance(parts, list) and len(parts) == 3 and isinstance(parts[1], str)
        if not whole or digest in known or parts[1] in RESERVED:
            raise _failed("A disclosure is malformed or stands twice", "each disclosure once")
        known[digest] = parts
    used: set[str] = set()

    def fill(value: Any) -> Any:
        if isinstance(value, list):
            return [fill(v) for v in value]
        if not isinstance(value, dict):
            return value
        out = {k: fill(v) for k, v in value.items() if k not in RESERVED}
        digests = value.get("_sd", [])
        for digest in digests if isinstance(digests, list) else []:
            if digest in known:
                _, name, shown = known[digest]
                if name in out or digest in used:
                    raise _failed(f"`{name}` is stated twice", "each claim once")
                used.add(digest)
                out[name] = shown
        return out

    claims = {k: v for k, v in fill(body).items() if k != "cnf"}
    if used != set(known):
        raise _failed("A disclosure belongs to no claim", "disclosures of this credential")
    return claims


def _holder(body: Json) -> EllipticCurvePublicKey:
    try:
        found = body["cnf"]["jwk"]
        x, y = (int.from_bytes(_raw(found[name])) for name in "xy")
        return EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
    except (KeyError, TypeError, ValueError) as error:
        raise _failed(f"The holder's key cannot be read ({type(error).__name__})", "a P-256 key") from None


def _sign(header: Json, body: Mapping[str, Any], key: EllipticCurvePrivateKey) -> str:
    lead = f"{_encode(header)}.{_encode(body)}"
    r, s = decode_dss_signature(key.sign(lead.encode(), ECDSA(SHA256())))
    return f"{lead}.{_b64(r.to_bytes(32) + s.to_bytes(32))}"


def _check(token: str, header: Json, key: EllipticCurvePublicKey, what: str) -> None:
    lead, _, signature = token.rpartition(".")
    wrong = _failed(f"Not so: {what}", "a signature that verifies")
    try:
        raw = _raw(signature)
        if header.get("alg") != "ES256" or len(raw) != 64:
            raise wrong
        der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        key.verify(der, lead.encode(), ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        raise wrong from None


def _read(token: str) -> tuple[Json, Json]:
    parts = token.split(".")
    found = [_decode(p) for p in parts[:2]] if len(parts) == 3 else []
    if len(found) != 2 or not all(isinstance(p, dict) for p in found):
        raise _failed("A token cannot be read", "three parts, the first two of them JSON objects")
    return found[0], found[1]


def _time(claims: Json, name: str, absent: int) -> int:
    value = claims.get(name, absent)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _failed(f"`{name}` is {value!r}"[:80], "seconds since 1970")
    return value


def _no_reserved(claims: Mapping[str, Any]) -> None:
    if RESERVED & set(claims):
        raise BadInput(f"A claim is called {min(RESERVED & set(claims))}.", expected="another name",
                       remedy="Rename it: the format keeps this one for itself.")  # fmt: skip


def _failed(seen: str, expected: str) -> Failed:
    return Failed(f"{seen}.", expected=expected, remedy="Ask the holder for a new presentation.")


def _encode(value: Any) -> str:
    return _b64(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode())


def _decode(text: str) -> Any:
    try:
        return json.loads(_raw(text))
    except (ValueError, RecursionError):
        raise _failed("A part cannot be read", "base64url of JSON") from None


def _hash(text: str) -> str:
    return _b64(hashlib.sha256(text.encode()).digest())


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _raw(text: str) -> bytes:
    if not set(text) <= _ALPHABET:
        raise ValueError("not base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


_ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
