"""A new kind is one file."""

import sys

import pytest

from tutelage import kinds
from tutelage.errors import BadInput
from tutelage.formats import Corpus, rows
from tutelage.records import Item, Judgment, Person, Response, assistant, user

NEW_KIND = """
from tutelage.kinds.demonstration import Written
from tutelage.records import LabelledRow, Settled

class Cheer:
    name, summary, answers, payload = "cheer", "Say hooray", Written, None
    def check_item(self, item, responses): pass
    def parse_answer(self, item, answer): return answer["loudness"]
    def fold(self, item, judgments, judges):
        return Settled(item.id, "loud", {"loud": 1.0}, 1.0, "ear", tuple(j.id for j in judgments))
    def rows(self, item, responses, verdict, judgments):
        said = responses[item.responses[0]].messages
        return [LabelledRow(item.messages, said, 1.0, verdict.judgment_ids, "g")]
    def says(self, answer): return [("", str(answer["loudness"]))]
    def exhibit(self): raise NotImplementedError

KIND = Cheer()
"""


def test_the_ten_kinds_are_there():
    assert set(kinds.names()) == {
        "comparison", "ranking", "rating", "demonstration", "classification",
        "spans", "fact_check", "trajectory", "problem", "dialogue",
    }  # fmt: skip


def test_a_new_kind_is_one_file_and_goes_all_the_way_to_training_rows(tmp_path, monkeypatch):
    """A module dropped on the package's path is found, checked, folded and exported; nothing else is told of it."""
    (tmp_path / "cheer.py").write_text(NEW_KIND)
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(tmp_path)])
    item = Item("i", "cheer", user("Well?"), responses=("r",))
    corpus = Corpus(
        items=(item,),
        responses=(Response("r", assistant("Hooray")),),
        judgments=(Judgment("j", "i", "p", {"type": "cheer", "loudness": 11}),),
        judges=(Person("p"),),
    )
    corpus.check()
    assert "cheer" in kinds.names()
    assert [row.contributions for row in rows(corpus)] == [("j",)]
    sys.modules.pop("tutelage.kinds.cheer")


def test_an_unknown_kind_is_refused_by_name_and_the_known_ones_are_listed():
    with pytest.raises(BadInput) as caught:
        kinds.get("comparision")
    assert "'comparision'" in caught.value.seen
    assert "comparison" in caught.value.expected


def test_a_module_without_a_kind_is_not_one():
    """`shared` and `protocol` live in the same package."""
    with pytest.raises(BadInput):
        kinds.get("shared")


@pytest.mark.parametrize("name", kinds.names())
def test_the_specimen_of_every_kind_is_valid_and_folds(name):
    kind = kinds.get(name)
    shown = kind.exhibit()
    by_id = {r.id: r for r in shown.responses}
    kind.check_item(shown.item, by_id)
    kind.parse_answer(shown.item, shown.judgment.answer)
    verdict = kind.fold(shown.item, [shown.judgment], {shown.judge.id: shown.judge})
    assert kind.name == name == shown.item.kind
    if name == "problem":  # one person's word never makes a problem live
        assert verdict.why == "0 of 2 blind solves agree, 0 do not"
        return
    assert verdict.type == "settled"
    made = kind.rows(shown.item, by_id, verdict, [shown.judgment])
    assert made
    assert all(row.contributions == (shown.judgment.id,) for row in made)


@pytest.mark.parametrize("name", kinds.names())
def test_withdrawn_and_superseded_judgments_never_count(name):
    kind = kinds.get(name)
    shown = kind.exhibit()
    undone = Judgment("undo", shown.item.id, "person-1", {"type": "withdrawn"}, supersedes=shown.judgment.id)
    verdict = kind.fold(shown.item, [shown.judgment, undone], {})
    assert verdict.type == "open"
    assert verdict.judgment_ids == ()


@pytest.mark.parametrize("name", kinds.names())
def test_an_item_nobody_could_rate_stays_open_and_names_those_who_tried(name):
    kind = kinds.get(name)
    shown = kind.exhibit()
    unable = Judgment("j", shown.item.id, "person-1", {"type": "cannot_rate", "why": "I do not read Welsh"})
    verdict = kind.fold(shown.item, [unable], {})
    assert verdict.type == "open"
    assert verdict.judgment_ids == ("j",)


@pytest.mark.parametrize("name", kinds.names())
@pytest.mark.parametrize("answer", [{}, {"type": "nonsense"}, {"type": "cannot_rate", "because": "x"}])
def test_an_answer_of_another_shape_is_refused_with_its_field(name, answer):
    kind = kinds.get(name)
    with pytest.raises(BadInput) as caught:
        kind.parse_answer(kind.exhibit().item, answer)
    assert caught.value.where.field in {"type", "because"}


HARM = {"comparison": {"type": "harmful", "which": ["first"]}, "ranking": {"type": "harmful", "which": [1]}}


@pytest.mark.parametrize("name", kinds.names())
def test_every_kind_can_be_answered_harmful_and_most_judges_settle_it(name):
    """Harm is one key away everywhere. What may not be shown trains nothing but harmlessness."""
    kind = kinds.get(name)
    shown = kind.exhibit()
    said = HARM.get(name, {"type": "harmful", "why": "a private address"})
    judgment = Judgment("j", shown.item.id, "person-1", said)
    verdict = kind.fold(shown.item, [judgment], {})
    assert verdict.value == "harmful"
    made = kind.rows(shown.item, {r.id: r for r in shown.responses}, verdict, [judgment])
    assert [row.criterion for row in made] == ["harmless"] * min(1, len(shown.responses))
    assert all(row.score == 0 for row in made)
