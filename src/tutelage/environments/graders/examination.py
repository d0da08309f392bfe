"""An examination: a test in one box asks an answer in another, over two pipes, and tells out here what it found."""

from __future__ import annotations

import atexit
import os
import threading
import time
from types import TracebackType

from tutelage.environments.sandbox import Box, Ended, Limits, NoSandbox, read_all
from tutelage.records import Unscored

Finding = str | Unscored  # "" for passed, why not, or why that cannot be known
_LINGER_S = 1.0  # how long an answer may go on after the verdict before its box is killed
_here = threading.local()  # each thread keeps one examiner's box: it holds tests, never answers
_alive: set[Box] = set()


class Examination:
    """One answer under examination; its box is its own and ends with it."""

    def __init__(self, code: str, limits: Limits) -> None:
        self._code, self._limits = code, limits
        self._box: Box | None = None

    def hold(self, test: str, names: list[str]) -> Finding:
        """Run one test, in a fresh process, against the answer's code, run anew in another."""
        deadline = time.monotonic() + self._limits.wall_s
        self._box = self._box or Box(self._limits)
        examiner = _examiner(self._limits)
        try:
            verdict = self._verdict(self._box, examiner, test, names, deadline)
            ended = self._done(deadline)
            if verdict is None:
                return Unscored("timeout", f"a test was not done after {self._limits.wall_s} s of waiting")
            if examiner.wait(deadline) is None:
                _dismiss()
        except NoSandbox:
            _dismiss()  # the examiner was killed: by the machine's memory, or by a test
            self._close()
            return Unscored("grader_error", "the box of the test ended before the test")
        kind, _, why = verdict.partition(": ")
        if kind == "pass":
            return ""
        if kind == "fail":
            spent = ended is not None and ended.status < 0 and ended.cpu_s > self._limits.cpu_s - 0.2
            return f"used up {self._limits.cpu_s} s of CPU time" if spent else why
        return Unscored("grader_error", why or "the test ended without a verdict")

    def _verdict(self, box: Box, examiner: Box, test: str, names: list[str], deadline: float) -> str | None:
        """What the examiner says; None at the deadline, when both boxes are given up."""
        questions, replies, verdict = os.pipe(), os.pipe(), os.pipe()
        nothing = os.open("/dev/null", os.O_WRONLY)
        try:
            try:
                box.start("answer", (questions[0], replies[1], nothing), code=self._code)
                examiner.start("exam", (replies[0], questions[1], verdict[1]), code=test, names=names)
            finally:
                for fd in (*questions, *replies, verdict[1], nothing):
                    os.close(fd)
            said = read_all(verdict[0], 1 << 16, deadline)
        finally:
            os.close(verdict[0])
        if said is None:
            _dismiss()
            self._close()
            return None
        return said.decode(errors="replace")

    def _done(self, deadline: float) -> Ended | None:
        """How the answer's process ended; one that lingers loses its box."""
        if self._box is None:
            return None
        ended = self._box.wait(min(deadline, time.monotonic() + _LINGER_S))
        if ended is None:
            self._close()
        return ended

    def _close(self) -> None:
        if self._box is not None:
            self._box.close()
            self._box = None

    def __enter__(self) -> Examination:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._close()


def _examiner(limits: Limits) -> Box:
    """This thread's examiner, with those limits."""
    box = _mine()
    if box is not None and box.limits == limits:
        return box
    _dismiss()
    made = Box(limits)
    _here.examiner, _here.process = made, os.getpid()
    _alive.add(made)
    return made


def _mine() -> Box | None:
    """This thread's examiner; a forked process does not speak to its parent's."""
    box: Box | None = getattr(_here, "examiner", None)
    return box if getattr(_here, "process", None) == os.getpid() else None


def _dismiss() -> None:
    box = _mine()
    if box is not None:
        box.close()
        _alive.discard(box)
    _here.examiner = None


@atexit.register
def _dismiss_all() -> None:
    for box in _alive:
        if box.process == os.getpid():
            box.close()
