"""The page on judgments: what it says of data whose answer is known, and that no data brings it down."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx

from tutelage.errors import BadInput
from tutelage.records import Estimate, Rate, Undefined
from tutelage.report import Judged, judgments, study, verdicts


def crowd(items: int, each: int, right: float, *, judges: int = 12, seed: int = 0) -> dict[str, list[Any]]:
    """Simulated: `each` of the judges see an item and say its truth (two values) with chance `right`."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, items)
    rows = [(i, j) for i in range(items) for j in rng.choice(judges, each, replace=False)]
    said = [truth[i] if rng.random() < right else 1 - truth[i] for i, _ in rows]
    names = np.array(["no", "yes"])
    return {"item": [f"i{i}" for i, _ in rows], "judge": [f"j{j}" for _, j in rows],
            "value": [str(names[v]) for v in said], "gold": [str(names[truth[i]]) for i, _ in rows]}  # fmt: skip


def sentences(page: Judged) -> str:
    return "\n".join(v.sentence for v in page.verdicts)


def test_good_judges_with_gold_support_nearly_everything() -> None:
    """400 items, 7 judges each right at 97 %: two agree at .97² + .03² = .94, alpha is about .88."""
    page = judgments(crowd(400, 7, 0.97))
    assert isinstance(page.study.agreement["alpha"], Estimate)
    assert page.study.agreement["alpha"].value == approx(0.88, abs=0.03)
    assert page.study.consensus["accuracy_on_gold"].value > 0.99
    assert [v.claim for v in page.verdicts if not v.holds] == []


def test_coin_tossers_support_nothing_and_no_number_of_them_would() -> None:
    page = judgments({k: v for k, v in crowd(300, 4, 0.5).items() if k != "gold"})
    said = sentences(page)
    assert "not supported: judges agree well enough" in said
    assert "more judgments of this kind will not raise agreement" in said
    assert "not supported: each judge is better than guessing" in said
    assert "about 139 more items answered by an expert" in said  # 1.96² · .9 · .1 / .05² = 138.3


def test_a_typical_judge_is_found_from_raw_agreement_alone() -> None:
    """Right at .8 among two: raw = .64 + .04 = .68; among four, .64 + .04/3. Both lead back to .8."""
    assert study.coin(0.68, 2) == approx(0.8)
    assert study.coin(0.64 + 0.04 / 3, 4) == approx(0.8)
    assert study.coin(0.1, 2) == approx(0.5)  # below chance: a judge is never worse than a coin here


def test_seven_judges_right_at_eighty_make_a_majority_right_at_ninety_five() -> None:
    """P(4 or more of 7) at .8 is .967, P(3 or more of 5) is .942."""
    assert verdicts.judges_for(0.8) == 7
    assert verdicts.judges_for(0.5) is None


def test_an_interval_half_as_wide_needs_three_times_as_many_more() -> None:
    assert verdicts.scaled(100, 0.1, 0.05) == 300


def test_more_judges_are_asked_for_where_two_divide_an_item() -> None:
    page = judgments(crowd(300, 3, 0.8))
    settled = next(v for v in page.verdicts if v.claim.startswith("nearly every item"))
    assert not settled.holds and settled.more is not None
    assert settled.more == approx((7 - 3) * 300, abs=2 * 300)
    assert "judges an item instead of 3.0" in settled.sentence


def test_comparisons_are_ranked_with_the_ranks_each_may_have() -> None:
    """a beats b beats c at 80 %: 400 comparisons of each pair put a first."""
    rng = np.random.default_rng(1)
    rows = [(x, y) for x, y in (("a", "b"), ("b", "c"), ("a", "c")) for _ in range(400)]
    won = [x if rng.random() < 0.8 else y for x, y in rows]
    shown = [(x, y) if rng.random() < 0.5 else (y, x) for x, y in rows]
    page = judgments(left=[x for x, _ in shown], right=[y for _, y in shown], winner=won,
                     judge=[f"j{k % 40}" for k in range(1200)])  # fmt: skip
    assert isinstance(page.study.preference, dict)
    assert [row["item"] for row in page.study.preference["rows"]] == ["a", "b", "c"]
    assert "supported: a is the strongest" in sentences(page)


