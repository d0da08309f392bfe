"""The escape suite: what a hostile answer may try. None gets out, and none is paid.

Each attack runs as the code of an answer. Its reward would be 1 if the box, the examiner or the grader let it through.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from tutelage.environments.graders import Task, grade
from tutelage.environments.sandbox import Box, Limits
from tutelage.records import Scored, Unscored, user

pytestmark = pytest.mark.usefixtures("isolation")

ADD = {"tests": ["assert add(2, 2) == 4", "assert add(20, 22) == 42"], "cpu_s": 1, "wall_s": 8}
PRINTS = {
    "cases": [{"input": "2 2\n", "output": "4\n"}, {"input": "20 22\n", "output": "42\n"}],
    "cpu_s": 1,
    "wall_s": 8,
}


def refused(parameters: dict[str, object], code: str) -> str:
    """Why the attack earns nothing; fails where it earns anything, or where no reason is given."""
    found = grade(Task(user("Add two numbers."), "unit_tests", parameters), code)
    if isinstance(found, Unscored):
        assert found.detail
        return f"{found.reason}: {found.detail}"
    assert found.value == 0
    return str(found.evidence["why"])


# ---- forging the verdict --------------------------------------------------------------------------------------------

FORGERIES = {
    "equal to everything": (
        "class Any:\n    def __eq__(self, other): return True\n    def __ne__(self, other): return False\n"
        "    __hash__ = None\ndef add(a, b): return Any()",
        "AssertionError",
    ),
    "an int equal to everything": (
        "class Any(int):\n    def __eq__(self, other): return True\n    def __repr__(self): return '4'\n"
        "def add(a, b): return Any(0)",
        "AssertionError",
    ),
    "early exit with success": ("import sys\nsys.exit(0)", "SystemExit"),
    "early exit inside the call": ("import os\ndef add(a, b): os._exit(0)", "ended before it replied"),
    "a patched runner": (
        "import builtins, sys, unittest\nbuiltins.assert_ = None\nunittest.TestCase.assertEqual = lambda *a: None\n"
        "sys.exit = lambda *a: None\nsys.excepthook = lambda *a: None\nbuiltins.AssertionError = type('A', (), {})\n"
        "def add(a, b): return None",
        "AssertionError",
    ),
    "every frame rewritten": (
        "import sys\nframe = sys._getframe()\nwhile frame:\n    frame.f_globals['failed'] = None\n"
        "    for name in ('exam', 'Remote', '_text'):\n        frame.f_globals[name] = lambda *a: 'pass'\n"
        "    frame = frame.f_back\ndef add(a, b): return 4",
        "",
    ),
    "a forged verdict on every descriptor": (
        "import os\nfor fd in range(64):\n    try: os.write(fd, b'pass')\n    except OSError: pass\n"
        "def add(a, b): return 0",
        "",
    ),
    "a forged reply line": (
        "import os\nfor fd in range(3, 64):\n    try: os.write(fd, b\"('value',4,{})\\n\" * 9)\n"
        "    except OSError: pass\ndef add(a, b): return 4",
        "",
    ),
    "a reply that is code": (
        "import os\nfor fd in range(3, 64):\n"
        "    try: os.write(fd, b\"('value',__import__('os').write(2,b'pass'),{})\\n\")\n    except OSError: pass\n"
        "def add(a, b): return 0",
        "cannot be read",
    ),
    "errors that look like success": ("def add(a, b): raise StopIteration('pass')", "StopIteration"),
    "an error no test can catch": (
        "class Quiet(BaseException): pass\ndef add(a, b): raise Quiet('pass')",
        "AnswerError",
    ),
    "a mutated expectation": (
        "import gc\ndef add(a, b):\n    for o in gc.get_objects():\n        if isinstance(o, list): o.clear()\n"
        "    return True",
        "",
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_no_answer_writes_its_own_verdict(name: str) -> None:
    code, reason = FORGERIES[name]
    assert reason in refused(ADD, code)


@pytest.mark.parametrize(
    "code",
    [
        "print('pass')",
        "import sys; sys.exit(0)",
        "import os; os.write(1, b'4\\n42\\n'); os._exit(0)",
        "print(4, flush=True); import os; os.kill(os.getpid(), 9)",
        "print(4 if open(__file__).read() else 0)",
        "import os\nfor fd in range(3, 99):\n    try: os.write(fd, b'\\x00' * 12)\n    except OSError: pass",
    ],
)
def test_a_program_earns_nothing_but_by_its_outputs(code: str) -> None:
    assert refused(PRINTS, code).startswith("case ")


# ---- getting out, or using up the machine ---------------------------------------------------------------------------


def in_a_box(code: str, **limits: float) -> str:
    """What an attack prints, in a box with an environment, files and neighbours worth stealing outside."""
    with Box(Limits(**{"cpu_s": 2, "wall_s": 10, **limits})) as box:  # type: ignore[arg-type]  the ints among them
        ran = box.run(code)
    return ran.output.decode(errors="replace").strip() or f"{ran.ended} {ran.errors!r} {ran.why}"


TRY = """
import os
def attempt(what):
    try:
        print('ESCAPED', what())
    except BaseException as error:
        print(type(error).__name__)
