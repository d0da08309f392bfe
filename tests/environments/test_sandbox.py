"""Where code cannot be run in isolation, it is not run, and the grade says what to do."""

from __future__ import annotations

import os
import platform
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tutelage.environments.box import filter as calls
from tutelage.environments.sandbox import Box, Limits, lent

GRADE = """
from tutelage.environments.graders import Task, grade
from tutelage.records import user
found = grade(Task(user("q"), "unit_tests", {"cases": [{"input": "", "output": "4"}]}), "open('ran', 'w'); print(4)")
print(found.type, getattr(found, "reason", ""), getattr(found, "detail", ""))
"""


def graded(at: Path) -> str:
    """What a process that finds its programs in `at` alone says of an answer in code."""
    done = subprocess.run([sys.executable, "-c", GRADE], env={**os.environ, "PATH": str(at)}, cwd=at,
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert not (at / "ran").exists(), "the answer was run outside"
    return done.stdout


def test_without_bubblewrap_nothing_runs_and_the_remedy_is_said(tmp_path: Path) -> None:
    said = graded(tmp_path)
    assert said.startswith("unscored no_sandbox")
    assert "not installed" in said
    assert "apt install bubblewrap" in said


def test_where_namespaces_are_forbidden_bubblewraps_own_words_are_passed_on(tmp_path: Path) -> None:
    """A bwrap that may not make namespaces: it says so, and ends with 1."""
    stand_in = tmp_path / "bwrap"
    stand_in.write_text('#!/bin/sh\necho "bwrap: No permissions to create new namespace" >&2\nexit 1\n')
    stand_in.chmod(0o755)
    said = graded(tmp_path)
    assert said.startswith("unscored no_sandbox")
    assert "No permissions to create new namespace" in said
    assert "CAP_SYS_ADMIN" in said


def test_every_limit_of_a_run_is_positive() -> None:
    for wrong in ({"cpu_s": 0}, {"memory_mb": -1}, {"tmp_mb": -1}, {"wall_s": 0.0}):
        with pytest.raises(ValueError, match="positive"):
            Limits(**wrong)  # type: ignore[arg-type]  one field each


def test_the_filter_lets_ordinary_calls_through_and_knows_two_processors() -> None:
    """Each instruction is 8 bytes; the last one allows; other machines have no filter, and so no sandbox."""
    for machine in ("x86_64", "aarch64"):
        program = calls.program(machine)
        assert program is not None
        assert len(program) % 8 == 0
        assert struct.unpack("<HBBI", program[-8:]) == (0x06, 0, 0, 0x7FFF0000)
    assert calls.program("vax") is None


HEADER = Path(f"/usr/include/{platform.machine()}-linux-gnu/asm/unistd_64.h")


@pytest.mark.skipif(not HEADER.exists(), reason="the kernel's headers are not installed")
def test_the_numbers_of_the_filter_are_the_kernels() -> None:
    known = dict(line.split()[1:3] for line in HEADER.read_text().splitlines() if line.startswith("#define __NR_"))
    for name, numbers in calls.FORBIDDEN.items():
        assert known.get(f"__NR_{name}", str(numbers[0])) == str(numbers[0]), name


@pytest.mark.usefixtures("isolation")
def test_a_box_without_files_is_lent_again_and_one_that_is_stuck_is_not() -> None:
    with lent(Limits(wall_s=1), "test") as box:
        assert box.run("print(1)").output == b"1\n"
    with lent(Limits(wall_s=1), "test") as again:
        assert again is box
        assert again.run("import time; time.sleep(60)").why == "timeout"
    with lent(Limits(wall_s=1), "test") as new:
        assert new is not box
        assert new.run("print(2)").output == b"2\n"
    with lent(Limits(tmp_mb=1), "test") as one, lent(Limits(tmp_mb=1), "test") as two:
        assert one is not two


@pytest.mark.usefixtures("isolation")
def test_a_program_gets_its_input_whole_and_may_leave_it_unread() -> None:
    """A megabyte in, a megabyte less a bit out; and a program that does not read is not an error."""
    data = b"x" * 900_000
    with Box() as box:
        assert box.run("import sys; sys.stdout.write(sys.stdin.read())", data).output == data
        assert box.run("print(1)", data).output == b"1\n"
        ran = box.run("import sys; print('told', file=sys.stderr); sys.exit(3)")
    assert (ran.ended.status if ran.ended else None, ran.errors) == (3, b"told\n")


def test_the_program_of_a_box_refuses_to_be_anything_but_process_one() -> None:
    """It kills every process it can see between runs: outside a PID namespace of its own it ends before it begins.

    Here it cannot kill or fork even if it wanted to: both are taken away before it starts.
    """
    source = Path(calls.__file__).with_name("inside.py").read_text("utf-8")
    harmless = "import posix\ndel posix.kill, posix.fork\n"
    for call in ("main()", "_sweep()"):
        code = f"{harmless}exec(compile({source!r}, 'inside.py', 'exec'))\n{call}"
        done = subprocess.run([sys.executable, "-c", code], stdin=subprocess.DEVNULL, check=False)
        assert done.returncode == 70
