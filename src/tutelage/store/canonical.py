"""Content digests: SHA-256 over RFC 8785 JSON, and over the bytes of files and directories."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import rfc8785

from tutelage.records import encode

CHUNK_BYTES = 1 << 20


def canonical(value: Any) -> bytes:
    """The RFC 8785 bytes of a record or JSON value."""
    return rfc8785.dumps(encode(value))


def digest(value: Any) -> str:
    """`sha256:<hex>` of a record's canonical JSON. For de-duplication and sealing, never a commitment:
    a short answer can be guessed from it (`tutelage.provenance` salts)."""
    return "sha256:" + hashlib.sha256(canonical(value)).hexdigest()


def digest_file(path: Path) -> str:
    """`sha256:<hex>` of a file's bytes."""
    hasher = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            hasher.update(chunk)
    return "sha256:" + hasher.hexdigest()


def digest_tree(root: Path) -> str:
    """`sha256:<hex>` of a directory: of the sorted (relative path, file digest) list. Links are refused."""
    listing = []
    for path in sorted(root.rglob("*")):
        if path.is_symlink():
            raise ValueError(f"a link inside an artefact: {path}")
        if path.is_file():
            listing.append([path.relative_to(root).as_posix(), digest_file(path)])
    return digest(listing)
