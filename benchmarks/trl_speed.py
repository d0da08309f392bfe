"""The same DPO and K = 4 reward-model work through TRL and through us: CPU seconds, peak memory, losses.

    python benchmarks/trl_speed.py --trl-python PATH --out benchmarks/results/trl_speed.json [--repeats 2]

`--trl-python` is the interpreter of an environment with trl, peft and datasets. Each run is a process of its own, the
two systems in turn. Both: SmolLM2-135M, LoRA r = 8 on every linear layer, bf16, one epoch, steps of 4 pairs (DPO) or 4
rankings (K = 4), 1 thread. TRL: reference precomputed, no checkpointing, batches grouped by length. Counted: from
loading the model to the last step (for us also saving), imports left out on both sides. Rows: hh_harmless pairs and
UKP arguments from `$TUTELAGE_DATA`, else synthetic texts of the same lengths (said in the results).
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.metadata
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "TOKENIZERS_PARALLELISM": "false"}
K = 4
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def rows(pairs_wanted: int = 24, rankings_wanted: int = 6) -> dict[str, Any]:
    """Real texts where they are, else words in the same lengths (quartiles of hh_harmless: 24, 61, 122 words)."""
    import numpy as np

    rng = np.random.default_rng(0)
    data = Path(os.environ.get("TUTELAGE_DATA", "../shared/data"))
    if (data / "hh_harmless" / "pairs.parquet").is_file():
        import polars as pl

        pairs = pl.read_parquet(data / "hh_harmless" / "pairs.parquet").sample(pairs_wanted, seed=0)
        found = pl.read_parquet(data / "ukp_convarg" / "arguments.parquet").sort("arg_id")
        ranked = []
        for topic in sorted(found["topic"].unique().to_list())[:rankings_wanted]:
            texts = found.filter(pl.col("topic") == topic).sample(K, seed=0).sort("rank_score")["text"].to_list()
            ranked.append({"prompt": f"Argue: {topic.replace('-', ' ')}", "answers": texts})
        cut = [{k: r[k][-1500:] for k in ("prompt", "chosen", "rejected")} for r in pairs.to_dicts()]
        return {"source": "hh_harmless, ukp_convarg", "dpo": cut, "k4": ranked}

    def words(n: float) -> str:
        return " ".join(rng.choice(["rain", "debate", "people", "because", "water", "school"], size=max(1, int(n))))

    sizes = rng.lognormal(4.1, 0.7, size=(pairs_wanted, 3))
    return {
        "source": "synthetic",
        "dpo": [{"prompt": words(a), "chosen": words(b), "rejected": words(c)} for a, b, c in sizes],
        "k4": [{"prompt": words(6), "answers": [words(70) for _ in range(K)]} for _ in range(rankings_wanted)],
    }


def ours(work: str, data: dict[str, Any]) -> dict[str, Any]:
    from tutelage import training
    from tutelage.models import checkpoint, local_load  # noqa: F401  its imports are not counted, as theirs are not
    from tutelage.models.local_torch import transformers
    from tutelage.records import RankedRow, assistant, user
    from tutelage.training.methods import dpo, reward  # noqa: F401  as above

    hf = transformers()
    _ = hf.AutoModelForCausalLM, hf.AutoTokenizer, hf.AttentionInterface, hf.LlamaForCausalLM

    with tempfile.TemporaryDirectory() as where:
        start = _clock()
        if work == "dpo":
            made = [
                RankedRow(user(r["prompt"]), (assistant(r["chosen"]), assistant(r["rejected"])), (1, 2), ("j",), "g")
                for r in data["dpo"]
            ]
            config: Any = training.DpoConfig(batch_rows=4, lr=1e-4, dtype="bf16")
            out = training.dpo(made, "local:smollm2", Path(where) / "out", config)
        else:
            ranks = tuple(range(1, K + 1))
            made = [
                RankedRow(user(r["prompt"]), tuple(map(assistant, r["answers"])), ranks, ("j",), "g")
                for r in data["k4"]
            ]
            config = training.RewardConfig(batch_rows=4, lr=1e-4, epochs=1, dtype="bf16", centre=0.0, mean_zero_rows=0)
            out = training.reward(made, "local:smollm2", Path(where) / "out", config)
        log = checkpoint.log(out)
        return _clock(start) | {"losses": [x["loss"] for x in log], "config": dataclasses.asdict(config)}


def theirs(work: str, data: dict[str, Any]) -> dict[str, Any]:
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer
    from trl import DPOConfig, DPOTrainer, RewardConfig, RewardTrainer

    base = str(_base())
    token = AutoTokenizer.from_pretrained(base)
    common: dict[str, Any] = {
        "per_device_train_batch_size": 4, "num_train_epochs": 1, "learning_rate": 1e-4, "bf16": True, "use_cpu": True,
        "gradient_checkpointing": False, "report_to": "none", "save_strategy": "no", "logging_steps": 1,
        "train_sampling_strategy": "group_by_length", "max_length": 1024, "disable_tqdm": True, "max_grad_norm": 1.0,
        "remove_unused_columns": False,
    }  # fmt: skip
    lora: dict[str, Any] = {"r": 8, "lora_alpha": 16, "target_modules": TARGETS}

    def shown(prompt: str) -> str:
        turn = [{"role": "user", "content": prompt}]
        return token.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)  # type: ignore[no-any-return]

    with tempfile.TemporaryDirectory() as where:
        if work == "dpo":
            start = _clock()
            model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16)
            table = Dataset.from_list([r | {"prompt": shown(r["prompt"])} for r in data["dpo"]])
            config = {"precompute_ref_log_probs": True, "precompute_ref_batch_size": 4, "beta": 0.1}
            trainer: Any = DPOTrainer(
                model, args=DPOConfig(output_dir=where, **common, **config), train_dataset=table,
                processing_class=token, peft_config=LoraConfig(task_type="CAUSAL_LM", **lora),
            )  # fmt: skip
        else:
            start = _clock()
            model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=1, dtype=torch.bfloat16)
            model.config.pad_token_id = token.pad_token_id
            # a ranking of 4 is 6 pairs, in steps of 24 pairs = 4 rankings, as ours
            common["per_device_train_batch_size"] = 4 * K * (K - 1) // 2 // 4
            common["gradient_accumulation_steps"] = 4
            config = {}
            pairs = []
            for r in data["k4"]:
                ids = [token(shown(r["prompt"]) + a + token.eos_token)["input_ids"] for a in r["answers"]]
                pairs += [{"chosen_ids": ids[i], "rejected_ids": ids[j]} for i in range(K) for j in range(i + 1, K)]
            trainer = RewardTrainer(
                model, args=RewardConfig(output_dir=where, **common), train_dataset=Dataset.from_list(pairs),
                processing_class=token,
                peft_config=LoraConfig(task_type="SEQ_CLS", modules_to_save=["score"], **lora),
            )  # fmt: skip
        # the sampler looks for `input_ids`, which preference rows do not have: tell it the lengths
        lengths = [sum(len(v) for k, v in r.items() if k.endswith("_ids")) for r in trainer.train_dataset]
        trainer.train_dataset = trainer.train_dataset.add_column("length", lengths)
        trainer.train()
        losses = [x["loss"] for x in trainer.state.log_history if "loss" in x]
        return _clock(start) | {"losses": losses, "config": {**common, **config, "lora": lora}}


def agreement_ours(data: dict[str, Any]) -> dict[str, Any]:
    """Summed answer log-probabilities in float32 of the first 4 pairs, through our layout."""
    import torch

    from tutelage.models.local_layout import Flat, answer_sums, token_logprobs
    from tutelage.models.local_load import load
    from tutelage.models.local_text import Text
    from tutelage.records import assistant, user

    loaded = load("local:smollm2", dtype="fp32", device="cpu")
    text = Text(loaded.tokenizer)
    trees = [text.tree(user(r["prompt"]), (assistant(r["chosen"]), assistant(r["rejected"]))) for r in data["dpo"][:4]]
    with torch.inference_mode():
        flat = Flat(trees)
        sums = answer_sums(token_logprobs(loaded.model, flat), flat.lengths).reshape(4, 2)
    return {"chosen": sums[:, 0].tolist(), "rejected": sums[:, 1].tolist()}


def agreement_theirs(data: dict[str, Any]) -> dict[str, Any]:
    """The same through TRL's own precomputation of reference log-probabilities, float32."""
    import torch
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import DPOConfig, DPOTrainer

    token = AutoTokenizer.from_pretrained(str(_base()))
    rows4 = []
    for r in data["dpo"][:4]:
        turn = [{"role": "user", "content": r["prompt"]}]
        rows4.append(r | {"prompt": token.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)})
    with tempfile.TemporaryDirectory() as where:
        args = DPOConfig(
            output_dir=where, bf16=False, use_cpu=True, report_to="none", precompute_ref_log_probs=True,
            precompute_ref_batch_size=4, max_length=None, gradient_checkpointing=False, disable_tqdm=True,
        )  # fmt: skip
        model = AutoModelForCausalLM.from_pretrained(str(_base()), dtype=torch.float32)
        table = DPOTrainer(
            model, args=args, train_dataset=Dataset.from_list(rows4), processing_class=token
        ).train_dataset
    return {"chosen": table["ref_chosen_logps"][:], "rejected": table["ref_rejected_logps"][:]}


