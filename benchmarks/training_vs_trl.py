"""The same training through TRL and through us, each in a process of its own: CPU-seconds, memory, losses.

    python benchmarks/training_vs_trl.py [--method dpo|reward|grpo|decode] [--repeats 3] [--trl-python PATH] [--json]

Both: SmolLM2-135M, LoRA r = 8 on every linear layer, bf16, 1 thread, the same rows, the two systems in turn.

  dpo, reward  see `trl_speed.py`: 12 pairs in steps of 4; 6 rankings of 4 arguments in steps of 4 (for TRL their pairs)
  grpo         2 steps of 2 prompts x 8 answers of up to 32 tokens, generation, reward (vowels) and KL included;
               `step_cpu_s` is a step alone, without loading and preparing
  decode       tokens a CPU-second of sampling 32 tokens each to 8, 24, 48 different prompts, beside `generate`

Counted are process and children, from loading the model to the last step; imports are left out on both sides. The
loss gap is |ours - TRL's| in float32 on `trl_parity.py`'s batch, computed anew by both. TRL's interpreter is
--trl-python, $TUTELAGE_TRL_PYTHON, this one, or one found in an environment beside the project. The last line is one
JSON object; each method's block of `results/training_vs_trl.json` is replaced.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

import trl_speed as speed

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "training_vs_trl.json"
PROMPTS = (
    "Name a river.", "Why is the sky blue?", "Tell me about bread in one sentence.", "What does a lighthouse do?",
    "Write a short note to a neighbour about a noisy party last night.", "Explain rain to a child.",
    "What is the capital of France, and what is it known for?", "Give me one reason to learn to swim.",
)  # fmt: skip
STEPS, GROUPS, ANSWERS, TOKENS, BETA = 2, 2, 8, 32, 0.04
BATCHES = (8, 24, 48)


def clock(since: dict[str, float] | None = None) -> dict[str, float]:
    """CPU-seconds of this process and its children, wall seconds; since an earlier look also the peak of memory."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    now = {"cpu_s": sum(u.ru_utime + u.ru_stime for u in used), "wall_s": time.perf_counter()}
    if since is None:
        return now
    return {k: now[k] - since[k] for k in now} | {"peak_rss_mb": max(u.ru_maxrss for u in used) / 1024}


speed._clock = clock


def vowels(text: str) -> float:
    """The reward: a number that both sides find alike."""
    return sum(c in "aeiou" for c in text) / max(1, len(text))


def ours_grpo(_: dict[str, Any]) -> dict[str, Any]:
    from tutelage import training
    from tutelage.environments.graders import Task
    from tutelage.environments.rewards import Rewarded
    from tutelage.models import checkpoint, local_load  # noqa: F401  its imports are not counted, as theirs are not
    from tutelage.models.local_torch import transformers
    from tutelage.records import user
    from tutelage.training import online  # noqa: F401  as above

    hf = transformers()
    _ = hf.AutoModelForCausalLM, hf.AutoTokenizer, hf.AttentionInterface, hf.LlamaForCausalLM

    class Vowels:
        name, digest, contributions = "vowels", "sha256:vowels", ()

        def grades(self, _: Sequence[Task], answers: Sequence[str]) -> list[Any]:
            return [Rewarded(vowels(a)) for a in answers]

    with tempfile.TemporaryDirectory() as where:
        start = clock()
        config = training.GrpoConfig(
            lr=1e-4, steps=STEPS, batch_rows=GROUPS, answers=ANSWERS, max_response_tokens=TOKENS, beta=BETA,
            dtype="bf16", length="answer",
        )  # fmt: skip
        stamps: list[float] = []
        out = training.grpo(
            [Task(user(p), "none") for p in PROMPTS], "local:smollm2", Path(where) / "o", Vowels(), config,
            on_step=lambda _: stamps.append(time.process_time()),
        )  # fmt: skip
        log = checkpoint.log(out)
        return clock(start) | {
            "step_cpu_s": (stamps[-1] - stamps[0]) / (len(stamps) - 1),
            "rewards": [x["reward"] for x in log], "length": sum(x["length"] for x in log) / len(log)
        }  # fmt: skip


