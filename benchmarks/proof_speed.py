"""What appending, proving and a receipt cost, beside pymerkle in the same run.

    PEERS/bin/python benchmarks/proof_speed.py [--leaves 1000000] [--write]    # PEERS has tutelage and pymerkle

pymerkle proves in memory at `--peer-leaves` only (its proofs walk the tree without stored subtrees).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tutelage.provenance.commitments import Salt, pseudonym
from tutelage.provenance.keys import SigningKey
from tutelage.provenance.log import Submission, opened
from tutelage.provenance.merkle import Tree, check_inclusion_of_many, leaf_hash
from tutelage.provenance.receipts import Pay, Terms, envelope, issue
from tutelage.records import Judgment

RESULTS = Path(__file__).parent / "results" / "proof_speed.json"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def each(calls: int, do: Callable[[int], object]) -> float:
    """Mean CPU microseconds of a call."""
    started = time.process_time()
    for i in range(calls):
        do(i)
    return round((time.process_time() - started) / calls * 1e6, 2)


def ours(leaves: int) -> dict[str, float]:
    """Append, prove and check in our tree of `leaves`."""
    tree = Tree()
    found = {"append_us": each(leaves, lambda i: tree.append(leaf_hash(i.to_bytes(8, "big"))))}
    found["inclusion_us"] = each(1000, lambda i: tree.inclusion(i * (leaves // 1000)))
    found["consistency_us"] = each(1000, lambda i: tree.consistency(1 + i * (leaves // 1000)))
    chosen = list(range(0, leaves, 10))
    proof, hashes = tree.inclusion_of_many(chosen), [tree.leaf(i) for i in chosen]
    started = time.process_time()
    check_inclusion_of_many(hashes, chosen, leaves, proof, tree.root())
    found["check_a_tenth_of_the_leaves_at_once_s"] = round(time.process_time() - started, 2)
    return found


def peers(leaves: int) -> dict[str, float]:
    """The same of pymerkle, in memory."""
    import pymerkle

    tree = pymerkle.InmemoryTree(algorithm="sha256")
    found: dict[str, float] = {"leaves": leaves}
    found["append_us"] = each(leaves, lambda i: tree.append_entry(i.to_bytes(8, "big")))
    found["inclusion_us"] = each(100, lambda i: tree.prove_inclusion(1 + i * (leaves // 100), leaves))
    found["consistency_us"] = each(100, lambda i: tree.prove_consistency(1 + i * (leaves // 100), leaves))
    return found


def receipts(count: int) -> dict[str, float]:
    """CPU of one receipt: commitments, canonical JSON, the operator's signature; then stored, a hundred at a time."""
    key, pepper = SigningKey("operator", bytes(range(32))), hashlib.sha256(b"pepper").digest()
    terms, item = Terms("log", "p", "sha256:" + "a" * 64, "sha256:" + "b" * 64), (b'{"id":"i"}', Salt.fresh())

    def make(i: int) -> Submission:
        work = Judgment(f"j{i}", "i", "ana", {"type": "choice", "value": "A"}, at=NOW)
        made = issue(work, terms, receipt_id=f"r{i}", nym=pseudonym(pepper, "ana"), pay=Pay(35, "EUR", "c"),
                     level="H1", now=NOW, item=item)  # fmt: skip
        envelope(made.receipt, key)
        return Submission(work.id, "ana", made)

    found = {"receipt_cpu_us": each(count, make)}
    made = [make(i) for i in range(count)]
    with tempfile.TemporaryDirectory() as at, opened(Path(at), "log", bytes(range(32))) as log:
        started = time.perf_counter()
        for i in range(0, count, 100):
            log.add(made[i : i + 100])
        found["stored_wall_us_100_a_write"] = round((time.perf_counter() - started) / count * 1e6, 2)
    return found


def main() -> None:
    """Measure, print, and keep with --write."""
    options = argparse.ArgumentParser()
    options.add_argument("--leaves", type=int, default=1_000_000)
    options.add_argument("--peer-leaves", type=int, default=100_000)
    options.add_argument("--receipts", type=int, default=2000)
    options.add_argument("--write", action="store_true")
    given = options.parse_args()
    mine, same, peer = ours(given.leaves), ours(given.peer_leaves), peers(given.peer_leaves)
    ratios = {name: round(peer[name] / same[name], 1) for name in ("append_us", "inclusion_us", "consistency_us")}
    found = {
        "command": " ".join(["python", "benchmarks/proof_speed.py", *sys.argv[1:]]),
        "load": round(os.getloadavg()[0], 1),
        "ours": {"leaves": given.leaves, **mine},
        "ours_at_the_peers_size": {"leaves": given.peer_leaves, **same},
        "pymerkle": peer,
        "pymerkle_over_ours_same_size": ratios,
        **receipts(given.receipts),
    }
    text = json.dumps(found, indent=2) + "\n"
    sys.stdout.write(text)
    if given.write:
        RESULTS.write_text(text)


if __name__ == "__main__":
    main()
