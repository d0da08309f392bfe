"""`tutelage certify`: what may be claimed, as JSON and in words, from a file as its owner has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result

from tutelage.cli import root
from tutelage.errors import BadInput, Failed
from tutelage.formats.frames import read_frame, write_frame

N = 1_000


def call(*argv: object) -> Result:
    return CliRunner().invoke(root, [str(x) for x in argv], catch_exceptions=False, standalone_mode=False)


def certify(file: Path, *more: object) -> tuple[int, dict[str, Any]]:
    found = call("certify", file, "--item", "id", "--ai", "ai", "--human", "human", "--json", *more)
    return found.exit_code, json.loads(found.stdout)


@pytest.fixture
def batch() -> pl.DataFrame:
    """1,000 items; the judge is right as often as it says; `truth` is what people would say."""
    rng = np.random.default_rng(3)
    sure = rng.beta(12, 0.6, N)
    ai = rng.choice(["a", "b"], N)
    truth = np.where(rng.random(N) < sure, ai, np.where(ai == "a", "b", "a"))
    domain = np.where(np.arange(N) < 500, "law", "code")
    return pl.DataFrame({"id": [f"i{k}" for k in range(N)], "ai": ai, "p": sure, "truth": truth, "domain": domain})


def labelled(table: pl.DataFrame, rows: int = 300) -> pl.DataFrame:
    """People looked at a uniform slice."""
    inside = np.zeros(N, dtype=bool)
    inside[np.random.default_rng(4).choice(N, rows, replace=False)] = True
    return table.with_columns(pl.when(pl.Series(inside)).then(pl.col("truth")).otherwise(None).alias("human"))


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_every_format_gives_one_certificate(batch: pl.DataFrame, tmp_path: Path, ending: str) -> None:
    write_frame(labelled(batch), tmp_path / f"s.{ending}")
    write_frame(labelled(batch), tmp_path / "ref.parquet")
    code, found = certify(tmp_path / f"s.{ending}")
    assert code == 0 and found == certify(tmp_path / "ref.parquet")[1]
    figure = found["agreement"]
    truth = (batch["ai"] == batch["truth"]).mean()
    assert figure["lo"] <= truth <= figure["hi"] and figure["n"] == 300 and figure["level"] == 0.95
    assert found["usable"] is None and "usable" not in found["claim"].lower()
    assert "declared" in figure["assumptions"][0] and found["warnings"]


@pytest.mark.parametrize(("require", "code", "usable"), [(0.5, 0, True), (0.999, 3, False), (0.945, 4, None)])
def test_what_is_required_is_met_missed_or_open_and_the_exit_says_which(
    batch: pl.DataFrame, tmp_path: Path, require: float, code: int, usable: bool | None
) -> None:
    write_frame(labelled(batch), tmp_path / "s.csv")
    got, found = certify(tmp_path / "s.csv", "--require", require)
    assert (got, found["usable"]) == (code, usable)
    figure = found["agreement"]
    assert {True: figure["lo"] >= require, False: figure["hi"] < require,
            None: figure["lo"] < require <= figure["hi"]}[usable]  # fmt: skip
    assert ("Nothing is open" in found["open"]) == (usable is not None)


def drawn(batch: pl.DataFrame, path: Path, *more: object) -> pl.DataFrame:
    """The batch with a residual slice of 400 drawn and labelled, as its owner would."""
    write_frame(batch, path / "b.parquet")
    call("slice", "draw", path / "b.parquet", "--item", "id", "--ai", "ai", "--confidence", "p", "--target",
         "residual", "--size", 400, "--seed", 5, "--out", path / "s.parquet", *more)  # fmt: skip
    table = read_frame(path / "s.parquet").table
    return table.with_columns(pl.when("in_slice").then("truth").otherwise(None).alias("human"))


RESIDUAL = ("--target", "residual", "--confidence", "p")


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_drawn_slice_brings_its_chances_and_lets_a_share_out(
    batch: pl.DataFrame, tmp_path: Path, ending: str
) -> None:
    write_frame(drawn(batch, tmp_path), tmp_path / f"h.{ending}")
    code, found = certify(tmp_path / f"h.{ending}", *RESIDUAL)
    share, threshold = found["residual"]["value"], found["residual"]["threshold"]
    out = batch.filter(pl.col("p") >= threshold)
    assert code == 0 and share == len(out) / N > 0.5
    assert (out["ai"] != out["truth"]).mean() <= 0.05
    assert "recorded probabilities" in found["claim"]
    assert found == certify(tmp_path / f"h.{ending}", *RESIDUAL, "--pi", "pi")[1]


def test_labels_that_were_hand_picked_are_left_out_and_named(batch: pl.DataFrame, tmp_path: Path) -> None:
    """People also labelled 50 items they chose: the certificate is the one without them, and says so."""
    table = drawn(batch, tmp_path)
    extra = table.filter(~pl.col("in_slice"))["id"][:50]
    more = table.with_columns(
        human=pl.when(pl.col("id").is_in(extra.implode())).then("truth").otherwise("human"), other=pl.col("truth")
    )
    write_frame(table, tmp_path / "h.csv")
    write_frame(more, tmp_path / "more.csv")
    first, again = (certify(tmp_path / f"{x}.csv", *RESIDUAL)[1] for x in ("h", "more"))
    assert again["residual"] == first["residual"]
    assert again["warnings"][0].startswith(f"50 labels are on items outside the slice (the first on '{extra[0]}')")
    twice = certify(tmp_path / "more.csv", *RESIDUAL, "--second", "other")[1]
    assert twice["noise"]["double_judged"] == 400


def test_labels_that_are_missing_are_counted(batch: pl.DataFrame, tmp_path: Path) -> None:
    table = drawn(batch, tmp_path)
    silent = table.filter("in_slice")["id"][:20]
    write_frame(table.with_columns(human=pl.when(pl.col("id").is_in(silent.implode())).then(None).otherwise("human")),
                tmp_path / "h.csv")  # fmt: skip
    assert certify(tmp_path / "h.csv", *RESIDUAL)[1]["warnings"][0].startswith("20 of the 400 items drawn carry no")


def test_a_slice_that_was_changed_after_the_draw_is_not_certified(batch: pl.DataFrame, tmp_path: Path) -> None:
    table = drawn(batch, tmp_path)
    write_frame(table.slice(1), tmp_path / "h.csv")
    with pytest.raises(Failed, match="slice check"):
        certify(tmp_path / "h.csv", *RESIDUAL)
    swapped = table.with_columns(in_slice=~pl.col("in_slice"))
    write_frame(swapped, tmp_path / "h.csv")
    with pytest.raises(Failed, match="more differences"):
        certify(tmp_path / "h.csv", *RESIDUAL)


def test_verdicts_that_the_draw_does_not_hold_are_named(batch: pl.DataFrame, tmp_path: Path) -> None:
    """Another judge's column, added later: it may be certified, but nobody knows when it spoke."""
    write_frame(batch.with_columns(late=pl.col("truth")), tmp_path / "b.csv")
    call("slice", "draw", tmp_path / "b.csv", "--item", "id", "--ai", "ai", "--size", 300, "--seed", 5, "--out",
         tmp_path / "s.csv")  # fmt: skip
    drawn = pl.read_csv(tmp_path / "s.csv").with_columns(human=pl.when("in_slice").then("truth"))
    write_frame(drawn, tmp_path / "s.csv")
    said = [
        json.loads(call("certify", tmp_path / "s.csv", "--item", "id", "--ai", ai, "--human", "human", "--json").stdout)
        for ai in ("ai", "late")
    ]
    assert [any("recorded the verdicts in `ai`" in w for w in found["warnings"]) for found in said] == [False, True]
    write_frame(drawn.with_columns(ai=pl.col("truth")), tmp_path / "s.csv")
    with pytest.raises(Failed, match="changed after the draw"):
        certify(tmp_path / "s.csv")