"""

ATTEMPTS = {
    "read the password file": "lambda: open('/etc/shadow').read()",
    "read the hosts file": "lambda: open('/etc/passwd').read()",
    "list the processes": "lambda: os.listdir('/proc')",
    "read the environment of the parent": "lambda: open('/proc/1/environ').read()",
    "read an environment secret": "lambda: os.environ['TUTELAGE_SECRET']",
    "write to the interpreter": "lambda: open(os.__file__, 'a').write('#')",
    "write to the root": "lambda: open('/here', 'w')",
    "make a device": "lambda: os.mknod('/tmp/disk', 0o60600, os.makedev(8, 0))",
    "connect to the internet": "lambda: __import__('socket').create_connection(('1.1.1.1', 80), 2)",
    "connect to the loopback": "lambda: __import__('socket').create_connection(('127.0.0.1', 22), 2)",
    "open an abstract unix socket": "lambda: __import__('socket').socket(1, 1).connect('\\0tutelage-outside')",
    "trace the parent": "lambda: __import__('ctypes').CDLL(None, use_errno=True).ptrace(16, 1, 0, 0) == 0 or 1 / 0",
    "read the parent's memory": (
        "lambda: __import__('ctypes').CDLL(None).process_vm_readv(1, None, 0, None, 0, 0) == 0 or 1 / 0"
    ),
    "become root": "lambda: os.setuid(0)",
    "become another user": "lambda: os.setresuid(1, 1, 1)",
    "leave by a new namespace": (
        "lambda: __import__('ctypes').CDLL(None).unshare(0x10000000) == 0 or 1 / 0"
    ),
    "mount": "lambda: __import__('ctypes').CDLL(None).mount(b'/tmp', b'/usr', None, 4096, None) == 0 or 1 / 0",
    "change the root": "lambda: os.chroot('/tmp')",
    "memory that no limit counts": "lambda: os.memfd_create('m')",
    "System V shared memory": "lambda: __import__('ctypes').CDLL(None).shmget(0, 1 << 28, 0o1600) >= 0 or 1 / 0",
    "io_uring": "lambda: __import__('ctypes').CDLL(None).syscall(425, 8, None) >= 0 or 1 / 0",
    "the kernel's keys": "lambda: __import__('ctypes').CDLL(None).syscall(250, 0, -3, 1) >= 0 or 1 / 0",
    "raise a limit": "lambda: __import__('resource').setrlimit(__import__('resource').RLIMIT_NPROC, (999, 999))",
    "signal what is outside": "lambda: os.kill(%(outside)d, 9)",
    "open the parent's descriptor": "lambda: os.write(3, b'ready')",
}  # fmt: skip


def test_no_attempt_to_get_out_of_the_box_succeeds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every attempt in one box, one process each; what each got instead of what it wanted is an error's name."""
    monkeypatch.setenv("TUTELAGE_SECRET", "hunter2")
    (tmp_path / "secret").write_text("hunter2")
    outside = os.getpid()
    listening = socket.socket(socket.AF_UNIX)
    listening.bind("\0tutelage-outside")
    listening.listen()
    attempts = {
        **ATTEMPTS,
        "read our own file": f"lambda: open({str(tmp_path / 'secret')!r}).read()",
        "follow a symlink out": (
            f"lambda: (os.symlink({str(tmp_path / 'secret')!r}, '/tmp/link'), open('/tmp/link').read())"
        ),
        "climb out by dots": f"lambda: open('/tmp/../../../..{tmp_path / 'secret'}').read()",
    }
    with listening, Box(Limits()) as box:
        for name, what in attempts.items():
            ran = box.run(f"{TRY}attempt({what.replace('%(outside)d', str(outside))})")
            said = ran.output.decode().strip()
            assert said.endswith("Error"), (name, ran)
            assert "ESCAPED" not in said, (name, ran)


