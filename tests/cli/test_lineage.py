"""`tutelage lineage CHECKPOINT`: the tree, the same as JSON, and one clear error where there is none."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from tutelage.cli import root
from tutelage.errors import BadInput
from tutelage.models import checkpoint as ck
from tutelage.provenance import assemble, trace, write
from tutelage.records import Judgment, Person, Simulated


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A checkpoint that learned from one person's judgment and one simulated one."""
    used = ck.write_contributions(tmp_path, [], ["j1", "j2"], "dpo")
    ck.write(tmp_path, ck.Checkpoint("local:m", "sha256:0", "dpo", {}, "float32", "0", "sha256:1", used))
    judgments = [Judgment("j1", "i", "ada", {}, active_s=120.0), Judgment("j2", "i", "sim", {})]
    work = trace(judgments, [Person("ada"), Simulated("sim", "noise")])
    write(assemble(tmp_path, work=work, chain=[], seconds=3.0), tmp_path)
    return tmp_path


def test_the_tree_is_printed_for_people(trained: Path) -> None:
    text = CliRunner().invoke(root, ["lineage", str(trained)], catch_exceptions=False).stdout
    assert "people: 1, 1 contributions, 2.0 min of attention" in text
    assert "simulated: 1, 1 contributions, time not recorded, never counted as people" in text


def test_the_same_as_json_holds_every_contribution(trained: Path) -> None:
    printed = CliRunner().invoke(root, ["lineage", str(trained), "--json"], catch_exceptions=False).stdout
    lineage = json.loads(printed)
    assert lineage["tallies"]["person"]["contributions"] == 1
    assert [w["id"] for w in lineage["work"]] == ["j1", "j2"]


def test_a_directory_without_lineage_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"This has no lineage\.json"):
        CliRunner().invoke(root, ["lineage", str(tmp_path)], catch_exceptions=False)


def test_a_contribution_is_followed_forward_to_what_learned_from_it(trained: Path, tmp_path: Path) -> None:
    """A copy of a checkpoint is the same checkpoint in two places."""
    shutil.copytree(trained, tmp_path / "copy", ignore=shutil.ignore_patterns("copy"))
    printed = CliRunner().invoke(root, ["lineage", "--of", "j1", "--in", str(tmp_path), "--json"]).stdout
    found = json.loads(printed)
    assert [(h["type"], h["ids"], h["stages"]) for h in found["in"]] == [("checkpoint", ["j1"], ["dpo"])]
    assert len(found["in"][0]["places"]) == 2
    assert found["retrain"] == [found["in"][0]["digest"]]


def test_a_contributor_is_followed_forward_with_all_their_contributions(trained: Path) -> None:
    text = CliRunner().invoke(root, ["lineage", "--of", "sim", "--in", str(trained)]).stdout
    assert "1 contribution, learned in dpo" in text
    assert "1 checkpoint to retrain" in text


def test_what_is_in_nothing_is_said_to_be_in_nothing_here(trained: Path) -> None:
    text = CliRunner().invoke(root, ["lineage", "--of", "nobody", "--in", str(trained)]).stdout
    assert "in no checkpoint and no release here" in text


@pytest.mark.parametrize("arguments", [[], ["--of", "x", "."]])
def test_one_direction_is_asked_for(arguments: list[str]) -> None:
    assert CliRunner().invoke(root, ["lineage", *arguments]).exit_code == 2


@pytest.mark.parametrize("rows", [b"no archive", None], ids=["rows", "statement"])
def test_a_damaged_release_is_named_and_hides_nothing_else(trained: Path, tmp_path: Path, rows: bytes | None) -> None:
    """What could not be searched may hold the contribution too: exit 4, never silence."""
    broken = tmp_path / "broken"
    (broken / "data").mkdir(parents=True)
    (broken / "release.json").write_text("{}")
    packed = gzip.compress(b'{"id":"j1","judge_id":"ana"}\n')
    (broken / "data" / "judgments.jsonl.gz").write_bytes(packed if rows is None else rows)
    asked = ["lineage", "--of", "j1", "--in", str(tmp_path)]
    found = CliRunner().invoke(root, asked, standalone_mode=False)
    assert found.exit_code == 4 and "1 checkpoint to retrain" in found.stdout
    assert "broken" in found.stderr and "Not read" in found.stderr
    assert list(json.loads(CliRunner().invoke(root, [*asked, "--json"], standalone_mode=False).stdout)["unread"]) == [
        str(broken)
    ]
