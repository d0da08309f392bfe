"""A corpus is whole or absent, and everything in it refers to something in it."""

from dataclasses import replace

import pytest

from tutelage.errors import BadInput
from tutelage.formats import Corpus, folded
from tutelage.records import Item, Judgment, Open, Person, Response, Settled, assistant, jsonl, user

PREFER = {"type": "prefer", "winner": "first"}
CORPUS = Corpus(
    items=(Item("i1", "comparison", user("Q"), responses=("r1", "r2")),),
    responses=(Response("r1", assistant("a")), Response("r2", assistant("b"))),
    judgments=(Judgment("j1", "i1", "p1", PREFER), Judgment("j2", "i1", "p1", {"type": "tie"}, supersedes="j1")),
    judges=(Person("p1"),),
)


def test_four_files_are_written(tmp_path):
    CORPUS.write(tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "items.jsonl", "judges.jsonl", "judgments.jsonl", "responses.jsonl",
    ]  # fmt: skip
    assert Corpus.read(tmp_path / "out") == CORPUS


def test_a_write_that_fails_half_way_leaves_nothing(tmp_path, monkeypatch):
    """The third of four files cannot be written: neither the directory nor its temporary sibling stays."""
    real, calls = jsonl.write, []

    def full(path, records):
        calls.append(path)
        if len(calls) == 3:
            raise OSError("disk full")
        return real(path, records)

    monkeypatch.setattr(jsonl, "write", full)
    with pytest.raises(OSError, match="disk full"):
        CORPUS.write(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_replaced_only_when_told_to(tmp_path):
    CORPUS.write(tmp_path / "out")
    with pytest.raises(BadInput, match="--force"):
        CORPUS.write(tmp_path / "out")
    fewer = replace(CORPUS, judgments=())
    fewer.write(tmp_path / "out", force=True)
    assert Corpus.read(tmp_path / "out") == fewer
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_an_empty_directory_may_be_used(tmp_path):
    (tmp_path / "out").mkdir()
    CORPUS.write(tmp_path / "out")


def test_a_corpus_that_does_not_hold_together_is_never_written(tmp_path):
    with pytest.raises(BadInput) as caught:
        replace(CORPUS, judges=()).write(tmp_path / "out")
    assert caught.value.where.field == "judgments[0].judge_id"
    assert list(tmp_path.iterdir()) == []


def test_folding_leaves_out_what_was_superseded():
    [(_, verdict, [row])] = folded(CORPUS)
    assert isinstance(verdict, Settled)
    assert (verdict.value, row.ranks, row.contributions) == ("tie", (1, 1), ("j2",))


def test_an_item_that_was_only_withdrawn_is_open():
    undone = Judgment("j3", "i1", "p1", {"type": "withdrawn"}, supersedes="j2")
    [(_, verdict, made)] = folded(replace(CORPUS, judgments=(*CORPUS.judgments, undone)))
    assert isinstance(verdict, Open)
    assert made == []


def test_a_group_is_what_was_stated_else_the_prompt():
    stated = replace(CORPUS, items=(replace(CORPUS.items[0], group="debate-7"),))
    [(_, _, [named])], [(_, _, [plain])] = folded(stated), folded(CORPUS)
    assert named.group == "debate-7"
    assert plain.group.startswith("sha256:")


def test_a_group_on_two_sides_of_a_split_is_refused():
    items = tuple(
        Item(f"i{n}", "comparison", user(f"Q{n}"), responses=("r1", "r2"), payload={"split": side}, group="g")
        for n, side in enumerate(("train", "test"))
    )
    with pytest.raises(BadInput, match="two sides of the split"):
        Corpus(items, CORPUS.responses, (), ()).check()
