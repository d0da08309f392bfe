"""Canonical JSON, envelopes, checkpoints, the Merkle tree and passkeys, checked with the standard library alone."""

from __future__ import annotations

import base64
import hashlib
import json
from bisect import bisect_left
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tutelage.provenance.verifier.signatures import P256, Ed25519, from_base64


class Fault(Exception):
    """Something in the release does not hold."""


def need(holds: Any, why: str) -> None:
    """Raise Fault unless it holds."""
    if not holds:
        raise Fault(why)


def sha(*parts: bytes) -> bytes:
    """SHA-256 of the parts together."""
    return hashlib.sha256(b"".join(parts)).digest()


def jcs(value: Any) -> str:
    """RFC 8785 JSON."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda k: k.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{jcs(k)}:{jcs(value[k])}" for k in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(jcs, value)) + "]"
    if isinstance(value, float):
        return _number(value)
    return json.dumps(value, ensure_ascii=False)


def _number(x: float) -> str:
    """A float as ECMAScript writes it."""
    need(x - x == 0, "a number is not finite")
    sign, digits, exponent = Decimal(repr(x)).normalize().as_tuple()
    text, k, n = "".join(map(str, digits)), len(digits), len(digits) + int(exponent)
    if x == 0:
        return "0"
    if 0 < n <= 21:
        body = text + "0" * (n - k) if n >= k else text[:n] + "." + text[n:]
    elif -6 < n <= 0:
        body = "0." + "0" * -n + text
    else:
        body = text[0] + ("." + text[1:] if k > 1 else "") + f"e{n - 1:+d}"
    return "-" + body if sign else body


def canonical(line: bytes) -> Any:
    """The value of a line that must be RFC 8785 JSON to the byte."""
    value = json.loads(line.decode())
    quick = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    need(quick.encode() == line or jcs(value).encode() == line, "it is not canonical JSON")
    need(isinstance(value, dict), "it is no object")
    return value


def dsse(envelope: Any, kind: str, keys: list[Key]) -> tuple[bytes, Key]:
    """The payload of an envelope and which of the keys signed it."""
    payload = from_base64(envelope["payload"]) or b""
    need(envelope["payloadType"] == kind, f"it is not {kind}")
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
    for signature in envelope["signatures"]:
        for key in keys:
            if Ed25519.verify(key.raw, from_base64(signature["sig"]) or b"", message):
                return payload, key
    raise Fault("no trusted key signed it")


class Key(NamedTuple):
    """Ed25519 with the name it signs notes under; None where the verifier was given a bare key."""

    name: str | None
    raw: bytes

    def id_of(self, name: str, kind: int = 1) -> bytes:
        """Its key id on a note's line."""
        return sha(name.encode(), b"\n", bytes([kind]), self.raw)[:4]

    def signed(self, line: tuple[str, bytes, bytes], kind: int = 1) -> bool:
        """Whether a note's line says that this key signed."""
        return self.name in (None, line[0]) and line[1] == self.id_of(line[0], kind)


def vkey(text: str) -> Key:
    """A key written `name+id+base64`."""
    name, given, packed = text.split("+", 2)
    raw = from_base64(packed) or b""
    key = Key(name, raw[1:])
    need(len(raw) == 33 and raw[0] == 1 and given == key.id_of(name).hex(), "a verifier key does not fit its id")
    return key


class Note(NamedTuple):
    """A checkpoint: `lines` are (name, id, signature); `people` is the size and root of the list of enrolments."""

    origin: str
    size: int
    root: bytes
    lines: list[tuple[str, bytes, bytes]]
    body: bytes
    people: tuple[int, bytes] | None

    @classmethod
    def parse(cls, text: str) -> Note:
        """A checkpoint from its text."""
        body, blank, signed = text.partition("\n\n")
        parts = body.split("\n")
        need(len(parts) in (3, 4) and blank and signed.endswith("\n"), "it is no checkpoint")
        size, root, lines, people = _count(parts[1]), from_base64(parts[2]) or b"", [], None
        if len(parts) == 4:
            word, count, packed = parts[3].split(" ")
            people = (_count(count), from_base64(packed) or b"")
            need(word == "people" and len(people[1]) == 32, "its list of enrolments is none")
        need(len(root) == 32, "its root is not 32 bytes")
        for line in signed[:-1].split("\n"):
            dash, name, packed = line.split(" ")
            raw = from_base64(packed) or b""
            need(dash == "—", "a signature line is not one")
            lines.append((name, raw[:4], raw[4:]))
        return cls(parts[0], size, root, lines, body.encode() + b"\n", people)

    def signer(self, keys: list[Key]) -> Key:
        """Whichever key signed."""
        for line in self.lines:
            for key in keys:
                if key.signed(line) and Ed25519.verify(key.raw, line[2], self.body):
                    return key
        raise Fault("the checkpoint is not signed by a trusted key")

    def witnesses(self, keys: list[Key]) -> dict[bytes, datetime]:
        """Which of these witnesses cosigned, and when, as they say."""
        found = {}
        for line in self.lines:
            seconds = int.from_bytes(line[2][:8], "big")
            said = b"cosignature/v1\ntime %d\n" % seconds + self.body
            for key in keys:
                if key.signed(line, 4) and seconds < 1 << 36 and Ed25519.verify(key.raw, line[2][8:], said):
                    found[key.raw] = datetime.fromtimestamp(seconds, UTC)
        return found


