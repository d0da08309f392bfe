"""A corpus: items, responses, judgments and judges that belong together, as a directory of JSONL."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tutelage import kinds
from tutelage.errors import BadInput, TutelageError, Where
from tutelage.records import Item, Judge, Judgment, Response, Row, Verdict, decode, jsonl, standing
from tutelage.store.canonical import digest

PARTS: dict[str, Any] = {"items": Item, "responses": Response, "judges": Judge, "judgments": Judgment}
Locate = Callable[[str, int], Where]  # (part, index) -> its place in somebody's file


def _nowhere(part: str, index: int) -> Where:
    return Where(field=f"{part}[{index}]")


@dataclass(frozen=True, slots=True)
class Corpus:
    """Records that belong together. `check` holds after `read` and before `write`."""

    items: tuple[Item, ...]
    responses: tuple[Response, ...]
    judgments: tuple[Judgment, ...]
    judges: tuple[Judge, ...]

    def check(self, locate: Locate = _nowhere, *, answers: bool = True) -> None:
        """Raise BadInput at the first thing that does not fit: an id twice or unknown, a wrong answer, a leak.

        answers  False where whoever made the corpus has just parsed every item and answer
        """
        for part in PARTS:
            _check_ids(part, getattr(self, part), locate)
        responses = {r.id: r for r in self.responses}
        items = {i.id: i for i in self.items}
        for n, item in enumerate(self.items if answers else ()):
            _placed(locate("items", n), partial(_check_item, item, responses))
        _check_split(self.items, locate)
        judges = {j.id for j in self.judges}
        given = {j.id: j for j in self.judgments}
        for n, judgment in enumerate(self.judgments):
            _placed(locate("judgments", n), partial(_check_judgment, judgment, items, judges, given))
            if answers and judgment.answer.get("type") != "withdrawn":
                _placed(locate("judgments", n), partial(_parse, items[judgment.item_id], judgment))

    def write(self, directory: Path, *, force: bool = False) -> None:
        """Write `items.jsonl`, `responses.jsonl`, `judges.jsonl`, `judgments.jsonl`: all of them or none.

        Refuses a directory that holds anything, unless `force`; what stood there is then replaced whole.
        """
        self.check()
        refuse_to_overwrite(directory, force=force)
        directory.parent.mkdir(parents=True, exist_ok=True)
        partly = directory.with_name(f".{directory.name}.{os.getpid()}.tmp")
        try:
            for part in PARTS:
                jsonl.write(partly / f"{part}.jsonl", getattr(self, part))
            _replace(partly, directory)
        finally:
            shutil.rmtree(partly, ignore_errors=True)

    @classmethod
    def read(cls, directory: Path) -> Corpus:
        """A corpus that was written; every record and every reference is checked, with file, line and field."""
        if not directory.is_dir():
            raise BadInput(
                "There is no such directory.",
                expected="a directory written by `tutelage import`",
                remedy="Check the path.",
                where=Where(str(directory)),
            )
        parts: dict[str, list[Any]] = {}
        lines: dict[str, list[int]] = {}
        for part, kind in PARTS.items():
            parts[part], lines[part] = _records(directory / f"{part}.jsonl", kind)
        corpus = cls(**{part: tuple(records) for part, records in parts.items()})
        files = {part: str(directory / f"{part}.jsonl") for part in PARTS}
        corpus.check(lambda part, n: Where(files[part], lines[part][n]))
        return corpus


def rows(corpus: Corpus, *, each: bool = False) -> list[Row]:
    """Training rows: the judgments of every item folded into a verdict, the verdict into rows.

    each  fold every judgment on its own, so that every one becomes rows and none is outvoted
    """
    return [row for _, _, made in folded(corpus, each=each) for row in made]


def folded(
    corpus: Corpus, *, each: bool = False, of_record: Callable[[Verdict], Verdict] | None = None
) -> list[tuple[Item, Verdict, list[Row]]]:
    """(item, verdict, rows) of every item that was judged, in the items' order; see `rows`.

    of_record  what stands in place of what the votes came to, where somebody ruled
    """
    responses = {r.id: r for r in corpus.responses}
    judges = {j.id: j for j in corpus.judges}
    by_item: dict[str, list[Judgment]] = {}
    for judgment in corpus.judgments:
        by_item.setdefault(judgment.item_id, []).append(judgment)
    out = []
    for item in corpus.items:
        kind, judgments = kinds.get(item.kind), by_item.get(item.id, [])
        for part in _singly(judgments) if each else [judgments]:
            if part:
                verdict = kind.fold(item, part, judges)
                verdict = of_record(verdict) if of_record else verdict
                out.append((item, verdict, kind.rows(item, responses, verdict, part)))
    return out


def _singly(judgments: Sequence[Judgment]) -> list[list[Judgment]]:
    return [[judgment] for judgment in standing(list(judgments))]


def refuse_to_overwrite(target: Path, *, force: bool) -> None:
    """Raise BadInput if a file, or a directory that holds anything, stands at `target`; never with `force`."""
    taken = target.is_file() or (target.is_dir() and any(target.iterdir()))
    if taken and not force:
        raise BadInput(
            "There is something here already.",
            expected="a new name or an empty directory",
            remedy="Choose another --out, or pass --force to replace it.",
            where=Where(str(target)),
        )


def _replace(partly: Path, directory: Path) -> None:
    """Move `partly` to `directory`; what stood there goes only after the new one is in place."""
    old = directory.with_name(f".{directory.name}.{os.getpid()}.old")
    if directory.exists():
        directory.rename(old)
    partly.rename(directory)
    shutil.rmtree(old, ignore_errors=True)


def _records(path: Path, kind: Any) -> tuple[list[Any], list[int]]:
    records, lines = [], []
    for line, value in jsonl.objects(path):
        try:
            records.append(decode(kind, value))
        except TutelageError as error:
            raise error.at(file=path, line=line) from None
        lines.append(line)
    return records, lines


def _placed(where: Where, check: Callable[[], None]) -> None:
    try:
        check()
    except TutelageError as error:
        raise _here(error, where) from None


def _here(error: TutelageError, where: Where) -> TutelageError:
    return error.at(file=where.file, line=where.line, field=where.field)


def _check_ids(part: str, records: Sequence[Any], locate: Locate) -> None:
    seen: dict[str, int] = {}
    for n, record in enumerate(records):
        if not record.id:
            raise _here(_bad("The id is empty.", "an id", "id", "Give it one."), locate(part, n))
        if record.id in seen:
            first = locate(part, seen[record.id])
            seen_twice = f"The id {record.id!r} stands here and at {first}."
            raise _here(_bad(seen_twice, "every id once", "id", "Remove or rename one."), locate(part, n))
        seen[record.id] = n


def _check_split(items: Sequence[Item], locate: Locate) -> None:
    """A prompt, or a group, whose items state two different sides of a split leaks from one into the other."""
    sides: dict[str, tuple[str, int]] = {}
    for n, item in enumerate(items):
        side = item.payload.get("split")
        if side is None:
            continue
        for key in {digest(item.messages), f"group {item.group}" if item.group is not None else ""} - {""}:
            first, at = sides.setdefault(key, (side, n))
            if first != side:
                what = "group" if key.startswith("group") else "prompt"
                seen = f"This {what} is on two sides of the split: {first!r} at {locate('items', at)}, {side!r} here."
                remedy = "Move all of its rows to one side."
                raise _here(_bad(seen, f"each {what} on one side", "payload.split", remedy), locate("items", n))


def _check_judgment(
    judgment: Judgment, items: Mapping[str, Item], judges: set[str], given: Mapping[str, Judgment]
) -> None:
    item = items.get(judgment.item_id)
    if item is None:
        raise _bad(f"There is no item {judgment.item_id!r}.", "the id of an item", "item_id", "Add the item.")
    if judgment.judge_id not in judges:
        raise _bad(f"There is no judge {judgment.judge_id!r}.", "the id of a judge", "judge_id", "Add the judge.")
    for field in ("active_s", "wall_s"):
        seconds = getattr(judgment, field)
        if seconds is not None and seconds < 0:
            raise _bad(f"Saw {seconds:g} seconds.", "0 seconds or more", field, "Leave it out if it is unknown.")
    drawn = judgment.inclusion_probability
    if drawn is not None and not 0 < drawn <= 1:
        raise _bad(f"Saw {drawn:g}.", "a probability above 0, up to 1", "inclusion_probability", "Correct it.")
    _check_supersedes(judgment, given)


def _check_item(item: Item, responses: Mapping[str, Response]) -> None:
    kinds.get(item.kind).check_item(item, responses)


def _parse(item: Item, judgment: Judgment) -> None:
    _placed(Where(field="answer"), partial(kinds.get(item.kind).parse_answer, item, judgment.answer))


def _check_supersedes(judgment: Judgment, given: Mapping[str, Judgment]) -> None:
    earlier = judgment.supersedes
    withdrawn = judgment.answer.get("type") == "withdrawn"
    if earlier is None:
        if withdrawn:
            seen = "The judgment withdraws nothing."
            raise _bad(seen, "the id of what it withdraws", "supersedes", "Add it.")
        return
    if earlier == judgment.id:
        raise _bad("The judgment supersedes itself.", "an earlier judgment's id", "supersedes", "Correct the id.")
    if earlier not in given:
        raise _bad(f"There is no judgment {earlier!r}.", "an earlier judgment's id", "supersedes", "Add that judgment.")
    replaced = given[earlier]
    if (replaced.item_id, replaced.judge_id) != (judgment.item_id, judgment.judge_id):
        raise _bad(
            f"The judgment {earlier!r} is of another judge or item.",
            "a judgment of the same judge about the same item",
            "supersedes",
            "Judges replace only their own.",
        )


def _bad(seen: str, expected: str, field: str, remedy: str) -> BadInput:
    return BadInput(seen, expected=expected, remedy=remedy, where=Where(field=field))
