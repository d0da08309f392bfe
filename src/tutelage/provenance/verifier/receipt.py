"""Check a receipt, or that the log only grew: python check_receipt.py FILE --trust KEY. Python 3.11 or later."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tutelage.provenance.verifier.formats import Fault, Key, Note, canonical, check_grown, dsse, leaf_of, need, sha
from tutelage.provenance.verifier.signatures import ssh_key

RECEIPT = "application/vnd.tutelage.receipt.v1+json"


def check_receipt(said: Any, key: Key) -> list[str]:
    """What a receipt shows, line by line. Raises Fault where it does not hold."""
    payload, _ = dsse(said["envelope"], RECEIPT, [key])
    receipt = canonical(payload)
    found = [f"receipt {receipt['id']}: signed by the operator",
             f"  paid {receipt['pay']['minor']} {receipt['pay']['currency']} (smallest unit), {receipt['accepted_at']}",
             f"  pseudonym {receipt['nym']}"]  # fmt: skip
    for name, salt, what in (("line", "salt", "contribution"), ("item", "item_salt", "item")):
        if said.get(name) is not None:
            opened = "salted:" + sha(b"\2", bytes.fromhex(said[salt]), said[name].encode()).hex()
            need(opened == receipt[what], f"the {what} in this file is not what the receipt commits to")
            found.append(f"  commits to exactly this {what}: {said[name][:100]}")
    if said["index"] is None:
        return [*found, "  not in a signed checkpoint yet: ask again in some seconds"]
    note = _signed(said["note"], key)
    need(receipt["log"] == note.origin, "it is of another log")
    path = [bytes.fromhex(node) for node in said["path"]]
    root = _root(leaf_of(payload), said["index"], note.size, path)
    need(root == note.root, "it is not in the log of this checkpoint")
    return [*found, f"  leaf {said['index']} of the signed log {note.origin} of {note.size} leaves"]


def check_growth(said: Any, key: Key) -> list[str]:
    """That the log of an earlier note is the beginning of that of a later one. Raises Fault."""
    old, new = _signed(said["old"], key), _signed(said["new"], key)
    need(old.origin == new.origin, "these are two logs")
    check_grown(old.size, old.root, new.size, new.root, [bytes.fromhex(node) for node in said["path"]])
    return [f"log {new.origin}: its {old.size} leaves of then are the first of the {new.size} leaves of later"]


CHECKS = {"proven/1": check_receipt, "consistency/1": check_growth}


def _signed(text: str, key: Key) -> Note:
    note = Note.parse(text)
    note.signer([key])
    return note


def _root(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root to which a path leads from a leaf (RFC 9162, 2.1.3.2)."""
    need(0 <= index < size, "its place is outside the log")
    here, last, node = index, size - 1, leaf
    for step in path:
        need(last > 0 and len(step) == 32, "the path does not fit")
        if here & 1 or here == last:
            node = sha(b"\1", step, node)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            node = sha(b"\1", node, step)
        here, last = here >> 1, last >> 1
    need(last == 0, "the path is too short")
    return node


def main() -> int:
    """Check and print; 0 where everything holds, else 1."""
    asked = argparse.ArgumentParser(description="Check a receipt, or that the log only grew: no network, no package.")
    asked.add_argument("file", help="a receipt-….json, or consistency.json")
    asked.add_argument("--trust", required=True, metavar="KEY", help="the operator's key, an ssh-ed25519 line")
    options = asked.parse_args()
    try:
        said = json.loads(Path(options.file).read_bytes())
        raw = ssh_key(Path(options.trust).read_text(encoding="utf-8"))
        need(raw, "there is no ssh-ed25519 key to trust")
        need(said["schema"] in CHECKS, "this is neither a receipt nor a consistency proof")
        lines = CHECKS[said["schema"]](said, Key(None, raw or b""))
    except (Fault, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        sys.stdout.write(f"NOT VERIFIED: {fault}\n")
        return 1
    sys.stdout.write("\n".join([*lines, "VERIFIED"]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