def test_comparisons_that_do_not_connect_are_said_and_not_ranked() -> None:
    page = judgments(left=["a", "b", "c", "d"], right=["b", "a", "d", "c"], winner=["left", "left", "left", "right"])
    assert isinstance(page.study.preference, Undefined)
    assert "not supported: what was compared can be ranked" in sentences(page)


def test_a_winner_that_nobody_understands_is_left_out_and_said() -> None:
    page = judgments(left=["a"] * 6, right=["b"] * 6, winner=["left", "right", "tie", "perhaps", "left", None])
    assert page.taken.duels is not None and page.taken.duels.outcome.tolist() == [1, 0, 0.5, 1]
    assert any("'perhaps'" in note for note in page.taken.notes)


def test_an_ai_judge_gets_its_certificate_and_the_slice_that_would_narrow_it() -> None:
    """60 of 1,000 judged by people too, 90 % agreed: ± 8 points; ± 5 needs 60 · ((.08/.05)² − 1) more, about 100."""
    human = [None] * 940 + ["x"] * 54 + ["y"] * 6
    page = judgments(ai=["x"] * 1000, human=human)
    figure = page.study.certificate.figures["agreement"]
    assert figure.lo < 0.9 < figure.hi
    known = next(v for v in page.verdicts if "AI judge agrees" in v.claim)
    assert not known.holds and known.more is not None and 60 < known.more < 180


def test_every_figure_of_the_json_has_its_interval() -> None:
    figures = json.loads(json.dumps(judgments(crowd(60, 3, 0.9)).figures(), allow_nan=False))
    alpha, sharp = figures["agreement"]["alpha"], figures["consensus"]["sharp"]
    for figure in (alpha, sharp):
        assert {"value", "lo", "hi", "level", "method", "n"} <= set(figure)
    assert figures["supported"] and figures["shape"]["overlap"] == {"3": 60}


def test_the_page_is_one_file_without_script_whose_pictures_have_words() -> None:
    html = judgments(crowd(80, 5, 0.8)).html()
    assert "<script" not in html and "http://" not in html.replace("http://www.w3.org", "")
    pictures = re.findall(r"<svg viewBox[^>]*role=\"img\".*?</svg>", html, re.DOTALL)
    assert len(pictures) >= 8
    for picture in pictures:
        root = ElementTree.fromstring(picture)
        assert root.find("title") is not None and root.find("desc") is not None


def test_hostile_names_are_text_on_the_page_and_in_the_notebook() -> None:
    data = crowd(40, 3, 0.9)
    data["judge"] = ["<script>alert(1)</script>" if j == "j1" else j for j in data["judge"]]
    page = judgments(data)
    assert "<script>" not in page.html()
    shown = page._repr_html_()
    assert shown.startswith("<iframe") and "<script" not in shown and "sandbox" in shown


def test_a_path_a_frame_arrays_and_names_of_columns_say_the_same(tmp_path: Path) -> None:
    data = crowd(50, 3, 0.9)
    file = tmp_path / "v.csv"
    pl.DataFrame(data).write_csv(file)
    renamed = pl.DataFrame(data).rename({"item": "what", "judge": "who_is", "value": "said", "gold": "known"})
    by_name = judgments(renamed, item="what", judge="who_is", value="said", gold="known")
    pages = [judgments(file), judgments(pl.DataFrame(data)), judgments(**data), by_name]
    assert len({sentences(page) for page in pages}) == 1


