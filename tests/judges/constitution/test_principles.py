"""A constitution is a file that anybody can read; what is wrong with it is named by file, line and field."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tutelage.errors import BadInput
from tutelage.judges import constitution
from tutelage.judges.constitution import Constitution, Principle, Support
from tutelage.judges.constitution.default import EXAMPLE
from tutelage.records import Rate

TWO = Constitution((Principle("a", "c", "r", "p", weight=3.0), Principle("b", "c", "r", "p")))


def test_the_sixteen_to_begin_with_are_the_example(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(EXAMPLE)
    assert constitution.read(tmp_path / "c.toml") == constitution.default()
    assert len({p.id for p in constitution.default().principles}) == 16


def test_what_is_written_is_read_back_with_who_voted(tmp_path: Path) -> None:
    support = Support(
        40,
        Rate(33, 40, 0.7, 0.9, "x"),
        (Rate(18, 20, 0.6, 0.99, "x", assumptions=("drawn at random",)), Rate(15, 20, 0.5, 0.9, "x")),
    )
    said = 'say "no",\nplainly \\ always'
    law = Constitution((Principle("a", said, "r", "p", 2.5, "a poll", support), Principle("b", "c", "r", "p")), "Ours")
    (tmp_path / "c.toml").write_text(constitution.to_toml(law))
    assert constitution.read(tmp_path / "c.toml") == law


def test_principles_are_drawn_by_weight_from_seed_and_content_alone() -> None:
    """Weights 3 and 1: three quarters of 2,000 contents, within four standard errors of 0.0097."""
    drawn = [TWO.draw(7, f"sha256:{n}").id for n in range(2000)]
    assert drawn == [TWO.draw(7, f"sha256:{n}").id for n in range(2000)]
    assert abs(Counter(drawn)["a"] / 2000 - 0.75) < 0.039
    assert drawn != [TWO.draw(8, f"sha256:{n}").id for n in range(2000)]


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        ('[[principles]]\nid = "a"\ncritique = "c"\nrevision = "r"\npreference = ""\n', 5, "principles[0].preference"),
        ('[[principles]]\nid = "a"\ncritique = "c"\nrevision = "r"\n', 1, "principles[0].preference"),
        (EXAMPLE + '\n[[principles]]\nid = "kind"\ncritique = "c"\nrevision = "r"\npreference = "p"\n',
         EXAMPLE.count("\n") + 3, "principles[16].id"),
        ('\n[[principles]]\nid = "a"\ncritique = "c"\nrevision = "r"\npreference = "p"\nwait = 1\n', 7,
         "principles[0].wait"),
        ('[[principles]]\nid = "a"\ncritique = "c"\nrevision = "r"\npreference = "p"\nweight = 0\n', 6,
         "principles[0].weight"),
        ("principles = []\n", None, "principles"),
        ('title = "open\n', None, None),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_line_and_field(
    text: str, line: int | None, field: str | None, tmp_path: Path
) -> None:
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(BadInput) as found:
        constitution.read(tmp_path / "c.toml")
    where = found.value.where
    assert (where.file, where.line, where.field) == (str(tmp_path / "c.toml"), line, field)


def test_a_file_that_is_not_there_leads_to_the_example(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="example constitution"):
        constitution.read(tmp_path / "none.toml")
