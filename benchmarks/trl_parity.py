"""Golden losses and gradients from TRL, on a tiny Llama, for `tests/training/test_parity.py`.

Run in an environment with trl, peft, datasets (see the versions in the output), from the project's root:

    python benchmarks/trl_parity.py tests/training/trl_goldens.json

Each case holds token ids, TRL's loss on that batch in float32, and the norms of TRL's gradients.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}

import torch
from datasets import Dataset
from transformers import LlamaConfig, LlamaForSequenceClassification
from trl import (
    DPOConfig,
    DPOTrainer,
    GRPOConfig,
    GRPOTrainer,
    RewardConfig,
    RewardTrainer,
    RLOOConfig,
    RLOOTrainer,
    SFTConfig,
    SFTTrainer,
)

ROOT = Path(__file__).parents[1]
spec = importlib.util.spec_from_file_location("tiny_llama", ROOT / "tests" / "training" / "tiny_llama.py")
assert spec
assert spec.loader
tiny = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tiny)

COMMON: dict[str, Any] = {
    "per_device_train_batch_size": 4, "report_to": "none", "bf16": False, "gradient_checkpointing": False,
    "max_length": None, "use_cpu": True, "disable_dropout": True, "remove_unused_columns": False,
}  # fmt: skip
ROWS = [
    {"prompt": "Name a river: ", "chosen": "the Rhine.", "rejected": "No, I will not, and I will say so at length."},
    {"prompt": "2 + 2 = ", "chosen": "4", "rejected": "five"},
    {"prompt": "Say something kind about rain. ", "chosen": "It ends droughts, gently.", "rejected": "It is wet"},
    {
        "prompt": "A long question, longer than its answers, that is: why? ",
        "chosen": "Because.",
        "rejected": "Why not?",
    },
]


def gradients(model: Any) -> dict[str, float]:
    return {n: float(p.grad.norm()) for n, p in model.named_parameters() if p.grad is not None}


def loss_of(trainer: Any) -> tuple[float, dict[str, Any]]:
    batch = next(iter(trainer.get_train_dataloader()))
    trainer.model.train()
    loss = trainer.compute_loss(trainer.model, dict(batch))
    loss.backward()
    return float(loss.detach()), gradients(trainer.model)


def config(kind: Any, where: str, **more: Any) -> Any:
    known = {f.name for f in __import__("dataclasses").fields(kind)}
    return kind(output_dir=where, **{k: v for k, v in (COMMON | more).items() if k in known})


def dpo(where: str, **more: Any) -> dict[str, Any]:
    trainer = DPOTrainer(
        tiny.llama(1), ref_model=tiny.llama(0), args=config(DPOConfig, where, beta=0.1, **more),
        train_dataset=Dataset.from_list(ROWS), processing_class=tiny.tokenizer(),
    )  # fmt: skip
    loss, grads = loss_of(trainer)
    rows = [{k: r[k] for k in ("prompt_ids", "chosen_ids", "rejected_ids")} for r in trainer.train_dataset]
    return {"policy_seed": 1, "reference_seed": 0, "beta": 0.1, **more, "rows": rows, "loss": loss, "gradients": grads}


def reward(where: str, margin: bool, centre: float) -> dict[str, Any]:
    token = tiny.tokenizer()
    token.pad_token = "Ā"  # byte 0: with pad = eos, the classifier reads the token before the end instead
    sizes = tiny.SIZES | {"num_labels": 1, "pad_token_id": token.pad_token_id}
    model = tiny.fill(LlamaForSequenceClassification(LlamaConfig(**sizes)), 2)
    rows = []
    for i, row in enumerate(ROWS):
        prompt = token(row["prompt"])["input_ids"]
        ids = {f"{side}_ids": [*prompt, *token(row[side])["input_ids"], 257] for side in ("chosen", "rejected")}
        rows.append(ids | ({"margin": 0.25 * i} if margin else {}))
    trainer = RewardTrainer(
        model, args=config(RewardConfig, where, center_rewards_coefficient=centre or None),
        train_dataset=Dataset.from_list(rows), processing_class=token,
    )  # fmt: skip
    loss, grads = loss_of(trainer)
    split = [
        {"prompt_ids": token(row["prompt"])["input_ids"], "margin": made.get("margin", 0.0)}
        | {side: [*token(row[side.removesuffix("_ids")])["input_ids"], 257] for side in ("chosen_ids", "rejected_ids")}
        for row, made in zip(ROWS, rows, strict=True)
    ]
    return {"seed": 2, "centre": centre, "rows": split, "loss": loss, "gradients": grads}


def sft(where: str) -> dict[str, Any]:
    token = tiny.tokenizer()
    rows = []
    for row in ROWS:
        prompt, answer = token(row["prompt"])["input_ids"], [*token(row["chosen"])["input_ids"], 257]
        rows.append({"input_ids": prompt + answer, "labels": [-100] * len(prompt) + answer})
    trainer = SFTTrainer(
        tiny.llama(1), args=config(SFTConfig, where), train_dataset=Dataset.from_list(rows), processing_class=token
    )
    loss, grads = loss_of(trainer)
    split = [
        {"prompt_ids": token(r["prompt"])["input_ids"], "answer_ids": [*token(r["chosen"])["input_ids"], 257]}
        for r in ROWS
    ]
    return {"seed": 1, "rows": split, "loss": loss, "gradients": grads}


ANSWERS = [
    ["the Rhine.", "No, I will not, and I will say so at length.", "rivers"],
    ["4", "five", "It is four, I believe"],
    ["It ends droughts, gently.", "It is wet", "wet"],
]
REWARDS = [[1.0, -0.5, 0.25], [2.0, 0.0, 1.5], [0.3, 0.2, 0.1]]
SHARE = 0.06  # of the way to another model that the policy has gone since it answered: some ratios are clipped


def online(where: str, settings: Any, trainer_of: Any, **more: Any) -> dict[str, Any]:
    """Loss and gradients on fixed answers: what is TRL's own is everything but the answers and their rewards."""
    token = tiny.tokenizer()
    # every other answer is cut: it has no end token
    ids = [
        [*token(a)["input_ids"], 257][: None if (i + k) % 2 else -1]
        for i, g in enumerate(ANSWERS)
        for k, a in enumerate(g)
    ]
    flat = [r for group in REWARDS for r in group]
    common = {"num_generations": 3, "num_iterations": 2, "per_device_train_batch_size": 9, "max_completion_length": 64}
    model = tiny.llama(1)
    model.config._name_or_path = str(tiny.save(Path(where) / "reference", 0))  # TRL loads its reference from there
    trainer = trainer_of(
        model, reward_funcs=lambda **_: list(flat), args=config(settings, where, **common, **more),
        train_dataset=Dataset.from_list([{"prompt": r["prompt"]} for r in ROWS[:3]]), processing_class=token,
    )  # fmt: skip
    trainer._generate_single_turn = lambda *_: ids if trainer_of is RLOOTrainer else (ids, None)
    trainer.model.train()
    trainer.current_gradient_accumulation_steps = 1
    asked = [{"prompt": r["prompt"]} for r in ROWS[:3] for _ in range(3)]
    batch = trainer._generate_and_score_completions(asked)
    tiny.move(trainer.model, tiny.llama(4), SHARE)
    loss = trainer._compute_loss(trainer.model, batch)
    loss.backward()
    groups = [
        {
            "prompt_ids": token(ROWS[i]["prompt"])["input_ids"],
            "answer_ids": ids[3 * i : 3 * i + 3],
            "rewards": REWARDS[i],
        }
        for i in range(3)
    ]
    return {
        "policy_seed": 1, "reference_seed": 0, "towards_seed": 4, "share": SHARE, **more, "groups": groups,
        "advantages": batch["advantages"].tolist(), "loss": float(loss.detach()), "gradients": gradients(trainer.model),
    }  # fmt: skip


