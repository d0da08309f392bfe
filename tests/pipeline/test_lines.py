"""What is wrong in a TOML file is found by its line."""

from __future__ import annotations

import pytest

from tutelage.errors import BadInput
from tutelage.pipeline.lines import line_of
from tutelage.pipeline.recipe import parse

TEXT = """\
name = "mine"

[sample]
n = 2
[[criteria]]
metric = "a"
[[criteria]]
metric = "b"   # the second
bound = 3
"""


@pytest.mark.parametrize(
    ("place", "line"),
    [(("name",), 1), (("sample", "n"), 4), (("criteria", 1, "bound"), 9), (("criteria", 0, "bound"), 5),
     (("sample", "temperature"), 3), (("nothing",), None)],
)  # fmt: skip
def test_a_value_is_found_by_its_place_or_by_the_table_around_it(
    place: tuple[str | int, ...], line: int | None
) -> None:
    assert line_of(TEXT, place) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [('name = "x"\n[sample]\nn = 1\n', 3), ('name = "x"\n[sample\n', 2), ('name = "x"\n\nunknown = 1\n', 3)],
)
def test_a_recipe_that_is_wrong_names_its_line(text: str, line: int) -> None:
    """One answer a prompt cannot be compared; a bracket is missing; a key that there is not."""
    with pytest.raises(BadInput) as told:
        parse(text, "r.toml")
    assert told.value.where.line == line
