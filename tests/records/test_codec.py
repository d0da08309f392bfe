"""Records become JSON and come back as they were; what is not a record is refused by the name of its field."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutelage.errors import BadInput
from tutelage.records import (
    AiJudge,
    Anonymous,
    Artefact,
    Attachment,
    DemonstrationRow,
    Estimate,
    Figure,
    Grade,
    Item,
    Judge,
    Judgment,
    LabelledRow,
    Message,
    Open,
    Person,
    RankedRow,
    Rate,
    Response,
    Row,
    Sampling,
    Scored,
    Settled,
    Simulated,
    Source,
    ToolCall,
    Undefined,
    Unscored,
    Verdict,
    decode,
    encode,
    jsonl,
)

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
UNIT = st.floats(0, 1)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
OBJECT = st.dictionaries(TEXT, JSON, max_size=3)
MAYBE = st.none() | TEXT
WHEN = st.datetimes(timezones=st.just(UTC))
CALLS = st.lists(st.builds(ToolCall, TEXT, TEXT, OBJECT), max_size=2).map(tuple)
FILES = st.lists(st.builds(Attachment, TEXT, TEXT, MAYBE), max_size=2).map(tuple)
MESSAGES = st.lists(
    st.builds(Message, st.sampled_from(["system", "user", "assistant", "tool"]), TEXT, FILES, CALLS, MAYBE), max_size=3
).map(tuple)
SOURCE = st.none() | st.builds(Source, TEXT, MAYBE, MAYBE)
NAMES = st.lists(TEXT, max_size=3).map(tuple)
SHARES = st.dictionaries(TEXT, UNIT, max_size=3)
RANKS = st.lists(st.none() | st.integers(1, 9), min_size=2, max_size=9).map(tuple)
RECORDS = {
    Response: st.builds(
        Response,
        TEXT,
        MESSAGES,
        author=MAYBE,
        sampling=st.none() | st.builds(Sampling, TEXT, UNIT, UNIT, st.none() | st.integers(1, 99)),
        content_classes=NAMES,
        source=SOURCE,
    ),
    Item: st.builds(Item, TEXT, TEXT, MESSAGES, responses=NAMES, payload=OBJECT, group=MAYBE, source=SOURCE),
    Judge: st.builds(Person, TEXT)
    | st.builds(AiJudge, TEXT, TEXT, revision=MAYBE)
    | st.builds(Simulated, TEXT, TEXT)
    | st.builds(Anonymous, TEXT, TEXT),
    Judgment: st.builds(
        Judgment,
        TEXT,
        TEXT,
        TEXT,
        OBJECT,
        reason=MAYBE,
        active_s=st.none() | NUMBER,
        at=st.none() | WHEN,
        source=SOURCE,
    ),
    Artefact: st.builds(
        Artefact, TEXT, st.sampled_from(["problem", "attack"]), TEXT, OBJECT, TEXT, at=st.none() | WHEN
    ),
    Verdict: st.builds(Settled, TEXT, TEXT, SHARES, UNIT, TEXT, NAMES, detail=OBJECT)
    | st.builds(Open, TEXT, TEXT, NAMES, distribution=SHARES),
    Row: st.builds(DemonstrationRow, MESSAGES, MESSAGES, NAMES, TEXT, UNIT)
    | st.builds(RankedRow, MESSAGES, st.lists(MESSAGES, max_size=3).map(tuple), RANKS, NAMES, TEXT, UNIT, UNIT)
    | st.builds(LabelledRow, MESSAGES, MESSAGES, UNIT, NAMES, TEXT, criterion=MAYBE),
    Figure: st.builds(Undefined, TEXT)
    | st.builds(lambda x: Estimate(x[1], x[0], x[2], "m", 3), st.lists(NUMBER, min_size=3, max_size=3).map(sorted))
    | st.builds(lambda k, more: Rate(k, k + more, 0.0, 1.0, "m"), st.integers(0, 9), st.integers(1, 9)),
    Grade: st.builds(Scored, UNIT, OBJECT) | st.builds(Unscored, st.sampled_from(["timeout", "empty"]), TEXT),
}


@pytest.mark.parametrize("kind", RECORDS, ids=lambda k: getattr(k, "__name__", str(k)))
@given(data=st.data())
def test_every_record_comes_back_from_json_as_it_was(kind, data):
    record = data.draw(RECORDS[kind])
    assert decode(kind, json.loads(jsonl.dumps(record))) == record


@given(st.data())
def test_a_file_of_records_comes_back_as_it_was(tmp_path_factory, data):
    records = data.draw(st.lists(RECORDS[Item], max_size=4))
    path = tmp_path_factory.mktemp("records") / data.draw(st.sampled_from(["items.jsonl", "items.jsonl.gz"]))
    assert jsonl.write(path, records) == len(records)
    assert list(jsonl.read(path, Item)) == records


KINDS = {
    "response": Response, "item": Item, "judge": Judge, "judgment": Judgment, "verdict": Verdict, "row": Row,
    "artefact": Artefact, "figure": Figure,
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_records_written_by_the_first_release_stay_readable(name):
    """The fixtures are never rewritten: a field may be added with a default, none may change its meaning."""
    path = Path(__file__).with_name("fixtures") / f"{name}.jsonl"
    for _, value in jsonl.objects(path):
        record = decode(KINDS[name], value)
        assert value.items() <= json.loads(jsonl.dumps(record)).items()


def judgment(**changes):
    return {"id": "j", "item_id": "i", "judge_id": "p", "answer": {}} | changes


@pytest.mark.parametrize(
    ("kind", "value", "field", "says"),
    [
        (Judgment, judgment(active_s=float("nan")), "active_s", "nan"),
        (Judgment, judgment(active_s="4"), "active_s", "'4'"),
        (Judgment, judgment(active_s=True), "active_s", "True"),
        (Judgment, judgment(answer={"x": [float("inf")]}), "answer.x[0]", "inf"),
        (Judgment, judgment(at="2026-01-01"), "at", "zone"),
        (Judgment, judgment(at="soon"), "at", "'soon'"),
        (Judgment, judgment(schema="judgment/2"), "schema", "judgment/2"),
        (Judgment, judgment(score=1), "score", "no `score`"),
        (Judgment, {"id": "j"}, "item_id", "no `item_id`"),
        (Judgment, [], None, "[]"),
        (Judgment, judgment(reason="\ud83d"), "reason", "surrogate"),
        (Item, {"id": "i", "kind": "k", "messages": [{"role": "bot", "text": ""}]}, "messages[0].role", "'bot'"),
        (Judge, {"id": "p", "type": "ghost"}, "type", "'ghost'"),
        (Judge, {"id": "p"}, "type", "None"),
        (tuple[int, str], [1], None, "1 entries"),
        (int | str, 1.5, None, "1.5"),
        (Estimate, {"value": 2, "lo": 0, "hi": 1, "method": "m", "n": 3}, None, "lies in its interval"),
    ],
)
def test_what_is_wrong_is_named_with_its_field(kind, value, field, says):
    with pytest.raises(BadInput) as caught:
        decode(kind, value)
    assert caught.value.where.field == field
    assert says in caught.value.seen


def test_a_union_of_records_may_also_be_nothing():
    assert decode(Judge | None, None) is None
    assert decode(Judge | None, {"id": "p", "type": "person"}) == Person("p")


def test_times_are_written_in_utc():
    assert encode(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) == "2026-01-02T03:04:05Z"
    with pytest.raises(ValueError, match="without a zone"):
        encode(datetime(2026, 1, 2))  # noqa: DTZ001  a time without a zone is what is refused


def test_no_number_that_is_not_finite_is_ever_written(tmp_path):
    with pytest.raises(ValueError, match="Out of range"):
        jsonl.write(tmp_path / "x.jsonl", [Judgment("j", "i", "p", {}, active_s=float("nan"))])
    assert list(tmp_path.iterdir()) == []