def _count(text: str) -> int:
    need(text.isascii() and text.isdigit() and len(text) < 16, "a size is no number")
    return int(text)


# --- the Merkle tree of RFC 9162 --------------------------------------------------------------------------------


def leaf_of(payload: bytes) -> bytes:
    """The hash of a leaf."""
    return sha(b"\0", payload)


def root_of(leaves: list[bytes]) -> bytes:
    """The root over leaf hashes."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha()
    cut = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b"\1", root_of(leaves[:cut]), root_of(leaves[cut:]))


def roots_at(leaves: list[bytes], sizes: set[int]) -> dict[int, bytes]:
    """The roots that the list had when it was of these sizes."""
    peaks: list[tuple[int, bytes]] = []  # (leaves under it, hash), the largest first
    found = {0: sha()}
    for count, leaf in enumerate(leaves, 1):
        peaks.append((1, leaf))
        while len(peaks) > 1 and peaks[-1][0] == peaks[-2][0]:
            width, right = peaks.pop()
            peaks[-1] = (2 * width, sha(b"\1", peaks[-1][1], right))
        if count in sizes:
            root = peaks[-1][1]
            for _, left in reversed(peaks[:-1]):
                root = sha(b"\1", left, root)
            found[count] = root
    return found


def check_many(leaves: dict[int, bytes], size: int, proof: list[bytes], root: bytes) -> None:
    """Fault unless these leaves stand at these indices of the tree with this root."""
    places, rest = sorted(leaves), iter(proof)
    need(places and places[0] >= 0 and places[-1] < size, "a leaf is outside the log")

    def node(low: int, high: int, start: int, stop: int) -> bytes:
        if start == stop:
            return next(rest, b"")
        if high - low == 1:
            return leaves[places[start]]
        middle = low + (1 << (high - low - 1).bit_length() - 1)
        cut = bisect_left(places, middle, start, stop)
        return sha(b"\1", node(low, middle, start, cut), node(middle, high, cut, stop))

    found = node(0, size, 0, len(places))
    need(all(len(p) == 32 for p in proof) and not next(rest, b""), "the proof does not fit")
    need(found == root, "receipts do not lead to the root of the signed checkpoint")


def check_grown(old: int, old_root: bytes, size: int, root: bytes, path: list[bytes]) -> None:
    """Fault unless the tree of `old` leaves is a prefix of that of `size` (RFC 9162, 2.1.4.2)."""
    need(0 < old <= size, "the earlier log is the larger one")
    if old == size:
        need(not path and old_root == root, "FORK: two roots for one size")
        return
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    need(steps, "the path is empty")
    here, last = old - 1, size - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        need(last > 0, "the path is too long")
        if here & 1 or here == last:
            first, second = sha(b"\1", step, first), sha(b"\1", step, second)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            second = sha(b"\1", second, step)
        here, last = here >> 1, last >> 1
    need(last == 0 and first == old_root and second == root, f"FORK: the log of {old} leaves is not its beginning")


# --- what people signed -----------------------------------------------------------------------------------------


def check_assertion(assertion: Any, key: Any, rp: str, challenge: bytes) -> bool:
    """Fault unless this key signed this challenge (WebAuthn); gives whether the key is bound to one device."""
    client, data, signature = (_from_url(assertion[k]) for k in ("client_data", "authenticator_data", "signature"))
    said = json.loads(client)
    host = urlsplit(said["origin"])
    at_rp = host.scheme == "https" and bool(host.hostname) and ("." + host.hostname).endswith("." + rp)
    at_home = host.scheme == "http" and host.hostname == rp == "localhost"  # the one name that needs no TLS
    message = data + sha(client)
    need(_is_key(key), "its key is not written as keys are")  # or one key would have two names
    if key["alg"] == "ES256":
        good = P256.verify(b"\4" + bytes.fromhex(key["x"]) + bytes.fromhex(key["y"]), signature, message)
    else:
        good = key["alg"] == "Ed25519" and Ed25519.verify(bytes.fromhex(key["x"]), signature, message)
    wanted = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
    need(said["type"] == "webauthn.get" and said["challenge"] == wanted, "the person signed something else")
    need(rp and (at_rp or at_home) and not said.get("crossOrigin"), "it was signed on another site")
    need(len(data) >= 37 and data[:32] == sha(rp.encode()), "it is for another relying party")
    need(data[32] & 1 and data[32] & 4, "nobody was present and verified")
    need(good, "another key signed")
    return not data[32] & 8


def _is_key(key: Any) -> bool:
    numbers = [key["x"], key["y"]] if key["alg"] == "ES256" else [key["x"]]
    return key.keys() == {"alg", "x", "y"} and (len(numbers) == 2 or key["y"] is None) and all(
        len(n) == 64 and not set(n) - set("0123456789abcdef") for n in numbers
    )  # fmt: skip


def _from_url(text: str) -> bytes:
    need(not set(text) & set("+/="), "it is not base64url")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def credential(key: Any) -> str:
    """How batches and attestations name a public key."""
    return sha(jcs(key).encode()).hex()


def time_of(text: str) -> datetime:
    """A time in UTC."""
    found = datetime.fromisoformat(text)
    need(found.tzinfo, "a time has no zone")
    return found
