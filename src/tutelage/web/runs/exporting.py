"""A project's judgments as rows of a file, some items at a time: memory stays the same however many there are."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from tutelage import records
from tutelage.errors import BadInput, Where
from tutelage.formats.corpus import Corpus
from tutelage.formats.importers.judgments import ITEM
from tutelage.formats.writing import FORMATS, export
from tutelage.records import Json, Judge, Person, Simulated, Verdict, decode, encode, jsonl
from tutelage.web.projects.models import Project
from tutelage.web.review import queries as review
from tutelage.web.review.models import Ruling
from tutelage.web.runs import outside, rules
from tutelage.web.runs.models import Outside
from tutelage.web.work.models import ItemBody, Judgment
from tutelage.web.work.rules import shown_order

CHUNK = 500
FILES = ("jsonl", "csv")
Tell = Callable[[int, int, int, dict[str, int]], None]


def check(to: str, file: str) -> None:
    """Raises BadInput for a format or a kind of file that there is not."""
    for seen, known, field in ((to, FORMATS, "to"), (file, FILES, "file")):
        if seen not in known:
            raise BadInput(f"Saw {seen!r}.", expected="one of " + ", ".join(known), remedy="Choose one of them.",
                           where=Where(field=field))  # fmt: skip
    if (to, file) == ("rows", "csv"):
        raise BadInput("Training rows of several shapes have no one table.", expected="jsonl",
                       remedy="Choose JSONL.", where=Where(field="file"))  # fmt: skip


def write(project: Project, to: str, file: str, place: Path, *, after: int, offset: int, lost: Json, tell: Tell) -> int:
    """Append what comes after the item `after` at the byte `offset`; gives how many rows were written by now.

    tell(item, offset, rows, lost)  is called after every chunk: from there the next call goes on
    """
    counted: Counter[str] = Counter(lost.get("lost", {}))
    rows = int(lost.get("rows", 0))
    with place.open("r+b" if place.exists() else "w+b") as out:
        out.truncate(offset)
        out.seek(offset)
        for last, items in _chunks(project, after):
            made = _fast(project, items) if to == "judgments" else _shaped(project, items, to, place, counted)
            rows += WRITERS[file](out, made, header=out.tell() == 0)
            out.flush()
            tell(last, out.tell(), rows, dict(counted))
    return rows


def _chunks(project: Project, after: int) -> Iterator[tuple[int, list[tuple[int, str, str]]]]:
    """Items with their texts, by their numbers, a chunk at a time."""
    while True:
        rows = ItemBody.objects.filter(item__project=project, pk__gt=after).order_by("pk")
        found = list(rows.values_list("pk", "record", "responses")[:CHUNK])
        if not found:
            return
        after = found[-1][0]
        yield after, found


FIELDS = ("id", "item_id", "slot_id", "epoch", "user_id", "user__simulated", "guideline__version", "answer", "reason",
          "supersedes_id", "active_ms", "wall_ms", "accepted_at", "conditions")  # fmt: skip


def _given(project: Project, items: list[int]) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = {}
    rows = Judgment.objects.filter(project=project, item__in=items, user__isnull=False).order_by("pk")
    for row in rows.values_list(*FIELDS):
        found.setdefault(row[1], []).append(row)
    return found


def _outside(project: Project, items: list[int]) -> dict[int, list[Outside]]:
    found: dict[int, list[Outside]] = {}
    for row in Outside.objects.filter(project=project, item__in=items).select_related("guideline").order_by("pk"):
        found.setdefault(row.item_id, []).append(row)
    return found


def _fast(project: Project, items: list[tuple[int, str, str]]) -> Iterator[Json]:
    """Rows of the format `judgments`, from the stored texts as they are: `judgment_rows` makes just the same."""
    given, others = _given(project, [i[0] for i in items]), _outside(project, [i[0] for i in items])
    last = review.last_rulings(project, [i[0] for i in items])
    nyms: dict[Any, str] = {}
    for pk, record, responses in items:
        item = json.loads(record)
        said = [{"messages": r["messages"], "author": r.get("author")} for r in json.loads(responses)]
        start = {"kind": item["kind"], "item": item["id"], "prompt": item["messages"], "responses": said,
                 "payload": item["payload"]}  # fmt: skip
        ruled = _ruled(last.get(item["id"]))
        about = {f: item[f] for f in ITEM if item.get(f) is not None}
        for row in given.get(pk, ()):
            who = nyms.setdefault(row[4], outside.nym(project, str(row[4])))
            judge: Judge = Simulated(who, "demo") if row[5] else Person(who, level="H1")
            yield {**start, "answer": row[7], "judgment": str(row[0]), "judge": _judge(judge), "about": about,
                   "beside": _beside(row, len(said), ruled)}  # fmt: skip
        for other in others.get(pk, ()):
            beside = {"guideline_version": str(other.guideline.version), "at": _time(other.accepted_at),
                      "conditions": {"via": other.via, **ruled}}  # fmt: skip
            yield {**start, "answer": other.answer, "judgment": str(other.pk), "judge": _named(other.judge),
                   "about": about,
                   "beside": {**({"reason": other.reason} if other.reason else {}), **beside}}  # fmt: skip
        if pk not in given and pk not in others:
            yield {**start, "answer": None, "judgment": None, "judge": None, "about": about, "beside": None}


def _judge(judge: Judge) -> Json:
    made: Json = encode(judge)
    return made


def _named(judge: Json) -> Json | None:
    return None if judge.get("type") == "anonymous" else judge


def _ruled(ruling: Ruling | None) -> Json:
    """What an adjudicator ruled on an item, as every judgment of it carries it; nobody's name."""
    if ruling is None:
        return {}
    return {"ruling": {"verdict": ruling.verdict, "answer": ruling.answer, "reason": ruling.reason}}


