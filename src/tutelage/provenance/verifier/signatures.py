"""Ed25519, P-256 and SSH signatures, verified with the standard library alone."""

from __future__ import annotations

import base64
import functools
import hashlib
from typing import Any

# Verification only, over public data: constant time is not needed. Both curves cut two scalars into quarters and walk
# all eight at once over tables of small multiples, which are kept for each key: 0.6 ms a signature, 1.5 the first time.
QUARTER = 64  # bits


def _windows(scalar: int, width: int) -> list[int]:
    """The scalar in signed odd digits (wNAF), least significant first."""
    out, whole, half = [], 1 << width, 1 << (width - 1)
    while scalar:
        digit = 0
        if scalar & 1:
            digit = scalar & (whole - 1)
            digit -= whole if digit >= half else 0
            scalar -= digit
        out.append(digit)
        scalar >>= 1
    return out


def _two_products(curve: Any, base: Any, a: int, point: Any, b: int) -> Any:
    """a * base + b * point, for scalars below 2**256."""
    steps: list[list[Any]] = [[] for _ in range(QUARTER + 1)]
    for one, scalar, count in ((base, a, 64), (point, b, 16)):
        for n, table in enumerate(_tables(curve, one, count)):
            part = scalar >> QUARTER * n & (1 << QUARTER) - 1
            for i, digit in enumerate(_windows(part, count.bit_length() + 1)):
                if digit:
                    step = table[abs(digit) >> 1]
                    steps[i].append(step if digit > 0 else curve.negative(step))
    total = curve.ZERO
    for now in reversed(steps):
        total = curve.double(total)
        for step in now:
            total = curve.add(total, step)
    return total


@functools.lru_cache(1024)
def _tables(curve: Any, point: Any, count: int) -> list[list[Any]]:
    """Odd multiples 1, 3, 5 … of the point and of it times 2**64, 2**128 and 2**192."""
    tables = []
    for _ in range(4):
        twice, odd = curve.double(point), [point]
        while len(odd) < count:
            odd.append(curve.add(odd[-1], twice))
        tables.append(odd)
        for _ in range(QUARTER):
            point = curve.double(point)
    return tables


