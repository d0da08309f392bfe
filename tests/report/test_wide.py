"""Tables with one column a judge are judgments too; tables that only look so are left alone."""

from __future__ import annotations

import polars as pl
import pytest

from tutelage.report import judgments
from tutelage.report.wide import judge_columns, tall


@pytest.mark.parametrize(
    ("names", "judges"),
    [
        (["id", "annotator1", "annotator2"], ["annotator1", "annotator2"]),
        (["rater_a", "rater_b", "rater_c", "vote1"], ["rater_a", "rater_b", "rater_c"]),
        (["Label 1", "Label 2"], ["Label 1", "Label 2"]),
        (["label", "labels", "votes", "judges"], []),
        (["response1", "response2", "annotator1"], []),
    ],
)  # fmt: skip
def test_a_judges_word_with_a_number_or_letter_is_a_judge_where_there_are_two(
    names: list[str], judges: list[str]
) -> None:
    assert judge_columns(names) == judges


def test_an_item_column_that_repeats_names_no_items() -> None:
    """One id a row: the ids are the items. The same id twice: the rows are."""
    table = pl.DataFrame({"id": ["p", "q"], "rater1": [1, 0], "rater2": [1, None], "gold": [1, 1]})
    found = tall(table, item=("id",), gold=("gold",))
    assert found is not None
    assert found[0].rows() == [("p", 1, "rater1", 1), ("q", 1, "rater1", 0), ("p", 1, "rater2", 1)]
    again = tall(table.with_columns(id=pl.lit("p")), item=("id",), gold=("gold",))
    assert again is not None and again[0]["item"].to_list() == ["row 1", "row 2", "row 1"]
    assert "a row is an item" in again[1]


def test_a_wide_table_says_what_the_long_one_says() -> None:
    wide = {"task": list("pqrs"), "annotator1": list("xxyy"), "annotator2": list("xxyx")}
    long = {"task": list("pqrs") * 2, "judge": ["annotator1"] * 4 + ["annotator2"] * 4, "value": list("xxyyxxyx")}
    one, two = judgments(wide), judgments(long)
    assert one.study.agreement["alpha"] == two.study.agreement["alpha"]
    assert any("one column each" in note for note in one.taken.notes)


def test_columns_that_were_named_are_believed() -> None:
    table = {"task": list("pqpq"), "who": list("aabb"), "vote1": list("xyxx"), "vote2": list("yyyy")}
    page = judgments(table, item="task", judge="who", value="vote1")
    assert page.taken.n == 4 and page.taken.judges.tolist() == ["a", "b"]
