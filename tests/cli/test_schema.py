"""Whatever has a schema has an example, and the example is valid."""

import json

import jsonschema
import pytest

from tutelage import kinds
from tutelage.cli import example, schema
from tutelage.errors import BadInput
from tutelage.formats import import_file


@pytest.mark.parametrize("name", ["item", "response", "judge", "judgment", "verdict", "row"])
def test_the_example_of_a_record_follows_its_schema(name):
    jsonschema.validate(json.loads(example.example(name)), schema.schema(name))


@pytest.mark.parametrize("name", ["item", "judgment", "row"])
def test_a_schema_refuses_keys_it_does_not_know(name):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**json.loads(example.example(name)), "colour": "red"}, schema.schema(name))


@pytest.mark.parametrize("name", kinds.names())
def test_the_answer_and_payload_of_a_kind_follow_its_schema(name):
    shown, said = kinds.get(name).exhibit(), schema.schema(name)
    jsonschema.validate(dict(shown.item.payload), said["payload"])
    jsonschema.validate(dict(shown.judgment.answer), said["answer"])


@pytest.mark.parametrize("name", kinds.names())
def test_the_example_of_a_kind_can_be_imported_as_it_is(name, tmp_path):
    (tmp_path / "one.jsonl").write_text(example.example(name) + "\n")
    assert len(import_file(tmp_path / "one.jsonl", name).corpus.judgments) == 1


@pytest.mark.parametrize("name", schema.names())
def test_every_schema_is_a_schema(name):
    made = schema.schema(name)
    for part in [made["payload"], made["answer"]] if name in kinds.names() else [made]:
        jsonschema.Draft202012Validator.check_schema(part)


@pytest.mark.parametrize("find", [schema.schema, example.example])
def test_an_unknown_name_is_refused_with_the_known_ones(find):
    with pytest.raises(BadInput) as caught:
        find("recpie")
    assert "comparison" in caught.value.expected


def test_the_examples_of_a_recipe_and_of_criteria_are_read_by_their_rooms():
    from tutelage.gate import criteria
    from tutelage.pipeline import recipe

    assert recipe.parse(example.example("recipe"), "example")
    assert criteria.parse(example.example("criteria").encode())
