"""Training on whatever device there is: tokens/s, model flops utilisation, memory; beside TRL where it is installed.

    python benchmarks/gpu_training.py [--device auto|cuda|cpu] [--method sft|dpo|grpo] [--base local:smollm2]
        [--steps 12] [--rows 32] [--tokens 512] [--lora-rank 8] [--trl-python PATH | --no-trl] [--json]

Each side runs in a process of its own on the same synthetic rows (`--tokens` long, prompts a quarter of it; for grpo
prompts of that quarter and answers of the rest, 8 to a prompt), in bf16, without gradient checkpointing. The first
quarter of the steps is left out (kernels are chosen there). Tokens are those of the rows: padding counts for nobody.

  MFU   flops that the update needs, over those the device could do in that time. A token of N weights needs 2N forward
        and 4N backward; with frozen weights 2N backward; 2N of them again for each pass of a reference or of sampling.
        Attention is left out, so MFU is a little low for long rows. The peak is the maker's dense bf16 figure where
        the device is known, else what a large matrix product reaches here; which one is said.

It is known to work on a CPU (`--device cpu --steps 2 --rows 4 --tokens 64`); results go to
`results/gpu_training.json`, one block for each device and method.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from training_vs_trl import trl_python, vowels

RESULTS = Path(__file__).parent / "results" / "gpu_training.json"
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
ANSWERS = 8
# dense bf16 flop/s, from the makers' data sheets
PEAKS = {"H200": 989e12, "H100": 989e12, "B200": 2250e12, "A100": 312e12, "L40S": 362e12, "L4": 121e12, "4090": 165e12}
WORDS = ("rain", "debate", "people", "because", "water", "school", "river", "bread", "light", "answer")


def rows(given: Any) -> list[dict[str, str]]:
    """Texts of about `tokens` tokens (a word is a token or a little more), the same at every call."""
    import numpy as np

    rng = np.random.default_rng(0)

    def words(n: int) -> str:
        return " ".join(rng.choice(WORDS, size=max(1, n)))

    prompt = given.tokens // 4
    answer = (given.tokens - prompt) // (2 if given.method == "dpo" else 1)
    return [{"prompt": words(prompt), "chosen": words(answer), "rejected": words(answer)} for _ in range(given.rows)]


def passes(method: str, lora: bool) -> float:
    """Multiples of N flops that a token of the update needs; see the head of this file."""
    return (4.0 if lora else 6.0) + {"sft": 0.0, "dpo": 2.0, "grpo": 4.0}[method]


def ours(given: Any) -> dict[str, Any]:
    import torch

    from tutelage import training
    from tutelage.environments.graders import Task
    from tutelage.environments.rewards import Rewarded
    from tutelage.models import checkpoint
    from tutelage.records import DemonstrationRow, RankedRow, assistant, user

    class Vowels:
        name, digest, contributions = "vowels", "sha256:vowels", ()

        def grades(self, _: Sequence[Task], answers: Sequence[str]) -> list[Any]:
            return [Rewarded(vowels(a)) for a in answers]

    made = rows(given)
    common: dict[str, Any] = {
        "batch_rows": given.batch, "lora_rank": given.lora_rank, "dtype": "bf16" if given.lora_rank else "auto",
        "device": given.device, "microbatch_tokens": given.microbatch, "max_response_tokens": given.tokens,
        "save_every_steps": 10**6,
    }  # fmt: skip
    epochs = -(-given.steps * given.batch // given.rows)
    with tempfile.TemporaryDirectory() as where:
        out = Path(where) / "out"
        if given.method == "sft":
            shown = [
                DemonstrationRow(user(r["prompt"]), assistant(r["chosen"]), (f"j{i}",), f"g{i}")
                for i, r in enumerate(made)
            ]
            training.sft(shown, given.base, out, training.SftConfig(epochs=epochs, **common))
        elif given.method == "dpo":
            ranked = [
                RankedRow(
                    user(r["prompt"]), tuple(assistant(r[k]) for k in ("chosen", "rejected")), (1, 2), ("j",), str(i)
                )
                for i, r in enumerate(made)
            ]
            training.dpo(ranked, given.base, out, training.DpoConfig(epochs=epochs, **common))
        else:
            common["max_response_tokens"] = given.tokens - given.tokens // 4
            told = training.GrpoConfig(steps=given.steps, answers=ANSWERS, **common)
            asked = [Task(user(r["prompt"]), "none") for r in made]
            stamps: list[float] = []
            training.grpo(asked, given.base, out, Vowels(), told, on_step=lambda _: stamps.append(time.perf_counter()))
            took = [b - a for a, b in pairwise(stamps)]  # sampling included; the first step began before its stamp
            return _said([x["tokens"] for x in checkpoint.log(out)][1:], took, torch)
        log = checkpoint.log(out)
    return _said([x["tokens"] for x in log], [x["tokens"] / x["tokens_per_s"] for x in log], torch)


def theirs(given: Any) -> dict[str, Any]:
    import torch
    import trl
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback

    base, made = given.base_directory, rows(given)
    token = AutoTokenizer.from_pretrained(base)
    took: list[float] = []

    class Clock(TrainerCallback):  # type: ignore[misc]  # transformers is untyped
        def on_step_begin(self, *_: Any, **__: Any) -> None:
            self.began = time.perf_counter()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            took.append(time.perf_counter() - self.began)

    def turn(text: str, role: str) -> list[dict[str, str]]:
        return [{"role": role, "content": text}]

    def ids(text: str) -> int:
        return len(token(text)["input_ids"])

    kind = {"sft": "SFT", "dpo": "DPO", "grpo": "GRPO"}[given.method]
    many = given.batch * (ANSWERS if given.method == "grpo" else 1)
    settings: dict[str, Any] = {
        "per_device_train_batch_size": many, "max_steps": given.steps, "learning_rate": 1e-4, "bf16": True,
        "use_cpu": given.device == "cpu", "gradient_checkpointing": False, "report_to": "none", "save_strategy": "no",
        "disable_tqdm": True, "logging_steps": 1,
    }  # fmt: skip
    more: dict[str, dict[str, Any]] = {
        "sft": {"max_length": None}, "dpo": {"max_length": None},
        "grpo": {"num_generations": ANSWERS, "max_completion_length": given.tokens - given.tokens // 4, "beta": 0.02},
    }  # fmt: skip
    columns = {
        "sft": lambda r: {"prompt": turn(r["prompt"], "user"), "completion": turn(r["chosen"], "assistant")},
        "dpo": lambda r: {"prompt": turn(r["prompt"], "user"), "chosen": turn(r["chosen"], "assistant"),
                          "rejected": turn(r["rejected"], "assistant")},
        "grpo": lambda r: {"prompt": turn(r["prompt"], "user")},
    }[given.method]  # fmt: skip
    lora = LoraConfig(r=given.lora_rank, lora_alpha=16, target_modules=TARGETS, task_type="CAUSAL_LM")
    with tempfile.TemporaryDirectory() as where:
        args = getattr(trl, f"{kind}Config")(output_dir=where, **settings, **more[given.method])
        extra = {"reward_funcs": lambda completions, **_: [vowels(c[-1]["content"]) for c in completions]}
        trainer = getattr(trl, f"{kind}Trainer")(
            AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16 if given.lora_rank else torch.float32),
            args=args, train_dataset=Dataset.from_list([columns(r) for r in made]), processing_class=token,
            peft_config=lora if given.lora_rank else None, callbacks=[Clock()],
            **(extra if given.method == "grpo" else {}),
        )  # fmt: skip
        trainer.train()
        lengths = [x["completions/mean_length"] for x in trainer.state.log_history if "completions/mean_length" in x]
    start = ids(token.apply_chat_template(turn("", "user"), tokenize=False, add_generation_prompt=True))
    prompt = sum(ids(r["prompt"]) for r in made) / len(made) + start
    answer = sum(ids(r["chosen"]) for r in made) / len(made) + 1
    # the same count as ours: a prompt once for all its answers
    each = {"sft": [prompt + answer] * len(took), "dpo": [prompt + 2 * answer] * len(took),
            "grpo": [prompt + ANSWERS * x for x in lengths]}[given.method]  # fmt: skip
    return _said([given.batch * x for x in each], took, torch)


def _said(tokens: Sequence[float], seconds: Sequence[float], torch: Any) -> dict[str, Any]:
    """Tokens a second of the steps behind the first quarter, and the peak of memory."""
    skipped = len(tokens) // 4
    cuda = torch.cuda.is_available()
    peak = torch.cuda.max_memory_allocated() if cuda else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    each = [t / s for t, s in zip(tokens[skipped:], seconds[skipped:], strict=True)]
    return {"tokens_per_s": median(each), "each": each, "peak_memory_mb": peak / 2**20,
            "versions": {n: importlib.metadata.version(n) for n in ("torch", "transformers")}}  # fmt: skip


def device(name: str) -> dict[str, Any]:
    """What runs here, and the flops it could do."""
    import torch

    from tutelage.models.local_torch import choose_device

    where = choose_device(name)  # type: ignore[arg-type]  # checked by argparse
    called = torch.cuda.get_device_name() if where == "cuda" else "cpu"
    known = next((v for k, v in PEAKS.items() if k in called), None)
    if known:
        return {"device": where, "name": called, "peak_flops": known, "peak_from": "maker, dense bf16"}
    size = 8192 if where == "cuda" else 1024
    a = torch.randn(size, size, dtype=torch.bfloat16, device=where)
    best = 0.0
    for _ in range(4):
        began = time.perf_counter()
        (a @ a).sum().item()
        best = max(best, 2 * size**3 / (time.perf_counter() - began))
    return {"device": where, "name": called, "peak_flops": best, "peak_from": f"measured product of {size} x {size}"}


def weights(base: str) -> tuple[str, int]:
    """The directory of a base and its number of weights, embeddings once."""
    from safetensors import safe_open

    from tutelage.models.local_load import find

    place = find(base).weights
    with safe_open(place / "model.safetensors", framework="pt") as saved:
        return str(place), sum(_size(saved, n) for n in saved.keys())  # noqa: SIM118  not a dict


def _size(saved: Any, name: str) -> int:
    count = 1
    for n in saved.get_slice(name).get_shape():
        count *= n
    return count


def main() -> None:
    """See the head of this file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", choices=("auto", "cuda", "cpu"), default="auto")
    parser.add_argument("--method", choices=("sft", "dpo", "grpo"), default="sft")
    parser.add_argument("--base", default="local:smollm2")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--microbatch", type=int, default=16384)
    parser.add_argument("--lora-rank", type=int, default=8)
    parser.add_argument("--trl-python")
    parser.add_argument("--no-trl", action="store_true")
    parser.add_argument("--json", action="store_true", help="nothing but the last line")
    parser.add_argument("--worker", choices=("ours", "trl"))
    parser.add_argument("--base-directory")
    given = parser.parse_args()
    if given.worker:
        print(json.dumps({"ours": ours, "trl": theirs}[given.worker](given)))
        return
    here = device(given.device)
    given.device = here["device"]
    given.base_directory, count = weights(given.base)
    pythons = {"ours": sys.executable} | ({} if given.no_trl else {"trl": trl_python(given.trl_python)})
    told = [f"--{k.replace('_', '-')}={v}" for k, v in vars(given).items()
            if v is not None and k not in ("worker", "json", "no_trl", "trl_python")]  # fmt: skip
    made: dict[str, Any] = {**here, "weights": count, "load_average": os.getloadavg(), "settings": told}
    for who, python in pythons.items():
        argv = [python, __file__, f"--worker={who}", *told]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{who} failed:\n{done.stderr[-3000:]}")
        seen = json.loads(done.stdout.splitlines()[-1])
        seen["mfu"] = passes(given.method, given.lora_rank > 0) * count * seen["tokens_per_s"] / here["peak_flops"]
        made[who] = seen
        if not given.json:
            print(who, {k: seen[k] for k in ("tokens_per_s", "mfu", "peak_memory_mb")}, flush=True)
    if "trl" in made:
        made["ratio"] = made["ours"]["tokens_per_s"] / made["trl"]["tokens_per_s"]
    known = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    RESULTS.write_text(json.dumps(known | {f"{here['name']} {given.method}": made}, indent=1) + "\n")
    print(json.dumps(made))


if __name__ == "__main__":
    main()
