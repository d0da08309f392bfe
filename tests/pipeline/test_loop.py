"""The whole loop, for real, on a tiny model: prompts to gate, once, resumable, with lineage and a page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tutelage import provenance
from tutelage.errors import WaitingForPeople
from tutelage.models import checkpoint
from tutelage.pipeline import loop
from tutelage.pipeline.compare import compare
from tutelage.pipeline.recipe import Judgments, Recipe
from tutelage.records import Judgment, Person, jsonl

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def finished(tiny_recipe: Recipe, home: Path, tmp_path_factory: pytest.TempPathFactory) -> loop.Finished:
    return loop.run_recipe(tiny_recipe, tmp_path_factory.mktemp("runs") / "one", home=home)


def test_a_run_ends_with_a_decision_a_report_and_a_checkpoint(finished: loop.Finished) -> None:
    """A random model of four topics passes nothing: the gate says fail or insufficient, and the run is done."""
    assert finished.decision.outcome in ("fail", "insufficient")
    for name in ("report.html", "metrics.json", "gate.json", "checkpoint/checkpoint.json", "checkpoint/lineage.json"):
        assert (finished.out / name).is_file(), name
    assert json.loads((finished.out / "run.json").read_text())["status"] == "done"


def test_no_figure_stands_without_its_interval(finished: loop.Finished) -> None:
    """Every pass rate and gain of every model is an Estimate, a Rate, or says why it is undefined."""
    for model in finished.metrics["models"].values():
        for name, value in model.items():
            if not name.startswith(("by_", "vs_")):
                assert value["type"] in ("estimate", "rate", "undefined"), name


def test_every_contribution_in_the_model_has_an_origin(finished: loop.Finished) -> None:
    """Simulated rankings and anonymous demonstrations are counted as what they are; nobody is called a person."""
    found = provenance.read(finished.out / "checkpoint")
    counts = found.tallies()
    assert counts["person"].contributions == 0
    assert counts["simulated"].contributions > 0
    assert counts["anonymous"].contributions == 12  # 2 topics × 6 forms


def test_reinforcement_is_held_to_the_rule_beside_its_reward(finished: loop.Finished) -> None:
    """Looks at step 0 and step 2 at the same 4 prompts; the policy enters the held-out comparison; its checkpoint
    names the rankings behind its reward; the page says that so few prompts show no absence of over-optimisation."""
    course = json.loads((finished.out / "reinforced" / "course.json").read_text())
    assert [p["step"] for p in course["points"]] == [0, 2]
    assert course["prompts"] == 4
    assert "vs_sft" in finished.metrics["models"]["rl"]
    stages = {c.stage for c in checkpoint.contributions(finished.out / "reinforced")}
    assert "reward" in stages
    assert "so few prompts cannot show that there is none" in (finished.out / "report.html").read_text("utf-8")


def test_a_second_run_does_nothing_and_ends_the_same(
    finished: loop.Finished, tiny_recipe: Recipe, home: Path, tmp_path: Path
) -> None:
    """Every stage is found in the store; the figures are equal, byte for byte."""
    again = loop.run_recipe(tiny_recipe, tmp_path / "two", home=home)
    state = json.loads((tmp_path / "two" / "run.json").read_text())
    assert all(stage["cached"] for stage in state["stages"].values())
    assert (again.out / "metrics.json").read_bytes() == (finished.out / "metrics.json").read_bytes()
    assert compare(finished.out, again.out).other_stages == ()


def test_arms_share_every_stage_but_their_own(finished: loop.Finished) -> None:
    """One SFT, one set of samples, one reward model; two datasets, two DPO runs, two sets of answers."""
    names = list(finished.metrics["artefacts"])
    assert [n for n in names if "permuted" in n] == ["dataset permuted", "dpo permuted", "answers permuted"]
    assert names.count("sft") == names.count("reward") == 1


def test_a_run_waits_for_people_and_goes_on_when_they_have_answered(
    tiny_recipe: Recipe, home: Path, tmp_path: Path
) -> None:
    """Exit 5 with the request stored; after two people have ranked every item, the run ends with them counted."""
    answers = tmp_path / "answers"
    asked = tiny_recipe.model_copy(update={"judgments": Judgments(source=f"file:{answers}", per_item=2)})
    with pytest.raises(WaitingForPeople, match="0 of 24"):  # 2 topics × 6 forms × 2 judges
        loop.run_recipe(asked, tmp_path / "run", home=home)
    request = json.loads((tmp_path / "run" / "waiting" / "gather.json").read_text())
    ranks = {"type": "ranking", "ranks": [1, 2, 3]}
    given = [Judgment(f"j-{i['id']}-{p}", i["id"], p, ranks) for i in request["items"] for p in ("ann", "ben")]
    jsonl.write(answers / "judges.jsonl", [Person("ann"), Person("ben")])
    jsonl.write(answers / "judgments.jsonl", given)
    done = loop.run_recipe(asked, tmp_path / "run", home=home)
    assert done.metrics["data"]["people"] == 2
    assert done.metrics["contributions"]["person"]["contributions"] == 24


def test_a_report_without_peoples_votes_says_how_to_get_them(
    finished: loop.Finished, tiny_recipe: Recipe, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recipe that names a data set which is not at hand still runs, and its page says so."""
    monkeypatch.setenv("TUTELAGE_DATA", str(tmp_path))
    asked = tiny_recipe.model_copy(update={"people": ("ukp_convarg",)})
    page = loop.run_recipe(asked, tmp_path / "run", home=home).out / "report.html"
    assert "set TUTELAGE_DATA" in page.read_text(encoding="utf-8")
