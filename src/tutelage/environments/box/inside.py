"""The program inside a box: process 1, which forks one child per job. Its text is handed to a bare interpreter.

Process 1 never runs a submitted line. Inside a PID namespace a child can neither kill it (the kernel protects process
1) nor read it (no /proc, no ptrace); after each job it kills whatever the job left behind. The verdict is not made
here: a child that runs an answer only answers questions, and what it says is worth no more than an output.

Standard library only, and little of it (`posix` for `os`, a 9 for `signal.SIGKILL`): imports are paid once an answer.
"""

from __future__ import annotations

import _socket
import builtins
import posix
import resource
import sys

TYPE_CHECKING = False  # typing's own costs 8 ms of import
if TYPE_CHECKING:
    from typing import Any

LINE = 1 << 20  # bytes of one message between an answer and its examiner
_SAFE = {"None": None, "True": True, "False": False, "nan": float("nan"), "inf": float("inf")}


def main() -> None:
    """Serve jobs from descriptor 0 until the other side is gone.

    A job is some descriptors, the last of which holds its text. Process 1 never reads that: whatever it had read would
    stand in the memory of every later child. It stays who it is, too: the kernel forgets to kill a process with its
    parent if its user changes.
    """
    if posix.getpid() != 1:
        posix._exit(70)  # outside a PID namespace of its own, `_sweep` would kill everything there is
    control = _socket.socket(fileno=0)
    control.sendall(b"ready")
    while True:
        head, extra, _, _ = control.recvmsg(1, 1024)
        if not head:
            return
        given = b"".join(data for _, _, data in extra)
        fds = [int.from_bytes(given[i : i + 4], sys.byteorder) for i in range(0, len(given), 4)]
        child = posix.fork()
        if child == 0:
            _child(fds)
        for fd in fds:
            posix.close(fd)
        _, status, usage = posix.wait4(child, 0)
        _sweep()
        used = int((usage.ru_utime + usage.ru_stime) * 1e6)
        control.sendall(status.to_bytes(4, "little") + used.to_bytes(8, "little"))


def _sweep() -> None:
    """Kill and bury every process of the box but this one; a fork bomb loses, because none of its forks survives."""
    if posix.getpid() != 1:
        posix._exit(70)
    while True:
        try:  # noqa: SIM105  contextlib would be one more import
            posix.kill(-1, 9)
        except ProcessLookupError:
            pass
        try:
            while posix.waitpid(-1, 0)[0]:
                pass
        except ChildProcessError:
            return


def _child(fds: list[int]) -> None:
    status = 1
    try:
        text = b""
        while part := posix.read(fds[-1], 1 << 20):
            text += part
        job = eval(text)  # noqa: S307  `Box.start` wrote it
        for target, fd in enumerate(fds[:-1]):
            posix.dup2(fd, target)
        posix.closerange(len(fds) - 1, 1024)
        uid = job["uid"]
        if uid >= 0:
            posix.setgroups([])
            posix.setresgid(uid, uid, uid)
            posix.setresuid(uid, uid, uid)  # with it go the last capabilities
        for name, value in job["limits"].items():
            resource.setrlimit(getattr(resource, name), (value, value))
        status = JOBS[job["kind"]](job)
    except BaseException as error:  # noqa: BLE001  a child that leaves here must not become a second process 1
        posix.write(2, f"{type(error).__name__}: {error}".encode(errors="replace")[:2000])
    finally:
        posix._exit(status)


def program(job: dict[str, Any]) -> int:
    """Run the code as a program: descriptor 0 is its input, 1 its output, 2 its errors. Returns its exit status."""
    status = 0
    try:
        exec(compile(job["code"], "answer.py", "exec"), {"__name__": "__main__"})  # noqa: S102  what a box is for
        threading = sys.modules.get("threading")
        if threading:
            threading._shutdown()  # waits for the program's threads, as the interpreter does
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException as error:  # noqa: BLE001  told to the reader of the grade
        status = 1
        sys.stderr.write(f"{type(error).__name__}: {error}"[:2000])
    sys.stdout.flush()
    sys.stderr.flush()
    return status & 0xFF


