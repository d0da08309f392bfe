"""What proof costs: the log beside pymerkle, a receipt, and sealing and verifying a release, in one run.

    PEERS/bin/python benchmarks/proof_speed.py [--leaves 1000000] [--rows 100000] [--write]

PEERS is an environment with tutelage and pymerkle. pymerkle keeps its tree in memory and has room to cache every
subtree; its proofs are timed the second time, when they are cached. The verifier is the release's own file, run by
itself with `python -I -S`. Rows are synthetic: five judgments an item, 200 people, batches of 20 to 50 rows that each
person signed with one passkey (ES256 or Ed25519); in the worst case every row is a batch of its own.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from tutelage.formats.corpus import Corpus
from tutelage.provenance.batches import Batch, Enrolment, challenge, pay_statement
from tutelage.provenance.commitments import Salt, pseudonym
from tutelage.provenance.keys import SigningKey
from tutelage.provenance.log import Submission, opened
from tutelage.provenance.merkle import Tree, check_inclusion_of_many, leaf_hash
from tutelage.provenance.receipts import Pay, Receipt, Terms, envelope, issue
from tutelage.provenance.release.project import Project
from tutelage.records import Item, Judgment, Person, Response, assistant, jsonl, user

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "proof_speed.json"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BOUNDS = {"append_us": 20, "inclusion_us": 1000, "receipt_cpu_us": 2000, "sealing_wall_s": 30, "sealing_mib": 1024,
          "verifying_wall_s": 20, "verifying_with_signatures_wall_s": 120}  # fmt: skip
EACH, PEOPLE = 5, 200  # judgments an item; people


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
    """The same of pymerkle, in memory, every subtree cached."""
    import pymerkle

    tree = pymerkle.InmemoryTree(algorithm="sha256", threshold=2, capacity=8 << 30)
    found = {"append_us": each(leaves, lambda i: tree.append_entry(i.to_bytes(8, "big")))}
    for name, prove in (
        ("inclusion_us", lambda i: tree.prove_inclusion(1 + i * (leaves // 1000), leaves)),
        ("consistency_us", lambda i: tree.prove_consistency(1 + i * (leaves // 1000), leaves)),
    ):
        each(1000, prove)
        found[name] = each(1000, prove)
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


def corpus(rows: int) -> Corpus:
    """Comparisons with a second of thought and a time: what a real row holds."""
    items = rows // EACH
    text = "An answer of some length, as people and models write them, as many as a row may hold. " * 2
    return Corpus(
        tuple(Item(f"i{n:07}", "comparison", user(f"Question {n}?"), responses=(f"a{n:07}", f"b{n:07}"))
              for n in range(items)),
        tuple(Response(f"{side}{n:07}", assistant(f"{text}{n}")) for n in range(items) for side in "ab"),
        tuple(Judgment(f"j{n:07}", f"i{n // EACH:07}", f"p{n % PEOPLE}", {"type": "prefer", "winner": "first"},
                       active_s=1.5 + n % 60, at=NOW) for n in range(items * EACH)),
        tuple(Person(f"p{n}") for n in range(PEOPLE)),
    )  # fmt: skip


def timed(argv: list[str]) -> dict[str, float]:
    """Wall and CPU seconds and peak MiB of a process that must exit 0."""
    child = subprocess.Popen(argv, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL)
    started = time.perf_counter()
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(argv)} gave {child.returncode}")
    cpu = used.ru_utime + used.ru_stime
    return {"wall_s": round(wall, 1), "cpu_s": round(cpu, 1), "most_mib": round(used.ru_maxrss / 1024)}


def sign_all(project: Project, release: Path, smallest: int, largest: int) -> int:
    """Everybody enrols a passkey and signs all of their receipts; gives how many batches."""
    from people_at_work import RP, Passkey  # of the tests, whose directory `main` adds to the path

    mine: dict[str, list[Receipt]] = defaultdict(list)
    for _, row in jsonl.objects(release / "receipts.jsonl.gz"):
        receipt = Receipt.parse(json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())
        mine[receipt.nym].append(receipt)
    rng, count = np.random.default_rng(1), 0
    with project.log() as log:
        for n, (nym, given) in enumerate(sorted(mine.items())):
            key, at = Passkey("Ed25519" if n % 2 else "ES256"), 0
            log.publish(Enrolment(project.origin, project.name, nym, key.public, RP, NOW).payload())
            while at < len(given):
                some = given[at : at + int(rng.integers(smallest, largest + 1))]
                pay = pay_statement(some, 60.0, NOW)
                signed = key.sign(challenge([leaf_hash(r.payload()) for r in some], pay))
                ids = tuple(r.id for r in some)
                log.publish(Batch(project.origin, project.name, nym, key.public.id(), ids, pay, signed).payload())
                at, count = at + len(some), count + 1
    return count


def apart(do: Callable[..., Any], *given: object) -> Any:
    """Do it in a process of its own, so that its memory is not counted as that of processes started later."""
    with ProcessPoolExecutor(1) as pool:
        return pool.submit(do, *given).result()


def write_corpus(rows: int, directory: Path) -> None:
    """The synthetic rows as `tutelage import` writes them."""
    corpus(rows).write(directory)


def releases(rows: int, smallest: int, largest: int) -> dict[str, Any]:
    """Seal what the log does not know; sign all of it; seal it again, now from the log; verify both."""
    with tempfile.TemporaryDirectory() as at:
        root = Path(at)
        os.environ["TUTELAGE_HOME"] = str(root / "home")
        apart(write_corpus, rows, root / "j")
        seal = [sys.executable, "-m", "tutelage", "release", "seal", str(root / "j"), "--out"]

        def verify(name: str) -> dict[str, float]:
            script = [sys.executable, "-I", "-S", str(root / name / "verify.py"), str(root / name)]
            return timed([*script, "--trust", str(root / name / "keys/operator.pub")])

        found: dict[str, Any] = {"rows": rows, "sealing": timed([*seal, str(root / "new")]), "verifying": verify("new")}
        found["signatures"] = apart(sign_all, Project.named("j"), root / "new", smallest, largest)
        found["sealing_from_the_log"] = timed([*seal, str(root / "signed")])
        found["verifying_with_signatures"] = verify("signed")
        shown = json.loads((root / "signed/release.json").read_text())["levels"]
        found["signed_rows"] = shown["H2"]
        found["release_mib"] = round(sum(p.stat().st_size for p in (root / "signed").rglob("*")) / 2**20, 1)
    return found


def main() -> None:
    """Measure, print, and keep with --write."""
    options = argparse.ArgumentParser()
    options.add_argument("--leaves", type=int, default=1_000_000)
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--worst-rows", type=int, default=20_000, help="rows that are each a batch of their own")
    options.add_argument("--receipts", type=int, default=2000)
    options.add_argument("--write", action="store_true")
    given = options.parse_args()
    sys.path.insert(0, str(ROOT / "tests" / "provenance"))
    load = round(os.getloadavg()[0], 1)
    usual, worst = releases(given.rows, 20, 50), releases(given.worst_rows, 1, 1)
    mine, peer = ours(given.leaves), peers(given.leaves)
    found = {
        "command": " ".join(["python", "benchmarks/proof_speed.py", *sys.argv[1:]]),
        "load_before": load,
        "cpus": os.cpu_count(),
        "bounds": BOUNDS,
        "leaves": given.leaves,
        "ours": mine,
        "pymerkle": peer,
        "pymerkle_over_ours": {name: round(peer[name] / mine[name], 1) for name in peer},
        **receipts(given.receipts),
        "release_batches_of_20_to_50": usual,
        "release_each_row_its_own_batch": worst,
        "load_after": round(os.getloadavg()[0], 1),
    }
    text = json.dumps(found, indent=2) + "\n"
    sys.stdout.write(text)
    if given.write:
        RESULTS.write_text(text)


if __name__ == "__main__":
    main()