def _beside(row: tuple[Any, ...], responses: int, ruled: Json) -> dict[str, Any]:
    """Further fields of a judgment, with what the server found beside it and what was ruled on its item."""
    reason, supersedes = row[8], row[9]
    made: dict[str, Any] = {"reason": reason} if reason else {}
    made["guideline_version"] = str(row[6])
    if supersedes:
        made["supersedes"] = str(supersedes)
    return made | {"active_s": row[10] / 1000, "wall_s": row[11] / 1000, "at": _time(row[12]),
                   "conditions": {"order": shown_order(responses, row[2], row[3], str(row[4])),
                                  **row[13], **ruled}}  # fmt: skip


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def corpus_of(project: Project, items: list[tuple[int, str, str]]) -> Corpus:
    """Some items with all that was said of them, people by their pseudonyms."""
    given, others = _given(project, [i[0] for i in items]), _outside(project, [i[0] for i in items])
    kept, judgments = [], []
    last = review.last_rulings(project, [i[0] for i in items])
    judges: dict[str, Judge] = {}
    responses: dict[str, records.Response] = {}
    for pk, record, said in items:
        if pk not in given and pk not in others:
            continue
        item: records.Item = decode(records.Item, json.loads(record))
        kept.append(item)
        held: tuple[records.Response, ...] = decode(tuple[records.Response, ...], json.loads(said))
        responses |= {r.id: r for r in held}
        ruled = _ruled(last.get(item.id))
        for row in given.get(pk, ()):
            who = outside.nym(project, str(row[4]))
            judges[who] = Simulated(who, "demo") if row[5] else Person(who, level="H1")
            stated = _beside(row, len(held), ruled) | {"at": row[12]}
            judgments.append(records.Judgment(str(row[0]), item.id, who, row[7], **stated))
        for other in others.get(pk, ()):
            judge: Judge = decode(Judge, other.judge)
            judges[judge.id] = judge
            judgments.append(records.Judgment(str(other.pk), item.id, judge.id, other.answer,
                                              reason=other.reason or None, at=other.accepted_at,
                                              conditions={"via": other.via, **ruled},
                                              guideline_version=str(other.guideline.version)))  # fmt: skip
    return Corpus(tuple(kept), tuple(responses.values()), tuple(judgments), tuple(judges.values()))


def _shaped(
    project: Project, items: list[tuple[int, str, str]], to: str, place: Path, lost: Counter[str]
) -> Iterator[Json]:  # fmt: skip
    """Rows of a training format, made by `formats.export` from a chunk."""
    corpus = corpus_of(project, items)
    if not corpus.judgments:
        return
    part, last = place.with_suffix(".part.jsonl"), review.last_rulings(project, [i[0] for i in items])

    def of_record(votes: Verdict) -> Verdict:
        return review.as_ruled(votes, last[votes.item_id]) if votes.item_id in last else votes

    try:
        made = export(corpus, to, part, force=True, of_record=of_record)
    except BadInput as error:
        if not error.seen.startswith("Nothing fits"):
            raise
        lost["items give no row in this format"] += len(corpus.items)
        return
    lost.update(made.left_out)
    yield from (row for _, row in jsonl.objects(part))
    part.unlink()


def _write_jsonl(out: BinaryIO, rows: Iterable[Json], *, header: bool) -> int:
    n = 0
    for n, row in enumerate(rows, 1):  # noqa: B007  how many there were
        out.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode())
        out.write(b"\n")
    return n


def _write_csv(out: BinaryIO, rows: Iterable[Json], *, header: bool) -> int:
    """Nested values as JSON text; no cell begins as a formula would."""
    n, text, writer = 0, io.StringIO(newline=""), None
    for n, row in enumerate(rows, 1):  # noqa: B007  how many there were
        if writer is None:
            writer = csv.DictWriter(text, fieldnames=list(row), extrasaction="ignore")
            if header:
                writer.writeheader()
        writer.writerow({k: _cell(v) for k, v in row.items()})
    out.write(text.getvalue().encode())
    return n


def _cell(value: Any) -> Any:
    return rules.safe_cell(
        json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else "" if value is None else value
    )


WRITERS: dict[str, Callable[..., int]] = {"jsonl": _write_jsonl, "csv": _write_csv}
