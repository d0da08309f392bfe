"""What is imported, exported and imported again is the same judgments."""

import json
from collections import Counter

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tutelage import kinds
from tutelage.errors import BadInput
from tutelage.formats import Corpus, export, import_file, rows
from tutelage.formats.importers.judgments import judgment_rows
from tutelage.records import (
    Attachment,
    DemonstrationRow,
    Item,
    Judgment,
    Message,
    Person,
    Response,
    Row,
    assistant,
    jsonl,
    user,
)

PAIRS = [
    {"prompt": f"Question {n}?", "chosen": f"good {n}", "rejected": f"bad {n}"} for n in range(7)
]  # every winner is the chosen one
DEMONSTRATIONS = [{"prompt": f"Question {n}?", "completion": f"answer {n}"} for n in range(5)]
LABELS = [{"prompt": f"Q{n}", "completion": f"a{n}", "label": n % 2 == 0} for n in range(6)]
MULTI = [
    {
        "prompt": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello"},
            {"role": "user", "content": "?"},
        ],
        "chosen": [{"role": "assistant", "content": "yes"}],
        "rejected": [{"role": "assistant", "content": "no"}],
    }
]


def written(path, values):
    jsonl.write(path, values)
    return path


def said(corpus):
    """What was judged and how, without ids: a multiset, so that nothing may be lost or doubled."""
    texts = {r.id: r.messages for r in corpus.responses}
    items = {i.id: i for i in corpus.items}
    return Counter(
        (items[j.item_id].messages, tuple(texts[n] for n in items[j.item_id].responses), jsonl.dumps(j.answer))
        for j in corpus.judgments
    )


@pytest.mark.parametrize("ending", ["jsonl", "jsonl.gz", "parquet"])
@pytest.mark.parametrize("style", ["conversational", "standard"])
@pytest.mark.parametrize(
    ("kind", "given", "to"),
    [
        ("comparison", PAIRS, "trl-preference"),
        ("comparison", PAIRS, "trl-preference-implicit"),
        ("comparison", MULTI, "trl-preference"),
        ("comparison", MULTI, "trl-preference-implicit"),
        ("demonstration", DEMONSTRATIONS, "trl-prompt-completion"),
        ("classification", LABELS, "trl-unpaired"),
    ],
)
def test_every_judgment_survives_a_trip_through_trl(kind, given, to, style, ending, tmp_path):
    first = import_file(written(tmp_path / "in.jsonl", given), kind).corpus
    made = export(first, to, tmp_path / f"out.{ending}", style=style)
    again = import_file(tmp_path / f"out.{ending}", kind).corpus
    assert made.rows == len(given)
    assert made.left_out == {}
    assert said(again) == said(first)


def test_messages_of_a_demonstration_survive_language_modelling(tmp_path):
    first = import_file(written(tmp_path / "in.jsonl", DEMONSTRATIONS), "demonstration").corpus
    export(first, "trl-language-modelling", tmp_path / "out.jsonl")
    assert said(import_file(tmp_path / "out.jsonl", "demonstration").corpus) == said(first)


VOTES = """item,prompt,first,second,winner,strength,judge,judge_type,reason,split,group,active_s,inclusion_probability
1,Q1,a,b,first,2,ann,person,shorter,train,g1,3.5,0.5
1,Q1,a,b,second,,bob,person,,train,g1,,
1,Q1,a,b,tie,,m,ai,,train,g1,,
2,Q2,a,b,both_bad,,ann,person,,test,g2,,
2,Q2,a,b,cannot_rate,,sim,simulated,,test,g2,,
3,Q3,a,c,harmful_both,,,,,test,g3,,
"""


@pytest.mark.parametrize("ending", ["jsonl", "jsonl.gz", "parquet"])
def test_our_own_format_keeps_every_record_as_it_was(ending, tmp_path):
    """Ids, judges, reasons, times, ties and refusals: the corpus is equal, not similar."""
    (tmp_path / "votes.csv").write_text(VOTES)
    first = import_file(tmp_path / "votes.csv", "comparison").corpus
    export(first, "judgments", tmp_path / f"votes.{ending}")
    again = import_file(tmp_path / f"votes.{ending}", "comparison").corpus
    assert judgment_rows(again) == judgment_rows(first)
    assert [i.id for i in again.items] == [i.id for i in first.items]
    assert [j.judge_id for j in again.judgments] == [j.judge_id for j in first.judgments]


@pytest.mark.parametrize("name", kinds.names())
def test_our_own_format_holds_every_kind(name, tmp_path):
    shown = kinds.get(name).exhibit()
    first = Corpus((shown.item,), shown.responses, (shown.judgment,), (shown.judge,))
    for ending in ("jsonl", "parquet"):
        export(first, "judgments", tmp_path / f"one.{ending}")
        again = import_file(tmp_path / f"one.{ending}", name)
        assert again.format == "judgments"
        assert said(again.corpus) == said(first)
        assert again.corpus.judges == first.judges


def test_a_corpus_read_back_is_equal(tmp_path):
    (tmp_path / "votes.csv").write_text(VOTES)
    corpus = import_file(tmp_path / "votes.csv", "comparison").corpus
    corpus.write(tmp_path / "out")
    assert Corpus.read(tmp_path / "out") == corpus


def test_importing_a_file_twice_gives_the_same_bytes(tmp_path):
    """Ids come from the file's bytes and time, not from the clock."""
    (tmp_path / "votes.csv").write_text(VOTES)
    assert import_file(tmp_path / "votes.csv", "comparison") == import_file(tmp_path / "votes.csv", "comparison")


