"""`tutelage doctor`: what this machine can do, and what to do about the rest."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from tutelage.cli import console
from tutelage.errors import MissingExtra, TutelageError

NEEDED_DISK_GB = 2
SAFE_SQLITE = (3, 51, 3)


@dataclass(frozen=True)
class Finding:
    """One line: what was looked for, what was found, and what to do where it is missing.

    required  the loop does not run without it
    """

    name: str
    ok: bool
    seen: str
    remedy: str = ""
    required: bool = False

    def __str__(self) -> str:
        mark = "ok     " if self.ok else "MISSING" if self.required else "missing"
        return f"{mark}  {self.name:<12} {self.seen}" + (f" → {self.remedy}" if not self.ok else "")


def _python() -> Iterator[Finding]:
    fine = sys.version_info >= (3, 11)
    yield Finding("python", fine, platform.python_version(), "Install Python 3.11 or newer.", required=True)


def _packages() -> Iterator[Finding]:
    """Base requirements are needed; those of an extra are reported with the command that brings them."""
    wanted = importlib.metadata.requires("tutelage") or []
    for line in wanted:
        extra = re.search(r"extra\s*==\s*['\"](\w+)['\"]", line)
        if extra is None or extra[1] in ("train", "web"):
            name = re.split(r"[\s\[<>=!~;]", line)[0]
            if name != "tutelage":
                yield _package(name, extra[1] if extra else None)


def _package(name: str, extra: str | None) -> Finding:
    try:
        return Finding(name, True, importlib.metadata.version(name), required=extra is None)
    except importlib.metadata.PackageNotFoundError:
        wanted = f"tutelage[{extra}]" if extra else "tutelage"
        return Finding(name, False, "not installed", f"Run `pip install '{wanted}'`.", required=extra is None)


def _compute() -> Iterator[Finding]:
    from tutelage.models.local_torch import choose_device, choose_dtype, torch

    try:
        t = torch()
    except MissingExtra as error:
        yield Finding("training", False, error.seen, error.remedy)
        return
    yield Finding("threads", True, f"{t.get_num_threads()} of {os.cpu_count()} cores (OMP_NUM_THREADS changes it)")
    fast = choose_dtype("auto", "cpu") == t.bfloat16
    yield Finding("bf16", fast, "native (AVX512 or AMX)" if fast else "not native", "Nothing: fp32 is used instead.")
    gpu = choose_device("auto") == "cuda"
    seen = t.cuda.get_device_name() if gpu else "none"
    yield Finding("gpu", gpu, seen, "Nothing: the demo runs on the CPU; larger models want a CUDA build of torch.")


def _weights() -> Iterator[Finding]:
    from tutelage.models.local_weights import PACKAGED, present

    for name in PACKAGED:
        there = present(name)
        yield Finding(name, there, "weights here" if there else "no weights", f"Run `tutelage models add {name}`.")


def _memory() -> Iterator[Finding]:
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = int(next(line for line in lines if line.startswith("MemAvailable")).split()[1]) / 1e6
        yield Finding("memory", free >= 4, f"{free:.1f} GB free", "Close something: the demo wants up to 4 GB.")


def _disk() -> Iterator[Finding]:
    from tutelage.store import home, write_whole

    place = home()
    there = next(p for p in (place, *place.parents) if p.exists())
    free = shutil.disk_usage(there).free / 1e9
    remedy = f"Free {NEEDED_DISK_GB} GB (`tutelage store gc`), or set TUTELAGE_HOME to another disk."
    yield Finding("disk", free >= NEEDED_DISK_GB, f"{free:.1f} GB free at {place}", remedy, required=True)
    try:
        write_whole(place / ".doctor", b"")
        (place / ".doctor").unlink()
        yield Finding("home", True, f"{place} can be written", required=True)
    except (OSError, TutelageError) as error:
        yield Finding("home", False, f"{place}: {error}", "Set TUTELAGE_HOME to a directory of yours.", required=True)


def _programs() -> Iterator[Finding]:
    from tutelage.environments import sandbox

    boxless, browser = sandbox.absent(), _first("chromium", "chromium-browser", "google-chrome")
    seen = boxless.detail if boxless else f"{shutil.which('bwrap')}, its limits bind"
    yield Finding("sandbox", boxless is None, seen, "`apt install bubblewrap` to run graded code.")
    yield Finding("browser", bool(browser), browser or "no chromium", "`apt install chromium` for the browser tests.")


def _first(*names: str) -> str | None:
    return next((found for name in names if (found := shutil.which(name))), None)


def _sqlite() -> Iterator[Finding]:
    safe = sqlite3.sqlite_version_info >= SAFE_SQLITE
    yield Finding(
        "sqlite",
        safe,
        sqlite3.sqlite_version + ("" if safe else " has the WAL-reset fault (before 3.51.3)"),
        "Nothing for the loop; the platform then runs one server process, or PostgreSQL.",
    )


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _python, _packages, _compute, _weights, _memory, _disk, _programs, _sqlite,
)  # fmt: skip


@click.command(epilog="Example:  tutelage doctor --json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(as_json: bool) -> None:
    """Say what this machine can do and what is missing.

    Exit 0 unless something that the loop cannot do without is missing (6).
    """
    findings = [finding for check in CHECKS for finding in check()]
    lost = [f for f in findings if f.required and not f.ok]
    if as_json:
        console.emit({"ok": not lost, "findings": findings})
    else:
        for finding in findings:
            console.say(str(finding))
    if lost:
        raise MissingExtra(
            f"{len(lost)} required parts are missing: {', '.join(f.name for f in lost)}.",
            expected="every line without MISSING",
            remedy=lost[0].remedy,
        )
