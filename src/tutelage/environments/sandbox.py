"""The sandbox: a box of bubblewrap in which somebody else's code runs, and from which only outputs come back.

A box has a uid of its own (started by root) or a user namespace of its own (started by anybody else); no network, no
/proc, no other process; a read-only root that holds a bare Python and its libraries; a private /tmp of bounded size;
no privileges and no way to new ones; a system-call filter; limits that were seen to bind before anything is graded.
One run, one process under a uid nobody else has; what it leaves behind is killed before the next. A box with a /tmp is
one answer's; one without holds nothing that can be written, and is used again (`lent`). Where any of that cannot be
had, nothing runs: `NoSandbox`, and grades are `Unscored("no_sandbox")`.

Not bounded: memory of several processes together is processes × memory_mb, there is no control group around a box;
inodes of /tmp are limited by the time to make them alone.
"""

from __future__ import annotations

import array
import ast
import atexit
import contextlib
import functools
import io
import itertools
import os
import select
import shutil
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple

from tutelage.environments.box import filter as calls
from tutelage.errors import MissingExtra
from tutelage.records import Unscored

REMEDY = (
    "Install bubblewrap (`apt install bubblewrap`, `dnf install bubblewrap`) and allow this process to make "
    "namespaces: as an ordinary user, `sysctl kernel.unprivileged_userns_clone=1` or an AppArmor profile for bwrap; in "
    "a container, CAP_SYS_ADMIN. See docs/how-to/reward.md."
)
NO_SANDBOX: Literal["no_sandbox"] = "no_sandbox"  # a reason of `Unscored`
READY_S = 30.0  # a box starts in 30 ms; on a machine that swaps it may take long, and no longer than this
_UIDS = (1_900_000_000, 60_578)  # nobody's: far above real users; systemd's unused range, where few uids are mapped
_START = (
    "import posix,sys\nn=int(sys.argv[1]);b=b''\n"
    "while len(b)<n:b+=posix.read(0,n-len(b))\nexec(compile(b,'inside.py','exec'));main()"
)
_TMP = "/tmp"  # noqa: S108  inside the box, where it is private
_count = itertools.count()
_boxes = threading.local()  # role -> this thread's box
_alive: set[Box] = set()


class NoSandbox(MissingExtra):
    """Code cannot be run in isolation on this machine, so it is not run."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use. cpu_s, memory_mb and file_mb hold for each process, the others for the box.

    tmp_mb  size of /tmp; with 0 there is no writable file at all
    wall_s  backstop for a run that waits instead of computing; its end is nobody's failure (`timeout`)
    """

    cpu_s: int = 2
    wall_s: float = 20.0
    memory_mb: int = 256
    processes: int = 8
    files: int = 64
    file_mb: int = 8
    tmp_mb: int = 0
    output_kb: int = 1024

    def __post_init__(self) -> None:
        if (
            self.tmp_mb < 0
            or min(self.cpu_s, self.wall_s, self.memory_mb, self.processes, self.files, self.file_mb) <= 0
        ):
            raise ValueError("every limit is positive")

    def of_process(self) -> dict[str, int]:
        """The limits that the kernel keeps for a process, by their names in `resource`."""
        return {
            "RLIMIT_CPU": self.cpu_s,
            "RLIMIT_AS": self.memory_mb << 20,
            "RLIMIT_NPROC": self.processes,
            "RLIMIT_NOFILE": self.files,
            "RLIMIT_FSIZE": self.file_mb << 20,
            "RLIMIT_CORE": 0,
            "RLIMIT_MSGQUEUE": 0,
            "RLIMIT_MEMLOCK": 0,
        }


class Ended(NamedTuple):
    """How a run ended: its exit status (negative: the signal that killed it) and the CPU seconds it used."""

    status: int
    cpu_s: float


class Ran(NamedTuple):
    """A program's run: how it ended, or None if the wall clock or the output limit ended it; what it wrote."""

    ended: Ended | None
    output: bytes
    errors: bytes
    why: str = ""


