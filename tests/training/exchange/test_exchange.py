"""Out to another engine and back: what is handed over, what is refused, and whose work is in what returns.

No other engine is here: the adapters are made by hand in peft's form. `benchmarks/roundtrip_trl.py` runs TRL itself.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from click.testing import CliRunner
from pytest import approx
from safetensors.torch import load_file, save_file

from tutelage import training
from tutelage.cli import root
from tutelage.environments.graders import Task
from tutelage.errors import BadInput
from tutelage.models import checkpoint as ck
from tutelage.models.local import LocalPolicy
from tutelage.models.local_reward import LocalReward
from tutelage.records import assistant, encode, jsonl, user
from tutelage.store import digest_file, digest_tree
from tutelage.training import exchange

LAYERS = [
    f"model.layers.{i}.{part}"
    for i in range(2)
    for part in ("self_attn.q_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.down_proj")
]
PAIRS = [{"prompt": f"Say {i}", "chosen": f"yes {i}", "rejected": "no"} for i in range(6)]


def say(*argv: str) -> str:
    return CliRunner().invoke(root, list(argv), catch_exceptions=False).output


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six judgments as `tutelage import` writes them."""
    here = tmp_path_factory.mktemp("judged")
    (here / "pairs.jsonl").write_text("".join(json.dumps(p) + "\n" for p in PAIRS))
    say("import", str(here / "pairs.jsonl"), "--kind", "comparison", "--out", str(here / "judged"))
    return here / "judged"


