"""The rules. A rule's docstring is its reason."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tools.lints.base import Rule, Source, length

MOST_LINES, LONG_FUNCTION = 600, 60
PURE = {"errors", "records", "measure", "kinds", "gate"}
# "score" alone and "HIT" are read in context by people; a word list would only breed synonyms
WORDS = r"annotator drone|worker id|labell?er farm|ai detector verdict|\bghost (?:work|worker)\b|\bban(?:s|ned|ning)\b"
FORBIDDEN = re.compile(WORDS, re.IGNORECASE)
NUMPY_GENERATORS = {"Generator", "default_rng", "SeedSequence", "PCG64", "Philox", "BitGenerator"}


def documented(source: Source) -> Iterator[tuple[int, str]]:
    """A public function without a docstring has a contract only its author knows."""
    if source.is_test or not source.room:
        return
    for owner in ast.walk(source.tree):
        if not isinstance(owner, ast.Module | ast.ClassDef) or getattr(owner, "name", "").startswith("_"):
            continue
        for node in owner.body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
                continue
            overload = any("overload" in ast.unparse(d) or ".setter" in ast.unparse(d) for d in node.decorator_list)
            if not overload and ast.get_docstring(node) is None:
                yield node.lineno, f"`{node.name}` is public and has no docstring. Say what it means in one line."


def short_files(source: Source) -> Iterator[tuple[int, str]]:
    """A file over 600 lines is two rooms with the wall knocked out: nobody reads it whole."""
    lines = source.text.count("\n")
    if lines > MOST_LINES:
        yield 1, f"{lines} lines, more than {MOST_LINES}. Split it by noun."


def short_functions(source: Source) -> Iterator[tuple[int, str]]:
    """A function over 60 lines may be right (a long table, one tensor pass); then a comment on its `def` says why."""
    said = {line for line, comment in source.comments if "long:" in comment}
    for node in source.functions:
        if length(node) > LONG_FUNCTION and not said & set(range(node.lineno, node.body[0].lineno + 1)):
            yield node.lineno, f"`{node.name}` has {length(node)} lines. Split it, or say `# long: why` on its def."


def no_swallowing(source: Source) -> Iterator[tuple[int, str]]:
    """An exception caught whole and dropped turns a lost submission into silence."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        broad = isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")
        idle = all(isinstance(x, ast.Pass | ast.Continue) or _is_ellipsis(x) for x in node.body)
        if node.type is None:
            yield node.lineno, "bare `except`. Name what may be raised."
        elif broad and idle:
            yield node.lineno, "an exception is caught whole and dropped. Name it and act on it."


def pure_rooms(source: Source) -> Iterator[tuple[int, str]]:
    """In the pure rooms time and chance are arguments: a figure must be computable again, years later."""
    if source.room not in PURE:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and "random" in _imported(node):
            yield node.lineno, "the `random` module has hidden state. Take `rng: np.random.Generator`."
        if isinstance(node, ast.Attribute):
            name = ast.unparse(node)
            if re.fullmatch(r"(datetime\.)?(datetime|date)\.(now|utcnow|today)|time\.(time|time_ns|monotonic)", name):
                yield node.lineno, f"`{name}` reads the clock. Take `now` as an argument."
            seen = re.fullmatch(r"(?:np|numpy)\.random\.(\w+)", name)
            if seen and seen[1] not in NUMPY_GENERATORS:
                yield node.lineno, f"`{name}` uses numpy's global state. Take `rng: np.random.Generator`."


def nothing_unpickled(source: Source) -> Iterator[tuple[int, str]]:
    """Unpickling runs the file's author's code. Weights are safetensors; records are JSON."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found = _imported(node) & {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
            if found:
                yield node.lineno, f"imports {', '.join(sorted(found))}. Use JSON, Parquet or safetensors."
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("torch.load", "torch.save"):
            yield node.lineno, f"`{ast.unparse(node.func)}` pickles. Use safetensors."
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle" and ast.unparse(node.value) != "False":
            yield node.value.lineno, "`allow_pickle` runs code from a file."


def tests_are_sentences(source: Source) -> Iterator[tuple[int, str]]:
    """A failing test's name is the first thing read at 2 a.m.: four words at least, or a docstring."""
    if not source.is_test:
        return
    for node in source.functions:
        words = [w for w in node.name.removeprefix("test_").split("_") if w]
        if node.name.startswith("test_") and len(words) < 4 and ast.get_docstring(node) is None:
            yield node.lineno, f"`{node.name}` is not a sentence. Say what holds, in four words or a docstring."


def our_words(source: Source) -> Iterator[tuple[int, str]]:
    """Words make people small before any rule does; `docs/explain/nouns.md` lists those we do not use."""
    if "tools/lints/" in source.path:  # the list itself
        return
    for number, line in enumerate(source.text.splitlines(), 1):
        found = FORBIDDEN.search(line)
        if found:
            yield number, f"we do not say {found[0]!r}."


def reasons(source: Source) -> Iterator[tuple[int, str]]:
    """A silenced check without its reason is a bug with a lid on it."""
    marks = re.compile(
        r"#\s*(?:type: ignore(?:\[[\w, -]*\])?|noqa(?::\s*[A-Z]+\d+(?:[ ,]+[A-Z]+\d+)*)?|pragma: no cover)"
    )
    for number, comment in source.comments:
        if marks.search(comment) and len(re.findall(r"\w\w+", marks.sub("", comment))) < 2:
            yield number, f"`{comment}` gives no reason. Write why behind it."


def _imported(node: ast.Import | ast.ImportFrom) -> set[str]:
    names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    return {name.split(".")[0] for name in names} if not getattr(node, "level", 0) else set()


def _is_ellipsis(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ...


RULES: dict[str, Rule] = {
    "documented": documented,
    "short-files": short_files,
    "short-functions": short_functions,
    "no-swallowing": no_swallowing,
    "pure-rooms": pure_rooms,
    "nothing-unpickled": nothing_unpickled,
    "tests-are-sentences": tests_are_sentences,
    "our-words": our_words,
    "reasons": reasons,
}
