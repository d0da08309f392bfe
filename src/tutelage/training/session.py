"""The frame around a run: load the base, name the work directory, write the checkpoint."""

from __future__ import annotations

import dataclasses
import json
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from tutelage import __version__
from tutelage.errors import BadInput, Where
from tutelage.models import checkpoint as ck
from tutelage.models import local_lora
from tutelage.models.local_load import Loaded, load
from tutelage.models.local_text import Text
from tutelage.store import digest, digest_file
from tutelage.training.config import TrainConfig
from tutelage.training.loop import STATE, StepFunction, Trainable, run, writing
from tutelage.training.pack import Example


@dataclass
class Session:
    """A base in memory, ready to be trained, and the place where that happens.

    told  all that decides the result beside base and rows: the config, and what a method adds to it
    """

    loaded: Loaded
    text: Text
    config: TrainConfig
    method: str
    rows_digest: str
    out: Path
    work: Path
    trainable: Trainable
    started: float
    told: Mapping[str, Any]

    @property
    def model(self) -> Any:
        """The causal language model, adapters in place."""
        return self.loaded.model

    def train(
        self, step: StepFunction, examples: Sequence[Example], on_progress: Callable[[int, int], None] | None
    ) -> None:
        """The loop, then nothing: `finish` publishes."""
        run(step, self.trainable, examples, self.config, self.work, on_progress)

    def finish(
        self,
        examples: Iterable[Example],
        *,
        offset: float = 0.0,
        figures: dict[str, Any] | None = None,
        others: Iterable[ck.Contribution] = (),
        course: Mapping[str, Any] | None = None,
    ) -> Path:
        """Write the checkpoint into the work directory and give it its name in one rename.

        others  work that came in otherwise than by rows, with its stage: a reward model's judgments
        course  what `run.json` says of how the run went, beside its seconds
        """
        origin, config = self.loaded.origin, self.config
        earlier = [*(ck.contributions(origin.at) if origin.at else []), *sorted(set(others), key=_by_stage)]
        ids = {i for e in examples for i in e.contributions}
        contributions = ck.write_contributions(self.work, earlier, ids, self.method)
        with writing(self.work):
            adapters = self._write_adapters() if config.lora_rank else ()
            weights = None if config.lora_rank else self._write_full()
            head = self._write_head()
        above = origin.checkpoint
        parents = (*above.parents, ck.Parent(above.digest, above.method)) if above else ()
        checkpoint = ck.Checkpoint(
            base=origin.spec, base_digest=origin.digest, method=self.method, config=self.told,
            dtype=str(self.loaded.dtype).removeprefix("torch."), code_version=__version__, data_digest=self.rows_digest,
            contributions=contributions, adapters=adapters, weights=weights, head=head, offset=offset,
            parents=parents, figures=figures or {},
        )  # fmt: skip
        ck.write(self.work, checkpoint)
        seconds = {"seconds": time.perf_counter() - self.started, "threads": torch.get_num_threads()}
        (self.work / "run.json").write_text(json.dumps(seconds | dict(course or {})) + "\n")
        (self.work / STATE).unlink(missing_ok=True)
        for place in self.work.iterdir():
            place.chmod(0o644)  # safetensors writes for its owner alone
        self.work.rename(self.out)
        return self.out

    def _write_adapters(self) -> tuple[ck.Adapter, ...]:
        origin, written = self.loaded.origin, []
        if origin.checkpoint and origin.at:
            for i, adapter in enumerate(origin.checkpoint.adapters):
                shutil.copyfile(origin.at / adapter.file, self.work / f"parent-{i}.safetensors")
                written.append(dataclasses.replace(adapter, file=f"parent-{i}.safetensors"))
        own = {name: t.cpu().contiguous() for name, t in local_lora.state(self.model).items()}
        save_file(own, self.work / "adapter.safetensors")
        seen = digest_file(self.work / "adapter.safetensors")
        return (*written, ck.Adapter("adapter.safetensors", self.config.lora_rank, self.config.lora_alpha, seen))

    def _write_full(self) -> str:
        self.model.save_pretrained(str(self.work), max_shard_size="1000GB")
        self.loaded.tokenizer.save_pretrained(str(self.work))
        return digest_file(self.work / "model.safetensors")

    def _write_head(self) -> str | None:
        head = self.trainable.parameters.get("head")
        if head is None:
            return None
        save_file({"weight": head.detach().cpu().contiguous()}, self.work / "head.safetensors")
        return digest_file(self.work / "head.safetensors")


def _by_stage(contribution: ck.Contribution) -> tuple[str, str]:
    return contribution.stage, contribution.id


def open_session(
    method: str,
    rows: Sequence[Any],
    base: str,
    out: Path,
    config: TrainConfig,
    told: Mapping[str, Any] | None = None,
) -> Session | None:
    """Load the base and prepare it; None where `out` already holds exactly this result. Raises BadInput.

    rows  records that are learned from: demonstrations, rankings, tasks
    told  what decides the result beside the config
    """
    settings = asdict(config) | dict(told or {})
    started = time.perf_counter()
    rows_digest = digest(list(rows))
    full = config.lora_rank == 0
    loaded = load(base, dtype="fp32" if full else config.dtype, device=config.device)
    if _finished(out, method, rows_digest, settings, loaded):
        return None
    torch.manual_seed(config.seed)
    if full:
        loaded.model.requires_grad_(True)
        # there are no pads here; where pad = eos, torch would keep the end token's embedding from learning
        loaded.model.get_input_embeddings().padding_idx = None
        named = dict(loaded.model.named_parameters())  # tied weights appear once
    else:
        local_lora.inject(loaded.model, rank=config.lora_rank, alpha=config.lora_alpha, seed=config.seed)
        named = {n: p for n, p in loaded.model.named_parameters() if p.requires_grad}
    key = digest([method, rows_digest, settings, loaded.origin.identity, str(loaded.dtype)])
    work = out.parent / f".{out.name}.{key.removeprefix('sha256:')[:16]}.partial"
    work.mkdir(parents=True, exist_ok=True)
    return Session(
        loaded, Text(loaded.tokenizer), config, method, rows_digest, out, work, Trainable(named), started, settings
    )


def _finished(out: Path, method: str, rows_digest: str, settings: Mapping[str, Any], loaded: Loaded) -> bool:
    if not out.exists():
        return False
    if ck.is_checkpoint(out):
        there = ck.read(out)
        above = loaded.origin.checkpoint.digest if loaded.origin.checkpoint else None
        stands_on = there.parents[-1].digest if there.parents else None
        same_base = there.base_digest == loaded.origin.digest and stands_on == above
        same_work = (there.method, there.data_digest, dict(there.config)) == (method, rows_digest, settings)
        if same_base and same_work:
            return True
    raise BadInput(
        "The output directory already holds something else.",
        expected="a path that does not exist yet",
        remedy="Choose another --out, or remove it.",
        where=Where(str(out)),
    )
