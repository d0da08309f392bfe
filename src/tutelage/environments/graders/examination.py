"""An examination: a test in one box asks an answer in another, over two pipes, and tells out here what it found."""

from __future__ import annotations

import os
import time

from tutelage.environments.sandbox import Box, Limits, NoSandbox, lent, read_all
from tutelage.records import Unscored

Finding = str | Unscored  # "" for passed, why not, or why that cannot be known
_LINGER_S = 3.0  # how long an answer may go on after the verdict before its box is killed


def examine(code: str, test: str, names: list[str], limits: Limits) -> Finding:
    """Run one test, in a fresh process, against an answer's code, run in another: the answer never sees the test."""
    deadline = time.monotonic() + limits.wall_s
    with lent(limits, "answer") as box, lent(limits, "examiner") as examiner:
        try:
            verdict = _verdict(box, examiner, code, (test, names), deadline)
            if verdict is None:
                return Unscored("timeout", f"a test was not done after {limits.wall_s} s of waiting")
            ended = box.wait(min(deadline, time.monotonic() + _LINGER_S))
            examiner.wait(deadline)
        except NoSandbox as error:  # killed, by the machine's memory or by a test
            return Unscored("grader_error", error.seen)
    kind, _, why = verdict.partition(": ")
    if kind == "pass":
        return ""
    if kind == "fail":
        spent = ended is not None and ended.status < 0 and ended.cpu_s > limits.cpu_s - 0.2
        return f"used up {limits.cpu_s} s of CPU time" if spent else why
    return Unscored("grader_error", why or "the test ended without a verdict")


def _verdict(box: Box, examiner: Box, code: str, test: tuple[str, list[str]], deadline: float) -> str | None:
    """What the examiner says; None at the deadline."""
    questions, replies, verdict = os.pipe(), os.pipe(), os.pipe()
    nothing = os.open("/dev/null", os.O_WRONLY)
    try:
        try:
            box.start("answer", (questions[0], replies[1], nothing), code=code)
            examiner.start("exam", (replies[0], questions[1], verdict[1]), code=test[0], names=test[1])
        finally:
            for fd in (*questions, *replies, verdict[1], nothing):
                os.close(fd)
        said = read_all(verdict[0], 1 << 16, deadline)
    finally:
        os.close(verdict[0])
    return None if said is None else said.decode(errors="replace")