def test_items_on_two_rows_are_refused_by_name(batch: pl.DataFrame, tmp_path: Path) -> None:
    write_frame(pl.concat([labelled(batch), labelled(batch)[:1]]), tmp_path / "s.csv")
    with pytest.raises(BadInput, match="Item 'i0' is on row 1 and on row 1001"):
        certify(tmp_path / "s.csv")


def test_the_mean_of_names_needs_what_they_are_worth(batch: pl.DataFrame, tmp_path: Path) -> None:
    write_frame(labelled(batch), tmp_path / "s.csv")
    assert "why" in certify(tmp_path / "s.csv", "--target", "mean")[1]["mean"]
    found = certify(tmp_path / "s.csv", "--target", "mean", "--values", "a=1,b=0")[1]["mean"]
    assert found["lo"] <= (batch["truth"] == "a").mean() <= found["hi"]
    assert certify(tmp_path / "s.csv", "--target", "mean", "--values", "a=1, b=0", "--require", ".9")[0] == 3
    with pytest.raises(BadInput, match="--values"):
        certify(tmp_path / "s.csv", "--target", "mean", "--values", "a:1")


def test_numbers_truths_and_scores_are_averaged_as_they_are(batch: pl.DataFrame, tmp_path: Path) -> None:
    """1 and 1.0 are one label in a column with gaps; true counts 1; scores need the bounds nobody may exceed."""
    as_truth = {c: pl.col(c) == "a" for c in ("ai", "truth")}
    write_frame(labelled(batch.with_columns(**as_truth)), tmp_path / "t.csv")
    write_frame(labelled(batch.with_columns(**{c: x.cast(pl.Float64) for c, x in as_truth.items()})),
                tmp_path / "f.jsonl")  # fmt: skip
    truths, numbers = (certify(tmp_path / x, "--target", "mean")[1]["mean"] for x in ("t.csv", "f.jsonl"))
    assert truths == numbers and "exact" in truths["method"]
    even = pl.Series(np.random.default_rng(6).random(N))
    scored = batch.with_columns(ai=1 + 4 * even, truth=1 + 4 * even**2)
    write_frame(labelled(scored), tmp_path / "s.csv")
    found = certify(tmp_path / "s.csv", "--target", "mean", "--values", "1..5")[1]
    assert found["mean"]["lo"] <= scored["truth"].mean() <= found["mean"]["hi"] and found["saving"]["gain"]


