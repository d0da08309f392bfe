"""What a rule sees, and what it says."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath


@dataclass(frozen=True)
class Finding:
    """One breach: where, which rule, and what to do."""

    path: str
    line: int
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.text}"


class Source:
    """A Python file, parsed once for all rules."""

    def __init__(self, path: str, text: str) -> None:
        self.path, self.text = PurePosixPath(path).as_posix(), text
        self.tree = ast.parse(text, filename=path)

    @cached_property
    def room(self) -> str:
        """The room a library file lies in (`measure`), or ''."""
        parts = PurePosixPath(self.path).parts
        inside = parts[parts.index("tutelage") + 1 :] if "tutelage" in parts[:-1] and "tests" not in parts else ()
        return inside[0].removesuffix(".py") if inside else ""

    @cached_property
    def is_test(self) -> bool:
        """Whether the file holds tests."""
        return PurePosixPath(self.path).name.startswith("test_")

    @cached_property
    def comments(self) -> list[tuple[int, str]]:
        """(line, comment) of every comment."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return [(t.start[0], t.string) for t in tokens if t.type == tokenize.COMMENT]

    @cached_property
    def functions(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function, nested ones too."""
        return [n for n in ast.walk(self.tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


Rule = Callable[[Source], Iterator[tuple[int, str]]]


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function from `def` to its end, its docstring left out."""
    first = function.body[0]
    documented = ast.get_docstring(function) is not None
    inside = (first.end_lineno or first.lineno) - first.lineno + 1 if documented else 0
    return (function.end_lineno or function.lineno) - function.lineno + 1 - inside


def sources(roots: Iterable[str]) -> Iterator[Source]:
    """Every Python file under the roots, in a stable order."""
    for root in roots:
        top = Path(root)
        for path in [top] if top.is_file() else sorted(top.rglob("*.py")):
            if "migrations" not in path.parts:  # written by Django, in its own style
                yield Source(str(path), path.read_text(encoding="utf-8"))


def check(source: Source, rules: dict[str, Rule]) -> list[Finding]:
    """All findings of all rules in one file."""
    return [Finding(source.path, line, name, text) for name, rule in rules.items() for line, text in rule(source)]