def trl_grpo(_: dict[str, Any]) -> dict[str, Any]:
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    stamps: list[float] = []

    class Clock(TrainerCallback):  # type: ignore[misc]  # transformers is untyped
        def on_step_end(self, *_: Any, **__: Any) -> None:
            stamps.append(time.process_time())

    def reward(completions: list[Any], **_: Any) -> list[float]:
        return [vowels(c[-1]["content"]) for c in completions]

    base = str(speed._base())
    with tempfile.TemporaryDirectory() as where:
        start = clock()
        token = AutoTokenizer.from_pretrained(base)
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16)
        args = GRPOConfig(
            output_dir=where, per_device_train_batch_size=GROUPS * ANSWERS, num_generations=ANSWERS, max_steps=STEPS,
            max_completion_length=TOKENS, learning_rate=1e-4, beta=BETA, loss_type="grpo", bf16=True, use_cpu=True,
            gradient_checkpointing=False, report_to="none", save_strategy="no", logging_steps=1, disable_tqdm=True,
        )  # fmt: skip
        table = Dataset.from_list([{"prompt": [{"role": "user", "content": p}]} for p in PROMPTS])
        trainer = GRPOTrainer(
            model, reward_funcs=reward, args=args, train_dataset=table, processing_class=token,
            peft_config=LoraConfig(r=8, lora_alpha=16, target_modules=speed.TARGETS, task_type="CAUSAL_LM"),
            callbacks=[Clock()],
        )  # fmt: skip
        trainer.train()
        log = [x for x in trainer.state.log_history if "reward" in x]
        return clock(start) | {
            "step_cpu_s": (stamps[-1] - stamps[0]) / (len(stamps) - 1),
            "rewards": [x["reward"] for x in log], "length": sum(x["completions/mean_length"] for x in log) / len(log)
        }  # fmt: skip


def ours_decode(_: dict[str, Any]) -> dict[str, Any]:
    from tutelage.models.local_decode import decode, rows_for
    from tutelage.models.local_load import load
    from tutelage.models.local_text import Text
    from tutelage.records import Sampling, user

    start, made = clock(), {}
    loaded = load("local:smollm2", dtype="bf16", device="cpu")
    text, sampling = Text(loaded.tokenizer), Sampling("bench", seed=0)
    for batch in (2, *BATCHES):  # the first warms up, for both
        rows = rows_for([text.prompt(user(p)) for p in asked(batch)], 1, sampling, TOKENS)
        began = time.process_time()
        decode(loaded.model, rows, sampling, max_tokens=TOKENS, end=-1)
        made[batch] = sum(len(r.ids) for r in rows) / (time.process_time() - began)
    return clock(start) | {"tokens_per_cpu_s": {str(b): made[b] for b in BATCHES}}


def trl_decode(_: dict[str, Any]) -> dict[str, Any]:
    """`generate`, which TRL samples with; prompts padded on the left."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    start, made = clock(), {}
    token = AutoTokenizer.from_pretrained(str(speed._base()), padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(str(speed._base()), dtype=torch.bfloat16).eval()
    model.generation_config.eos_token_id = None
    model.generation_config.pad_token_id = token.pad_token_id
    for batch in (2, *BATCHES):
        turns = [[{"role": "user", "content": p}] for p in asked(batch)]
        said = [token.apply_chat_template(t, tokenize=False, add_generation_prompt=True) for t in turns]
        rows = token(said, return_tensors="pt", padding=True, add_special_tokens=False)
        began = time.process_time()
        with torch.inference_mode():
            out = model.generate(**rows, do_sample=True, temperature=1.0, top_k=0, top_p=1.0, max_new_tokens=TOKENS)
        made[batch] = batch * (out.shape[1] - rows["input_ids"].shape[1]) / (time.process_time() - began)
    return clock(start) | {"tokens_per_cpu_s": {str(b): made[b] for b in BATCHES}}


def asked(batch: int) -> list[str]:
    """`batch` different prompts."""
    return [f"{i}. {PROMPTS[i % len(PROMPTS)]}" for i in range(batch)]


WORKERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "ours-dpo": speed.WORKERS["ours-dpo"], "trl-dpo": speed.WORKERS["trl-dpo"],
    "ours-reward": speed.WORKERS["ours-k4"], "trl-reward": speed.WORKERS["trl-k4"],
    "ours-grpo": ours_grpo, "trl-grpo": trl_grpo, "ours-decode": ours_decode, "trl-decode": trl_decode,
}  # fmt: skip


def loss_gap(python: str, method: str) -> dict[str, float]:
    """{"trl", "ours", "gap"} of one float32 batch: TRL's computed now in its environment, ours now here."""
    with tempfile.TemporaryDirectory() as where:
        place = Path(where) / "goldens.json"
        _run([python, str(ROOT / "benchmarks" / "trl_parity.py"), str(place)])
        golden = json.loads(place.read_text())["cases"][method]
    tiny, made = _module("tiny_llama"), _module("test_parity")
    if method == "grpo":
        online = _module("test_parity_online")
        groups = online.groups_of(golden)
        mine, _ = online.learned(online.METHODS["grpo"](golden), tiny, groups, 10_000, golden)
    elif method == "dpo":
        config = made.DpoConfig(beta=golden["beta"])
        batch = made.pairs(golden["rows"])
        known = made.dpo.reference(made.session(tiny.llama(golden["reference_seed"]), config), batch)
        mine = made.dpo.step(made.session(tiny.llama(golden["policy_seed"]), config), batch, known, config)["loss"]
    else:
        import torch

        config, model = made.RewardConfig(centre=0.0), tiny.llama(golden["seed"])
        frame: Any = made.SimpleNamespace(score=torch.nn.Linear(32, 1, bias=False))
        frame.named_parameters = lambda: [("score.weight", frame.score.weight)]
        head = torch.nn.Parameter(tiny.fill(frame, golden["seed"]).score.weight[0].detach().clone())
        mine = made.reward.step(made.session(model, config), head, made.pairs(golden["rows"]), config)["loss"]
    return {"trl": golden["loss"], "ours": mine, "gap": abs(mine - golden["loss"])}