def test_the_environment_of_a_box_holds_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTELAGE_SECRET", "hunter2")
    assert set(in_a_box("import os; print(*os.environ)").split()) <= {"PWD", "PYTHONHASHSEED", "LC_CTYPE"}


def test_a_box_holds_a_bare_python_and_its_libraries() -> None:
    assert "ModuleNotFoundError" in in_a_box("import numpy")
    assert in_a_box("import os; print(sorted(set(os.listdir('/')) - {'lib', 'lib64', 'usr', 'dev', 'tmp'}))") in {
        "[]", "['root']", "['home']", "['opt']",
    }  # fmt: skip


def test_a_fork_bomb_stops_at_the_limit_and_leaves_nothing() -> None:
    """8 processes allowed: the bomb, at most 7 others, and process 1 where it counts."""
    code = (
        "import os, time\nn = 0\ntry:\n    while True:\n        if os.fork() == 0:\n            time.sleep(99)\n"
        "        n += 1\nexcept OSError:\n    print(n)"
    )
    with Box(Limits(processes=8)) as box:
        first, again = box.run(code), box.run(code)
    assert 1 <= int(first.output) <= 7
    assert again.output == first.output, "what the first bomb left would have taken places of the second's"


def test_a_bomb_of_bombs_ends_with_its_run() -> None:
    assert refused(PRINTS | {"wall_s": 3}, "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass")


def test_a_memory_bomb_is_a_memory_error() -> None:
    assert "MemoryError" in in_a_box("x = bytearray(1 << 31)", memory_mb=128)
    assert "MemoryError" in in_a_box("x = []\nwhile True: x.append(bytearray(1 << 20))", memory_mb=128)


def test_the_disk_of_a_box_is_small_and_its_own() -> None:
    """16 MiB of /tmp, 8 MiB a file: 40 files of 1 MiB do not fit, nor does one of 9."""
    many = """
n = 0
for i in range(40):
    try:
        n += open(f'/tmp/{i}', 'wb').write(bytes(1 << 20)) >> 20
    except OSError:
        pass
print(n)"""
    assert 10 <= int(in_a_box(many, tmp_mb=16)) <= 16
    one = """
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
open('/tmp/x', 'wb').write(bytes(9 << 20))"""
    assert "OSError" in in_a_box(one, tmp_mb=16)


def test_files_do_not_pass_from_one_answer_to_the_next() -> None:
    assert in_a_box("print(open('/tmp/note', 'w').write('4'))", tmp_mb=1) == "1"
    assert "FileNotFoundError" in in_a_box("open('/tmp/note')", tmp_mb=1)


WRITE = """
import os
wrote = []
for root, folders, files in os.walk('/'):
    for path in [root, *(os.path.join(root, f) for f in files)]:
        if path.startswith('/dev/'):
            continue
        try:
            new = (path, os.O_WRONLY) if os.path.isfile(path) else (path + '/x', os.O_CREAT | os.O_WRONLY)
            os.close(os.open(*new))
            wrote.append(path)
        except OSError:
            pass
    folders[:] = [f for f in folders if not os.path.islink(os.path.join(root, f))][:40]
print(wrote)
"""
MEMORY = """
import ctypes, gc, os, re
libc = ctypes.CDLL(None)
libc.sbrk.restype = ctypes.c_void_p
end = libc.sbrk(0)
found = 0
word = re.compile(b'sword[f]ish-in-the-first-answer')  # does not find itself
spans = {id(o) >> 18 for o in gc.get_objects()}
spans = [(s << 18, 1 << 18) for s in spans] + [(end - (1 << 16) * i, 1 << 16) for i in range(1, 9)]
r, w = os.pipe()
for start, size in spans:
    for at in range(start, start + size, 4096):
        try:
            n = libc.write(w, ctypes.c_void_p(at), 4096)  # an unmapped page is an error here, not a crash
        except Exception:
            continue
        if n > 0:
            found += word.search(os.read(r, n)) is not None
print('found' if found > 0 else 'nothing', len(spans))
"""