def main() -> None:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as where:
        cases = {
            "sft": sft(where),
            "dpo": dpo(where),
            "dpo_normalised": dpo(where, loss_type=["sigmoid_norm"]),
            "reward": reward(where, margin=False, centre=0.0),
            "reward_margin_centred": reward(where, margin=True, centre=0.05),
            "rloo": online(where, RLOOConfig, RLOOTrainer, beta=0.05),
            "grpo": online(where, GRPOConfig, GRPOTrainer, beta=0.04, loss_type="grpo"),
            "grpo_paper": online(
                where, GRPOConfig, GRPOTrainer, beta=0.04, loss_type="grpo", use_bias_correction_kl=False
            ),
            "grpo_tokens": online(where, GRPOConfig, GRPOTrainer, beta=0.04, loss_type="dapo"),
            "grpo_doctor": online(where, GRPOConfig, GRPOTrainer, beta=0.0, loss_type="dr_grpo", scale_rewards="none"),
        }
    versions = {name: importlib.metadata.version(name) for name in ("trl", "transformers", "torch")}
    text = json.dumps({"versions": versions, "cases": cases}, indent=None, separators=(",", ":"), sort_keys=True)
    Path(sys.argv[1]).write_text(text + "\n")
    print({name: case["loss"] for name, case in cases.items()})


if __name__ == "__main__":
    main()
