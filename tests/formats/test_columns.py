"""The column map's little language."""

import pytest

from tutelage.errors import BadInput
from tutelage.formats.columns import ColumnMap


def test_columns_constants_and_meanings_are_told_apart():
    made = ColumnMap.parse(["prompt=a,b", "judge_type=@ai", "winner:a=b=first", "winner:=cannot_rate", "scale=@1..5"])
    assert made.columns == {"prompt": ("a", "b")}
    assert made.constants == {"judge_type": "ai", "scale": "1..5"}
    assert made.meanings == {"winner": {"a=b": "first", "": "cannot_rate"}}


@pytest.mark.parametrize(
    ("text", "says"), [("winner", "ROLE=COLUMN"), ("victor=x", "winner"), ("victor:x=first", "winner")]
)
def test_what_is_no_map_is_refused(text, says):
    with pytest.raises(BadInput) as caught:
        ColumnMap.parse([text])
    assert says in caught.value.expected
