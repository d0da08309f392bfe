"""Reading what other engines save: peft adapters and Hugging Face weights, safetensors and JSON only."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from tutelage.errors import BadInput, Where
from tutelage.models import checkpoint as ck
from tutelage.store import digest_file
from tutelage.training.exchange.sheet import same

ADAPTER, CONFIG, FULL, INDEX = (
    "adapter_model.safetensors", "adapter_config.json", "model.safetensors", "model.safetensors.index.json"
)  # fmt: skip
PREFIX = "base_model.model."
OURS = "adapter.safetensors"
CHANGED = ("pissa", "olora", "loftq", "corda")  # starts that subtract from the base: what is left is another base
BESIDE = (  # full weights: what loading needs
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
    "chat_template.jinja", "vocab.json", "merges.txt", "tokenizer.model",
)  # fmt: skip
# a field of adapter_config.json -> whether its value is one we compute
PLAIN: dict[str, Callable[[Any], bool]] = {
    "peft_type": lambda x: x == "LORA",
    "bias": lambda x: x in (None, "none"),
    "use_dora": lambda x: not x,
    "fan_in_fan_out": lambda x: not x,
    "layer_replication": lambda x: not x,
    "lora_bias": lambda x: not x,
    "init_lora_weights": lambda x: not str(x).lower().startswith(CHANGED),
    "modules_to_save": lambda x: not x or set(x) <= {"score", "classifier"},
}


def check_base(directory: Path, weights: Path, expected: str) -> None:
    """Raise BadInput, naming the file, where the weights say another base, or are the base itself."""
    same(weights, digest_file(weights), expected, "The base", "Restore the base that was exported.")
    if (directory / FULL).is_file() and digest_file(directory / FULL) == expected:
        raise _bad(directory / FULL, "These are the weights of the base: nobody's work is in them.", "trained weights")
    config = directory / CONFIG
    if not config.is_file():
        return
    named = Path(str(_json(config).get("base_model_name_or_path") or "")) / FULL
    if named.is_file():
        same(config, digest_file(named), expected, f"The base {named.parent}", "Name the export it was trained from.")


def convert(directory: Path, work: Path, weights: Path) -> tuple[tuple[ck.Adapter, ...], str | None]:
    """Write our form of an adapter, or full weights, into `work`: (its adapter, None) or ((), their digest)."""
    if (directory / ADAPTER).is_file():
        return (_adapter(directory, work, weights),), None
    if (directory / FULL).is_file() or (directory / INDEX).is_file():
        return (), _full(directory, work, weights)
    raise BadInput(
        "There are no weights here.", expected=f"{ADAPTER} of peft, or {FULL} of Hugging Face",
        remedy="Name the directory that the trainer saved to; pickled weights (.bin) are not read.",
        where=Where(str(directory)),
    )  # fmt: skip


def head(directory: Path, work: Path, method: str) -> str | None:
    """Write a reward model's last layer into `work`; its digest."""
    if method != "reward":
        return None
    place = directory / ADAPTER if (directory / ADAPTER).is_file() else directory / FULL
    with safe_open(place, framework="pt") as saved:
        names = [n for n in saved.keys() if "score." in n]  # noqa: SIM118 - not a dict
        if len(names) != 1:
            raise _bad(place, f"It holds {len(names)} heads.", "one `score`, as of a reward model")
        weight = saved.get_tensor(names[0]).float()
    save_file({"weight": weight.reshape(-1).contiguous()}, work / "head.safetensors")
    return digest_file(work / "head.safetensors")