class Ed25519:
    """RFC 8032. Points in extended coordinates (X, Y, Z, T)."""

    P = 2**255 - 19
    L = 2**252 + 27742317777372353535851937790883648493
    D = -121665 * pow(121666, -1, P) % P
    ROOT = pow(2, (P - 1) // 4, P)
    ZERO = (0, 1, 1, 0)

    @classmethod
    def verify(cls, key: bytes, signature: bytes, message: bytes) -> bool:
        """Whether the 64-byte signature is this 32-byte key's over the message."""
        if len(key) != 32 or len(signature) != 64:
            return False
        point, s = cls._point(key), int.from_bytes(signature[32:], "little")
        if point is None or s >= cls.L:
            return False
        base = cls._point((4 * pow(5, -1, cls.P) % cls.P).to_bytes(32, "little"))
        k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % cls.L
        found = _two_products(cls, base, s, cls.negative(point), k)
        return cls._encoded(found) == signature[:32]

    @classmethod
    @functools.lru_cache(1024)
    def _point(cls, data: bytes) -> Any:
        """The point of its encoding; None where that is no point, or not written the one right way."""
        y, sign = int.from_bytes(data, "little") & ((1 << 255) - 1), data[31] >> 7
        if y >= cls.P:
            return None
        u, v = (y * y - 1) % cls.P, (cls.D * y * y + 1) % cls.P
        x = u * pow(v, 3, cls.P) * pow(u * pow(v, 7, cls.P), (cls.P - 5) // 8, cls.P) % cls.P
        if v * x * x % cls.P == -u % cls.P:
            x = x * cls.ROOT % cls.P
        if v * x * x % cls.P != u or (x == 0 and sign):
            return None
        x = cls.P - x if x & 1 != sign else x
        return (x, y, 1, x * y % cls.P)

    @classmethod
    def _encoded(cls, point: Any) -> bytes:
        inverse = pow(point[2], -1, cls.P)
        x, y = point[0] * inverse % cls.P, point[1] * inverse % cls.P
        return int(y | (x & 1) << 255).to_bytes(32, "little")

    @classmethod
    def add(cls, one: Any, other: Any) -> Any:
        """The sum of two points."""
        a = (one[1] - one[0]) * (other[1] - other[0]) % cls.P
        b = (one[1] + one[0]) * (other[1] + other[0]) % cls.P
        c, d = 2 * one[3] * other[3] * cls.D % cls.P, 2 * one[2] * other[2] % cls.P
        e, f, g, h = b - a, d - c, d + c, b + a
        return (e * f % cls.P, g * h % cls.P, f * g % cls.P, e * h % cls.P)

    @classmethod
    def double(cls, one: Any) -> Any:
        """A point added to itself."""
        a, b, c = one[0] * one[0] % cls.P, one[1] * one[1] % cls.P, 2 * one[2] * one[2] % cls.P
        h = a + b
        e, g = h - (one[0] + one[1]) ** 2 % cls.P, a - b
        f = c + g
        return (e * f % cls.P, g * h % cls.P, f * g % cls.P, e * h % cls.P)

    @classmethod
    def negative(cls, one: Any) -> Any:
        """The point mirrored, its sum with which is zero."""
        return (cls.P - one[0], one[1], one[2], cls.P - one[3])


class P256:
    """ECDSA over P-256 with SHA-256 (ES256). Points in Jacobian coordinates; Z = 0 is the point at infinity."""

    P = 2**256 - 2**224 + 2**192 + 2**96 - 1
    N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    G = (
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
        1,
    )
    ZERO = (1, 1, 0)

    @classmethod
    def verify(cls, key: bytes, signature: bytes, message: bytes) -> bool:
        """Whether the DER signature is this key's (65 bytes, 0x04 X Y) over the message."""
        x, y, pair = int.from_bytes(key[1:33], "big"), int.from_bytes(key[33:], "big"), _der_pair(signature)
        if len(key) != 65 or key[0] != 4 or pair is None or max(x, y) >= cls.P:
            return False
        if (y * y - x * x * x + 3 * x - cls.B) % cls.P or not all(0 < n < cls.N for n in pair):
            return False
        r, s = pair
        w = pow(s, -1, cls.N)
        u = int.from_bytes(hashlib.sha256(message).digest(), "big") * w % cls.N
        found = _two_products(cls, cls.G, u, (x, y, 1), r * w % cls.N)
        return bool(found[2]) and found[0] * pow(found[2], -2, cls.P) % cls.P % cls.N == r

    @classmethod
    def double(cls, one: Any) -> Any:
        """A point added to itself."""
        x, y, z = one
        delta, gamma = z * z % cls.P, y * y % cls.P
        beta, alpha = x * gamma % cls.P, 3 * (x - delta) * (x + delta) % cls.P
        new = (alpha * alpha - 8 * beta) % cls.P
        return (new, (alpha * (4 * beta - new) - 8 * gamma * gamma) % cls.P, 2 * y * z % cls.P)

    @classmethod
    def add(cls, one: Any, other: Any) -> Any:
        """The sum of two points."""
        if not one[2] or not other[2]:
            return one if one[2] else other
        zz, ww = one[2] * one[2] % cls.P, other[2] * other[2] % cls.P
        u, v = one[0] * ww % cls.P, other[0] * zz % cls.P
        s, t = one[1] * ww * other[2] % cls.P, other[1] * zz * one[2] % cls.P
        if u == v:
            return cls.double(one) if s == t else cls.ZERO
        h, r = v - u, t - s
        hh = h * h % cls.P
        hhh, q = h * hh % cls.P, u * hh % cls.P
        x = (r * r - hhh - 2 * q) % cls.P
        return (x, (r * (q - x) - s * hhh) % cls.P, one[2] * other[2] * h % cls.P)

    @classmethod
    def negative(cls, one: Any) -> Any:
        """The point mirrored, its sum with which is zero."""
        return (one[0], cls.P - one[1], one[2])


def _der_pair(data: bytes) -> tuple[int, int] | None:
    """The two integers of an ECDSA signature in strict DER; None for anything else."""
    if len(data) < 8 or data[0] != 0x30 or data[1] != len(data) - 2 or data[1] > 127:
        return None
    out, at = [], 2
    for _ in range(2):
        if at + 2 > len(data) or data[at] != 0x02:
            return None
        size = data[at + 1]
        body = data[at + 2 : at + 2 + size]
        if len(body) != size or not size or body[0] > 127 or (size > 1 and body[0] == 0 and body[1] < 128):
            return None
        out.append(int.from_bytes(body, "big"))
        at += 2 + size
    return (out[0], out[1]) if at == len(data) else None


def ssh_key(line: str) -> bytes | None:
    """The 32 bytes of an `ssh-ed25519 …` public key line; None for anything else."""
    parts = line.split()
    if len(parts) < 2 or parts[0] != "ssh-ed25519":
        return None
    fields = _ssh_strings(from_base64(parts[1]) or b"")
    return fields[1] if fields and len(fields) == 2 and fields[0] == b"ssh-ed25519" and len(fields[1]) == 32 else None


def ssh_signature(armoured: str, namespace: str, message: bytes) -> bytes | None:
    """The public key whose SSHSIG over the message in this namespace verifies; None where none does."""
    lines = armoured.split("\n")
    data = from_base64("".join(lines[1:-2])) or b""
    text = base64.b64encode(data).decode()
    folded = [text[i : i + 70] for i in range(0, len(text), 70)]
    if lines != ["-----BEGIN SSH SIGNATURE-----", *folded, "-----END SSH SIGNATURE-----", ""]:
        return None  # one signature has one spelling, so that no byte of its file can change
    if data[:10] != b"SSHSIG\x00\x00\x00\x01":
        return None
    fields = _ssh_strings(data[10:])
    if not fields or len(fields) != 5 or fields[1] != namespace.encode() or fields[3] not in (b"sha256", b"sha512"):
        return None
    public, signed = _ssh_strings(fields[0]), _ssh_strings(fields[4])
    if not public or not signed or len(public) != 2 or len(signed) != 2 or {public[0], signed[0]} != {b"ssh-ed25519"}:
        return None
    hashed = hashlib.new(fields[3].decode(), message).digest()
    to_sign = b"SSHSIG" + b"".join(len(f).to_bytes(4, "big") + f for f in (*fields[1:4], hashed))
    return public[1] if Ed25519.verify(public[1], signed[1], to_sign) else None


def _ssh_strings(data: bytes) -> list[bytes] | None:
    out, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if at + 4 + size > len(data):
            return None
        out.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return out


def from_base64(text: str) -> bytes | None:
    """What the text stands for; None where it is not base64."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None
