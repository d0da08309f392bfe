"""Out to TRL and back, for real: exported, trained by TRL in an environment of its own, imported, its lineage followed.

    python benchmarks/roundtrip_trl.py [--trl-python PATH] [--steps 2]

A Llama of two layers, 12 demonstrations, 12 comparisons, 6 tasks: SFT by TRL on the bare base, DPO by TRL on what came
back (a base with an adapter below it), a reward model, and GRPO whose reward is served over HTTP from here. Checked of
each: log-probabilities equal to those of Hugging Face + peft (rewards to its classifier's), `tutelage lineage` whole,
contributions found forward, exactly the rows of the steps that were taken; another base, other data and another export
are refused. Writes results/roundtrip_trl.json.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training_vs_trl import _module, trl_python

RESULTS = Path(__file__).parent / "results" / "roundtrip_trl.json"
PROMPTS, ANSWERS = ("Say 1", "Name a river: "), ("yes", "no, and at some length")
# in TRL's environment: the same answers through Hugging Face and peft, in float32
REFERENCE = """
import json, sys, torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer
base, adapter, kind, prompts, answers = json.loads(sys.argv[1])
token = AutoTokenizer.from_pretrained(base)
if kind == "reward":
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=1)
    model.config.pad_token_id = token.pad_token_id
else:
    model = AutoModelForCausalLM.from_pretrained(base)