def test_an_imported_directory_is_read_as_votes_and_as_comparisons_of_the_authors(tmp_path: Path) -> None:
    """Three people on two pairs of the same two models: five prefer m1, one m2; who withdrew does not count."""
    from tutelage.formats.corpus import Corpus
    from tutelage.records import Item, Judgment, Person, Response, assistant, user

    items = tuple(Item(f"i{k}", "comparison", user("2 + 2?"), responses=(f"a{k}", f"b{k}")) for k in range(2))
    responses = tuple(
        Response(f"{s}{k}", assistant("4"), author=m) for k in range(2) for s, m in (("a", "m1"), ("b", "m2"))
    )
    people = tuple(Person(f"p{k}") for k in range(3))
    prefer = {"type": "prefer", "strength": None}
    rows = [Judgment(f"j{i}{k}", f"i{i}", f"p{k}", prefer | {"winner": "second" if i == k == 0 else "first"})
            for i in range(2) for k in range(3)]  # fmt: skip
    rows.append(Judgment("w", "i1", "p2", {"type": "withdrawn"}, supersedes="j12"))
    Corpus(items, responses, tuple(rows), people).write(tmp_path / "judged")
    page = judgments(tmp_path / "judged")
    assert page.taken.n == 5 and page.taken.values.tolist() == ["first", "second"]
    assert page.taken.duels is not None and page.taken.duels.outcome.tolist() == [0, 1, 1, 1, 1]
    assert set(page.taken.duels.left.tolist()) == {"m1"}


def test_a_rating_of_two_criteria_is_two_things_said() -> None:
    """Two people, one item, helpfulness and harmlessness: four judgments of two things."""
    from tutelage.formats.corpus import Corpus
    from tutelage.records import Item, Judgment, Person, user

    scores = [{"helpful": 4.0, "harmless": 5.0}, {"helpful": 4.0, "harmless": None}]
    rows = tuple(Judgment(f"j{k}", "i", f"p{k}", {"type": "rating", "scores": s}) for k, s in enumerate(scores))
    page = judgments(Corpus((Item("i", "rating", user("?")),), (), rows, (Person("p0"), Person("p1"))))
    assert page.taken.n == 3 and page.taken.items.tolist() == ["i / harmless", "i / helpful"]


EDGES: dict[str, dict[str, list[Any]]] = {
    "nothing at all": {"item": [], "judge": [], "value": []},
    "one row": {"item": ["1"], "judge": ["a"], "value": ["x"]},
    "one judge": {"item": ["1", "2", "3"], "judge": ["a"] * 3, "value": ["x", "y", "x"]},
    "no overlap": {"item": ["1", "2", "3"], "judge": ["a", "b", "c"], "value": ["x", "y", "x"]},
    "one value": {"item": ["1", "1", "2", "2"], "judge": ["a", "b", "a", "b"], "value": ["x"] * 4},
    "empty cells": {"item": ["1", None, "1", "2"], "judge": ["a", "b", None, "b"], "value": ["x", "y", "z", None]},
    "all empty": {"item": [None, None], "judge": [None, None], "value": [None, None]},
    "no judges named": {"item": ["1", "1", "2", "2"], "value": ["x", "y", "x", "x"]},
    "twice by one judge": {"item": ["1", "1"], "judge": ["a", "a"], "value": ["x", "y"]},
    "a scale": {"item": ["1", "1", "2", "2", "3"], "judge": list("ababa"), "value": [0.5, 0.7, 0.1, 0.25, 3.75]},
    "gold nobody gave": {"item": ["1", "1", "2", "2"], "judge": list("abab"), "value": list("xxyx"),
                         "gold": list("zzxx")},
    "ties only": {"left": ["a", "b"], "right": ["b", "a"], "winner": ["tie", "tie"]},
    "no human answers": {"ai": ["x", "y"], "human": [None, None]},
}  # fmt: skip


@pytest.mark.parametrize("name", EDGES)
def test_no_data_brings_the_page_down(name: str) -> None:
    page = judgments(pl.DataFrame(EDGES[name], strict=False))
    assert page.verdicts and page.html().startswith("<!doctype html>")
    json.dumps(page.figures(), allow_nan=False)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.sampled_from("xyz")), max_size=30))
def test_whatever_few_judgments_say_there_is_a_page(rows: list[tuple[int, int, str]]) -> None:
    page = judgments(item=[r[0] for r in rows], judge=[r[1] for r in rows], value=[r[2] for r in rows])
    assert "</html>" in page.html()
    for figure in (page.study.agreement["alpha"], page.study.consensus["sharp"]):
        assert isinstance(figure, Estimate | Rate | Undefined)