def _adapter(directory: Path, work: Path, weights: Path) -> ck.Adapter:
    place, config = directory / ADAPTER, _json(directory / CONFIG)
    for name, plain in PLAIN.items():
        if not plain(config.get(name)):
            raise BadInput(
                f"Saw {config.get(name)!r}.", expected="plain LoRA on linear layers",
                remedy="Merge the adapter into full weights (`merge_and_unload`) and import those.",
                where=Where(str(directory / CONFIG), field=name),
            )  # fmt: skip
    rank, alpha = int(config["r"]), float(config["lora_alpha"])
    scale = _scale(rank, alpha, config)
    shapes, out = _shapes(weights), {}
    for key, tensor in _tensors(place).items():
        name, dot, part = key.removeprefix(PREFIX).rpartition(".lora_")
        if not dot and "score." in key:
            continue
        if part not in ("A.weight", "B.weight"):
            raise _bad(place, f"{key} is no low-rank update of a linear layer.", "lora_A and lora_B alone")
        if part == "B.weight":
            own = _scale(_matched(config.get("rank_pattern"), name, rank),
                         _matched(config.get("alpha_pattern"), name, alpha), config)  # fmt: skip
            tensor = tensor if own == scale else tensor * (own / scale)
        seen, axis = shapes.get(f"{name}.weight"), 0 if part == "B.weight" else 1
        if seen is None or name.endswith(("lm_head", "embed_tokens")) or seen[axis] != tensor.shape[axis]:
            raise _bad(place, f"{name} is {seen} in the base and {list(tensor.shape)} here.", "layers of the base")
        out[f"{name}.{part[0].lower()}"] = tensor.float().contiguous()
    save_file(out, work / OURS)
    return ck.Adapter(OURS, rank, scale * rank, digest_file(work / OURS))


def _scale(rank: int, alpha: float, config: dict[str, Any]) -> float:
    return float(alpha / (rank**0.5 if config.get("use_rslora") else rank))


def _matched(pattern: dict[str, Any] | None, name: str, usual: Any) -> Any:
    """peft's rule: a key that the layer's name is, or ends with behind a dot."""
    return next((v for k, v in (pattern or {}).items() if name == k or name.endswith("." + k)), usual)


def _full(directory: Path, work: Path, weights: Path) -> str:
    """Full weights in one file, of the base's shapes; beside them what loading needs."""
    if (directory / INDEX).is_file() and not (directory / FULL).is_file():
        parts = sorted(set(_json(directory / INDEX)["weight_map"].values()))
        joined: dict[str, Tensor] = {}
        for part in parts:
            joined |= _tensors(directory / part)
        save_file(joined, work / FULL, metadata={"format": "pt"})
    else:
        shutil.copyfile(directory / FULL, work / FULL)
    mine, theirs = _shapes(directory / FULL if (directory / FULL).is_file() else work / FULL), _shapes(weights)
    ties = {"lm_head.weight", "score.weight"}
    for name in sorted(
        (mine.keys() ^ theirs.keys()) - ties | {n for n in mine.keys() & theirs if mine[n] != theirs[n]}
    ):
        raise _bad(directory / FULL, f"{name} is {mine.get(name)} here and {theirs.get(name)} in the base.",
                   "the tensors of the base")  # fmt: skip
    for name in BESIDE:
        found = next((p for p in (directory / name, weights.parent / name) if p.is_file()), None)
        if found is not None:
            shutil.copyfile(found, work / name)
    return digest_file(work / FULL)


def _shapes(place: Path) -> dict[str, list[int]]:
    try:
        with safe_open(place, framework="pt") as saved:
            return {n: list(saved.get_slice(n).get_shape()) for n in saved.keys()}  # noqa: SIM118 - not a dict
    except (OSError, SafetensorError) as error:
        raise _unreadable(place, error) from None


def _tensors(place: Path) -> dict[str, Tensor]:
    try:
        found: dict[str, Tensor] = load_file(place)
    except (OSError, SafetensorError) as error:
        raise _unreadable(place, error) from None
    return found


def _unreadable(place: Path, error: Exception) -> BadInput:
    return BadInput(
        f"It cannot be read: {error}.", expected="whole safetensors",
        remedy="Copy it again from where it was trained: it may have been cut short.", where=Where(str(place)),
    )  # fmt: skip


def _json(place: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(place.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _bad(place, f"It cannot be read: {error}.", "JSON") from None
    return found


def _bad(place: Path, seen: str, expected: str) -> BadInput:
    return BadInput(
        seen, expected=expected, remedy="Name weights that were trained on the exported base.", where=Where(str(place))
    )
