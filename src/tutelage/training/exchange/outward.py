"""A data set as a directory that another engine trains from: data, recipe, reward, and whose work is in which row."""

from __future__ import annotations

import dataclasses
import re
import shutil
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from tutelage import provenance
from tutelage.environments.graders import UNGRADED
from tutelage.errors import BadInput, Where
from tutelage.models.checkpoint import Contribution
from tutelage.provenance.lineage import WORK
from tutelage.records import DemonstrationRow, RankedRow, jsonl
from tutelage.store import digest, digest_file, digest_path, write_json
from tutelage.store.files import write_whole
from tutelage.training.config import DpoConfig, RewardConfig, SftConfig, TrainConfig
from tutelage.training.config_online import GrpoConfig
from tutelage.training.dataset import of_type, read_rows
from tutelage.training.exchange import base as bases
from tutelage.training.exchange import shapes
from tutelage.training.exchange.sheet import RECIPE, SHEET, Line, Sheet
from tutelage.training.tasks import FILE
from tutelage.training.tasks import read as read_tasks

CONFIGS: dict[str, type[TrainConfig]] = {
    "sft": SftConfig, "dpo": DpoConfig, "reward": RewardConfig, "grpo": GrpoConfig
}  # fmt: skip
# engine -> (data, the recipe's name here and there, what it was written for)
ENGINES: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "trl": ("train.jsonl", "train_trl.py.txt", "train.py", (
        "torch==2.13.0", "transformers==5.23.0", "trl==1.16.0", "peft==0.21.2", "accelerate==1.15.0", "datasets==5.2.0",
    )),
    "openrlhf": ("train.jsonl", "train_openrlhf.sh.txt", "train.sh", ("openrlhf[vllm]==0.11.0",)),
    "verl": ("train.parquet", "train_verl.sh.txt", "train.sh", ("verl[vllm]==0.7.0",)),
}  # fmt: skip
NO_REWARD = "TUTELAGE_REWARD"  # a reward's SPEC, where the export was made without one


@dataclasses.dataclass(frozen=True, slots=True)
class Sent:
    """What an export holds. `lineage` says whether the judgments behind its rows were at hand."""

    path: str
    engine: str
    method: str
    rows: int
    contributions: int
    lineage: bool
    data: str
    recipe: str
    needs_reward: bool


def methods(engine: str) -> list[str]:
    """What an engine is given rows for."""
    return [method for e, method in shapes.SHAPES if e == engine]


def export(
    dataset: Path,
    engine: str,
    out: Path,
    *,
    base: str,
    method: str | None = None,
    reward: str | None = None,
    config: Mapping[str, Any] | None = None,
    reward_work: Sequence[Contribution] = (),
    work: Mapping[str, provenance.Work] | None = None,
) -> Sent:
    """Write the directory; the same arguments give the same bytes.

    engine, method  see `shapes.SHAPES`; the rows say the method where it is None
    config          settings that differ from the method's own config
    reward          SPEC of what answers are rewarded by, for grpo; `reward_work` is the work behind it
    work            the contributions at hand, by id
    Raises BadInput, MissingExtra.
    """
    if engine not in ENGINES:
        raise _bad(f"There is no shape for {engine!r}.", "one of " + ", ".join(ENGINES), "Correct --for.", "--for")
    reward = _whole(reward)
    if out.exists():
        raise BadInput(
            "This exists already.", expected="a path that does not exist yet", remedy="Choose another --out.",
            where=Where(str(out)),
        )  # fmt: skip
    method = method or method_for(dataset, engine)
    if method not in methods(engine):
        raise _bad(f"{engine} is given no rows for {method!r}.", "one of " + ", ".join(methods(engine)),
                   "Choose another --method, or another engine.", "--method")  # fmt: skip
    settings = dataclasses.asdict(CONFIGS[method](**dict(config or {})))
    source, rows = _rows(dataset, method, reward)
    given = bases.find(base)
    data, template, script, pins = ENGINES[engine]
    partial = out.parent / f".{out.name}.partial"
    _empty(partial)
    _write(partial / data, [shapes.SHAPES[engine, method](row) for row in rows], method)
    place = bases.put(given, partial, out)
    ids = sorted({i for row in rows for i in row["judgments"]} | {c.id for c in reward_work})
    known = {**given.work, **(work or {})}
    traced = set(ids) <= known.keys()
    recipe = {"method": method, "base": place, "config": settings, "reward": reward or "", "end": given.end,
              "template": given.template}  # fmt: skip
    write_json(partial / RECIPE, recipe)
    _scripts(partial, template, script, pins, method, recipe, len(rows), reward)
    listed = tuple(known[i] for i in ids) if traced else ()
    if traced:
        jsonl.write(partial / WORK, listed)
    write_json(partial / SHEET, Sheet(
        engine, method, given.spec, given.digest, digest_file(given.weights_in(partial)),
        dataset.name, digest_path(dataset), digest(source), settings,
        {p.name: digest_file(p) for p in sorted(partial.iterdir()) if p.is_file()},
        tuple(Line(digest({k: v for k, v in row.items() if k != "row"}), tuple(row["judgments"])) for row in rows),
        parent=given.parent, work=provenance.contributions.digest_of(listed) if traced else None, reward=reward,
        reward_digest=_reward_digest(reward), reward_work=tuple(reward_work),
    ))  # fmt: skip
    partial.rename(out)
    needs = method == "grpo" and reward is None
    return Sent(str(out), engine, method, len(rows), len(ids), traced, data, script, needs)


