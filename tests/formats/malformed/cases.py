"""Malformed files, each made here, with the place at which the fault must be found."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from tutelage.formats import Corpus
from tutelage.records import Item, Judgment, Person, Response, assistant, jsonl, user

HEADER = "prompt,first,second,winner\n"
GOOD = "Q1,one,two,first\n"


@dataclass(frozen=True)
class Case:
    """make writes the file and returns its path; line and field are where the error must point."""

    name: str
    make: Callable[[Path], Path]
    says: str
    line: int | None = None
    field: str | None = None
    kind: str = "comparison"
    options: tuple[str, ...] = ()
    file: str | None = None  # the name of the file at fault, where it is not the one given


def raw(content: bytes | str, name: str = "votes.csv") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def csv(*rows: str, header: str = HEADER) -> Callable[[Path], Path]:
    return raw(header + GOOD + "".join(r + "\n" for r in rows))


def lines(*rows: Any) -> Callable[[Path], Path]:
    text = "".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows)
    return raw(text, "rows.jsonl")


def pair(**changes: Any) -> dict[str, Any]:
    return {"prompt": "Q", "chosen": "good", "rejected": "bad"} | changes


def parquet_bytes() -> bytes:
    out = io.BytesIO()
    pl.DataFrame({"prompt": ["Q"] * 9, "chosen": ["a"] * 9, "rejected": ["b"] * 9}).write_parquet(out)
    return out.getvalue()


def parquet(**columns: list[Any]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / "rows.parquet"
        pl.DataFrame({"prompt": ["Q1", "Q2"], "response": ["a", "b"], "score": [1.0, 2.0]} | columns).write_parquet(
            path
        )
        return path

    return make


def nothing(name: str) -> Callable[[Path], Path]:
    return lambda folder: folder / name


def directory(folder: Path) -> Path:
    (folder / "votes").mkdir()
    return folder / "votes"


def lone_votes(folder: Path) -> Path:
    (folder / "votes.csv").write_text("pair_id,winner\n1,first\n7,second\n")
    path = folder / "pairs.csv"
    path.write_text("pair_id,prompt,first,second\n1,Q,a,b\n")
    return path


IMPORTS = [
    Case("no such file", nothing("absent.csv"), "no such file"),
    Case("a directory instead of a file", directory, "is a directory"),
    Case("an empty file", raw(""), "is empty"),
    Case("only blank lines", raw("\n\n  \n"), "is empty"),
    Case("only a header", raw(HEADER), "no rows"),
    Case("Latin-1 instead of UTF-8", raw((HEADER + GOOD).encode() + b"caf\xe9,a,b,first\n"), "0xe9", 3),
    Case("Latin-1 in JSONL", raw(b'{"prompt":"caf\xe9"}\n', "rows.jsonl"), "0xe9", 1),
    Case("UTF-16", raw((HEADER + GOOD).encode("utf-16")), "UTF-16", 1),
    Case("a binary file", raw(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "neither text nor Parquet"),
    Case("a Parquet file cut short", raw(parquet_bytes()[:-20], "rows.parquet"), "damaged or cut short"),
    Case("a gzip file cut short", raw(gzip.compress((HEADER + GOOD * 99).encode())[:-30], "v.csv.gz"), "cut short"),
    Case("a gzip file with a flipped byte", raw(b"\x1f\x8b" + b"\7" * 40, "v.csv.gz"), "damaged"),
    Case("a line of 10 MB", lines(pair(), pair(prompt="x" * 10_000_000)), "longer than 8 MiB", 2),
    Case("a cell of 10 MB", csv("x" * 10_000_000 + ",a,b,first"), "longer than 8 MiB", 3),
    Case("a row with a cell too few", csv("Q2,a,b"), "3 cells", 3),
    Case("a row with a cell too many", csv("Q2,a,b,first,more"), "5 cells", 3),
    Case("a quote that never ends", csv('Q2,"a,b,first'), "cannot be read", 3),
    Case("a column twice in the header", raw("prompt,prompt\nQ,Q\n"), "stands twice", 1, "prompt"),
    Case("a missing column", raw("prompt,first,second\nQ,a,b\n"), "No column is the winner", 1, "winner"),
    Case("a mapped column that is not there", csv(), "no column `pref`", 1, "pref", options=("--map", "winner=pref")),
    Case("a role that does not exist", csv(), "no role 'victor'", None, "--map", options=("--map", "victor=winner")),
    Case("a winner that is neither side", csv("Q2,a,b,third"), "winner is 'third'", 3, "winner"),
    Case("no winner", csv("Q2,a,b,"), "no winner", 3, "winner"),
    Case(
        "0 and 1 without a stated direction",
        raw("prompt,first,second,winner\nQ,a,b,0\nQ,c,d,1\n"),
        "not said which",
        None,
        "winner",
    ),
    Case("a strength off its scale", raw("prompt,first,second,winner,strength\nQ,a,b,first,9\n"), "Saw 9", 2,
         "winner.strength"),
    Case("an empty prompt", csv(" ,a,b,first"), "prompt is empty", 3, "prompt"),
    Case(
        "one id for two items",
        raw("item,prompt,first,second,winner\n1,Q,a,b,first\n1,Q,a,c,first\n"),
        "'1' stands here and at",
        3,
    ),
    Case(
        "one id for two judgments",
        raw("judgment,prompt,first,second,winner\nj,Q,a,b,first\nj,Q,a,b,second\n"),
        "'j' stands here and at",
        3,
    ),
    Case(
        "a prompt on both sides of a stated split",
        raw("split,prompt,first,second,winner\ntrain,Q,a,b,first\ntest,Q,a,c,first\n"),
        "two sides of the split",
        3,
        "payload.split",
    ),
    Case("negative seconds", raw("prompt,first,second,winner,active_s\nQ,a,b,first,-3\n"), "-3 seconds", 2, "active_s"),
    Case(
        "a probability above 1",
        raw("prompt,first,second,winner,inclusion_probability\nQ,a,b,first,1.5\n"),
        "Saw 1.5",
        2,
        "inclusion_probability",
    ),
    Case("an unknown kind of judge", raw("prompt,first,second,winner,judge,judge_type\nQ,a,b,first,x,alien\n"),
         "'alien'", 2, "judge_type"),
    Case("votes on a pair that is not there", lone_votes, "belongs to no row", 3, file="votes.csv"),
    Case("not JSON", lines(pair(), "{prompt: Q}"), "not JSON", 2),
    Case("NaN in JSON", lines(pair(), '{"prompt":"Q","chosen":"a","rejected":"b","x":NaN}'), "NaN", 2),
    Case("Infinity in JSON", lines('{"x": -Infinity}'), "-Infinity", 1),
    Case("a key twice", lines(pair(), '{"prompt":"Q","prompt":"R"}'), "`prompt` stands twice", 2),
    Case("half of a surrogate pair", lines(pair(), '{"prompt":"\\ud83d","chosen":"a","rejected":"b"}'),
         "surrogate", 2, "prompt"),
    Case("JSON nested too deeply", lines(pair(), '{"a":' * 100_000), "nested too deeply", 2),
    Case("a list where an object should be", lines(pair(), "[1]"), "not an object", 2),
    Case("a number where text should be", lines(pair(), pair(chosen=7)), "Saw 7", 2, "chosen"),
    Case("null where text should be", lines(pair(), pair(rejected=None)), "Saw None", 2, "rejected"),
    Case("a row without its column", lines(pair(), {"prompt": "Q", "chosen": "a"}), "no `rejected`", 2, "rejected"),
    Case("chosen and rejected the same", lines(pair(), pair(rejected="good")), "same as `chosen`", 2, "rejected"),
    Case("no prompt anywhere", lines({"chosen": "a", "rejected": "b"}), "no common beginning", 1, "chosen"),
    Case("a role nobody has", lines(pair(chosen=[{"role": "wizard", "content": "x"}])), "'wizard'", 1,
         "chosen[0].role"),
    Case("a chat message without text", lines(pair(chosen=[{"role": "user"}])), "Saw None", 1, "chosen[0].content"),
    Case("a kind that does not exist", lines(pair()), "no kind 'guess'", None, "kind", kind="guess"),
    Case("a format that does not exist", lines(pair()), "no format 'xml'", None, "--format", options=("--format",
         "xml")),
    Case("a kind the format does not hold", lines(pair()), "trl-preference", kind="ranking"),
    Case("JSON cut short", raw('[{"data": {}, "annotations": []},\n {"data"', "ls.json"), "not JSON", 2),
    Case("NaN in Parquet", parquet(score=[1.0, float("nan")]), "nan", None, "row 2, score", kind="rating"),
    Case("Infinity in Parquet", parquet(score=[float("inf"), 1.0]), "inf", None, "row 1, score", kind="rating"),
    Case("a rating outside the scale", parquet(score=[1.0, 9.0]), "score is 9", None, "row 2, score",
         kind="rating", options=("--map", "scale=@1..5")),
    Case("a scale that is none", parquet(), "'1-5'", None, "--map scale", kind="rating",
         options=("--map", "scale=@1-5")),
    Case("text for a score", raw("prompt,response,score\nQ,a,good\n"), "'good'", 2, "score", kind="rating"),
    Case("a ranking of the wrong length",
         lines({"prompt": "Q", "responses": ["a", "b", "c"], "ranks": [1, 2]}), "2 ranks", 1, "ranks",
         kind="ranking"),
    Case("a rank that is no number",
         lines({"prompt": "Q", "responses": ["a", "b"], "ranks": ["x", 2]}), "'x'", 1, "ranks", kind="ranking"),
    Case("only one label in the file", raw("prompt,label\nQ,a\n"), "['a']", 2, "payload.labels", kind="classification"),
    Case("an empty demonstration", lines({"prompt": "Q", "completion": " "}), "empty", 1,
         "completion.response[0].text", kind="demonstration"),
    Case("a label that is not true or false",
         lines({"prompt": "Q", "completion": "a", "label": True}, {"prompt": "R", "completion": "b", "label": "no"}),
         "'no'", 2, "label", kind="classification"),
    Case("an arena winner nobody knows",
         lines({"model_a": "x", "model_b": "y", "winner": "model_c", "prompt": "Q", "response_a": "a",
         "response_b": "b"}),
         "'model_c'", 1, "winner"),
    Case("an annotation without its answer",
         raw(json.dumps([{"id": 1, "data": {"prompt": "Q", "first": "a", "second": "b"},
         "annotations": [{"result": []}]}]),
             "ls.json"), "no pairwise", None, "row 1, annotations[0]"),
    Case("a reply to a message that is not there",
         lines({"message_id": "1", "parent_id": "0", "text": "Hi", "role": "assistant"}), "no message '0'", 1,
         "parent_id",
         kind="ranking"),
]  # fmt: skip


@dataclass(frozen=True)
class Damage:
    """A corpus directory with one record changed; `part` is the file at fault."""

    name: str
    part: str
    change: Callable[[list[dict[str, Any]]], None]
    says: str
    line: int | None
    field: str | None


def corpus() -> Corpus:
    prefer = {"type": "prefer", "winner": "first"}
    return Corpus(
        items=(
            Item("i1", "comparison", user("Q1"), responses=("r1", "r2"), payload={"split": "train"}),
            Item("i2", "comparison", user("Q2"), responses=("r1", "r3"), payload={"split": "test"}),
        ),
        responses=tuple(Response(f"r{n}", assistant(str(n))) for n in (1, 2, 3)),
        judgments=(Judgment("j1", "i1", "p1", prefer), Judgment("j2", "i2", "p1", prefer)),
        judges=(Person("p1"), Person("p2")),
    )


def damaged(folder: Path, damage: Damage) -> Path:
    """A corpus directory, written well and then damaged in one place."""
    path = folder / "corpus"
    corpus().write(path)
    file = path / f"{damage.part}.jsonl"
    records = [value for _, value in jsonl.objects(file)]
    damage.change(records)
    file.write_text("".join(json.dumps(r) + "\n" for r in records))
    return path


def put(number: int, **values: Any) -> Callable[[list[dict[str, Any]]], None]:
    return lambda records: records[number].update(values)


def repeat(records: list[dict[str, Any]]) -> None:
    records.append(records[0])


PREFER = {"type": "prefer", "winner": "first"}
CORPORA = [
    Damage("an item twice", "items", repeat, "'i1' stands here and at", 3, "id"),
    Damage("a judgment twice", "judgments", repeat, "'j1' stands here and at", 3, "id"),
    Damage("an unknown key", "items", put(1, colour="red"), "no `colour`", 2, "colour"),
    Damage("an unknown schema", "items", put(0, schema="item/9"), "'item/9'", 1, "schema"),
    Damage("an unknown kind", "items", put(1, kind="guess"), "no kind 'guess'", 2, "kind"),
    Damage("a dangling response", "items", put(0, responses=["r1", "r9"]), "no response 'r9'", 1, "responses[1]"),
    Damage("a response compared with itself", "items", put(0, responses=["r1", "r1"]), "twice", 1, "responses[1]"),
    Damage("three responses in a comparison", "items", put(0, responses=["r1", "r2", "r3"]), "3 responses", 1,
         "responses"),
    Damage("a prompt on both sides", "items", put(1, messages=[{"role": "user", "text": "Q1"}]), "split", 2,
         "payload.split"),
    Damage("a dangling item", "judgments", put(1, item_id="i9"), "no item 'i9'", 2, "item_id"),
    Damage("a dangling judge", "judgments", put(0, judge_id="p9"), "no judge 'p9'", 1, "judge_id"),
    Damage("a judgment that supersedes itself", "judgments", put(0, supersedes="j1"), "itself", 1, "supersedes"),
    Damage("a judgment that supersedes a stranger's", "judgments", put(0, supersedes="j2"), "another", 1, "supersedes"),
    Damage("a withdrawal of nothing", "judgments", put(0, answer={"type": "withdrawn"}), "nothing", 1, "supersedes"),
    Damage("negative seconds", "judgments", put(1, wall_s=-1), "-1 seconds", 2, "wall_s"),
    Damage("a probability of 0", "judgments", put(1, inclusion_probability=0), "Saw 0", 2, "inclusion_probability"),
    Damage("a time without a zone", "judgments", put(0, at="2026-01-01T00:00:00"), "no zone", 1, "at"),
    Damage("a wrong type", "judgments", put(0, active_s="fast"), "'fast'", 1, "active_s"),
    Damage("a winner that is neither side", "judgments", put(0, answer={**PREFER, "winner": "x"}), "'x'", 1,
         "answer.winner"),
    Damage("an answer of another kind", "judgments", put(0, answer={"type": "ranking", "ranks": [1, 2]}), "'ranking'",
         1, "answer.type"),
    Damage("a judge of an unknown type", "judges", put(1, type="alien"), "'alien'", 2, "type"),
]  # fmt: skip
