"""Content digests: SHA-256 over RFC 8785 JSON, and over the bytes of files and directories."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import rfc8785

from tutelage.errors import BadInput, Where
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


def listing(root: Path) -> list[list[str]]:
    """The sorted [relative path, file digest] pairs of a directory. Empty directories do not count.

    Raises BadInput on a link or a device: what they mean depends on the machine, so they have no content.
    """
    pairs = []
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise BadInput(
                "This is a link or a device inside an artefact.",
                expected="regular files and directories only",
                remedy="Copy the file it points to instead.",
                where=Where(str(path)),
            )
        if path.is_file():
            pairs.append([path.relative_to(root).as_posix(), digest_file(path)])
    return pairs


def digest_tree(root: Path) -> str:
    """`sha256:<hex>` of a directory: of its `listing`. Links are refused."""
    return digest(listing(root))


def digest_path(path: Path) -> str:
    """`sha256:<hex>` of a file or of a directory, whichever is there. Raises BadInput where there is neither."""
    if path.is_dir():
        return digest_tree(path)
    if path.is_file():
        return digest_file(path)
    raise BadInput(
        "There is no such file or directory.",
        expected="a file or a directory",
        remedy="Check the path.",
        where=Where(str(path)),
    )
