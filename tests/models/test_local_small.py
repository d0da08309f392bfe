"""A small model made from texts: any text goes in and comes out, and the seed decides every byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutelage.errors import BadInput
from tutelage.models import load, local_small
from tutelage.records import DemonstrationRow, Sampling, assistant, user
from tutelage.training import SftConfig, sft

pytestmark = pytest.mark.train
TEXTS = ["say three animals", "cat dog horse", "say two colours", "red blue"] * 3


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One layer, 32 wide."""
    return local_small.make(
        tmp_path_factory.mktemp("small") / "base", TEXTS, hidden=32, layers=1, vocabulary=400, seed=1
    )


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return local_small.learned(TEXTS, 400)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_written_and_read_back(tokenizer: Any, text: str) -> None:
    """Byte level: what the texts never held still has tokens."""
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    special = any(s in text for s in (local_small.BEGIN, local_small.END, local_small.PAD))
    assert special or tokenizer.decode(ids) == text


def test_a_word_of_the_texts_is_one_token_and_every_digit_its_own(tokenizer: Any) -> None:
    """ " horse" was repeated, 1905 is four digits."""
    assert len(tokenizer(" horse", add_special_tokens=False)["input_ids"]) == 1
    assert len(tokenizer("1905", add_special_tokens=False)["input_ids"]) == 4


def test_the_same_texts_and_seed_give_the_same_model_and_another_seed_another(small: Path, tmp_path: Path) -> None:
    """The digest is that of the weights."""
    sizes = {"hidden": 32, "layers": 1, "vocabulary": 400}
    again = local_small.make(tmp_path / "again", TEXTS, **sizes, seed=1)
    other = local_small.make(tmp_path / "other", TEXTS, **sizes, seed=2)
    digests = [load(f"local:{d}").digest for d in (small, again, other)]
    assert digests[0] == digests[1] != digests[2]


def test_it_learns_what_it_is_shown(small: Path, tmp_path: Path) -> None:
    """Two questions, two answers, thirty passes: asked again, without chance, it gives them and stops."""
    answers = {"say two colours": "red blue", "say three animals": "cat dog horse"}
    rows = [DemonstrationRow(user(q), assistant(a), (f"c{i}",), q) for i, (q, a) in enumerate(answers.items())]
    config = SftConfig(lora_rank=0, lr=1e-2, epochs=30, batch_rows=2)
    out = sft(rows, f"local:{small}", tmp_path / "sft", config)
    policy = load(f"local:{out}")
    said = policy.sample([user(q) for q in answers], sampling=Sampling("", temperature=0.0, max_tokens=12, seed=0))
    assert [(g[0].text, g[0].ended) for g in said] == [(a, True) for a in answers.values()]


@pytest.mark.parametrize(
    ("change", "seen"),
    [({"hidden": 40}, "hidden is 40"), ({"vocabulary": 100}, "vocabulary is 100"), ({"texts": [" "]}, "no text")],
)
def test_sizes_that_make_no_model_are_named(tmp_path: Path, change: dict[str, Any], seen: str) -> None:
    """Before anything is written."""
    given: dict[str, Any] = {"texts": TEXTS, "hidden": 32, "vocabulary": 400} | change
    with pytest.raises(BadInput, match=seen):
        local_small.make(tmp_path / "x", given.pop("texts"), **given)
    assert not (tmp_path / "x").exists()


def test_a_directory_that_holds_a_model_is_not_overwritten(small: Path) -> None:
    """Another model may stand on it."""
    with pytest.raises(BadInput, match="There is a model here"):
        local_small.make(small, TEXTS)