def answer(job: dict[str, Any]) -> int:
    """Run the code once, then answer what is asked on descriptor 0, on descriptor 1, until nobody asks."""
    asked, replies = _apart()
    names: dict[str, Any] = {"__name__": "answer"}
    objects: list[Any] = []
    failed: BaseException | None = None
    try:
        exec(compile(job["code"], "answer.py", "exec"), names)  # noqa: S102  what a box is for
    except BaseException as error:  # noqa: BLE001  the first question gets it as its reply
        failed = error

    def keep(value: Any) -> str:
        objects.append(value)
        return f"R({len(objects) - 1})"

    def named(which: Any) -> Any:
        if isinstance(which, int):
            return objects[which]
        if which not in names:
            raise NameError(f"the answer defines no {which}")
        return names[which]

    while line := asked.readline(LINE):
        try:
            if failed is not None:
                raise failed  # noqa: TRY301  it is a reply like any other
            op, target, args, kwargs = eval(line, {**_SAFE, "R": named})  # noqa: S307  written by `Remote.ask`
            before = [_text(a, _none) for a in args]
            value = _text(OPERATIONS[op](target, *args, **kwargs), keep)
            after = [_text(a, keep) for a in args]
            changed = ",".join(f"{i}:{a}" for i, (a, b) in enumerate(zip(after, before, strict=True)) if a != b)
            reply = f"('value',{value},{{{changed}}})"
        except BaseException as error:  # noqa: BLE001  an answer's error is a reply
            reply = f"('error',{type(error).__name__!r},{str(error)[:500]!r})"
        replies.write(reply.encode(errors="replace") + b"\n")
        replies.flush()
    return 0


OPERATIONS: dict[str, Any] = {
    "call": lambda f, *a, **k: f(*a, **k),
    "get": getattr,
    "item": lambda x, i: x[i],
    "in": lambda x, i: i in x,
    "len": len,
    "list": list,
    "str": str,
}


def exam(job: dict[str, Any]) -> int:
    """Run a test against an answer that lives in another box: questions go out on 1, replies come in on 0.

    The verdict goes to descriptor 2: pass, fail or broken (the test's own fault), and why.
    """
    replies, questions = _apart()
    verdict = posix.dup(2)
    posix.dup2(0, 2)
    line = _Line(replies, questions)
    names: dict[str, Any] = {"__name__": "exam", **{n: Remote(line, n) for n in job["names"]}}
    try:
        exec(compile(job["code"], "test.py", "exec"), names)  # noqa: S102  what a box is for
        found = "pass" if line.asked else "broken: the test asks nothing of the answer"
    except _Broken as error:
        found = f"broken: {error}"
    except BaseException as error:  # noqa: BLE001  any way not to reach the end is a failure
        own = isinstance(error, (ImportError, NameError, SyntaxError)) and error is not line.raised
        found = f"{'broken' if own else 'fail'}: {type(error).__name__}: {error}"
    if line.dead:
        found = f"fail: {line.dead}"
    posix.write(verdict, found.encode(errors="replace")[:2000])
    return 0


class _Broken(Exception):
    """The test asks for what cannot be asked."""


class AnswerError(Exception):
    """An error of the answer's own kind."""