class Box:
    """One box, alive until it is closed. Not shared between threads: it dies with the thread that made it."""

    def __init__(self, limits: Limits = Limits()) -> None:
        """Start a box and wait until it is ready. Raises NoSandbox."""
        self.limits, self.process, self.spent = limits, os.getpid(), False
        self.mark = f"box-{os.getpid()}-{next(_count)}"  # stands in the command line of each of its processes
        self._control, theirs = socket.socketpair()
        rules = os.memfd_create("filter")
        try:
            os.write(rules, _filter())
            os.lseek(rules, 0, os.SEEK_SET)
            code = _inside()
            self._control.sendall(code)
            self._process = subprocess.Popen(
                _command(limits, rules, len(code), self.mark),
                stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, pass_fds=(rules,),
                env={}, cwd="/",
            )  # fmt: skip
        except OSError as error:
            self._control.close()
            raise _none(f"bwrap cannot be started: {error}") from None
        finally:
            os.close(rules)
            theirs.close()
        self._control.settimeout(READY_S)
        try:
            ready = self._control.recv(5)
        except OSError:  # too late, or gone with what we had sent unread
            ready = b""
        if ready != b"ready":
            said = self.close()
            raise _none(f"bwrap cannot make a box: {said or 'it said nothing'}")

    def start(self, kind: str, fds: Sequence[int], **job: Any) -> None:
        """Begin a run of a kind of `box.inside.JOBS`; `fds` become its descriptors 0, 1, 2 and may be closed here."""
        self.spent = True  # until its end is known
        body = repr({"kind": kind, "uid": _uid(), "limits": self.limits.of_process(), **job}).encode(errors="replace")
        text = os.memfd_create("job")
        try:
            with os.fdopen(os.dup(text), "wb") as out:
                out.write(body)
            os.lseek(text, 0, os.SEEK_SET)
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [*fds, text]))]
            self._control.sendmsg([b"j"], rights)
        except OSError as error:
            raise _none(f"the box is gone: {error}") from None
        finally:
            os.close(text)

    def wait(self, deadline: float) -> Ended | None:
        """How the run ended, once all it left behind is dead; None at the deadline (of `time.monotonic`).

        After None the box is good for nothing but closing. Raises NoSandbox if the box itself is gone.
        """
        found = b""
        while len(found) < 12:
            self._control.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                part = self._control.recv(12 - len(found))
            except TimeoutError:
                return None
            except OSError:
                part = b""
            if not part:
                raise _none("the box ended before its run did")
            found += part
        self.spent = False
        status = os.waitstatus_to_exitcode(int.from_bytes(found[:4], "little"))
        return Ended(status, int.from_bytes(found[4:], "little") / 1e6)

    def run(self, code: str, stdin: bytes = b"") -> Ran:
        """Run code as a program and take down what it writes."""
        deadline = time.monotonic() + self.limits.wall_s
        inputs, outputs, errors = os.pipe(), os.pipe(), os.pipe()
        given = (inputs[0], outputs[1], errors[1])
        # file objects, because closing one twice is harmless: a number may by then be another thread's descriptor
        sink, said, moaned = io.FileIO(inputs[1], "w"), io.FileIO(outputs[0]), io.FileIO(errors[0])
        with sink, said, moaned:
            try:
                self.start("program", given, code=code)
            finally:
                for fd in given:
                    os.close(fd)
            written, why = _talk(sink, (said.fileno(), moaned.fileno()), stdin, self.limits.output_kb << 10, deadline)
            return Ran(None if why else self.wait(deadline), *written, why)

    def close(self) -> str:
        """Kill the box with everything in it. Returns what bubblewrap had to say."""
        self._control.close()
        self._process.kill()
        said = self._process.communicate()[1] if self._process.stderr and not self._process.stderr.closed else b""
        return said.decode(errors="replace").strip()[:500] if said else ""

    def __enter__(self) -> Box:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()


