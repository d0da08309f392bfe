"""Keys: what decides a result, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from tutelage.pipeline import Stage
from tutelage.pipeline.keys import config_json, lock, stage_key, stage_seed


@dataclass(frozen=True)
class AsDataclass:
    rows: int = 3


class AsModel(BaseModel):
    rows: int = 3


def nothing(inputs: object, config: object, out: Path, ctx: object) -> None: ...


def test_one_configuration_has_one_key_however_it_is_written() -> None:
    stage = Stage("s", 1, nothing)
    keys = {stage_key(stage, {}, config, 0) for config in (AsDataclass(), AsModel(), {"rows": 3})}
    assert len(keys) == 1
    nested = {"a": AsModel(), "b": [AsDataclass()]}
    assert config_json(nested) == {"a": {"rows": 3}, "b": [{"rows": 3}]}


def test_inputs_are_known_by_name_and_content_and_not_by_order() -> None:
    stage = Stage("s", 1, nothing)
    assert stage_key(stage, {"a": "1", "b": "2"}, None, 0) == stage_key(stage, {"b": "2", "a": "1"}, None, 0)
    assert stage_key(stage, {"a": "1", "b": "2"}, None, 0) != stage_key(stage, {"a": "2", "b": "1"}, None, 0)


def test_a_package_that_is_not_installed_is_a_version_of_its_own() -> None:
    versions = lock(("numpy", "no-such-distribution"))
    assert versions["no-such-distribution"] == "absent"
    assert set(versions) == {"python", "numpy", "no-such-distribution"}


def test_stages_of_one_recipe_have_streams_of_their_own() -> None:
    seeds = {stage_seed(recipe, name) for recipe in range(100) for name in ("sft", "dpo")}
    assert len(seeds) == 200
    assert all(0 <= seed < 2**63 for seed in seeds)
