"""`tutelage inspect`: 0 accept, 3 reject, 4 insufficient, on files whose columns have names of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from tutelage.cli import root
from tutelage.errors import BadInput


def lot(seed: int = 1, *, right: float = 0.9, clicking: int = 0, judges: int = 30, items: int = 300) -> pl.DataFrame:
    """Five of 30 judges on each of 300 items, three answers; the first `clicking` judges click at random."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, items)
    item = np.repeat(np.arange(items), 5)
    judge = np.concatenate([rng.permutation(judges)[:5] for _ in range(items)])
    value = np.where(rng.random(len(item)) < right, truth[item], (truth[item] + rng.integers(1, 3, len(item))) % 3)
    value = np.where(judge < clicking, rng.integers(0, 3, len(item)), value)
    names = np.array(["left", "right", "tie"])
    return pl.DataFrame({"Example ID": item, "crowdworker": [f"u{j}" for j in judge], "Choice": names[value],
                         "gold_answer": names[truth[item]]})  # fmt: skip


def inspect(path: Path, *more: str) -> tuple[int, dict[str, Any]]:
    found = CliRunner().invoke(root, ["inspect", str(path), "--json", *more], standalone_mode=False)
    if found.exception and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found.exit_code, json.loads(found.stdout)


def written(tmp_path: Path, table: pl.DataFrame, name: str = "lot.csv") -> Path:
    path = tmp_path / name
    getattr(table, {"csv": "write_csv", "jsonl": "write_ndjson", "parquet": "write_parquet"}[name.split(".")[1]])(path)
    return path


@pytest.mark.parametrize("name", ["lot.csv", "lot.jsonl", "lot.parquet"])
def test_a_third_of_random_clickers_is_rejected_with_their_names(tmp_path: Path, name: str) -> None:
    table = lot(clicking=10).drop("gold_answer")
    code, found = inspect(written(tmp_path, table, name))
    assert (code, found["decision"]) == (3, "reject")
    assert found["columns"] == {"judge": "crowdworker", "value": "Choice", "item": "Example ID"}
    named = {judge for each in found["findings"] if each["counts"] for judge in each["judges"]}
    assert named <= {f"u{k}" for k in range(10)}
    assert all(each["note"] == "evidence, for a person to review" for each in found["findings"])
    assert found["contamination"]["lo"] > 0.01


def test_a_clean_lot_of_careful_judges_is_accepted_by_the_others_agreement(tmp_path: Path) -> None:
    code, found = inspect(written(tmp_path, lot(right=0.99, items=600).drop("gold_answer")))
    assert (code, found["decision"], found["recheck_needed"]) == (0, "accept", 0)
    assert found["contamination"]["hi"] < 0.10


def test_an_ordinary_lot_stays_open_and_says_how_many_rows_settle_it(tmp_path: Path) -> None:
    code, found = inspect(written(tmp_path, lot(right=0.8).drop("gold_answer")))
    assert (code, found["decision"]) == (4, "insufficient")
    assert found["recheck_needed"] == found["recheck_plan"]["rows"] > 0


def test_a_slice_is_drawn_blind_and_its_return_settles_the_lot(tmp_path: Path) -> None:
    """60 rows without one bad one: at most 3.8 % can be bad. Twelve bad ones: more than the AQL is proven."""
    path, out = written(tmp_path, lot(right=0.8).drop("gold_answer")), tmp_path / "again.csv"
    argv = ["inspect", str(path), "--draw", "60", "--out", str(out)]
    assert CliRunner().invoke(root, argv, catch_exceptions=False).exit_code == 0
    drawn = pl.read_csv(out, infer_schema=False)
    assert drawn.columns == ["row", "Example ID", "value", "bad"]
    for bad, code, decision in ((0, 0, "accept"), (12, 3, "reject")):
        back = drawn.with_columns(pl.Series("bad", ["yes"] * bad + ["no"] * (60 - bad)))
        back.write_csv(tmp_path / "back.csv")
        assert inspect(path, "--recheck", str(tmp_path / "back.csv"))[0] == code
        assert inspect(path, "--recheck", str(tmp_path / "back.csv"))[1]["decision"] == decision


def test_gold_is_a_column_or_a_file_and_is_never_taken_for_the_answer(tmp_path: Path) -> None:
    table = lot(right=0.99, items=600)
    code, found = inspect(written(tmp_path, table), "--gold", "gold_answer")
    assert (code, found["columns"]["value"]) == (0, "Choice")
    known = table.group_by("Example ID").agg(pl.col("gold_answer").first().alias("gold"))
    path = written(tmp_path, table.drop("gold_answer"), "plain.csv")
    assert inspect(path, "--gold", str(written(tmp_path, known, "gold.csv")))[0] == 0