def test_columns_that_cannot_be_found_are_asked_for() -> None:
    with pytest.raises(BadInput, match="There is no item"):
        judgments({"foo": [1], "bar": [2]})


@pytest.mark.slow
def test_a_million_judgments_take_seconds() -> None:
    """Linear parts on all rows; choice of method and label errors on a sample that is said; no search for groups."""
    rng = np.random.default_rng(0)
    n = 1_000_000
    item, truth = np.arange(n) // 5, rng.integers(0, 3, n // 5)
    value = np.where(rng.random(n) < 0.8, truth[item], rng.integers(0, 3, n))
    began = time.process_time()
    page = judgments({"item": item, "judge": rng.integers(0, 200, n), "value": value})
    page.html()
    assert time.process_time() - began < 40
    assert "drawn at random" in page.study.consensus["why"]


def test_a_comparison_is_known_by_its_item_and_not_by_its_two_models_alone() -> None:
    """Four pairs of answers by the same two models, each judged twice: 4 items of 2 judgments, none a repeat."""
    rows = [(p, j) for p in range(4) for j in ("ann", "bea")]
    page = judgments({"pair_id": [p for p, _ in rows], "judge": [j for _, j in rows], "model_a": ["x"] * 8,
                      "model_b": ["y"] * 8, "winner": ["left"] * 7 + ["right"]})  # fmt: skip
    assert page.taken.items.size == 4 and page.taken.n == 8
    assert page.study.agreement["raw"].value == approx(3 / 4)


def test_a_row_that_names_no_winner_does_not_change_what_the_other_items_are() -> None:
    page = judgments(item=[1, 1, 2, 2], judge=["a", "b", "a", "b"], left=["x"] * 4, right=["y"] * 4,
                     winner=["left", "left", "right", None])  # fmt: skip
    assert page.taken.items.size == 2 and page.taken.n == 3


def test_judges_who_saw_a_pair_from_opposite_sides_agree_if_they_prefer_the_same() -> None:
    """a sees x|y and says left, b sees y|x and says right: both prefer x."""
    page = judgments(prompt=[1, 1, 2, 2], judge=["a", "b", "a", "b"], left=["x", "y", "x", "y"],
                     right=["y", "x", "y", "x"], winner=["left", "right", "right", "left"])  # fmt: skip
    assert page.taken.items.size == 2
    assert page.study.agreement["raw"].value == 1
    assert any("both ways round" in note for note in page.taken.notes)


def test_times_and_reasons_are_counted_and_not_judged() -> None:
    """Times 10 to 50 s, one unknown: median 30. Two reasons are the same but for case: 2 come again."""
    page = judgments(item=[1, 1, 2, 2, 3, 3], judge=list("ababab"), value=list("xxyyxy"),
                     seconds=[10, 20, 30, 40, 50, None],
                     reason=["Too long", "too  LONG", "wrong", None, None, ""])  # fmt: skip
    spent = page.figures()["shape"]["effort"]
    assert spent["seconds"]["median"] == 30 and spent["seconds"]["known"] == 5
    assert spent["reasons"] == {"judgments": 6, "given": 3, "again": 2}
    assert "Median time of a judgment" in page.html() and "Reasons that come again" in page.html()


def test_the_load_of_judges_is_a_curve_from_nothing_to_all() -> None:
    """1, 1 and 2 of 4 judgments: two thirds of the judges gave half."""
    assert study.lorenz(np.array([2, 1, 1])) == [(0, 0), (approx(1 / 3), 0.25), (approx(2 / 3), 0.5), (1, 1)]
    assert "Who carries the load" in judgments(crowd(60, 3, 0.9)).html()
    even = {"item": [i for i in range(9) for _ in "abcdef"], "judge": list("abcdef") * 9, "value": list("xxyxyx") * 9}
    assert "Every judge gave 9 judgments." in judgments(even).html()
