"""Signatures that `ssh-keygen -Y verify` checks (PROTOCOL.sshsig), and keys as `ssh-ed25519` lines."""

from __future__ import annotations

import base64
import hashlib

from tutelage.provenance.keys import SigningKey

NAMESPACE = "tutelage-release"
_WIDTH = 70


def openssh(raw: bytes, comment: str) -> str:
    """32 bytes of Ed25519 as one line of a `.pub` file."""
    return f"ssh-ed25519 {base64.b64encode(_public(raw)).decode()} {comment}\n"


def sign(message: bytes, key: SigningKey, namespace: str = NAMESPACE) -> str:
    """An armoured signature over the message in a namespace."""
    parts = (namespace.encode(), b"", b"sha512")
    signed = key.sign(b"SSHSIG" + _strings(*parts, hashlib.sha512(message).digest()))
    signature = _strings(b"ssh-ed25519", signed)
    body = b"SSHSIG" + (1).to_bytes(4, "big") + _strings(_public(key.public.raw), *parts, signature)
    text = base64.b64encode(body).decode()
    lines = [text[i : i + _WIDTH] for i in range(0, len(text), _WIDTH)]
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""])


def _public(raw: bytes) -> bytes:
    return _strings(b"ssh-ed25519", raw)


def _strings(*parts: bytes) -> bytes:
    return b"".join(len(p).to_bytes(4, "big") + p for p in parts)
