"""Where judgments come from: simulated contributors say so, and people may be waited for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from tutelage.pipeline.recipe import Contributor, Judgments
from tutelage.pipeline.sources import Complete, Request, Waiting, load
from tutelage.pipeline.sources.simulated import SimulatedContributors, rank
from tutelage.records import (
    Ids,
    Item,
    Judgment,
    Person,
    Response,
    Scored,
    Simulated,
    assistant,
    counts_as_person,
    jsonl,
    user,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def request(items: int = 200, per_item: int = 1) -> Request:
    """Two answers an item: the second, and longer, is right."""
    names = [(f"r{i}a", f"r{i}b") for i in range(items)]
    responses = [Response(n, assistant("no" if n.endswith("a") else "yes it is")) for pair in names for n in pair]
    made = [Item(f"i{i}", "ranking", user("?"), responses=pair) for i, pair in enumerate(names)]
    return Request(made, responses, [(Scored(0.0), Scored(1.0))] * items, per_item, "guideline/1")


def ids() -> Ids:
    return Ids(NOW, np.random.default_rng(0))


def test_a_contributor_who_never_errs_ranks_by_the_guideline() -> None:
    """Right before wrong, equal when equal."""
    rng = np.random.default_rng(0)
    assert rank([0.0, 1.0, 1.0], ["a", "b", "c"], Contributor(), rng) == [2, 1, 1]


def test_a_bias_replaces_the_guideline_at_its_rate() -> None:
    """A contributor who always prefers the shorter puts the wrong, shorter answer first every time."""
    found = SimulatedContributors([Contributor(prefers="shorter", bias=1.0)]).poll(request(), ids(), 1)
    assert {tuple(j.answer["ranks"]) for j in found.judgments} == {(1, 2)}


def test_errors_come_at_the_stated_rate() -> None:
    """400 answers at 20 %: 80 slips expected, sd 8; the 99.9 % range is 53 to 107."""
    found = SimulatedContributors([Contributor(errs=0.2)]).poll(request(), ids(), 1)
    slips = sum({(2, 1): 0, (1, 2): 2}.get(tuple(j.answer["ranks"]), 1) for j in found.judgments)
    assert 53 <= slips <= 107


def test_simulated_contributors_are_never_people() -> None:
    """Their judge type is their own, and each judgment says that it is simulated."""
    found = SimulatedContributors([Contributor()]).poll(request(3), ids(), 1)
    assert all(isinstance(j, Simulated) and not counts_as_person(j) for j in found.judges)
    assert all(j.conditions["simulated"] for j in found.judgments)


def test_a_run_waits_until_every_item_has_its_judgments(tmp_path: Path) -> None:
    """Two items wanting one judgment each: 0, 1, then 2 of 2."""
    asked, source = request(2), load(Judgments(source=f"file:{tmp_path}"))
    assert source.poll(asked, ids(), 1) == Waiting(0, 2)
    given = [Judgment(f"j{i}", f"i{i}", "p1", {"type": "ranking", "ranks": [2, 1]}) for i in range(2)]
    jsonl.write(tmp_path / "judges.jsonl", [Person("p1")])
    jsonl.write(tmp_path / "judgments.jsonl", given[:1])
    assert source.poll(asked, ids(), 1) == Waiting(1, 2)
    jsonl.write(tmp_path / "judgments.jsonl", given)
    found = source.poll(asked, ids(), 1)
    assert isinstance(found, Complete)
    assert len(found.judgments) == 2
    assert counts_as_person(found.judges[0])


def test_an_ai_judge_ranks_by_wins_over_all_pairs() -> None:
    """The rule "longer" prefers "yes it is" to "no"."""
    found = load(Judgments(source="judge:rule:longer")).poll(request(2), ids(), 1)
    assert isinstance(found, Complete)
    assert [j.answer["ranks"] for j in found.judgments] == [[2, 1], [2, 1]]
