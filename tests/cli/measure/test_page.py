"""`tutelage measure FILE`: one screen of sentences, every figure as JSON, one page."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tutelage.cli import root
from tutelage.cli.measure.page import page
from tutelage.errors import BadInput

SAID = (  # 8 items, 3 judges: c says "no" on items 6 and 7 against the others
    "id,rater,label\n"
    + "".join(f"{i},{j},{'no' if (i % 2) != (j == 'c' and i > 5) else 'yes'}\n" for i in range(8) for j in "abc")
)  # fmt: skip


def measure(file: Path, *more: str) -> Result:
    return CliRunner().invoke(root, ["measure", str(file), *more], catch_exceptions=False)


def real(name: str) -> Path:
    data = Path(os.environ.get("TUTELAGE_DATA", Path(__file__).parents[4] / "shared" / "data"))
    if not (data / name).is_file():
        pytest.skip(f"no {name} under {data}: set TUTELAGE_DATA")
    return data / name


@pytest.fixture
def votes(tmp_path: Path) -> Path:
    file = tmp_path / "votes.csv"
    file.write_text(SAID, encoding="utf-8")
    return file


def test_the_screen_says_what_is_supported_what_is_not_and_what_would_settle_it(votes: Path) -> None:
    said = measure(votes)
    assert said.exit_code == 0
    text = " ".join(said.stdout.split())
    assert "24 judgments of 8 items by 3 judges, 2 different values" in text
    assert "not supported: how often the consensus is right is known to 5 points, because no item has a known" in text
    assert "to support it you need about 139 more items answered by an expert" in text
    assert "column `rater` was taken for the judge" in said.stderr
    assert len(said.stdout.splitlines()) <= 40


def test_the_json_carries_every_figure_with_its_interval(votes: Path) -> None:
    """Raw agreement: 6 items of 1, 2 items of 1/3: (6 + 2/3) / 8 = .833."""
    found: dict[str, Any] = json.loads(measure(votes, "--json").stdout)
    raw = found["agreement"]["raw"]
    assert raw["value"] == pytest.approx(0.8333, abs=1e-3)
    assert {"lo", "hi", "level", "method", "n"} <= set(raw)
    assert found["read"] == {"item": "id", "judge": "rater", "value": "label"}
    assert found["shape"]["connected_parts"] == 1 and found["not_supported"]


def test_the_page_is_written_and_named(votes: Path, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    said = measure(votes, "--html", str(out))
    assert str(out) in said.stderr
    html = out.read_text(encoding="utf-8")
    assert "What these judgments support" in html and "<script" not in html and "votes.csv" in html


def test_the_page_never_overwrites_the_file_it_measures(votes: Path) -> None:
    with pytest.raises(BadInput, match="is the file that is measured"):
        CliRunner().invoke(root, ["measure", str(votes), "--html", str(votes)], catch_exceptions=False,
                           standalone_mode=False)  # fmt: skip
    assert votes.read_text(encoding="utf-8") == SAID


def test_comparisons_are_recognised_by_their_columns(tmp_path: Path) -> None:
    file = tmp_path / "duels.csv"
    sides = (("x", "y", "a"), ("y", "x", "b"), ("x", "y", "b"), ("y", "x", "a"), ("x", "y", "tie"))
    rows = "".join(f"{a},{b},{w},j{k}\n" for k in range(12) for a, b, w in (sides[0], sides[1], sides[k % 5]))
    file.write_text("model_a,model_b,winner,judge\n" + rows, encoding="utf-8")
    found = json.loads(measure(file, "--json").stdout)
    assert [row["item"] for row in found["preference"]["rows"]] == ["x", "y"]
    assert found["shape"]["judgments"] > 0


def test_ai_beside_people_gets_a_certificate(tmp_path: Path) -> None:
    """40 of 200 also judged by people, 36 agreed."""
    file = tmp_path / "ai.csv"
    human = ["x"] * 36 + ["y"] * 4 + [""] * 160
    file.write_text("id,ai,human\n" + "".join(f"{k},x,{h}\n" for k, h in enumerate(human)), encoding="utf-8")
    found = json.loads(measure(file, "--json").stdout)
    figure = found["certificate"]["figures"]["agreement"]
    assert figure["lo"] < 0.9 < figure["hi"] and found["certificate"]["slice"] == 40


def test_gold_in_the_file_is_held_against_the_consensus(tmp_path: Path) -> None:
    file = tmp_path / "gold.csv"
    lines = SAID.splitlines()
    gold = [lines[0] + ",gold"] + [f"{line},{'no' if int(line[0]) % 2 else 'yes'}" for line in lines[1:]]
    file.write_text("\n".join(gold) + "\n", encoding="utf-8")
    found = json.loads(measure(file, "--json").stdout)
    assert found["consensus"]["gold_items"] == 8 and found["consensus"]["accuracy_on_gold"]["value"] == 1


@pytest.mark.parametrize(
    "rows", ["1,a,x\n", "1,a,x\n2,a,x\n", "1,a,x\n1,b,x\n", "1,,x\n,b,\n", "1,a,1.5\n1,b,2.25\n2,a,3\n"]
)
def test_thin_files_get_a_page_and_not_an_error(tmp_path: Path, rows: str) -> None:
    file = tmp_path / "thin.csv"
    file.write_text("item,judge,value\n" + rows, encoding="utf-8")
    said = measure(file, "--html", str(tmp_path / "p.html"))
    assert said.exit_code == 0 and "not supported" in said.stdout


@pytest.mark.real_data
def test_ukp_convarg_has_the_alpha_of_its_paper() -> None:
    found = json.loads(measure(real("ukp_convarg/votes.parquet"), "--json").stdout)
    assert round(found["agreement"]["alpha"]["value"], 3) == 0.284


@pytest.mark.real_data
def test_a_table_with_one_column_a_judge_has_the_alpha_of_its_paper() -> None:
    """PandaLM: 999 pairs, three annotators in three columns; nothing is named on the command line."""
    found = json.loads(measure(real("pandalm_test/pairs.parquet"), "--json").stdout)
    assert round(found["agreement"]["alpha"]["value"], 3) == 0.864


@pytest.mark.real_data
def test_two_ai_judges_of_the_same_pairs_are_judged_on_every_pair() -> None:
    """llmfao: 2,139 pairs × 2 judges. By models alone 1,862 of the 4,278 rows looked like repeats."""
    said = measure(real("llmfao/judge_votes.parquet"))
    assert "4,278 judgments of 2,139 items by 2 judges" in said.stdout
    assert "`pair_id` was taken for what the comparison is about" in said.stderr


def test_columns_that_are_named_are_taken_and_every_verdict_follows(tmp_path: Path) -> None:
    """The function takes names by meaning; a directory of import takes none."""
    file = tmp_path / "odd.csv"
    file.write_text(SAID.replace("id,rater,label", "bbc,wid,fact"), encoding="utf-8")
    out = tmp_path / "p.html"
    page(file=file, html=out, as_json=True, item="bbc", judge="wid", value="fact", gold=None)
    assert "24 judgments of 8 items by 3 judges" in out.read_text(encoding="utf-8")
    with pytest.raises(BadInput, match="names a column"):
        page(file=tmp_path, html=None, as_json=True, item="bbc")


def test_comparisons_may_be_named_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "odd.csv"
    file.write_text("p,q,won\n" + "x,y,p\ny,x,q\nx,y,q\n".replace(",p\n", ",left\n").replace(",q\n", ",right\n") * 5,
                    encoding="utf-8")  # fmt: skip
    page(file=file, html=None, as_json=True, left="p", right="q", winner="won")
    found = json.loads(capsys.readouterr().out)
    assert found["preference"]["comparisons"] == 15 and found["preference"]["rows"][0]["item"] == "x"


def test_a_number_for_each_comparison_does_not_say_what_was_compared(tmp_path: Path) -> None:
    """12 rows with ids 0 to 11 of one pair by 4 judges: one item, not 12."""
    file = tmp_path / "numbered.csv"
    rows = "".join(f"{k},x,y,{'left' if k % 3 else 'right'},j{k % 4}\n" for k in range(12))
    file.write_text("id,left,right,winner,judge\n" + rows, encoding="utf-8")
    assert json.loads(measure(file, "--json").stdout)["shape"]["items"] == 1