def test_domains_second_labels_and_hard_items_have_their_columns(batch: pl.DataFrame, tmp_path: Path) -> None:
    table = labelled(batch).with_columns(second=pl.col("human"), hard=pl.col("domain") == "law")
    write_frame(table, tmp_path / "s.csv")
    code, found = certify(tmp_path / "s.csv", "--domain", "domain", "--second", "second", "--require", 0.8)
    assert code == 0 and [d["domain"] for d in found["domains"]] == ["code", "law"]
    assert all(d["meets"] for d in found["domains"]) and found["noise"]["double_judged"] == 300
    shares = [
        certify(tmp_path / "s.csv", *RESIDUAL, *more)[1]["residual"]["value"] for more in ((), ("--never", "hard"))
    ]
    assert 0 < shares[1] <= 0.5 < shares[0]


def test_watching_needs_the_order_which_a_drawn_slice_brings(batch: pl.DataFrame, tmp_path: Path) -> None:
    """200 of 400 labels are in, in the order of the draw: a smaller uniform slice, at a bound valid at any time."""
    write_frame(labelled(batch), tmp_path / "s.csv")
    with pytest.raises(BadInput, match="order"):
        certify(tmp_path / "s.csv", "--sequential")
    write_frame(batch, tmp_path / "b.csv")
    call("slice", "draw", tmp_path / "b.csv", "--item", "id", "--ai", "ai", "--size", 400, "--seed", 5, "--out",
         tmp_path / "u.csv")  # fmt: skip
    frame = read_frame(tmp_path / "u.csv")
    from tutelage.measure.sample import redraw

    early = redraw(frame.names("id").tolist(), frame.numbers("pi"), frame.numbers("cell"), seed=5).order() < 200
    table = frame.table.with_columns(human=pl.when(pl.Series(early)).then("truth"))
    write_frame(table, tmp_path / "u.csv")
    found = certify(tmp_path / "u.csv", "--sequential")[1]["agreement"]
    assert found["n"] == 200 and "any time" in found["method"]
    assert found["lo"] <= (batch["ai"] == batch["truth"]).mean() <= found["hi"]


@pytest.mark.parametrize(
    "spelled",
    [lambda k: f"{k}", lambda k: f"2026-05-{1 + k // 24:02}T{k % 24:02}:00:00Z", lambda k: f"{1990 + k}-05-03"],
    ids=["rank", "time", "date"],
)
def test_the_order_of_labels_is_a_rank_a_time_or_a_date(batch: pl.DataFrame, tmp_path: Path, spelled: Any) -> None:
    """300 labels came one after the other, in whatever way that is written down."""
    table = labelled(batch)
    came = iter(range(300))
    when = [spelled(next(came)) if said is not None else None for said in table["human"].to_list()]
    write_frame(table.with_columns(pl.Series("when", when)), tmp_path / "s.csv")
    found = certify(tmp_path / "s.csv", "--sequential", "--order", "when")[1]["agreement"]
    assert "any time" in found["method"] and found["n"] == 300
    with pytest.raises(BadInput, match="Row 1 holds"):
        certify(tmp_path / "s.csv", "--sequential", "--order", "domain")


def test_a_judge_is_not_held_against_itself(batch: pl.DataFrame, tmp_path: Path) -> None:
    write_frame(batch, tmp_path / "s.csv")
    with pytest.raises(BadInput, match="one column"):
        call("certify", tmp_path / "s.csv", "--item", "id", "--ai", "ai", "--human", "ai")


