"""Pairs from what people have; verdicts as rows that certify reads."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from tutelage import judges
from tutelage.cli import root
from tutelage.errors import BadInput
from tutelage.judges import Preferred, Tied, batch
from tutelage.judges import rubric as rubrics
from tutelage.records import Unscored

PAIRS = pl.DataFrame({
    "pair_id": ["p1", "p2", "p3", "p4"],
    "prompt": ["Why?"] * 4,
    "response_x": ["Because it is so.", "No.", "same", ""],
    "response_y": ["Because.", "Not at all.", "same", "x"],
})  # fmt: skip
VOTES = pl.DataFrame({
    "judge": ["m1", "m1", "m1", "m2"], "pair_id": ["p1", "p2", "p3", "p1"], "winner": ["left", "right", "tie", "right"]
})  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """pairs.csv and votes.csv."""
    PAIRS.write_csv(tmp_path / "pairs.csv")
    VOTES.write_csv(tmp_path / "votes.csv")
    return tmp_path


def test_stored_verdicts_are_found_by_the_items_id(files: Path) -> None:
    duels = batch.read(files / "pairs.csv", {})
    found = judges.load(f"replay:{files}/votes.csv#m1").compare_all(duels)
    assert found == [Preferred("first"), Preferred("second"), Tied(),
                     Unscored("abstained", "no stored verdict about this item")]  # fmt: skip


def test_a_table_of_several_judges_wants_one_named(files: Path) -> None:
    with pytest.raises(BadInput, match=r"m1, m2.*votes\.csv#m1"):
        judges.load(f"replay:{files}/votes.csv")


def test_the_command_writes_a_row_per_pair_and_says_what_has_no_verdict(files: Path) -> None:
    out = files / "out.csv"
    done = CliRunner().invoke(
        root, ["judge", str(files / "pairs.csv"), "--judge", "rule:longer", "--out", str(out), "--json"]
    )
    assert done.exit_code == 0, done.output
    rows = pl.read_csv(out)
    assert rows["item"].to_list() == ["p1", "p2", "p3", "p4"]
    assert rows["ai"].to_list() == ["first", "second", "tie", "second"]
    said = json.loads(done.stdout)["summary"]
    assert (said["items"], said["scored"]["value"], said["first"]["k"], said["first"]["n"]) == (4, 1.0, 1, 3)


def test_a_pair_twice_is_refused_by_name(files: Path) -> None:
    pl.concat([PAIRS, PAIRS.head(1)]).write_csv(files / "twice.csv")
    with pytest.raises(BadInput, match="'p1' stands on several rows"):
        batch.read(files / "twice.csv", {})


def test_columns_of_other_names_are_mapped(files: Path) -> None:
    PAIRS.rename({"response_x": "eins", "response_y": "zwei"}).write_csv(files / "other.csv")
    with pytest.raises(BadInput, match="one called first or left"):
        batch.read(files / "other.csv", {})
    mapped = batch.read(files / "other.csv", {"first": "eins", "second": "zwei"})
    assert [d.item for d in mapped] == ["p1", "p2", "p3", "p4"]


def test_a_rubric_is_toml_or_plain_text(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text('question = "Which is kinder?"\n[[criteria]]\nid = "tone"\ntext = "no scorn"\n')
    (tmp_path / "r.md").write_text("Which is kinder?\n")
    (tmp_path / "bad.toml").write_text('quetsion = "?"\n')
    assert rubrics.read(tmp_path / "r.toml").text() == "Which is kinder?\n- tone: no scorn"
    assert rubrics.read(tmp_path / "r.md").text() == "Which is kinder?"
    with pytest.raises(BadInput, match="quetsion"):
        rubrics.read(tmp_path / "bad.toml")
