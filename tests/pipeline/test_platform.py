"""People on the platform as a source: pairs go out as comparisons, and come back as rankings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tutelage import kinds
from tutelage.errors import BadInput
from tutelage.kinds.ranking import RankingKind
from tutelage.pipeline import sources
from tutelage.pipeline.recipe import Judgments
from tutelage.pipeline.sources import Complete, Request, Waiting
from tutelage.pipeline.sources.platform import as_ranking, asked_as
from tutelage.pipeline.stages.shared import ids
from tutelage.records import Item, Judgment, Person, Response, assistant, jsonl, user

ITEM = Item("i1", "ranking", user("Say hello."), responses=("r1", "r2"))
RANKING = {"type": "ranking", "ranks": [2, 1]}


def polled(place: Path | None) -> Complete | Waiting:
    return sources.load(Judgments(source="platform"), place).poll(Request([ITEM], [], [[]], 3, "1"), ids(1, "j"), 1)


def test_nothing_brought_yet_is_waiting_for_all() -> None:
    assert polled(None) == Waiting(0, 3)


def test_what_was_brought_is_taken_as_it_is_because_the_platform_says_when_it_is_enough(tmp_path: Path) -> None:
    """One of three judgments, one of another run's item, one withdrawn: one counts, and so does its judge alone."""
    gone = Judgment("d", "i1", "cas", {"type": "withdrawn"}, supersedes="c")
    given = [Judgment("a", "i1", "ann", RANKING), Judgment("b", "other", "ben", RANKING)]
    given += [Judgment("c", "i1", "cas", RANKING), gone]
    jsonl.write(tmp_path / "judgments.jsonl", given)
    jsonl.write(tmp_path / "judges.jsonl", [Person("ann"), Person("ben"), Person("cas")])
    found = polled(tmp_path)
    assert isinstance(found, Complete)
    assert [j.id for j in found.judgments] == ["a"] and found.judges == (Person("ann"),)


def test_an_empty_answer_is_refused(tmp_path: Path) -> None:
    jsonl.write(tmp_path / "judgments.jsonl", [])
    jsonl.write(tmp_path / "judges.jsonl", [])
    with pytest.raises(BadInput, match="Nobody has judged"):
        polled(tmp_path)


TEXTS = {f"r{n}": Response(f"r{n}", assistant(text)) for n, text in enumerate(("?", "Hello!", "Hi.", "Hey."))}


def test_a_comparison_project_takes_pairs_and_no_more() -> None:
    assert [one.item.kind for one in asked_as([ITEM], TEXTS, "comparison")] == ["comparison"]
    with pytest.raises(BadInput, match="cannot ask"):
        asked_as([replace(ITEM, responses=("r1", "r2", "r3"))], TEXTS, "comparison")
    with pytest.raises(BadInput, match="cannot ask"):
        asked_as([ITEM], TEXTS, "rating")


def test_items_are_named_by_what_they_say_so_that_two_runs_of_one_seed_never_share_a_judgment_by_mistake() -> None:
    """The same words under other ids have the same name; other answers under the same id have another."""
    one = asked_as([ITEM], TEXTS, "ranking")[0]
    again = asked_as([replace(ITEM, id="elsewhere")], TEXTS, "ranking")[0]
    other = asked_as([replace(ITEM, responses=("r1", "r3"))], TEXTS, "ranking")[0]
    assert one.item.id == again.item.id != other.item.id
    assert (one.of, again.of) == ("i1", "elsewhere")
    twice = asked_as([ITEM, ITEM], TEXTS, "ranking")
    assert len({a.item.id for a in twice}) == 2 and len({r.id for a in twice for r in a.responses}) == 4


@pytest.mark.parametrize(
    ("said", "expected"),
    [({"type": "prefer", "winner": "second", "strength": 3}, {"type": "ranking", "ranks": [2, 1]}),
     ({"type": "tie"}, {"type": "ranking", "ranks": [1, 1]}),
     ({"type": "both_bad"}, {"type": "ranking", "ranks": [1, 1]}),
     ({"type": "harmful", "which": ["second"]}, {"type": "harmful", "which": [1]}),
     ({"type": "cannot_rate", "why": "unclear"}, {"type": "cannot_rate", "why": "unclear"}), (RANKING, RANKING)],
)  # fmt: skip
def test_every_answer_to_a_pair_is_an_answer_to_a_ranking(said: dict[str, object], expected: dict[str, object]) -> None:
    assert as_ranking(said) == expected
    assert isinstance(kinds.get("ranking"), RankingKind)
    kinds.get("ranking").parse_answer(ITEM, as_ranking(said))