def test_a_box_that_is_used_again_has_nothing_that_one_answer_could_leave_the_next() -> None:
    """No file can be written, no process survives, and the memory a run starts with never held an earlier answer.

    The second run reads the pages of its own heap for a word that stood in the first one's code; a run that has the
    word itself finds it.
    """
    with Box() as box:
        assert box.run(WRITE).output.strip() == b"[]"
        first = box.run("note = 'swordfish-in-the-first-answer'\nprint(note)")
        assert first.output == b"swordfish-in-the-first-answer\n"
        second = box.run(MEMORY)
        control = box.run("note = 'swordfish-in-the-first-answer'" + MEMORY)
    assert second.output.startswith(b"nothing"), second
    assert control.output.startswith(b"found"), control


def test_a_flood_of_output_is_cut_and_fails() -> None:
    assert "wrote more than" in refused(PRINTS, "while True: print('4' * 1000)")


def test_an_endless_loop_is_a_failure_and_an_endless_wait_is_a_timeout() -> None:
    """The processor's time is the answer's own; a wall clock also runs on a machine that is busy."""
    assert "1 s of CPU time" in refused(PRINTS, "while True: pass")
    assert "1 s of CPU time" in refused(ADD, "def add(a, b):\n    while True: pass")
    waits = {"wall_s": 1.5}
    assert refused(PRINTS | waits, "import time; time.sleep(99)").startswith("timeout")
    assert refused(ADD | waits, "def add(a, b):\n    __import__('time').sleep(99)").startswith("timeout")


def processes(mark: str) -> int:
    """How many processes on this machine belong to a box."""
    found = 0
    for entry in Path("/proc").iterdir():
        try:
            found += entry.name.isdigit() and mark.encode() in (entry / "cmdline").read_bytes()
        except OSError:
            continue  # it ended meanwhile
    return found


DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(99)
    os._exit(0)
"""
STUBBORN = """
import os, signal
for s in range(1, 32):
    try:
        signal.signal(s, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
for fd in (0, 1, 2):
    os.close(fd)
"""


def test_a_daemon_does_not_outlive_its_run() -> None:
    """It leaves its session and its parent, ignores signals, and is gone when the run's end is reported."""
    with Box() as box:
        before = processes(box.mark)
        box.run(STUBBORN + DAEMON)
        assert processes(box.mark) == before


def test_a_box_that_is_closed_leaves_no_process() -> None:
    box = Box(Limits(wall_s=1))
    assert processes(box.mark) >= 1
    assert box.run(DAEMON + "time.sleep(99)").why == "timeout"
    box.close()
    until = time.monotonic() + 10
    while processes(box.mark) and time.monotonic() < until:
        time.sleep(0.02)
    assert processes(box.mark) == 0


def test_a_box_dies_with_what_started_it() -> None:
    """The thread that made it ends without closing it."""
    made: list[Box] = []
    thread = threading.Thread(target=lambda: made.append(Box()))
    thread.start()
    thread.join()
    until = time.monotonic() + 10
    while processes(made[0].mark) and time.monotonic() < until:
        time.sleep(0.02)
    assert processes(made[0].mark) == 0
    made[0].close()


def test_process_one_cannot_be_killed_stopped_or_raced() -> None:
    attack = """
import os
for s in (9, 15, 19, 2):
    for pid in (1, -1, 0):
        try:
            os.kill(pid, s)
        except OSError:
            pass"""
    with Box() as box:
        ran = box.run(attack)
        assert ran.ended is not None
        assert ran.ended.status in (-signal.SIGKILL, -signal.SIGTERM)
        assert box.run("print('still here')").output == b"still here\n"


def test_a_broken_test_and_one_that_asks_nothing_are_not_the_answers_fault() -> None:
    for test in ("import nothing_like_it\nassert add(1, 1) == 2", "assert True"):
        found = grade(Task(user("q"), "unit_tests", {"tests": [test]}), "def add(a, b): return a + b")
        assert isinstance(found, Unscored), test
        assert found.reason == "grader_error"


def test_equal_runs_give_equal_outputs() -> None:
    """The seed of text hashes is fixed: the order of a set is the same in every box."""
    code = "print(hash('a'), {'x', 'y', 'z', 'w'})"
    assert in_a_box(code) == in_a_box(code)


def test_right_answers_still_pass() -> None:
    """The walls hold, and the door is open."""
    right = grade(Task(user("q"), "unit_tests", ADD), "def add(a, b): return a + b")
    assert right == Scored(1.0, {"passed": 2, "of": 2})
    right = grade(Task(user("q"), "unit_tests", PRINTS), "print(sum(map(int, input().split())))")
    assert right == Scored(1.0, {"passed": 2, "of": 2})