@pytest.fixture(scope="module")
def sent(judged: Path, tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exported for TRL."""
    out = tmp_path_factory.mktemp("sent") / "elsewhere"
    say("export", "training", str(judged), "--for", "trl", "--base", f"local:{tiny}", "--out", str(out))
    return out


def adapter(place: Path, base: Path, *, rank: int = 4, alpha: float = 8.0, **config: Any) -> Path:
    """A peft adapter: A and B normal with sd 0.05, the same on every machine."""
    rng, weights = np.random.default_rng(0), load_file(base / "model.safetensors")
    made = {}
    for name in LAYERS:
        out, into = weights[f"{name}.weight"].shape
        for part, shape in (("A", (rank, into)), ("B", (out, rank))):
            values = torch.from_numpy(0.05 * rng.standard_normal(shape)).float()
            made[f"base_model.model.{name}.lora_{part}.weight"] = values
    place.mkdir()
    save_file(made, place / "adapter_model.safetensors")
    told = {"peft_type": "LORA", "r": rank, "lora_alpha": alpha, "bias": "none", "base_model_name_or_path": str(base)}
    (place / "adapter_config.json").write_text(json.dumps(told | config))
    return place


def trained(place: Path, sent: Path, **more: Any) -> None:
    """What the recipe leaves beside its weights."""
    sheet = json.loads((sent / "tutelage.json").read_text())
    said = {
        "sheet": digest_file(sent / "tutelage.json"), "base": sheet["weights"],
        "files": {"train.jsonl": sheet["files"]["train.jsonl"]}, "steps": 3,
    }  # fmt: skip
    (place / "trained.json").write_text(json.dumps(said | more))


def expected(base: Path, place: Path, scale: float) -> list[float]:
    """Nats of "yes" and "no" after "Say 1": the plain model, each weight with scale · B A added by hand."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model, token = AutoModelForCausalLM.from_pretrained(str(base)), AutoTokenizer.from_pretrained(str(base))
    made = load_file(place / "adapter_model.safetensors")
    with torch.no_grad():
        for name in LAYERS:
            low, high = (made[f"base_model.model.{name}.lora_{p}.weight"] for p in "AB")
            model.get_submodule(name).weight += scale * high @ low
    out = []
    start = token.apply_chat_template(
        [{"role": "user", "content": "Say 1"}], tokenize=False, add_generation_prompt=True
    )
    for answer in ("yes", "no"):
        head, tail = (token(t, add_special_tokens=False)["input_ids"] for t in (start, answer + token.eos_token))
        with torch.no_grad():
            logp = model(torch.tensor([head + tail])).logits[0].log_softmax(-1)
        out.append(sum(float(logp[len(head) - 1 + i, t]) for i, t in enumerate(tail)))
    return out


def nats(place: Path) -> list[float]:
    policy = LocalPolicy.load(str(place), dtype="fp32")
    return [x.total for x in policy.logprobs([user("Say 1")] * 2, [assistant("yes"), assistant("no")])]


def test_pairs_go_out_in_trls_shape_with_whose_judgment_each_is(sent: Path, judged: Path) -> None:
    rows = [json.loads(line) for line in (sent / "train.jsonl").read_text().splitlines()]
    known = {j["id"] for _, j in jsonl.objects(judged / "judgments.jsonl")}
    assert len(rows) == 6
    assert rows[1]["prompt"] == [{"role": "user", "content": "Say 1"}]
    assert rows[1]["chosen"] == [{"role": "assistant", "content": "yes 1"}]
    assert [r["row"] for r in rows] == list(range(6))
    sheet = json.loads((sent / "tutelage.json").read_text())
    assert [line["ids"] for line in sheet["lines"]] == [r["judgments"] for r in rows]
    assert {i for line in sheet["lines"] for i in line["ids"]} == known
    assert sheet["files"]["train.jsonl"] == digest_file(sent / "train.jsonl")


@pytest.mark.parametrize("engine", ["trl", "openrlhf", "verl"])
def test_the_same_export_is_the_same_bytes(engine: str, judged: Path, tiny: Path, tmp_path: Path) -> None:
    trees = set()
    for name in ("a", "b"):
        exchange.export(judged, engine, tmp_path / name, base=f"local:{tiny}")
        trees.add(digest_tree(tmp_path / name))
    assert len(trees) == 1


@pytest.mark.parametrize(
    ("engine", "method", "says"),
    [("openrlhf", "dpo", "openrlhf.cli.train_dpo"), ("openrlhf", "reward", "openrlhf.cli.train_rm"),
     ("openrlhf", "grpo", "--reward.remote_url"), ("verl", "grpo", "custom_reward_function.path")],
)  # fmt: skip
def test_a_recipe_is_a_script_of_its_engine_with_every_value_filled_in(
    engine: str, method: str, says: str, judged: Path, tiny: Path, tmp_path: Path
) -> None:
    import subprocess

    exchange.export(judged, engine, tmp_path / "out", base=f"local:{tiny}", method=method)
    script = (tmp_path / "out" / "train.sh").read_text()
    assert says in script
    assert "@base@" not in script
    assert subprocess.run(["bash", "-n", tmp_path / "out" / "train.sh"], check=False).returncode == 0


def test_verl_is_given_messages_to_imitate_and_prompts_with_a_ground_truth(tiny: Path, tmp_path: Path) -> None:
    demos = tmp_path / "demos.jsonl"
    demos.write_text("".join(json.dumps({"prompt": f"q{i}", "completion": f"a{i}"}) + "\n" for i in range(3)))
    exchange.export(demos, "verl", tmp_path / "sft", base=f"local:{tiny}", method="sft")
    row = pl.read_parquet(tmp_path / "sft" / "train.parquet").row(0, named=True)
    assert [m["role"] for m in row["messages"]] == ["user", "assistant"]
    jsonl.write(tmp_path / "tasks.jsonl", [Task(user("2+2"), "exact", reference="4")])
    exchange.export(tmp_path / "tasks.jsonl", "verl", tmp_path / "rl", base=f"local:{tiny}", reward="graders")
    row = pl.read_parquet(tmp_path / "rl" / "train.parquet").row(0, named=True)
    assert (row["data_source"], row["prompt"][0]["content"]) == ("tutelage", "2+2")
    assert json.loads(row["reward_model"]["ground_truth"])["reference"] == "4"


def test_what_an_engine_does_not_train_is_said(judged: Path, tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="one of sft, grpo"):
        exchange.export(judged, "verl", tmp_path / "out", base=f"local:{tiny}", method="dpo")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def rewarded(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The exported reward file, imported as an engine would."""
    jsonl.write(tmp_path / "tasks.jsonl", [Task(user("2+2"), "exact", reference="4")])
    exchange.export(tmp_path / "tasks.jsonl", "trl", tmp_path / "out", base=f"local:{tiny}", reward="graders")
    spec = importlib.util.spec_from_file_location("reward", tmp_path / "out" / "reward.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, "reward", module)
    yield module


def test_the_reward_is_called_as_each_engine_calls_one(rewarded: Any) -> None:
    """4 is right and 5 is wrong; what cannot be graded is None where the engine knows it, and else stops the run."""
    task = json.dumps(encode(Task(user("2+2"), "exact", reference="4")))
    broken = json.dumps(encode(Task(user("2+2"), "exact")))
    said = [[{"role": "assistant", "content": c}] for c in ("4", "5", "4")]
    assert rewarded.reward(None, said, [task, task, broken]) == [1.0, 0.0, None]
    assert rewarded.compute_score("tutelage", "4<|im_end|>", task) == 1.0
    assert rewarded.reward_func(["2+24", "2+25"], ["2+2"] * 2, [task] * 2)["rewards"].tolist() == [1.0, 0.0]
    with pytest.raises(RuntimeError, match="could not be graded"):
        rewarded.compute_score("tutelage", "4", broken)


def test_the_reward_is_served_to_a_trainer_that_has_no_tutelage(rewarded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    place = Path(rewarded.__file__).with_name("serve_reward.py")
    spec = importlib.util.spec_from_file_location("serve_reward", place)
    assert spec is not None
    assert spec.loader is not None
    served = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(served)
    task = json.dumps(encode(Task(user("2+2"), "exact", reference="4")))
    with served.HTTPServer(("127.0.0.1", 0), served.Handler) as server:
        here = rewarded.findings
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        with monkeypatch.context() as patch:
            patch.setattr(served.reward, "findings", lambda t, a: _without_url(patch, here, t, a))
            patch.setenv("TUTELAGE_REWARD_URL", url)
            found = here([task, task], ["4", "5"])
        thread.join()
    assert found == [1.0, 0.0]


def _without_url(patch: pytest.MonkeyPatch, findings: Any, tasks: list[str], answers: list[str]) -> Any:
    """The server's side of one process: there the address is not set."""
    patch.delenv("TUTELAGE_REWARD_URL")
    return findings(tasks, answers)


@pytest.mark.parametrize(
    ("config", "scale"),
    [({}, 8 / 4), ({"use_rslora": True}, 8 / 4**0.5), ({"alpha_pattern": {"": 8.0}}, 8 / 4)],
)
def test_a_peft_adapter_that_returns_has_the_log_probabilities_of_the_plain_model(
    config: dict[str, Any], scale: float, sent: Path, tiny: Path, tmp_path: Path
) -> None:
    """scale = alpha / r, or alpha / sqrt(r) where peft was told rank-stabilised."""
    made = adapter(tmp_path / "tuned", tiny, **config)
    exchange.checkin(made, sent)
    assert nats(made) == approx(expected(tiny, made, scale), abs=1e-4)
    assert nats(made) != approx(nats(tiny), abs=1e-2)


def test_layers_with_a_rank_and_an_alpha_of_their_own_are_scaled_as_peft_scales_them(
    sent: Path, tiny: Path, tmp_path: Path
) -> None:
    """alpha 16 for one kind of layer and 8 for the others is the same as twice its B."""
    plain = adapter(tmp_path / "plain", tiny)
    weights = load_file(plain / "adapter_model.safetensors")
    save_file(
        {k: v * 2 if "q_proj.lora_B" in k else v for k, v in weights.items()}, plain / "adapter_model.safetensors"
    )
    patterned = adapter(tmp_path / "patterned", tiny, alpha_pattern={"q_proj": 16.0})
    for place in (plain, patterned):
        exchange.checkin(place, sent)
    assert nats(patterned) == approx(nats(plain), abs=1e-5)


def test_the_lineage_of_what_returns_is_whole_forward_and_back(sent: Path, tiny: Path, tmp_path: Path) -> None:
    made = adapter(tmp_path / "tuned", tiny)
    trained(made, sent, rows=[0, 1, 2, 3, 4, 5])
    said = json.loads(say("import", "checkpoint", str(made), "--from", str(sent), "--json"))
    assert (said["method"], said["contributions"], said["lineage"]) == ("trl:dpo", 6, True)
    down = json.loads(say("lineage", str(made), "--json"))
    assert len(down["work"]) == 6
    assert {n["type"] for n in down["graph"]["nodes"]} >= {"checkpoint", "base", "dataset", "judges", "recipe", "code"}
    one = down["work"][0]["id"]
    forward = json.loads(say("lineage", "--of", one, "--in", str(tmp_path), "--json"))
    assert [h["digest"] for h in forward["in"]] == [said["digest"]]


def test_only_the_rows_that_entered_a_step_are_in_it(sent: Path, tiny: Path, tmp_path: Path) -> None:
    made = adapter(tmp_path / "tuned", tiny)
    trained(made, sent, rows=[1, 4])
    exchange.checkin(made, sent)
    sheet = json.loads((sent / "tutelage.json").read_text())
    assert {c.id for c in ck.contributions(made)} == {i for r in (1, 4) for i in sheet["lines"][r]["ids"]}
    assert {c.stage for c in ck.contributions(made)} == {"trl:dpo"}


def test_full_weights_return_too_and_load_by_the_same_name(sent: Path, tiny_llama: Any, tmp_path: Path) -> None:
    made = tiny_llama.save(tmp_path / "full", seed=3)
    before = nats(made)
    exchange.checkin(made, sent)
    assert ck.read(made).weights == digest_file(made / "model.safetensors")
    assert nats(made) == approx(before, abs=1e-6)


def test_a_base_with_adapters_is_handed_over_merged_and_stays_below_what_returns(
    judged: Path, tiny: Path, tmp_path: Path
) -> None:
    """dpo here, then dpo there: the result stands on both, and both stages are in its contributions."""
    first = tmp_path / "first"
    say("train", "dpo", str(judged), "--base", f"local:{tiny}", "--out", str(first), "--set", "dtype=fp32")
    out = tmp_path / "elsewhere"
    exchange.export(judged, "trl", out, base=f"local:{first}")
    made = adapter(tmp_path / "tuned", out / "base")
    checkpoint, traced = exchange.checkin(made, out)
    assert [p.method for p in checkpoint.parents] == ["dpo"]
    assert {c.stage for c in ck.contributions(made)} == {"dpo", "trl:dpo"}
    assert traced
    assert nats(made) == approx(expected(out / "base", made, 2.0), abs=1e-4)
    say("lineage", str(made))


def test_a_reward_model_returns_with_its_head(judged: Path, tiny: Path, tmp_path: Path) -> None:
    exchange.export(judged, "trl", tmp_path / "out", base=f"local:{tiny}", method="reward")
    made = adapter(tmp_path / "tuned", tiny, modules_to_save=["score"])
    weights = load_file(made / "adapter_model.safetensors")
    head = torch.linspace(-1, 1, 32)[None]
    save_file({**weights, "base_model.model.score.weight": head}, made / "adapter_model.safetensors")
    exchange.checkin(made, tmp_path / "out")
    model = LocalReward.load(str(made))
    assert len(model.scores([user("Say 1")], [assistant("yes")])) == 1
    assert load_file(made / "head.safetensors")["weight"].tolist() == approx(head[0].tolist())


def _other_base(made: Path, sent: Path, tiny: Path, tiny_llama: Any) -> str:
    config = json.loads((made / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = str(tiny_llama.save(made.parent / "other", seed=9))
    (made / "adapter_config.json").write_text(json.dumps(config))
    return "adapter_config.json"


def _other_data(made: Path, sent: Path, tiny: Path, tiny_llama: Any) -> str:
    (sent / "train.jsonl").write_text((sent / "train.jsonl").read_text().replace("yes 1", "yes 9"))
    return "train.jsonl"


def _another_run(made: Path, sent: Path, tiny: Path, tiny_llama: Any) -> str:
    trained(made, sent, sheet="sha256:0")
    return "trained.json"


def _another_base_told(made: Path, sent: Path, tiny: Path, tiny_llama: Any) -> str:
    trained(made, sent, base="sha256:0")
    return "trained.json"


def _dora(made: Path, sent: Path, tiny: Path, tiny_llama: Any) -> str:
    config = json.loads((made / "adapter_config.json").read_text())
    (made / "adapter_config.json").write_text(json.dumps(config | {"use_dora": True}))
    return "use_dora"


def _another_shape(made: Path, sent: Path, tiny: Path, tiny_llama: Any) -> str:
    place = made / "adapter_model.safetensors"
    save_file({k.replace("layers.1", "layers.7"): v for k, v in load_file(place).items()}, place)
    return "adapter_model.safetensors"


def _no_weights(made: Path, sent: Path, tiny: Path, tiny_llama: Any) -> str:
    (made / "adapter_model.safetensors").unlink()
    return "There are no weights"


def _cut_short(made: Path, sent: Path, tiny: Path, tiny_llama: Any) -> str:
    place = made / "adapter_model.safetensors"
    place.write_bytes(place.read_bytes()[:-8])
    return "adapter_model.safetensors"


def _full_cut_short(made: Path, sent: Path, tiny: Path, tiny_llama: Any) -> str:
    (made / "adapter_model.safetensors").unlink()
    (made / "model.safetensors").write_bytes((tiny / "model.safetensors").read_bytes()[:-8])
    return "model.safetensors"


def _untrained(made: Path, sent: Path, tiny: Path, tiny_llama: Any) -> str:
    (made / "adapter_model.safetensors").unlink()
    shutil.copyfile(tiny / "model.safetensors", made / "model.safetensors")
    return "nobody's work is in them"


@pytest.mark.parametrize(
    "spoil",
    [
        _other_base, _other_data, _another_run, _another_base_told, _dora, _another_shape, _no_weights, _cut_short,
        _full_cut_short, _untrained,
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_and_nothing_is_written(
    spoil: Any, sent: Path, tiny: Path, tiny_llama: Any, tmp_path: Path
) -> None:
    copy = shutil.copytree(sent, tmp_path / "sent")
    made = adapter(tmp_path / "tuned", tiny)
    named = spoil(made, copy, tiny, tiny_llama)
    there = sorted(p.name for p in made.iterdir())
    with pytest.raises(BadInput, match=named.replace(".", r"\.")):
        exchange.checkin(made, copy)
    assert sorted(p.name for p in made.iterdir()) == there
    assert not list(tmp_path.glob(".*"))


def test_import_and_export_of_files_are_called_as_before(judged: Path, tmp_path: Path) -> None:
    """A word names another command only where it stands first; a file of that name is given with its path."""
    assert "Read judgments from a file" in say("import", "--help")
    assert "Make a checkpoint" in say("import", "checkpoint", "--help")
    out = tmp_path / "training"
    assert "6 rows" in say("export", str(judged), "--to", "rows", "--out", f"{out}.jsonl")
    assert training.DpoConfig is exchange.CONFIGS["dpo"]