model = PeftModel.from_pretrained(model, adapter).eval()
out = []
for p in prompts:
    shown = token.apply_chat_template([{"role": "user", "content": p}], tokenize=False, add_generation_prompt=True)
    head = token(shown, add_special_tokens=False)["input_ids"]
    for a in answers:
        tail = token(a + token.eos_token, add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            if kind == "reward":
                # read at the last token: pad is another token's id here, or the end would be taken for a pad
                model.config.pad_token_id = 0
                out.append(float(model(torch.tensor([head + tail])).logits[0, 0]))
            else:
                logp = model(torch.tensor([head + tail])).logits[0].log_softmax(-1)
                out.append(sum(float(logp[len(head) - 1 + i, t]) for i, t in enumerate(tail)))
print(json.dumps(out))
"""


def run(argv: list[str], **more: str) -> str:
    done = subprocess.run(
        argv, env=os.environ | {"OMP_NUM_THREADS": "1", **more}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{argv} failed:\n{done.stderr[-3000:]}")
    return done.stdout


def ours(place: Path, kind: str) -> list[float]:
    """The same answers through `local:DIR`, or `reward:DIR`."""
    from tutelage.models.local import LocalPolicy
    from tutelage.models.local_reward import LocalReward
    from tutelage.records import assistant, user

    prompts, answers = [user(p) for p in PROMPTS for _ in ANSWERS], [assistant(a) for _ in PROMPTS for a in ANSWERS]
    if kind == "reward":
        return [float(x) for x in LocalReward.load(str(place), dtype="fp32").scores(prompts, answers)]
    return [x.total for x in LocalPolicy.load(str(place), dtype="fp32").logprobs(prompts, answers)]


def tutelage(*argv: str) -> Any:
    return json.loads(run([sys.executable, "-m", "tutelage", *argv, "--json"]))


@contextlib.contextmanager
def served(sent: Path) -> Iterator[dict[str, str]]:
    """The export's reward, served by this environment where it has one; TRL's has no Tutelage."""
    if not (sent / "serve_reward.py").is_file():
        yield {}
        return
    argv = [sys.executable, str(sent / "serve_reward.py"), "--port", "0"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        yield {"TUTELAGE_REWARD_URL": server.stdout.readline().strip()}
        server.terminate()


def refused(*argv: str) -> bool:
    done = subprocess.run([sys.executable, "-m", "tutelage", *argv], capture_output=True, check=False)
    return done.returncode == 2


def leg(work: Path, name: str, data: str, base: Path, python: str, steps: int, *more: str) -> dict[str, Any]:
    """Export, train, import, follow; what was seen."""
    sent, back = work / f"{name}-export", work / name
    told = ["--for", "trl", "--base", f"local:{base}", "--out", str(sent), "--set", "batch_rows=3", *more]
    tutelage("export", "training", str(work / data), *told)
    began = time.perf_counter()
    with served(sent) as environment:
        run([python, str(sent / "train.py"), "--out", str(back), "--max-steps", str(steps)], **environment)
    seconds = time.perf_counter() - began
    said = tutelage("import", "checkpoint", str(back), "--from", str(sent))
    record = json.loads((back / "trained.json").read_text())
    sheet = json.loads((sent / "tutelage.json").read_text())
    engine_base = json.loads((sent / "recipe.json").read_text())["base"]
    kind = "reward" if name == "reward" else "policy"
    theirs = json.loads(run([python, "-c", REFERENCE, json.dumps([engine_base, str(back), kind, PROMPTS, ANSWERS])]))
    mine = ours(back, kind)
    down = tutelage("lineage", str(back))
    learned = {i for r in record["rows"] for i in sheet["lines"][r]["ids"]}
    stage = f"trl:{name}"
    forward = [tutelage("lineage", "--of", i, "--in", str(work))["in"] for i in sorted(learned)[:2]]
    return {
        "method": said["method"], "rows": len(sheet["lines"]), "rows_trained_on": len(record["rows"]), "steps": steps,
        "contributions": said["contributions"], "parents": [p["method"] for p in said["parents"]],
        "contributions_are_those_of_the_rows": {w["id"] for w in down["work"] if stage in w["stages"]} == learned,
        "lineage_nodes": sorted({n["type"] for n in down["graph"]["nodes"]}),
        "found_forward": all(any(h["digest"] == said["digest"] for h in found) for found in forward),
        "largest_difference_from_peft": max(abs(a - b) for a, b in zip(mine, theirs, strict=True)),
        "values": {"ours": mine, "peft": theirs}, "versions": record["versions"], "train_wall_s": round(seconds, 1),
    }  # fmt: skip


def main() -> None:
    """See the head of this file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trl-python")
    parser.add_argument("--steps", type=int, default=2)
    given = parser.parse_args()
    python = trl_python(given.trl_python)
    load = os.getloadavg()
    with tempfile.TemporaryDirectory() as where:
        work = Path(where)
        base = _module("tiny_llama").save(work / "tiny")
        other = _module("tiny_llama").save(work / "other", seed=1)
        lines = [{"prompt": f"Say {i}", "chosen": f"yes {i}", "rejected": "no"} for i in range(12)]
        shown = [{"prompt": f"Say {i}", "completion": f"yes {i}"} for i in range(12)]
        tasks = [
            {
                "prompt": [{"role": "user", "text": f"Say {i}"}],
                "grader": "format",
                "parameters": {"checks": [{"check": "lowercase"}]},
            }
            for i in range(6)
        ]
        for name, rows, kind in (("pairs", lines, "comparison"), ("demos", shown, "demonstration")):
            (work / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
            tutelage("import", str(work / f"{name}.jsonl"), "--kind", kind, "--out", str(work / name))
        (work / "tasks.jsonl").write_text("".join(json.dumps(t) + "\n" for t in tasks))
        legs = {
            "sft": leg(work, "sft", "demos", base, python, given.steps),
            "dpo": leg(work, "dpo", "pairs", work / "sft", python, given.steps),
            "reward": leg(work, "reward", "pairs", base, python, given.steps, "--method", "reward"),
            "grpo": leg(
                work,
                "grpo",
                "tasks.jsonl",
                base,
                python,
                given.steps,
                "--reward",
                "graders",
                "--set",
                "answers=2",
                "--set",
                "max_response_tokens=4",
            ),
        }
        refusals = {}
        (work / "dpo" / "checkpoint.json").unlink()
        refusals["weights of another export"] = refused(
            "import", "checkpoint", str(work / "dpo"), "--from", str(work / "reward-export"))  # fmt: skip
        data = work / "dpo-export" / "train.jsonl"
        data.write_text(data.read_text().replace("yes 1", "yes 7"))
        refusals["data changed since"] = refused(
            "import", "checkpoint", str(work / "dpo"), "--from", str(work / "dpo-export"))  # fmt: skip
        config = work / "sft" / "adapter_config.json"
        config.write_text(config.read_text().replace(str(base), str(other)))
        (work / "sft" / "checkpoint.json").unlink()
        refusals["another base"] = refused(
            "import", "checkpoint", str(work / "sft"), "--from", str(work / "sft-export"))  # fmt: skip
    made = {
        "command": f"python benchmarks/roundtrip_trl.py --steps {given.steps}", "legs": legs, "refused": refusals,
        "load_average": {"before": load, "after": os.getloadavg()},
    }  # fmt: skip
    RESULTS.write_text(json.dumps(made, indent=1) + "\n")
    print(json.dumps({n: {k: x[k] for k in ("rows_trained_on", "contributions_are_those_of_the_rows", "found_forward",
                                            "largest_difference_from_peft", "parents")} for n, x in legs.items()}
                     | {"refused": refusals}))  # fmt: skip


if __name__ == "__main__":
    main()