def test_reasons_that_nobody_examined_keep_a_lot_from_being_accepted(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    table = lot(right=0.99, items=600).drop("gold_answer")
    table = table.with_columns(pl.Series("comment", [f"because of {rng.integers(1e9)}" for _ in range(len(table))]))
    path = written(tmp_path, table)
    assert inspect(path)[1]["not_examined"][-1].startswith("model use in reasons")
    assert inspect(path)[0] == 4
    assert inspect(path, "--map", "reason=-")[0] == 0


def test_copied_rows_count_where_reasons_show_that_they_were_copied(tmp_path: Path) -> None:
    table = lot(right=0.95).drop("gold_answer")
    table = table.with_columns(pl.Series("comment", [f"because of point {k}" for k in range(len(table))]))
    twice = pl.concat([table, table[:200]])
    code, found = inspect(written(tmp_path, twice))
    assert code == 3
    assert {"repeated rows"} <= {each["check"] for each in found["findings"]}


def test_a_file_without_a_judge_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No column for judge"):
        inspect(written(tmp_path, lot().drop("crowdworker")))
    with pytest.raises(BadInput, match="no role 'boss'"):
        inspect(written(tmp_path, lot()), "--map", "boss=crowdworker")


def test_a_plain_file_says_that_nobody_signed_it_and_a_release_by_which_key(tmp_path: Path) -> None:
    """Levels are shares of rows; a changed byte rejects; nothing is ever called certainly human."""
    from tests.provenance.released import sealed

    (tmp_path / "d.csv").write_text("item,judge,value\n1,ana,a\n2,bo,b\n")
    done = CliRunner().invoke(root, ["inspect", str(tmp_path / "d.csv"), "--kind", "comparison"])
    assert "Nobody signed this: whose judgment it was cannot be known from it." in done.output
    release = sealed(tmp_path)
    done = CliRunner().invoke(root, ["inspect", str(release), "--json"])
    found = json.loads(done.output)["provenance"]
    assert (done.exit_code, found["holds"], found["levels"]) == (0, True, {"H0": 12})
    assert found["simulated_share"] == 0.25
    assert any("whose the operator's key is" in one for one in found["unknown"])
    (release / "pay.json").write_bytes(b"{}")
    done = CliRunner().invoke(root, ["inspect", str(release)])
    assert done.exit_code == 3
    assert "conflict – files: pay.json: the file is not what was sealed" in done.output
    assert "100 % human" not in done.output


def test_receipts_on_some_rows_are_held_against_the_rows(tmp_path: Path) -> None:
    """Three of four rows carry one, and the third repeats the first's."""
    from tests.provenance.released import rows, sealed

    first, second = (r.decode() for r in rows(sealed(tmp_path) / "receipts.jsonl.gz")[:2])
    lines = [{"item": str(n), "judge": j, "value": "a", "receipt": r} for n, (j, r) in enumerate(
        [("ana", first), ("bo", second), ("cy", first), ("di", None)])]  # fmt: skip
    (tmp_path / "d.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    found = json.loads(CliRunner().invoke(root, ["inspect", str(tmp_path / "d.jsonl"), "--json"]).output)["provenance"]
    assert found["holds"] is False
    assert found["signed_by"].startswith("3 of 4 rows carry a receipt")
    assert found["conflicts"] == ["row 3: it carries the receipt of row 1"]


def test_a_kind_that_there_is_not_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("item,judge,value\n1,ana,a\n2,bo,b\n")
    assert isinstance(CliRunner().invoke(root, ["inspect", str(tmp_path / "d.csv"), "--kind", "x"]).exception, BadInput)


def test_one_short_reason_on_every_row_of_six_judges_is_a_template_and_a_large_one(tmp_path: Path) -> None:
    """6 of 30 judges write the same seven words on all their rows; the others write 8 of 24 words in any order.
    Among 300 equal texts each judge's own repetition must be seen, not only whoever stands before in the file."""
    rng = np.random.default_rng(2)
    table = lot()
    words = [f"word{k}" for k in range(24)]
    own = [" ".join(rng.permutation(words)[:8]) for _ in range(table.height)]
    lazy = table["crowdworker"].is_in([f"u{j}" for j in range(6)])
    said = [("a good answer that matches the question" if short else text)
            for short, text in zip(lazy.to_list(), own, strict=True)]  # fmt: skip
    code, found = inspect(written(tmp_path, table.with_columns(pl.Series("reason", said))))
    assert code == 3
    flagged = {f["judges"][0] for f in found["findings"] if f["check"] == "templated reasons"}
    assert flagged == {f"u{j}" for j in range(6)}


def test_demonstrations_are_what_their_authors_wrote_and_copies_among_them_count(tmp_path: Path) -> None:
    """20 authors, 25 texts each; one of them hands in one text 25 times: 5 % of 500 rows."""
    rng = np.random.default_rng(4)
    words = [f"word{k}" for k in range(30)]
    text = [
        "this is the same text again and again for every prompt" if k % 20 == 0 else " ".join(rng.permutation(words))
        for k in range(500)
    ]
    table = pl.DataFrame({"id": range(500), "prompt": [f"prompt {k}" for k in range(500)],
                          "author": [f"a{k % 20}" for k in range(500)], "text": text})  # fmt: skip
    code, found = inspect(written(tmp_path, table), "--kind", "demonstration")
    assert code == 3 and found["columns"]["judge"] == "author" and found["columns"]["value"] == "text"
    assert [f["judges"] for f in found["findings"] if f["check"] == "templated reasons"] == [["a0"]]


def test_a_comparison_is_about_its_prompt_and_the_two_that_were_shown(tmp_path: Path) -> None:
    """Three pairs under one prompt are three items: nobody who judged all of them judged one thrice."""
    rows = [(f"q{q}", a, b, "left", f"u{j}") for q in range(20) for a, b in ("xy", "yz", "xz") for j in range(4)]
    table = pl.DataFrame(rows, schema=["prompt", "left", "right", "winner", "judge"], orient="row")
    table = table.with_columns(winner=pl.when(pl.int_range(pl.len()) % 5 == 0).then(pl.lit("tie")).otherwise("winner"))
    found = inspect(written(tmp_path, table), "--kind", "comparison")[1]
    assert found["items"] == 60 and found["columns"]["item"] == "prompt,left,right"
    assert not [f for f in found["findings"] if f["check"] == "same judge again"]