def method_for(dataset: Path, engine: str) -> str:
    """What a data set's rows are for: tasks grpo, rankings dpo (where the engine has it), demonstrations sft."""
    if _is_tasks(dataset):
        return "grpo"
    try:
        rows = read_rows(dataset)
    except BadInput:
        rows = read_rows(dataset, "demonstration")
    if any(isinstance(row, RankedRow) for row in rows):
        return "dpo" if "dpo" in methods(engine) else "grpo"
    return "sft"


def _is_tasks(dataset: Path) -> bool:
    own = dataset / FILE if dataset.is_dir() else dataset
    if not own.is_file() or not own.name.endswith((".jsonl", ".jsonl.gz")):
        return False
    first = next((value for _, value in jsonl.objects(own)), None)
    return isinstance(first, dict) and {"prompt", "grader"} <= first.keys()


def _rows(dataset: Path, method: str, reward: str | None) -> tuple[list[Any], list[shapes.Out]]:
    """The records, and the rows made of them."""
    if method == "grpo":
        found = read_tasks(dataset)
        ungraded = sum(t.grader == UNGRADED for t in found.tasks)
        if ungraded and reward == "graders":
            raise _bad(f"{ungraded} of {len(found.tasks)} prompts come without a grader.", "tasks with a grader",
                       "Name a reward model: --reward reward:DIR.", "--reward")  # fmt: skip
        return list(found.tasks), shapes.numbered(shapes.prompts(found.tasks, found.contributions))
    if method == "sft":
        shown = of_type(read_rows(dataset, "demonstration"), DemonstrationRow, dataset, "a demonstration")
        return list(shown), shapes.numbered(shapes.demonstrations(shown))
    ranked = of_type(read_rows(dataset), RankedRow, dataset, "a comparison or ranking")
    return list(ranked), shapes.numbered(shapes.pairs(ranked))


def _scripts(
    place: Path, template: str, script: str, pins: Sequence[str], method: str, recipe: Mapping[str, Any], rows: int,
    reward: str | None,
) -> None:  # fmt: skip
    c = recipe["config"]
    clip = c.get("clip", 0.2)
    ask = f': "${{{NO_REWARD}:?name a reward, as reward:DIR; tutelage train reward makes one}}"; '
    values = {
        **c, "method": method, "base": recipe["base"], "rows": rows, "beta": c.get("beta", 0.1), "clip_low": clip,
        "clip_high": c.get("clip_high") or clip, "answers": c.get("answers", 1), "steps": c.get("steps", 1),
        "scale": c.get("scale", True), "estimator": "group_norm" if c.get("scale", True) else "dr_grpo",
        "max_tokens": c["max_prompt_tokens"] + c["max_response_tokens"], "lora_alpha": int(c["lora_alpha"]),
        "need_reward": ask if reward is None else "",
    }  # fmt: skip
    text = _template(template)
    if script.endswith(".sh"):
        text = re.sub(r"@(\w+)@", lambda m: str(values[m[1]]), text)
        write_whole(place / "record.py", _template("record.py.txt").encode())
    write_whole(place / script, text.encode())
    write_whole(place / "requirements.txt", "".join(f"{pin}\n" for pin in pins).encode())
    if method == "grpo":
        for name in ("reward.py", "serve_reward.py"):
            write_whole(place / name, _template(f"{name}.txt").encode())


def _template(name: str) -> str:
    return (files(__package__) / "recipes" / name).read_text("utf-8")


def _whole(spec: str | None) -> str | None:
    """The SPEC with its path from the root: the recipe runs in another directory."""
    kind, colon, argument = (spec or "").partition(":")
    return f"{kind}:{Path(argument).resolve()}" if colon and kind in ("reward", "head", "rubric", "mix") else spec


def _reward_digest(spec: str | None) -> str | None:
    if spec is None:
        return None
    from tutelage.environments import rewards

    return rewards.load(spec).digest


def _write(place: Path, rows: list[shapes.Out], method: str) -> None:
    """JSON lines, or Parquet whose columns have the same types however many rows and judgments there are."""
    if place.suffix == ".jsonl":
        jsonl.write(place, rows)
        return
    import polars as pl

    turns, ids = pl.List(pl.Struct({"role": pl.String, "content": pl.String})), pl.List(pl.String)
    schemas: dict[str, dict[str, Any]] = {
        "sft": {"messages": turns, "row": pl.Int64, "judgments": ids},
        "grpo": {
            "data_source": pl.String, "prompt": turns, "ability": pl.String,
            "reward_model": pl.Struct({"style": pl.String, "ground_truth": pl.String}),
            "extra_info": pl.Struct({"split": pl.String, "index": pl.Int64, "judgments": ids}),
        },
    }  # fmt: skip
    pl.DataFrame(rows, schema=schemas[method]).write_parquet(place)


def _empty(directory: Path) -> None:
    """What a killed export left goes."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)


def _bad(seen: str, expected: str, remedy: str, field: str) -> BadInput:
    return BadInput(seen, expected=expected, remedy=remedy, where=Where(field=field))
