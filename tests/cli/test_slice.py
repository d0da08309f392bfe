"""`tutelage slice`: a draw that anyone repeats, whatever format the owner keeps the rows in."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result

from tutelage.cli import root
from tutelage.errors import BadInput
from tutelage.formats.frames import read_frame, write_frame

N = 400
FORMATS = ["csv", "jsonl", "parquet"]


def call(*argv: object) -> Result:
    return CliRunner().invoke(root, [str(x) for x in argv], catch_exceptions=False, standalone_mode=False)


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    """400 judged items; every eighth belongs to the stratum `rare`."""
    rng = np.random.default_rng(1)
    table = pl.DataFrame(
        {
            "id": np.arange(N),
            "ai": rng.choice(["a", "b"], N),
            "p": np.round(rng.beta(6, 0.9, N), 2),
            "domain": np.where(np.arange(N) % 8 == 0, "rare", "usual"),
        }
    )
    for ending in FORMATS:
        write_frame(table, tmp_path / f"batch.{ending}")
    return tmp_path


def draw(batch: Path, ending: str = "csv", *more: object, size: int = 80, seed: int = 7) -> Path:
    out = batch / f"slice.{ending}"
    assert call("slice", "draw", batch / f"batch.{ending}", "--item", "id", "--ai", "ai", "--size", size,
                "--seed", seed, "--out", out, *more).exit_code == 0  # fmt: skip
    return out


RESIDUAL = ("--confidence", "p", "--target", "residual")


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize(
    "how", [(), RESIDUAL, ("--strata", "domain", "--minimum", "30")], ids=["uniform", "res", "min"]
)
def test_a_draw_checks_after_the_owner_sorted_the_rows_and_added_labels(batch: Path, ending: str, how) -> None:
    file = draw(batch, ending, *how)
    table = read_frame(file).table
    assert table.columns == ["id", "ai", "p", "domain", "in_slice", "pi", "cell", "draw"]
    assert read_frame(file).truths("in_slice").sum() == 80
    assert read_frame(file).every_number("pi").sum() == pytest.approx(80)
    labelled = table.with_columns(pl.lit("a").alias("human")).sample(fraction=1, shuffle=True, seed=1)
    for other in FORMATS:
        write_frame(labelled, batch / f"back.{other}")
        found = call("slice", "check", batch / f"back.{other}")
        assert found.exit_code == 0 and found.stdout.startswith("Yes: seed 7 draws exactly these 80 of 400")


def test_the_same_items_draw_the_same_slice_in_every_format(batch: Path) -> None:
    """1 in Parquet, 1 in JSON and "1" in CSV are one id."""
    drawn = [read_frame(draw(batch, ending, *RESIDUAL)) for ending in FORMATS]
    slices = [set(frame.names("id")[frame.truths("in_slice")]) for frame in drawn]
    assert slices[0] == slices[1] == slices[2]


def test_a_slice_for_the_residual_is_dense_where_confidence_is_high(batch: Path) -> None:
    frame = read_frame(draw(batch, "csv", *RESIDUAL))
    sure, pi = frame.numbers("p"), frame.numbers("pi")
    assert pi[sure.argmax()] > 2 * pi[sure.argmin()] > 0


def tampered(file: Path, change) -> Result:
    table = read_frame(file).table
    write_frame(change(table), file)
    return call("slice", "check", file, "--json")


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda t: t.with_columns(in_slice=pl.when(pl.col("id") == "17").then(~(pl.col("in_slice") == "true"))
                                  .otherwise(pl.col("in_slice") == "true")), "17 is"),
        (lambda t: t.with_columns(id=pl.col("id").replace("17", "other")), "commitment"),
        (lambda t: t.slice(1), "rows or chances were changed"),
        (lambda t: t.with_columns(draw=pl.col("draw").str.replace("seed=7", "seed=8")), "commitment"),
        (lambda t: t.with_columns(pi=pl.lit(0.5)), "commitment"),
        (lambda t: t.with_columns(draw=pl.lit("by hand")), "by hand"),
        (lambda t: t.rename({"id": "name"}), "'id'"),
    ],
    ids=["swapped", "renamed id", "row lost", "seed", "pi", "stamp", "column"],
)  # fmt: skip
def test_what_was_changed_is_named_and_exits_3(batch: Path, change, names: str) -> None:
    found = tampered(draw(batch), change)
    said = json.loads(found.stdout)
    assert found.exit_code == 3 and not said["redraws"]
    assert any(names in line for line in said["differs"])


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("column", ["ai", "p"])
def test_what_the_judge_said_before_the_draw_may_not_be_changed_after_it(batch: Path, ending: str, column: str) -> None:
    """One verdict, or one confidence, of 400 made to fit the labels."""
    file = draw(batch, ending, *RESIDUAL)
    table = read_frame(file).table
    first = pl.int_range(pl.len()) == 0
    changed = pl.when(pl.col("ai") == "a").then(pl.lit("b")).otherwise(pl.lit("a"))
    other = {"ai": changed, "p": pl.col("p").cast(pl.Float64) * 0.9}
    write_frame(table.with_columns(pl.when(first).then(other[column]).otherwise(pl.col(column)).alias(column)), file)
    found = call("slice", "check", file)
    assert found.exit_code == 3 and "`ai` or `p` was changed after the draw" in found.stdout


def test_columns_of_the_judge_may_go_and_files_of_before_they_were_recorded_still_check(batch: Path) -> None:
    file = draw(batch, "csv", *RESIDUAL)
    table = read_frame(file).table
    write_frame(table.drop("ai"), file)
    assert call("slice", "check", file).exit_code == 0
    old = pl.col("draw").str.replace("tutelage-draw/2", "tutelage-draw/1").str.replace(r" verdicts=.*", " item=id")
    write_frame(table.with_columns(old, ai=pl.lit("a")), file)
    assert call("slice", "check", file).exit_code == 0


def test_truths_are_the_same_verdicts_in_every_spelling(batch: Path) -> None:
    """A notebook writes True where a table says true."""
    table = pl.read_csv(batch / "batch.csv").with_columns(ai=pl.col("ai") == "a")
    write_frame(table, batch / "batch.csv")
    file = draw(batch)
    write_frame(read_frame(file).table.with_columns(ai=pl.col("ai").cast(pl.String).str.to_titlecase()), file)
    assert call("slice", "check", file).exit_code == 0


def test_what_differs_is_said_in_words_too(batch: Path) -> None:
    file = draw(batch)
    write_frame(read_frame(file).table.with_columns(draw=pl.lit("by hand")), file)
    found = call("slice", "check", file)
    assert found.exit_code == 3 and "No: this is not the draw" in found.stdout


def test_items_that_occur_twice_are_refused_by_name(batch: Path) -> None:
    table = pl.read_csv(batch / "batch.csv")
    write_frame(pl.concat([table, table[:3]]), batch / "batch.csv")
    with pytest.raises(BadInput, match=r"Item '0' is on row 1 and on row 401 \(3 rows repeat"):
        draw(batch)


def test_a_second_draw_over_the_first_is_refused(batch: Path) -> None:
    """Drawing again until the slice suits is what the commitment is there to prevent."""
    draw(batch).rename(batch / "batch.csv")
    with pytest.raises(BadInput, match="`in_slice` already"):
        draw(batch)


@pytest.mark.parametrize(
    ("more", "match"),
    [
        (("--target", "residual"), "confidence"),
        ((*RESIDUAL, "--error", "5"), "--error"),
        (("--confidence", "ai", "--target", "residual"), "number"),
        (("--strata", "domain", "--minimum", "90"), "minima"),
    ],
)
def test_a_draw_that_cannot_be_made_says_why(batch: Path, more: tuple[str, ...], match: str) -> None:
    with pytest.raises(BadInput, match=match):
        draw(batch, "csv", *more)


def test_a_file_that_was_never_drawn_cannot_be_checked(batch: Path) -> None:
    with pytest.raises(BadInput, match="in_slice"):
        call("slice", "check", batch / "batch.csv")


def test_rows_that_a_format_cannot_hold_are_refused(batch: Path) -> None:
    write_frame(pl.DataFrame({"id": [1, 2], "ai": ["a", "b"], "parts": [[1], [2]]}), batch / "batch.jsonl")
    with pytest.raises(BadInput, match="do not fit"):
        call("slice", "draw", batch / "batch.jsonl", "--item", "id", "--ai", "ai", "--size", 1, "--seed", 1,
             "--out", batch / "x.csv")  # fmt: skip


def test_json_says_what_was_committed(batch: Path) -> None:
    found = call("slice", "draw", batch / "batch.csv", "--item", "id", "--ai", "ai", "--size", 80, "--seed", 7,
                 "--out", batch / "s.csv", "--json")  # fmt: skip
    said = json.loads(found.stdout)
    assert (said["items"], said["size"], said["seed"]) == (400, 80, 7)
    assert said["commitment"] == json.loads(call("slice", "check", batch / "s.csv", "--json").stdout)["commitment"]