def _base() -> Path:
    home = os.environ.get("TUTELAGE_HOME")
    return (Path(home) if home else Path.home() / ".local/share/tutelage") / "models" / "smollm2"


def _clock(since: dict[str, float] | None = None) -> dict[str, float]:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    now = {"cpu_s": usage.ru_utime + usage.ru_stime, "wall_s": time.perf_counter()}
    if since is None:
        return now
    return {k: now[k] - since[k] for k in now} | {"peak_rss_mb": usage.ru_maxrss / 1024}


WORKERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "ours-dpo": lambda d: ours("dpo", d), "trl-dpo": lambda d: theirs("dpo", d),
    "ours-k4": lambda d: ours("k4", d), "trl-k4": lambda d: theirs("k4", d),
    "ours-agreement": agreement_ours, "trl-agreement": agreement_theirs,
}  # fmt: skip


def run(python: str, worker: str, data: Path) -> dict[str, Any]:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    argv = [python, __file__, "--worker", worker, "--rows", str(data)]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{worker} failed:\n{done.stderr[-3000:]}")
    made: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(worker, {k: round(v, 1) for k, v in made.items() if isinstance(v, float)}, flush=True)
    return made


def fp32_losses(seen: dict[str, Any]) -> list[float]:
    """DPO loss (beta 0.1) of each pair against a reference of probability 1, so that it rests on log-probs alone."""
    import math

    return [math.log1p(math.exp(-0.1 * (c - r))) for c, r in zip(seen["chosen"], seen["rejected"], strict=True)]