@contextlib.contextmanager
def lent(limits: Limits, role: str) -> Iterator[Box]:
    """A box for one answer: this thread's own for that role, where nothing in it can be written; else a new one.

    One whose last run was not seen to end is not used again.
    """
    if limits.tmp_mb:
        with Box(limits) as box:
            yield box
        return
    found = _boxes.__dict__.get(role)
    if found is None or found.limits != limits or found.process != os.getpid():
        _drop(role)
        found = _boxes.__dict__[role] = Box(limits)
        _alive.add(found)
    try:
        yield found
    finally:
        if found.spent:
            _drop(role)


def _drop(role: str) -> None:
    box = _boxes.__dict__.pop(role, None)
    if box is not None and box.process == os.getpid():  # a forked process leaves its parent's boxes alone
        box.close()
        _alive.discard(box)


@atexit.register
def _drop_all() -> None:
    for box in _alive:
        if box.process == os.getpid():
            box.close()


def absent() -> Unscored | None:
    """None where code can be run in isolation, else the grade of everything that would have to be run."""
    try:
        probe()
    except NoSandbox as error:
        return Unscored(NO_SANDBOX, f"{error.seen} {error.remedy}")
    return None


def probe() -> None:
    """See once that a box can be made and that its limits bind; remembered. Raises NoSandbox."""
    if (why := _probed()) is not None:
        raise _none(why)


@functools.cache
def _probed() -> str | None:
    try:
        with Box(Limits(processes=4, memory_mb=64, wall_s=READY_S)) as box:
            ran = box.run(_PROBE)
    except NoSandbox as error:
        return error.seen
    if ran.output == b"ok\n":
        return None
    return f"the limits of a box do not hold here: {ran.output!r} {ran.errors!r} {ran.why}"


_PROBE = """\
import os, time
forks = 0
try:
    while forks < 16:
        if os.fork() == 0:
            time.sleep(60)
        forks += 1
except OSError:
    pass
try:
    bytearray(128 << 20)
    print("memory is not limited")
except MemoryError:
    print("ok" if forks < 4 and os.getuid() and not os.path.exists("/proc/1") else f"{forks} forks, {os.getuid()}")
"""


def _talk(
    sink: io.FileIO, sources: tuple[int, int], data: bytes, limit: int, deadline: float
) -> tuple[tuple[bytes, bytes], str]:
    """Feed a run and read what it writes until both outputs are closed. Returns both, and why it was cut ("": not)."""
    os.set_blocking(sink.fileno(), False)
    outputs = {fd: bytearray() for fd in sources}
    poll = select.poll()
    for fd in sources:
        poll.register(fd, select.POLLIN)
    feeding = sink.fileno()
    poll.register(feeding, select.POLLOUT)
    rest, still_open, why = memoryview(data), set(sources), ""
    while still_open and not why:
        for fd, _ in poll.poll(max((deadline - time.monotonic()) * 1000, 0)):
            if fd == feeding:
                rest = _feed(sink, rest)
                if not rest:
                    poll.unregister(fd)
                    sink.close()
                    feeding = -1
            elif part := os.read(fd, 1 << 16):
                outputs[fd] += part
            else:
                poll.unregister(fd)
                still_open.discard(fd)
        if max(map(len, outputs.values())) > limit:
            why = f"it wrote more than {limit >> 10} kB"
        elif still_open and time.monotonic() > deadline:
            why = "timeout"
    said, moaned = (bytes(outputs[fd][:limit]) for fd in sources)
    return (said, moaned), why


def read_all(fd: int, limit: int, deadline: float) -> bytes | None:
    """Everything up to `limit` bytes until the other side closes; None at the deadline."""
    poll, found = select.poll(), bytearray()
    poll.register(fd, select.POLLIN)
    while len(found) < limit:
        if not poll.poll(max((deadline - time.monotonic()) * 1000, 0)):
            return None
        part = os.read(fd, 1 << 16)
        if not part:
            break
        found += part
    return bytes(found)


