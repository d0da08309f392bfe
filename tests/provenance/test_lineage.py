"""Lineage: from the weights down to every judgment and its judge, with no orphan in either direction."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tutelage.errors import BadInput, Failed
from tutelage.provenance import Lineage, Sealed, assemble, check, read, to_text, trace, work_of, write
from tutelage.provenance.contributions import Work
from tutelage.records import AiJudge, Anonymous, Artefact, Judge, Judgment, Person, Simulated, jsonl

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


def checkpoint(root: Path, method: str, ids: list[str]) -> Path:
    root.mkdir(parents=True)
    (root / "weights.safetensors").write_text(method)
    (root / "contributions.jsonl").write_text("".join(f'"{one}"\n' for one in ids))
    about = {
        "schema": "checkpoint/1",
        "method": method,
        "base": {"name": "smollm2", "digest": "sha256:" + "b" * 64},
        "contributions": "contributions.jsonl",
    }
    (root / "checkpoint.json").write_text(json.dumps(about))
    return root


@dataclass
class Trained:
    dpo: Path
    lineage: Lineage


@pytest.fixture
def trained(tmp_path: Path) -> Trained:
    """An SFT checkpoint from one demonstration, then a DPO checkpoint from judgments j1 to j5; j6 was not used."""
    sft = checkpoint(tmp_path / "sft", "sft", ["a1"])
    dpo = checkpoint(tmp_path / "dpo", "dpo", ["j1", "j2", "j3", "j4", "j5"])
    lineage = assemble(
        dpo,
        work=trace(JUDGMENTS, JUDGES, ARTEFACTS),
        chain=CHAIN,
        recipe=Sealed("mini", "sha256:" + "4" * 64),
        ai_judges=[PANEL, AiJudge("ai:idle", "other")],
        parents=[sft],
        seconds=12.34,
    )
    write(lineage, dpo)
    return Trained(dpo, lineage)


def test_a_lineage_is_read_back_as_it_was_written_and_holds(trained: Trained) -> None:
    assert read(trained.dpo) == trained.lineage
    check(read(trained.dpo), trained.dpo)


def test_people_ai_simulated_and_anonymous_judges_are_counted_apart(trained: Trained) -> None:
    """The DPO step used ada 30 s and bo 60 s = 90 s of people; a second of simulation is not theirs."""
    counts = trained.lineage.tallies(trained.lineage.graph.root)
    assert (counts["person"].judges, counts["person"].contributions, counts["person"].active_s) == (2, 2, 90.0)
    assert (counts["ai"].judges, counts["ai"].unmeasured) == (1, 1)
    assert (counts["simulated"].judges, counts["simulated"].active_s) == (1, 1.0)
    assert (counts["anonymous"].judges, counts["anonymous"].contributions) == (1, 1)
    assert trained.lineage.tallies()["person"].contributions == 3, "with the demonstration behind the SFT step"


def test_a_contribution_leads_forward_to_every_checkpoint_that_learned_from_it(trained: Trained) -> None:
    learners = {w.id: [trained.lineage.node(c).label for c in w.checkpoints] for w in trained.lineage.work}
    assert learners == {"a1": ["sft"], "j1": ["dpo"], "j2": ["dpo"], "j3": ["dpo"], "j4": ["dpo"], "j5": ["dpo"]}


def test_the_tree_names_everything_from_the_weights_to_the_guideline(trained: Trained) -> None:
    text = to_text(trained.lineage)
    for expected in (
        "checkpoint dpo",
        "seconds 12.3",
        "├─ checkpoint sft",
        "base smollm2",
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
    dpo = checkpoint(tmp_path / "dpo", "dpo", ["j1", "j99"])
    with pytest.raises(Failed, match="1 contributions have no origin, the first j99") as orphan:
        assemble(dpo, work=trace(JUDGMENTS, JUDGES), chain=CHAIN)
    assert orphan.value.exit_code == 3


def test_a_judgment_by_nobody_we_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="is by 'zoe', who is not among the judges"):
        trace([Judgment("j", "i", "zoe", {})], JUDGES)


def _add_orphan(at: Path) -> None:
    with (at / "contributions.jsonl").open("a") as ids:
        ids.write('"j6"\n')


def _change_weights(at: Path) -> None:
    (at / "weights.safetensors").write_text("other")


def _edit_graph(at: Path, change: Callable[[dict], None]) -> None:  # type: ignore[type-arg]
    graph = json.loads((at / "lineage.json").read_text())
    change(graph)
    (at / "lineage.json").write_text(json.dumps(graph))


def _inflate_people(at: Path) -> None:
    def change(graph: dict) -> None:  # type: ignore[type-arg]
        judges = next(n for n in graph["nodes"] if n["id"] == "judges")
        judges["facts"]["tallies"]["person"]["judges"] = 50

    _edit_graph(at, change)


def _cut_off_judges(at: Path) -> None:
    _edit_graph(at, lambda g: g["edges"].remove(next(e for e in g["edges"] if e["on"] == "judges")))


def _edge_to_nowhere(at: Path) -> None:
    _edit_graph(at, lambda g: g["edges"].append({"of": g["root"], "on": "release:secret"}))


def _simulation_becomes_a_person(at: Path) -> None:
    work = list(jsonl.read(at / "lineage-work.jsonl.gz", Work))
    lied = [w if w.judge != "simulated" else Work(w.id, w.type, w.judge_id, "person", w.checkpoints) for w in work]
    jsonl.write(at / "lineage-work.jsonl.gz", lied)


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        (_add_orphan, "files are not those"),
        (_change_weights, "files are not those"),
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
    with pytest.raises(Failed, match=found):
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
    with pytest.raises(BadInput, match=r"There is no checkpoint\.json"):
        assemble(tmp_path, work={}, chain=CHAIN)