def test_corrections_and_withdrawals_survive_with_what_they_replace(tmp_path):
    prefer = {"type": "prefer", "winner": "first"}
    names = [f"01a1fc73-e07f-70f2-a6b4-80c39592ef{n}" for n in range(10, 15)]
    first = Corpus(
        (Item(names[0], "comparison", user("Q"), responses=("a", "b")),),
        (Response("a", assistant("x")), Response("b", assistant("y"))),
        (
            Judgment(names[1], names[0], "p", prefer, conditions={"order": ["b", "a"]}),
            Judgment(names[2], names[0], "p", {"type": "tie"}, supersedes=names[1]),
            Judgment(names[3], names[0], "p", {"type": "withdrawn"}, supersedes=names[2]),
        ),
        (Person("p", level="H1"),),
    )
    export(first, "judgments", tmp_path / "j.parquet")
    again = import_file(tmp_path / "j.parquet", "comparison").corpus
    assert [(j.id, j.answer, j.supersedes, j.conditions) for j in again.judgments] == [
        (j.id, j.answer, j.supersedes, j.conditions) for j in first.judgments
    ]
    assert again.judges == first.judges


def test_what_a_format_cannot_hold_is_counted_by_reason(tmp_path):
    """A split item, a condemned one and a harmful one: none fits a preference pair, and none vanishes unsaid."""
    (tmp_path / "votes.csv").write_text(VOTES + "4,Q4,a,d,first,,ann,person,,test,g4,,\n")
    corpus = import_file(tmp_path / "votes.csv", "comparison").corpus
    made = export(corpus, "trl-preference", tmp_path / "out.jsonl")
    assert made.rows == 1
    assert made.left_out == {
        "items give no training row (votes are split 1–1–1)": 1,
        "labelled rows have no place in trl-preference": 4,
    }


def test_each_judgment_can_become_a_row_of_its_own(tmp_path):
    """One first, one second: split as a verdict, two opposite pairs judgment by judgment."""
    (tmp_path / "votes.csv").write_text(VOTES)
    corpus = import_file(tmp_path / "votes.csv", "comparison").corpus
    export(corpus, "trl-preference", tmp_path / "out.jsonl", each=True, style="standard")
    made = [value for _, value in jsonl.objects(tmp_path / "out.jsonl")]
    assert [(r["chosen"], r["rejected"]) for r in made] == [("a", "b"), ("b", "a")]


def test_rows_name_the_judgments_they_rest_on(tmp_path):
    corpus = import_file(written(tmp_path / "in.jsonl", PAIRS), "comparison").corpus
    export(corpus, "trl-preference", tmp_path / "out.parquet")
    ids = pl.read_parquet(tmp_path / "out.parquet")["judgments"].to_list()
    assert ids == [[j.id] for j in corpus.judgments]


def test_our_training_rows_are_written_and_read_as_records(tmp_path):
    corpus = import_file(written(tmp_path / "in.jsonl", PAIRS), "comparison").corpus
    export(corpus, "rows", tmp_path / "rows.jsonl")
    assert list(jsonl.read(tmp_path / "rows.jsonl", Row)) == rows(corpus)
    export(rows(corpus), "trl-preference", tmp_path / "pairs.jsonl")
    assert len(list(jsonl.objects(tmp_path / "pairs.jsonl"))) == len(PAIRS)


def test_a_picture_that_a_format_cannot_hold_is_not_lost_in_silence(tmp_path):
    picture = Message("user", "What is this?", attachments=(Attachment("sha256:0", "image/png"),))
    row = DemonstrationRow((picture,), assistant("A cat."), ("j",), "g")
    made = export([row], "trl-prompt-completion", tmp_path / "out.jsonl")
    assert made.left_out == {"rows have attachments or tool calls, for which these messages have no place": 1}


def test_prompts_alone_are_written_once_each(tmp_path):
    (tmp_path / "votes.csv").write_text(VOTES)
    corpus = import_file(tmp_path / "votes.csv", "comparison").corpus
    assert export(corpus, "trl-prompt-only", tmp_path / "p.jsonl", each=True, style="standard").rows == 3


@pytest.mark.parametrize(
    ("to", "out", "field"),
    [("xml", "x.jsonl", "--to"), ("rows", "x.xlsx", "--out"), ("trl-prompt-completion", "x.jsonl", "--to")],
)
def test_an_export_that_cannot_be_is_refused_and_writes_nothing(to, out, field, tmp_path):
    corpus = import_file(written(tmp_path / "in.jsonl", PAIRS), "comparison").corpus
    with pytest.raises(BadInput) as caught:
        export(corpus, to, tmp_path / out)
    assert caught.value.where.field == field
    assert not (tmp_path / out).exists()


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), min_size=1, max_size=12).filter(str.strip)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(WORDS, WORDS, WORDS, st.sampled_from(["first", "second", "tie", "both_bad", "cannot_rate"])),
        min_size=1,
        max_size=6,
    )
)
def test_any_text_survives_every_file_format(tmp_path, votes):
    """JSONL in, Parquet and gzip between, the same judgments out, whatever the words are."""
    records = [dict(zip(("prompt", "first", "second", "winner"), v, strict=True)) for v in votes]
    (tmp_path / "v.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    first = import_file(tmp_path / "v.jsonl", "comparison").corpus
    assert len(first.judgments) == len(votes)
    for ending in ("parquet", "jsonl.gz"):
        export(first, "judgments", tmp_path / f"w.{ending}", force=True)
        assert said(import_file(tmp_path / f"w.{ending}", "comparison").corpus) == said(first)