def _feed(sink: io.FileIO, rest: memoryview) -> memoryview:
    """What is left of the input after as much as goes in; nothing where nobody reads."""
    try:
        return rest[sink.write(rest[: 1 << 16]) or 0 :]
    except BrokenPipeError:
        return rest[:0]


def _none(seen: str) -> NoSandbox:
    return NoSandbox(f"{seen.rstrip('.')}.", expected="bubblewrap and namespaces", remedy=REMEDY)


@functools.cache
def _filter() -> bytes:
    found = calls.program()
    if found is None:
        raise _none("no system-call filter is known for this processor")
    return found


@functools.cache
def _inside() -> bytes:
    """The program of process 1, without what only people read: the box compiles it anew each time."""
    tree = ast.parse(Path(calls.__file__).with_name("inside.py").read_text("utf-8"))
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(body=[ast.Expr(value=ast.Constant()), _, *_]) | ast.Module():
                node.body = node.body[1:]
    return ast.unparse(tree).encode()


def _command(limits: Limits, rules: int, size: int, mark: str) -> list[str]:
    return [
        *_walls(limits.tmp_mb), "--seccomp", str(rules), "--",
        _python(), "-P", "-s", "-S", "-B", "-X", "utf8", "-c", _START, str(size), mark,
    ]  # fmt: skip


@functools.cache
def _walls(tmp_mb: int) -> tuple[str, ...]:
    """bwrap and its options, up to the filter. Raises NoSandbox where bwrap is not installed."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise _none("bubblewrap (`bwrap`) is not installed")
    # root's process 1 keeps what it takes to make its children somebody else, and to kill them; they keep nothing
    kept = ("CAP_SETUID", "CAP_SETGID", "CAP_KILL")
    own = [x for cap in kept for x in ("--cap-add", cap)] if os.getuid() == 0 else ["--unshare-user"]
    python, library = Path(_python()), sysconfig.get_path("stdlib", vars={"base": sys.base_prefix})
    binds = [str(p) for p in (python, *python.parent.parent.glob("lib/libpython3*.so*"), Path(library))]
    binds += [p for p in ("/usr/lib", "/lib", "/lib64") if Path(p).exists()]
    return (
        bwrap, "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try",
        "--cap-drop", "ALL", *own, "--as-pid-1", "--die-with-parent", "--new-session", "--clearenv",
        "--setenv", "PYTHONHASHSEED", "0", "--hostname", "box",
        *(part for path in _above(binds) for part in ("--perms", "0755", "--dir", path)),
        *(part for path in dict.fromkeys(binds) for part in ("--ro-bind", path, path)),
        *(part for path in _packages(library) for part in ("--tmpfs", path, "--remount-ro", path)),
        *(part for name in ("null", "zero", "urandom") for part in ("--dev-bind", f"/dev/{name}", f"/dev/{name}")),
        *(("--perms", "1777", "--size", str(tmp_mb << 20), "--tmpfs", _TMP) if tmp_mb else ("--dir", _TMP)),
        "--remount-ro", "/", "--chdir", _TMP,
    )  # fmt: skip


def _above(paths: list[str]) -> list[str]:
    """Every folder above what is bound, and /dev: bwrap would make some of them readable by root alone."""
    above = {str(parent) for path in paths for parent in Path(path).parents} | {"/dev"}
    return sorted(above - {"/", *paths})


def _packages(library: str) -> list[str]:
    """Folders of installed packages below what is bound: they are no part of a bare Python."""
    return [str(p) for name in ("site-packages", "dist-packages") for p in [Path(library, name)] if p.is_dir()]


@functools.cache
def _python() -> str:
    """The interpreter itself, not a virtual environment's link to it."""
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))


def _uid() -> int:
    """A uid of this run's own, where root may give one; -1 where the user namespace has to do."""
    if os.getuid() != 0:
        return -1
    own = os.getpid() * 64 + next(_count) % 64
    far, near = _UIDS
    mapped = Path("/proc/self/uid_map").read_text().split()
    return far + own if int(mapped[0]) + int(mapped[2]) > far + (1 << 29) else near + own % 600
