"""What the import page shows as an example can be imported as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tutelage import kinds
from tutelage.web.runs import importing
from tutelage.web.runs.examples import ROWS


@pytest.mark.parametrize("kind", kinds.names())
def test_the_example_of_every_kind_is_one_item(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "example"
    file.write_text(ROWS[kind])
    found = importing.look(file, kind, importing.Options())
    assert (found["items"], found["judgments"]) == (1, 0)