def _module(name: str) -> ModuleType:
    """What the parity tests compare, so that it is written once."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tests" / "training" / f"{name}.py")
    assert spec
    assert spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def _run(argv: list[str]) -> str:
    done = subprocess.run(argv, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{argv} failed:\n{done.stderr[-3000:]}")
    return done.stdout


def trl_python(given: str | None) -> str:
    """An interpreter that has TRL."""
    beside = sorted(p.parents[3] / "bin" / "python" for p in ROOT.parent.glob("*/lib/python*/site-packages/trl"))
    here = [sys.executable] if importlib.util.find_spec("trl") else []
    found = [given, os.environ.get("TUTELAGE_TRL_PYTHON"), *here, *map(str, beside)]
    chosen = next((p for p in found if p), None)
    if chosen is None:
        raise SystemExit("TRL is not installed here: name an interpreter that has it with --trl-python.")
    return chosen


def compare(method: str, repeats: int, pythons: dict[str, str], quiet: bool) -> dict[str, Any]:
    """Both sides, in turn, `repeats` times."""
    runs: dict[str, list[dict[str, Any]]] = {"trl": [], "ours": []}
    load = os.getloadavg()
    with tempfile.TemporaryDirectory() as where:
        place = Path(where) / "rows.json"
        place.write_text(json.dumps(speed.rows(12, 6) if method in ("dpo", "reward") else {}))
        for _ in range(repeats):
            for who in ("trl", "ours"):
                said = _run([pythons[who], __file__, "--worker", f"{who}-{method}", "--rows", str(place)])
                runs[who].append(json.loads(said.splitlines()[-1]))
                if not quiet:
                    shown = {k: v for k, v in runs[who][-1].items() if k in ("cpu_s", "wall_s", "tokens_per_cpu_s")}
                    print(who, method, shown, flush=True)
    out = {"method": method, **summary(method, runs), "load_average": {"before": load, "after": os.getloadavg()}}
    if method != "decode":
        out["loss_gap"] = (gap := loss_gap(pythons["trl"], method))["gap"]
        out["losses_fp32"] = gap
    return out | {"runs": runs}


def summary(method: str, runs: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Medians and the ratio of each pair of runs; for decoding the ratio of tokens a CPU-second at each batch."""
    mine, trl = runs["ours"], runs["trl"]
    rss = {f"rss_{w}": max(r["peak_rss_mb"] for r in runs[w]) for w in runs}
    if method == "decode":
        rate = {w: {b: median(r["tokens_per_cpu_s"][b] for r in runs[w]) for b in map(str, BATCHES)} for w in runs}
        each = {b: [o["tokens_per_cpu_s"][b] / t["tokens_per_cpu_s"][b] for t, o in zip(trl, mine, strict=True)]
                for b in map(str, BATCHES)}  # fmt: skip
        return {"tokens_per_cpu_s": rate, "ratio": {b: median(r) for b, r in each.items()}, "ratios": each, **rss}
    each_run = [t["cpu_s"] / o["cpu_s"] for t, o in zip(trl, mine, strict=True)]
    seconds = {f"cpu_s_{w}": median(r["cpu_s"] for r in runs[w]) for w in runs}
    steps = {}
    if method == "grpo":
        steps = {f"step_cpu_s_{w}": median(r["step_cpu_s"] for r in runs[w]) for w in runs}
        steps["step_ratios"] = [t["step_cpu_s"] / o["step_cpu_s"] for t, o in zip(trl, mine, strict=True)]
    return {**seconds, "ratio": median(each_run), "ratios": each_run, **steps, **rss}


def main() -> None:
    """See the head of this file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--method", choices=("dpo", "reward", "grpo", "decode"), default="grpo")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--trl-python")
    parser.add_argument("--json", action="store_true", help="nothing but the last line")
    parser.add_argument("--worker", choices=WORKERS)
    parser.add_argument("--rows", type=Path)
    given = parser.parse_args()
    if given.worker:
        print(json.dumps(WORKERS[given.worker](json.loads(given.rows.read_text()))))
        return
    if importlib.util.find_spec("pytest") is None:  # said before the minutes, not after them
        raise SystemExit("pytest is not installed here: the losses are compared as the tests compare them.")
    pythons = {"ours": sys.executable, "trl": trl_python(given.trl_python)}
    made = compare(given.method, given.repeats, pythons, given.json)
    command = f"python benchmarks/training_vs_trl.py --method {given.method} --repeats {given.repeats}"
    known = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    RESULTS.write_text(json.dumps(known | {given.method: {"command": command, **made}}, indent=1) + "\n")
    print(json.dumps({k: v for k, v in made.items() if k != "runs"}))


if __name__ == "__main__":
    main()
