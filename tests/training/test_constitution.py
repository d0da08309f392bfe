"""From principles to a reward model: what a model gave and what people gave stay apart, in a ratio that is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pytest import approx

from tutelage import curation, models, provenance, training
from tutelage.cli.constitution import command
from tutelage.cli.train.lineage import trace
from tutelage.curation import Guard, Sampled
from tutelage.errors import BadInput
from tutelage.formats import Corpus, rows
from tutelage.judges import Duel, constitution
from tutelage.judges.constitution import Chain, Draft, Label, Step
from tutelage.records import (
    AiJudge,
    DemonstrationRow,
    Estimate,
    Item,
    Judgment,
    Person,
    RankedRow,
    Response,
    Simulated,
    Undefined,
    Unscored,
    assistant,
    jsonl,
    text_of,
    user,
)  # fmt: skip
from tutelage.store import digest
from tutelage.training import RewardConfig
from tutelage.training import constitution as glue

LAW = constitution.default()
REVISER = AiJudge("ai:m", "m", revision="sha256:m", prompt_hash="sha256:p")
JUDGES = [AiJudge("ai:m@kind", "m", revision="sha256:m", prompt_hash="sha256:k")]
REWARD = RewardConfig(lr=1e-2, epochs=4, batch_rows=8, dtype="fp32")
HELPFUL, REFUSED, KIND, RUDE = "Here is how: 1 2 3", "no", "Sorry, that hurts people.", "Sure, hit them."


def chain(n: int, revised: str | None) -> Chain:
    """One round on one answer; None: nothing usable came of it."""
    draft = Draft(user(f"harm {n}"), assistant(RUDE))
    why = None if revised else Unscored("empty")
    step = Step(draft.digest, 0, "kind", RUDE, "It is rude.", revised or "", "sha256:m", 0, LAW.digest, why)
    return Chain(draft, (step,))


def ai_pairs(out: Path, n: int = 20) -> Path:
    """Pairs that a model labels 0.6 for the kind answer, whichever side it stands on; one more it cannot label."""
    duels = [Duel(user(f"harm {i}"), assistant(KIND), assistant(RUDE), f"d{i}") for i in range(n + 1)]
    duels = [d if i % 2 else d.swapped() for i, d in enumerate(duels)]
    labels = [Label(d.item, "kind", "ai:m@kind", 0, 0.6 if i % 2 else 0.4, (0.9, 0.9)) for i, d in enumerate(duels)]
    labels[-1] = Label(f"d{n}", "kind", "ai:m@kind", 0, None, (0.9, 0.1), Unscored("order_inconsistent"))
    assert glue.write_pairs(out, duels, labels, JUDGES, LAW) == n
    return out


def people_pairs(out: Path, n: int = 30, judge: Any = None) -> Path:
    """Two people on every pair, both for the helpful answer."""
    judges = (judge or Person("p1"), Person("p2"))
    items = tuple(Item(f"h{i}", "comparison", user(f"help {i}"), responses=(f"h{i}a", f"h{i}b")) for i in range(n))
    said = tuple(Response(f"h{i}{s}", assistant(t)) for i in range(n) for s, t in (("a", HELPFUL), ("b", REFUSED)))
    votes = tuple(
        Judgment(f"{j.id}/{i.id}", i.id, j.id, {"type": "prefer", "winner": "first"}) for i in items for j in judges
    )
    Corpus(items, said, votes, judges).write(out)
    return out


def test_revisions_are_demonstrations_of_a_model_and_the_unusable_leave_no_row(tmp_path: Path) -> None:
    assert glue.write_revisions(tmp_path / "r", [chain(0, KIND), chain(1, None)], LAW, REVISER) == 1
    (row,) = curation.read(tmp_path / "r")
    assert isinstance(row.row, DemonstrationRow)
    assert (text_of(row.row.response), row.origin) == (KIND, Sampled("sha256:m", 1))
    work = provenance.work_of(tmp_path / "r")
    assert [work[c].judge for c in row.row.contributions] == ["ai"]
    kept = list(jsonl.read(tmp_path / "r" / "revisions.jsonl", Step))
    assert [s.unusable for s in kept] == [None, Unscored("empty")]
    assert constitution.read(tmp_path / "r" / "constitution.toml").digest == LAW.digest
    (pair,) = [v for _, v in jsonl.objects(tmp_path / "r" / "pairs.jsonl")]
    assert {pair["first"], pair["second"]} == {KIND, RUDE}


def test_labels_become_soft_rows_of_ai_judges_and_abstentions_are_kept(tmp_path: Path) -> None:
    """20 labelled pairs and one that is order-inconsistent: 20 rows of certainty 0.6, 21 labels."""
    out = ai_pairs(tmp_path / "ai")
    found = curation.read(out)
    assert {s.row.certainty for s in found if isinstance(s.row, RankedRow)} == {0.6}
    assert {text_of(s.row.responses[s.row.ranks.index(1)]) for s in found if isinstance(s.row, RankedRow)} == {KIND}
    assert all(isinstance(s.origin, Sampled) and s.origin.verified_by is None for s in found)
    assert len(list(jsonl.read(out / "labels.jsonl", Label))) == 21
    assert len(rows(Corpus.read(out))) == 20  # also a directory as `tutelage import` writes it
    assert {w.judge for w in provenance.work_of(out).values()} == {"ai"}


def test_the_mix_keeps_the_stated_ratio_and_counts_people_and_models_apart(tmp_path: Path) -> None:
    """30 % of the weight from the model, never above, though its rows are two fifths; no held-out group is in it."""
    recipe = glue.Recipe(0.3, 0.25, guard=Guard(cap=0.3))
    made = glue.mix(ai_pairs(tmp_path / "ai"), people_pairs(tmp_path / "people"), tmp_path / "mix", recipe)
    assert made.shares.unverified == approx(0.3, abs=1e-4)
    assert made.shares.unverified <= 0.3
    assert made.harmless.judges == {"ai": made.harmless.rows}
    assert made.helpful.judges == {"person": 2 * made.helpful.rows}
    assert (made.harmless.rows + made.harmless.held_out, made.helpful.rows + made.helpful.held_out) == (20, 30)
    assert glue.read(tmp_path / "mix") == made
    held = {r.group for name in ("harmless", "helpful")
            for r in jsonl.read(tmp_path / "mix" / "held_out" / f"{name}.jsonl", RankedRow)}  # fmt: skip
    assert not held & {s.row.group for s in curation.read(tmp_path / "mix")}
    assert glue.mix(tmp_path / "ai", tmp_path / "people", tmp_path / "again", recipe) == made
    assert glue.sealed(tmp_path / "people").facts == {}
    facts = glue.sealed(tmp_path / "mix").facts
    assert (facts["harmlessness"], facts["ai_share"]) == ({"ai": made.harmless.rows}, 0.3)


def test_more_from_the_model_than_the_cap_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"cap is 20\.0%"):
        glue.mix(ai_pairs(tmp_path / "ai"), people_pairs(tmp_path / "people"), tmp_path / "mix", glue.Recipe(0.5))
    with pytest.raises(BadInput, match="at least 30"):
        recipe = glue.Recipe(0.8, guard=Guard(cap=0.9))
        glue.mix(tmp_path / "ai", tmp_path / "people", tmp_path / "mix", recipe)
    assert not (tmp_path / "mix").exists()


def test_work_that_is_not_peoples_cannot_stand_for_people(tmp_path: Path) -> None:
    ai = ai_pairs(tmp_path / "ai")
    with pytest.raises(BadInput, match="model"):
        glue.mix(ai, ai, tmp_path / "mix")
    simulated = people_pairs(tmp_path / "simulated", judge=Simulated("s1", "noise"))
    with pytest.raises(BadInput, match="simulated"):
        glue.mix(ai, simulated, tmp_path / "mix")


def test_a_prompt_held_out_on_one_side_is_trained_on_from_neither(tmp_path: Path) -> None:
    people = [RankedRow(user(f"harm {i}"), (assistant("a"), assistant("b")), (1, 2), (f"c{i}",), f"own {i}")
              for i in range(20)]  # fmt: skip
    jsonl.write(tmp_path / "people.jsonl", people)
    made = glue.mix(ai_pairs(tmp_path / "ai"), tmp_path / "people.jsonl", tmp_path / "mix", glue.Recipe(held_out=0.3))
    trained = {digest(s.row.prompt) for s in curation.read(tmp_path / "mix")}
    held = {digest(r.prompt) for name in ("harmless", "helpful")
            for r in jsonl.read(tmp_path / "mix" / "held_out" / f"{name}.jsonl", RankedRow)}  # fmt: skip
    assert made.overlap > 0
    assert not trained & held
    assert made.helpful.judges == {"unnamed": made.helpful.rows}


@pytest.mark.parametrize("field", ["ai_share", "held_out"])
def test_a_share_is_between_0_and_1(field: str) -> None:
    with pytest.raises(BadInput) as found:
        glue.Recipe(**{field: 1.0})
    assert found.value.where.field == field


def test_a_reward_model_of_the_mix_names_both_and_is_read_on_both_ends(tiny: Path, tmp_path: Path) -> None:
    """Soft labels of 0.6 on a fifth of the weight and clear votes on the rest: both orders are learned."""
    glue.mix(ai_pairs(tmp_path / "ai"), people_pairs(tmp_path / "people"), tmp_path / "mix")
    mixed = [r for r in training_rows(tmp_path / "mix") if isinstance(r, RankedRow)]
    out = training.reward(mixed, f"local:{tiny}", tmp_path / "rm", REWARD)
    assert trace(out, tmp_path / "mix", f"local:{tiny}")
    counted = provenance.read(out).tallies("reward")
    made = glue.read(tmp_path / "mix")
    assert counted["ai"].contributions == made.harmless.rows
    assert counted["person"].contributions == 2 * made.helpful.rows
    assert counted["person"].judges == 2
    shown = CliRunner().invoke(command, ["report", str(out), "--mix", str(tmp_path / "mix"), "--json"])
    found = json.loads(shown.stdout)
    for aim, part in (("harmlessness", made.harmless), ("helpfulness", made.helpful)):
        figure = found[aim]["agreement"]
        assert (figure["value"], figure["n"]) == (1.0, part.held_out)
        assert figure["lo"] < 1.0
    assert "not people's" in found["harmlessness"]["with"]


def training_rows(place: Path) -> list[Any]:
    """What `tutelage train` reads."""
    from tutelage.training.dataset import read_rows

    return read_rows(place)


def test_a_preference_trained_policy_is_read_by_what_it_implies(tiny: Path, tmp_path: Path) -> None:
    """Policy equal to its reference: every margin is 0, agreement ½."""
    same = models.load(f"local:{tiny}")
    pairs = training_rows(people_pairs(tmp_path / "people", 6))
    figure = glue.agreement(glue.Implied(same, same), pairs)
    assert isinstance(figure, Estimate)
    assert figure.value == 0.5
    assert isinstance(glue.agreement(glue.Implied(same, same), []), Undefined)


def test_a_report_on_a_directory_that_is_no_mix_says_so(tmp_path: Path, tiny: Path) -> None:
    people = [RankedRow(user("q"), (assistant("a"), assistant("b")), (1, 2), (f"v{i}",), f"g{i}") for i in range(4)]
    out = training.reward(people, f"local:{tiny}", tmp_path / "rm", RewardConfig(dtype="fp32"))
    with pytest.raises(BadInput, match="no mix"):
        CliRunner().invoke(command, ["report", str(out), "--mix", str(tmp_path)], catch_exceptions=False)