def summary(runs: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for work in ("dpo", "k4"):
        mine, trl = runs[f"ours-{work}"], runs[f"trl-{work}"]
        out[work] = {
            "cpu_ratios": [t["cpu_s"] / o["cpu_s"] for t, o in zip(trl, mine, strict=True)],
            "cpu_s": {"ours": median(o["cpu_s"] for o in mine), "trl": median(t["cpu_s"] for t in trl)},
            "peak_rss_mb": {"ours": max(o["peak_rss_mb"] for o in mine), "trl": max(t["peak_rss_mb"] for t in trl)},
        }
        out[work]["memory_share"] = out[work]["peak_rss_mb"]["ours"] / out[work]["peak_rss_mb"]["trl"]
    return out


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--trl-python")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=24)
    parser.add_argument("--rankings", type=int, default=6)
    parser.add_argument("--worker", choices=WORKERS)
    parser.add_argument("--rows", type=Path)
    given = parser.parse_args()
    if given.worker:
        print(json.dumps(WORKERS[given.worker](json.loads(given.rows.read_text()))))
        return
    data = rows(given.pairs, given.rankings)
    with tempfile.TemporaryDirectory() as where:
        place = Path(where) / "rows.json"
        place.write_text(json.dumps(data))
        load = os.getloadavg()
        pythons = {"ours": sys.executable, "trl": given.trl_python}
        agree = {who: run(pythons[who], f"{who}-agreement", place) for who in pythons}
        runs: dict[str, list[dict[str, Any]]] = {}
        for _ in range(given.repeats):
            for work in ("dpo", "k4"):
                for who in ("trl", "ours"):
                    runs.setdefault(f"{who}-{work}", []).append(run(pythons[who], f"{who}-{work}", place))
    losses = {who: fp32_losses(agree[who]) for who in agree}
    result = {
        "rows": {"source": data["source"], "pairs": len(data["dpo"]), "rankings": len(data["k4"]), "k": K},
        "load_average": {"before": load, "after": os.getloadavg()},
        "versions": {"torch": importlib.metadata.version("torch"), "trl": "see `trl_goldens.json`"},
        "fp32_dpo_loss": {
            **losses,
            "largest_difference": max(abs(a - b) for a, b in zip(*losses.values(), strict=True)),
        },
        "summary": summary(runs),
        "runs": runs,
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({"fp32": result["fp32_dpo_loss"], "summary": result["summary"]}, indent=1))


if __name__ == "__main__":
    main()