class _Line:
    """The line to the answer, and what became of it."""

    def __init__(self, replies: Any, questions: Any) -> None:
        self.replies, self.questions = replies, questions
        self.asked, self.dead = 0, ""
        self.raised: BaseException | None = None

    def ask(self, op: str, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self.dead:
            raise AnswerError(self.dead)
        self.asked += 1
        question = f"({op!r},{_text(target, _refuse)},{_text(args, _refuse)},{_text(kwargs, _refuse)})\n".encode()
        if len(question) >= LINE:
            raise _Broken("a question is longer than a megabyte")
        try:
            self.questions.write(question)
            self.questions.flush()
            reply = self._reply(self.replies.readline(LINE))
        except (OSError, ValueError, SyntaxError, RecursionError, MemoryError, TypeError) as error:
            self.dead = f"the answer's reply cannot be read: {error}"
            raise AnswerError(self.dead) from None
        if reply[0] == "error":
            self.raised = _as_error(str(reply[1]), str(reply[2]))
            raise self.raised
        for i, value in reply[2].items():
            _assign(args[i], value)
        return reply[1]

    def _reply(self, raw: bytes) -> tuple[Any, Any, Any]:
        if not raw.endswith(b"\n"):
            raise ValueError("it ended before it replied, or said more than a megabyte")
        tree: Any = compile(raw, "reply", "eval", 0x400)  # ast.PyCF_ONLY_AST: nothing is run
        found = _read(tree.body, self)
        if type(found) is not tuple or len(found) != 3:
            raise ValueError("it is no reply")
        return found


class Remote:
    """A value of the answer's, in the other box: it can be called and looked into, and is equal to nothing else."""

    def __init__(self, line: _Line, target: Any) -> None:
        self.__dict__.update(_line=line, _target=target)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._line.ask("call", self, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._line.ask("get", self, (name,), {})

    def __getitem__(self, item: Any) -> Any:
        return self._line.ask("item", self, (item,), {})

    def __contains__(self, item: Any) -> bool:
        return self._line.ask("in", self, (item,), {}) is True

    def __len__(self) -> int:
        return int(self._line.ask("len", self, (), {}))

    def __iter__(self) -> Any:
        return iter(self._line.ask("list", self, (), {}))

    def __str__(self) -> str:
        return str(self._line.ask("str", self, (), {}))

    def __bool__(self) -> bool:
        raise TypeError("the answer gave an object where the test asks whether something is true")


def _assign(place: Any, value: Any) -> None:
    """What the answer did to an argument that can change, done to ours."""
    if isinstance(place, list):
        place[:] = value
    elif isinstance(place, (dict, set)):
        place.clear()
        place.update(value)


def _as_error(name: str, message: str) -> Exception:
    kind = getattr(builtins, name, AnswerError)
    try:
        if issubclass(kind, Exception):
            made: Exception = kind(message)
            return made
    except TypeError:
        pass
    return AnswerError(f"{name}: {message}")


def _apart() -> tuple[Any, Any]:
    """(reader of descriptor 0, writer to descriptor 1), moved away so that prints and inputs do not meet them."""
    reader = open(posix.dup(0), "rb")  # noqa: SIM115, PTH123  a descriptor, open until the process ends
    writer = open(posix.dup(1), "wb")  # noqa: SIM115, PTH123  a descriptor, open until the process ends
    nothing = posix.open("/dev/null", posix.O_RDWR)
    posix.dup2(nothing, 0)
    posix.dup2(nothing, 1)
    return reader, writer


def _none(value: Any) -> str:  # noqa: ARG001  only plain data is looked at for changes
    return "?"


def _refuse(value: Any) -> str:
    if isinstance(value, Remote):
        return f"R({value._target!r})"
    raise _Broken(f"a {type(value).__name__} cannot be sent to the answer: send plain data")


def _text(value: Any, other: Any) -> str:
    """Plain data as Python writes it; `other` says what to write for anything else."""
    kind = type(value)
    if value is None or kind in (bool, int, str, bytes, complex):
        return repr(value)
    if isinstance(value, float):
        return repr(float(value))
    if isinstance(value, dict):
        return "{" + ",".join(f"{_text(k, other)}:{_text(v, other)}" for k, v in dict.items(value)) + "}"
    if isinstance(value, (list, tuple)):
        inner = "".join(_text(v, other) + "," for v in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    if isinstance(value, (set, frozenset)):
        return "{*(" + "".join(_text(v, other) + "," for v in value) + ")}"
    if isinstance(value, (int, str, bytes)):  # an IntEnum, a str of the answer's own class
        return repr(int(value) if isinstance(value, int) else (str if isinstance(value, str) else bytes).__str__(value))
    return str(other(value))


def _read(node: Any, line: _Line) -> Any:
    """The plain data in a parsed reply. Nothing is evaluated. Raises ValueError for what is not plain data."""
    kind = type(node).__name__
    if kind == "Constant":
        return node.value
    if kind == "Name" and node.id in _SAFE:
        return _SAFE[node.id]
    if kind in ("List", "Tuple"):
        found = [_read(n, line) for n in node.elts]
        return found if kind == "List" else tuple(found)
    if kind == "Set" and len(node.elts) == 1 and type(node.elts[0]).__name__ == "Starred":
        return set(_read(node.elts[0].value, line))
    if kind == "Dict":
        return {_read(k, line): _read(v, line) for k, v in zip(node.keys, node.values, strict=True)}
    if kind == "UnaryOp" and type(node.op).__name__ == "USub":
        return -_read(node.operand, line)
    if kind == "BinOp" and type(node.op).__name__ in ("Add", "Sub"):  # 1+2j
        real, imaginary = _read(node.left, line), _read(node.right, line)
        if type(real) in (int, float) and type(imaginary) is complex:
            return real + (imaginary if type(node.op).__name__ == "Add" else -imaginary)
    if kind == "Call" and getattr(node.func, "id", "") == "R" and type(node.args[0].value) is int:
        return Remote(line, node.args[0].value)
    raise ValueError(f"it holds a {kind}")


JOBS = {"program": program, "answer": answer, "exam": exam}
