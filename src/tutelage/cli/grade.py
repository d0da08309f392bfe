"""`tutelage grade`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tutelage.cli import console
from tutelage.errors import BadInput, Failed, Where

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tutelage.environments.graders import Task
    from tutelage.environments.rewards import Finding

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(epilog="Example:  tutelage grade tasks.jsonl answers.jsonl --reward graders")
@click.argument("tasks", type=FILE)
@click.argument("answers", type=FILE, required=False)
@click.option("--reward", "spec", default="graders", show_default=True, metavar="SPEC",
              help="graders, reward:DIR, head:DIR, ensemble:…, rubric:FILE, mix:FILE.")  # fmt: skip
@click.option("--audit", "audited", is_flag=True, help="Play policies that know nothing; exit 3 if one is paid.")
@click.option("--book", type=click.Path(dir_okay=False, path_type=Path), help="Keep grades; grade nothing twice.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(tasks: Path, answers: Path | None, spec: str, audited: bool, book: Path | None, as_json: bool) -> None:
    """Grade ANSWERS to verifiable TASKS, or audit what their graders would pay for.

    TASKS: JSONL, one task a line. ANSWERS: JSONL in the same order, each {"answer": "…"}, optionally with "task", the
    number of its task's line from 1. An answer that cannot be graded has a reason and no value.
    """
    from tutelage.environments import graders

    known = graders.read(tasks)
    if audited == (answers is not None):
        raise BadInput("Both or neither of ANSWERS and --audit.", expected="one of them", remedy="Give ANSWERS.")
    if answers is None:
        _audit(known, as_json)
        return
    asked, said = _answers(answers, known)
    found = _reward(spec, book).grades(asked, said)
    _show(found, spec, as_json)


def _reward(spec: str, book: Path | None) -> Any:
    from tutelage.environments import rewards

    if book is None:
        return rewards.load(spec)
    if spec != "graders":
        raise BadInput("--book keeps the grades of graders.", expected="--reward graders", remedy="Leave one out.")
    from tutelage.environments.book import Book
    from tutelage.environments.rewards.graders import GraderReward

    return GraderReward(Book(book))


def _answers(path: Path, known: Sequence[Task]) -> tuple[list[Task], list[str]]:
    from tutelage.records import jsonl

    asked: list[Task] = []
    said: list[str] = []
    for line, row in jsonl.objects(path):
        number = row.get("task", len(said) + 1) if isinstance(row, dict) else None
        answer = row.get("answer") if isinstance(row, dict) else None
        if not isinstance(answer, str) or not isinstance(number, int) or not 1 <= number <= len(known):
            raise BadInput(
                f"The line is {str(row)[:60]!r}, of task {number}.",
                expected=f'{{"answer": "…"}} to one of {len(known)} tasks',
                remedy="Write one answer a line, in the order of the tasks or with its `task`.",
                where=Where(str(path), line),
            )
        asked.append(known[number - 1])
        said.append(answer)
    return asked, said


def _show(found: Sequence[Finding], spec: str, as_json: bool) -> None:
    from tutelage.records import Unscored, encode

    reasons = Counter(g.reason for g in found if isinstance(g, Unscored))
    values = [g.value for g in found if not isinstance(g, Unscored)]
    if as_json:
        rows = [encode(g) for g in found]
        mean = sum(values) / len(values) if values else None
        console.emit({"reward": spec, "n": len(found), "unscored": reasons, "mean": mean, "grades": rows})
        return
    for number, g in enumerate(found, 1):
        shown = f"unscored: {g.reason} ({g.detail})" if isinstance(g, Unscored) else f"{g.value:g}{_why(g.evidence)}"
        console.say(f"{number}\t{shown}")
    if values:
        console.say(f"mean of {len(values)} graded: {sum(values) / len(values):.3f}")
    for reason, n in reasons.items():
        console.say(f"unscored, and in no mean: {n} {reason}")


def _why(evidence: Any) -> str:
    return f"\t{evidence['why']}" if "why" in evidence else ""


def _audit(tasks: Sequence[Task], as_json: bool) -> None:
    from tutelage.environments.audit import audit

    rows = audit(tasks)
    bad = [r for r in rows if (r.verdict == "pays" and r.policy != "the reference") or r.verdict == "broken"]
    if as_json:
        console.emit({"tasks": len(tasks), "paid": len(bad), "rows": [_row(r) for r in rows]})
    else:
        for r in rows:
            console.say(f"{r.grader:<12}{r.policy:<34}{r.verdict:<10}{r.paid}")
    if bad:
        named = ", ".join(f"{r.grader} ({r.policy})" for r in bad)
        raise Failed(f"{len(bad)} of {len(rows)} rows are wrong: {named}.", expected="pay for answers alone",
                     remedy="Correct the graders or the tasks before anything is trained on them.")  # fmt: skip


def _row(row: Any) -> dict[str, Any]:
    from tutelage.records import encode

    figures: dict[str, Any] = encode(row)
    return {**figures, "verdict": row.verdict}
