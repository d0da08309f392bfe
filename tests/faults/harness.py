"""Kill a run at a moment of our choice and see what is left. Works for any command that runs a plan.

quiet = complete([sys.executable, "-m", "tutelage", "run", "mini", "--out", out], env, out)
kill_at(argv, env, seconds=0.7 * quiet.seconds)
assert complete(argv, env, out).artefacts == quiet.artefacts
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tutelage.store import digest_file


@dataclass(frozen=True)
class Attempt:
    """One start of a command: was it killed, and if not, how did it end, and after how many seconds."""

    killed: bool
    code: int
    seconds: float
    stdout: str
    stderr: str


def kill_at(
    argv: Sequence[str],
    env: Mapping[str, str],
    seconds: float,
    *,
    after: Path | None = None,
    cwd: Path | None = None,
) -> Attempt:
    """Start a command in a process group of its own and SIGKILL the whole group after `seconds`, unless it ended.

    after  the clock starts when this file (a run's events.jsonl) grows: imports and start-up do not count
    """
    known = _size(after)
    started = time.monotonic()
    process = subprocess.Popen(
        list(argv),
        env={**os.environ, **env},
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    killed = False
    while after is not None and _size(after) == known and process.poll() is None:
        time.sleep(0.002)
    try:
        stdout, stderr = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        killed = True
        stdout, stderr = process.communicate()
    return Attempt(killed, process.returncode, time.monotonic() - started, stdout, stderr)


def _size(path: Path | None) -> int:
    return path.stat().st_size if path is not None and path.exists() else 0


@dataclass(frozen=True)
class Finished:
    """What a finished run left: its artefacts by stage, the digests of the named files, and its seconds."""

    artefacts: dict[str, str]
    files: dict[str, str]
    cached: frozenset[str]
    seconds: float


def complete(
    argv: Sequence[str], env: Mapping[str, str], out: Path, *, files: Sequence[str] = (), limit_s: float = 600
) -> Finished:
    """Run a command to its end and read what it left in `out`; fails with its stderr unless it exits 0.

    files  published files, relative to `out`, whose digests to take
    """
    attempt = kill_at(argv, env, limit_s)
    assert attempt.code == 0, f"exit {attempt.code}\n{attempt.stdout}\n{attempt.stderr}"
    stages = json.loads((out / "run.json").read_text())["stages"]
    return Finished(
        {label: facts["artefact"] for label, facts in stages.items()},
        {name: digest_file(out / name) for name in files},
        frozenset(label for label, facts in stages.items() if facts["cached"]),
        attempt.seconds,
    )


def finished_stages(home: Path) -> frozenset[str]:
    """Keys of the stages that will never be done again."""
    return frozenset(p.stem for p in (home / "stages").glob("*.json"))


def scratch_bytes(home: Path) -> dict[str, bytes]:
    """What unfinished stages would resume from, by path: it changes when a stage gets one scratch step further."""
    scratch = sorted((home / "work").glob("*/scratch/**/*"))
    return {str(p.relative_to(home)): p.read_bytes() for p in scratch if p.is_file() and p.suffix != ".tmp"}


def leftovers(home: Path) -> list[Path]:
    """What a finished run should not leave: unfinished outputs, scratch, temporary files."""
    return [*home.glob("work/*"), *home.glob("store/tmp/*"), *home.rglob("*.tmp")]