def test_in_words_the_claim_comes_first_and_notes_go_to_stderr(batch: pl.DataFrame, tmp_path: Path) -> None:
    table = labelled(batch).with_columns(second=pl.col("human"))
    write_frame(table, tmp_path / "s.csv")
    found = call("certify", tmp_path / "s.csv", "--item", "id", "--ai", "ai", "--human", "human", "--domain", "domain",
                 "--second", "second", "--require", ".8")  # fmt: skip
    assert found.stdout.startswith("Usable as required") and "code" in found.stdout and "between people" in found.stdout
    bare = call("certify", tmp_path / "s.csv", "--item", "id", "--ai", "ai", "--human", "human")
    assert "Note: 0 of 300" in bare.stderr


@pytest.fixture
def hesitant(batch: pl.DataFrame) -> pl.DataFrame:
    """The same judge, silent on every tenth item of 1,000, without a confidence there."""
    quiet = pl.int_range(pl.len()) % 10 == 0
    return batch.with_columns(
        ai=pl.when(quiet).then(None).otherwise("ai"), p=pl.when(quiet).then(None).otherwise("p"), quiet=quiet
    )


def test_silence_counts_as_disagreement(hesitant: pl.DataFrame, tmp_path: Path) -> None:
    """Agreement over all 1,000 items is that over the 900 with a verdict, times 0.9: never above 0.9."""
    write_frame(labelled(hesitant), tmp_path / "s.csv")
    found = certify(tmp_path / "s.csv")[1]
    truth = (hesitant["ai"] == hesitant["truth"]).fill_null(False).mean()
    assert found["agreement"]["lo"] <= truth <= found["agreement"]["hi"]
    assert found["agreement"]["n"] == 300
    assert found["warnings"][0] == "The judge gave no verdict on 100 of 1,000 items: they count as disagreement."


def test_silence_does_not_go_out(hesitant: pl.DataFrame, tmp_path: Path) -> None:
    """Of 1,000 items at most the 900 with a verdict may go out; the slice can be drawn from such a batch."""
    table = drawn(hesitant, tmp_path)
    write_frame(table, tmp_path / "h.parquet")
    found = certify(tmp_path / "h.parquet", *RESIDUAL)[1]
    out = hesitant.filter(pl.col("p") >= found["residual"]["threshold"])
    assert 0 < found["residual"]["value"] == len(out) / N <= 0.9
    assert not out["quiet"].any()
    assert (out["ai"] != out["truth"]).mean() <= 0.05
    assert "they go to people" in found["warnings"][0]


def test_the_mean_holds_where_the_judge_is_silent(hesitant: pl.DataFrame, tmp_path: Path) -> None:
    """The commonest verdict stands in: the interval still holds the truth of all 1,000 items."""
    write_frame(labelled(hesitant), tmp_path / "s.csv")
    found = certify(tmp_path / "s.csv", "--target", "mean", "--values", "a=1,b=0")[1]
    assert found["mean"]["lo"] <= (hesitant["truth"] == "a").mean() <= found["mean"]["hi"]
    assert "there its commonest one stands" in found["warnings"][0]


@pytest.mark.parametrize("target", ["mean", "agreement", "residual"])
def test_a_judge_that_never_spoke_is_not_usable(batch: pl.DataFrame, tmp_path: Path, target: str) -> None:
    """Nothing is claimed of it, whatever is asked; where something is required it is not met."""
    mute = batch.with_columns(ai=pl.lit(None, pl.String))
    write_frame(labelled(mute), tmp_path / "s.csv")
    assert certify(tmp_path / "s.csv", "--target", target)[0] == 0
    code, found = certify(tmp_path / "s.csv", "--target", target, "--require", 0.5)
    assert (code, found["usable"]) == (3, False)
    assert found[target]["why"] == "the judge gave no verdict"
    said = call("certify", tmp_path / "s.csv", "--item", "id", "--ai", "ai", "--human", "human", "--target", target)
    assert "no verdict on any of 1,000 items" in said.stdout


def test_the_word_nan_is_nobodys_label_and_categories_are_texts(batch: pl.DataFrame, tmp_path: Path) -> None:
    """A table whose empty cells were written as "nan", or a column of categories, gives the same certificate."""
    table = labelled(batch)
    write_frame(table, tmp_path / "s.parquet")
    write_frame(table.with_columns(pl.col("human").fill_null("nan")), tmp_path / "n.csv")
    write_frame(table.with_columns(pl.col("human", "ai").cast(pl.Categorical)), tmp_path / "c.parquet")
    plain, spelled, categories = (certify(tmp_path / name)[1] for name in ("s.parquet", "n.csv", "c.parquet"))
    assert plain == categories
    assert plain["agreement"] == spelled["agreement"]
    assert spelled["warnings"][0] == "700 cells of `human` say nan: read as empty."
