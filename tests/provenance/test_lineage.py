"""Lineage: from the weights down to every judgment and its judge, with no orphan in either direction."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tutelage.errors import BadInput, Failed, StoreDamaged
from tutelage.models import checkpoint as models
from tutelage.models.checkpoint import Adapter, Checkpoint, Contribution, Parent, write_contributions
from tutelage.provenance import Lineage, Sealed, assemble, check, read, to_text, trace, work_of, write
from tutelage.provenance.contributions import Work
from tutelage.records import AiJudge, Anonymous, Artefact, Judge, Judgment, Person, Simulated, jsonl
from tutelage.store import digest_file

PANEL = AiJudge("ai:panel", "smollm2", revision="r1", prompt_hash="sha256:aa")
JUDGES: list[Judge] = [
    Person("ada"), Person("bo"), PANEL, Simulated("sim:1", "prefers longer"), Anonymous("anonymous:arena", "arena"),
]  # fmt: skip
JUDGMENTS = [
    Judgment("j1", "i1", "ada", {}, guideline_version="v1", active_s=30.0),
    Judgment("j2", "i2", "bo", {}, guideline_version="v2", active_s=60.0),
    Judgment("j3", "i1", "ai:panel", {}, guideline_version="v2"),
    Judgment("j4", "i2", "sim:1", {}, guideline_version="v2", active_s=1.0),
    Judgment("j5", "i3", "anonymous:arena", {}),
    Judgment("j6", "i3", "bo", {}, guideline_version="v2", active_s=90.0),
]
ARTEFACTS = [Artefact("a1", "demonstration", "ada", {"text": "Hello."}, "CC-BY-4.0")]
CHAIN = [
    Sealed("preferences", "sha256:" + "1" * 64, {"rows": 2}),
    Sealed("votes", "sha256:" + "2" * 64, {"settled": 2}),
    Sealed("gathered", "sha256:" + "3" * 64, {"judgments": 6}),
]


SFT = [("a1", "sft")]


def checkpoint(root: Path, ids: list[str]) -> Path:
    """A DPO checkpoint on an SFT one, as a trainer writes it; the weights are one word."""
    root.mkdir(parents=True)
    (root / "adapter.safetensors").write_text("weights")
    used = write_contributions(root, [Contribution(*pair) for pair in SFT], ids, "dpo")
    models.write(
        root,
        Checkpoint(
            base="local:smollm2",
            base_digest="sha256:" + "b" * 64,
            method="dpo",
            config={},
            dtype="float32",
            code_version="0",
            data_digest=CHAIN[0].digest,
            contributions=used,
            adapters=(Adapter("adapter.safetensors", 8, 16.0, digest_file(root / "adapter.safetensors")),),
            parents=(Parent("sha256:" + "c" * 64, "sft"),),
        ),
    )
    return root


@dataclass
class Trained:
    dpo: Path
    lineage: Lineage


@pytest.fixture
def trained(tmp_path: Path) -> Trained:
    """SFT from one demonstration, then DPO from judgments j1 to j5; j6 was not used."""
    dpo = checkpoint(tmp_path / "dpo", ["j1", "j2", "j3", "j4", "j5"])
    lineage = assemble(
        dpo,
        work=trace(JUDGMENTS, JUDGES, ARTEFACTS),
        chain=CHAIN,
        recipe=Sealed("mini", "sha256:" + "4" * 64),
        ai_judges=[PANEL, AiJudge("ai:idle", "other")],
        seconds=12.34,
    )
    write(lineage, dpo)
    return Trained(dpo, lineage)


def test_a_lineage_is_read_back_as_it_was_written_and_holds(trained: Trained) -> None:
    assert read(trained.dpo) == trained.lineage
    check(read(trained.dpo), trained.dpo)


def test_people_ai_simulated_and_anonymous_judges_are_counted_apart(trained: Trained) -> None:
    """The DPO step used ada 30 s and bo 60 s = 90 s of people; a second of simulation is not theirs."""
    counts = trained.lineage.tallies("dpo")
    assert (counts["person"].judges, counts["person"].contributions, counts["person"].active_s) == (2, 2, 90.0)
    assert (counts["ai"].judges, counts["ai"].unmeasured) == (1, 1)
    assert (counts["simulated"].judges, counts["simulated"].active_s) == (1, 1.0)
    assert (counts["anonymous"].judges, counts["anonymous"].contributions) == (1, 1)
    assert trained.lineage.tallies()["person"].contributions == 3, "with the demonstration behind the SFT step"


def test_a_contribution_leads_forward_to_every_stage_that_learned_from_it(trained: Trained) -> None:
    learners = {w.id: w.stages for w in trained.lineage.work}
    assert learners == {"a1": ("sft",), **{f"j{n}": ("dpo",) for n in range(1, 6)}}


def test_the_tree_names_everything_from_the_weights_to_the_guideline(trained: Trained) -> None:
    text = to_text(trained.lineage)
    for expected in (
        "checkpoint dpo",
        "seconds 12.3",
        "├─ checkpoint sft",
        "base local:smollm2",
        "dataset preferences",
        "verdicts votes",
        "judgments gathered",
        "people: 2, 3 contributions, 1.5 min of attention (not recorded for 1)",
        "simulated: 1, 1 contributions, 0.0 min of attention, never counted as people",
        "anonymous: 1, 1 contributions, time not recorded, never counted as independent people",
        "AI judge ai:panel: model smollm2, revision r1, prompt_hash sha256:aa",
        "guideline v2",
        "guideline none stated",
        "recipe mini",
        "code tutelage",
    ):
        assert expected in text, text
    assert "ai:idle" not in text, "a judge who gave nothing is not behind the checkpoint"


def test_a_checkpoint_that_learned_from_an_unknown_contribution_gets_no_lineage(tmp_path: Path) -> None:
    dpo = checkpoint(tmp_path / "dpo", ["j1", "j99"])
    with pytest.raises(Failed, match="1 contributions have no origin, the first j99") as orphan:
        assemble(dpo, work=trace(JUDGMENTS, JUDGES, ARTEFACTS), chain=CHAIN)
    assert orphan.value.exit_code == 3


def test_a_judgment_by_nobody_we_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="is by 'zoe', who is not among the judges"):
        trace([Judgment("j", "i", "zoe", {})], JUDGES)


def _add_orphan(at: Path) -> None:
    with (at / "contributions.jsonl").open("a") as ids:
        ids.write('{"id":"j6","stage":"dpo"}\n')


def _change_weights(at: Path) -> None:
    (at / "adapter.safetensors").write_text("other")


def _edit_graph(at: Path, change: Callable[[dict[str, Any]], object]) -> None:
    graph = json.loads((at / "lineage.json").read_text())
    change(graph)
    (at / "lineage.json").write_text(json.dumps(graph))


def _relearn(at: Path) -> None:
    """Another checkpoint, whole in itself, under the lineage of the first."""
    used = write_contributions(at, [], ["j6"], "dpo")
    models.write(at, replace(models.read(at), contributions=used))


def _inflate_people(at: Path) -> None:
    def change(graph: dict[str, Any]) -> None:
        judges = next(n for n in graph["nodes"] if n["id"] == "judges")
        judges["facts"]["tallies"]["person"]["judges"] = 50

    _edit_graph(at, change)


def _cut_off_judges(at: Path) -> None:
    _edit_graph(at, lambda g: g["edges"].remove(next(e for e in g["edges"] if e["on"] == "judges")))


def _edge_to_nowhere(at: Path) -> None:
    _edit_graph(at, lambda g: g["edges"].append({"of": g["root"], "on": "release:secret"}))


def _simulation_becomes_a_person(at: Path) -> None:
    work = list(jsonl.read(at / "lineage-work.jsonl.gz", Work))
    lied = [w if w.judge != "simulated" else Work(w.id, w.type, w.judge_id, "person", w.stages) for w in work]
    jsonl.write(at / "lineage-work.jsonl.gz", lied)


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        (_add_orphan, r"contributions\.jsonl is"),
        (_change_weights, r"adapter\.safetensors is"),
        (_relearn, "not the one its lineage was written for"),
        (_inflate_people, "stated counts of judges"),
        (_cut_off_judges, "Nothing rests on 'judges'"),
        (_edge_to_nowhere, "names 'release:secret'"),
        (_simulation_becomes_a_person, "list of contributions was changed"),
    ],
)
def test_a_lineage_that_was_tampered_with_fails_and_says_where(
    trained: Trained, harm: Callable[[Path], None], found: str
) -> None:
    harm(trained.dpo)
    with pytest.raises((Failed, StoreDamaged), match=found):
        check(read(trained.dpo), trained.dpo)


def test_contributions_are_read_from_what_import_writes(tmp_path: Path) -> None:
    jsonl.write(tmp_path / "judgments.jsonl", JUDGMENTS)
    jsonl.write(tmp_path / "judges.jsonl", JUDGES)
    assert work_of(tmp_path) == trace(JUDGMENTS, JUDGES)
    with pytest.raises(BadInput, match="neither judgments nor artefacts"):
        work_of(tmp_path / "elsewhere")


def test_a_directory_without_lineage_or_checkpoint_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"This has no lineage\.json"):
        read(tmp_path)
    with pytest.raises(BadInput, match="holds no checkpoint"):
        assemble(tmp_path, work={}, chain=CHAIN)
