"""A recipe decides everything, and says which field is wrong."""

from __future__ import annotations

import pytest

from tutelage.errors import BadInput
from tutelage.pipeline import recipe


def test_every_recipe_that_comes_with_tutelage_can_be_read() -> None:
    """demo, causal and mini are there, each under its own name."""
    assert recipe.names() == ["causal", "demo", "mini"]
    assert [recipe.load(n).name for n in recipe.names()] == recipe.names()


def test_the_example_recipe_is_a_recipe() -> None:
    """What `tutelage example recipe` prints can be run."""
    assert recipe.parse(recipe.EXAMPLE, "example").arms == ("true",)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('name = "x"\nlearning_rate = 1', "learning_rate"),
        ('name = "x"\n[dpo]\nbeta = -1', "dpo.beta"),
        ('name = "x"\narms = ["flipped"]', "arms.0"),
        ('name = "x"\n[prompts]\nheld_out = 1.5', "prompts.held_out"),
        ("", "name"),
    ],
)
def test_a_wrong_field_is_named(text: str, field: str) -> None:
    """Unknown keys, impossible values and missing names are refused with their dotted path."""
    with pytest.raises(BadInput) as caught:
        recipe.parse(text, "r.toml")
    assert caught.value.where.field == field
    assert caught.value.where.file == "r.toml"


def test_a_recipe_that_is_not_there_lists_those_that_are() -> None:
    """The error names demo."""
    with pytest.raises(BadInput, match="demo"):
        recipe.load("nowhere.toml")
