"""Origins: named by the row's own digest, one for every row."""

from __future__ import annotations

from pathlib import Path

import pytest

from tutelage import curation
from tutelage.curation import Human, Sampled, Sourced
from tutelage.errors import BadInput
from tutelage.records import DemonstrationRow, LabelledRow, assistant, jsonl, user

ROWS = [DemonstrationRow(user("say"), assistant(t), (t,), "g") for t in "abc"]
MIXED = [Sourced(ROWS[0], Human()), Sourced(ROWS[1], Sampled("sha256:m", 2, verified_by="exact"))]


def test_rows_and_origins_come_back_as_they_were_written(tmp_path: Path) -> None:
    """Of every type of row."""
    labelled = Sourced(LabelledRow(user("say"), assistant("d"), 1.0, (), "g"), Sampled("sha256:m", 1, proposed=True))
    assert curation.read(curation.write(tmp_path / "new", [*MIXED, labelled])) == [*MIXED, labelled]


def test_a_changed_row_has_no_origin(tmp_path: Path) -> None:
    """One letter, and its digest is another: the line is named."""
    curation.write(tmp_path, MIXED)
    jsonl.write(tmp_path / "train.jsonl", [ROWS[0], ROWS[2]])
    with pytest.raises(BadInput, match=r"train\.jsonl:2: The row sha256"):
        curation.read(tmp_path)


def test_a_row_with_two_origins_is_refused(tmp_path: Path) -> None:
    """A model that repeats a person's words does not make them its own, nor the other way round."""
    with pytest.raises(BadInput, match="two origins"):
        curation.write(tmp_path, [MIXED[0], Sourced(ROWS[0], Sampled("sha256:m", 1))])


def test_the_same_answer_to_the_same_prompt_counts_once() -> None:
    """Who worked on it, and who said it, does not make it another answer; the first stays."""
    again = Sourced(DemonstrationRow(user("say"), assistant("a"), ("other",), "g"), Sampled("sha256:m", 1))
    elsewhere = Sourced(DemonstrationRow(user("sing"), assistant("a"), ("other",), "g"), Human())
    assert curation.distinct([*MIXED, again, elsewhere]) == [*MIXED, elsewhere]
