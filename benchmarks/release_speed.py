"""What sealing and verifying a release of synthetic rows takes: wall seconds, CPU seconds, most memory.

    python benchmarks/release_speed.py [--rows 100000] [--write]

Ten judges, five judgments an item. The verifier is the release's own file, run by itself with `python -I`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from tutelage.formats.corpus import Corpus
from tutelage.records import Item, Judgment, Person, Response, assistant, user

RESULTS = Path(__file__).parent / "results" / "release_speed.json"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BOUNDS = {"sealing_wall_s": 30, "sealing_most_mib": 1024, "verifying_wall_s": 20}
EACH = 5


def corpus(rows: int) -> Corpus:
    """Comparisons with a second of thought and a time: what a real row holds."""
    items = rows // EACH
    text = "An answer of some length, as people and models write them, as many as a row may hold. " * 2
    return Corpus(
        tuple(Item(f"i{n:07}", "comparison", user(f"Question {n}?"), responses=(f"a{n:07}", f"b{n:07}"))
              for n in range(items)),
        tuple(Response(f"{side}{n:07}", assistant(f"{text}{n}")) for n in range(items) for side in "ab"),
        tuple(Judgment(f"j{n:07}", f"i{n // EACH:07}", f"p{n % 10}", {"type": "prefer", "winner": "first"},
                       active_s=1.5 + n % 60, at=NOW) for n in range(items * EACH)),
        tuple(Person(f"p{n}") for n in range(10)),
    )  # fmt: skip


def timed(argv: list[str], env: dict[str, str]) -> dict[str, float]:
    """Wall and CPU seconds and peak MiB of a process that must exit 0."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(argv, env={**os.environ, **env}, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": round(wall, 1), "cpu_s": round(cpu, 1), "most_mib": round(after.ru_maxrss / 1024)}


def main() -> None:
    """Measure, print, and keep with --write."""
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--write", action="store_true")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as at:
        root, out = Path(at), Path(at) / "release"
        corpus(given.rows).write(root / "j")
        env = {"TUTELAGE_HOME": str(root / "home"), "OMP_NUM_THREADS": "1"}
        verify = [sys.executable, "-I", str(out / "verify.py"), str(out), "--trust", str(out / "keys/operator.pub")]
        found = {"rows": given.rows, "command": " ".join(["python", "benchmarks/release_speed.py", *sys.argv[1:]])}
        sealing = timed([sys.executable, "-m", "tutelage", "release", "seal", str(root / "j"), "--out", str(out)], env)
        verifying = timed(verify, env)
        size = sum(p.stat().st_size for p in out.rglob("*") if p.is_file())
    found |= {f"sealing_{k}": v for k, v in sealing.items()} | {f"verifying_{k}": v for k, v in verifying.items()}
    found |= {"release_mib": round(size / 2**20, 1), "load": round(os.getloadavg()[0], 1), "cpus": os.cpu_count()}
    found["bounds"] = BOUNDS
    text = json.dumps(found, indent=2) + "\n"
    sys.stdout.write(text)
    if given.write:
        RESULTS.write_text(text)


if __name__ == "__main__":
    main()
