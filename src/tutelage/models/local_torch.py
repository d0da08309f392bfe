"""The door to torch and transformers: quiet, offline, and with a clear word where they are missing."""

from __future__ import annotations

import os
from functools import cache
from typing import Any, Literal

from tutelage.errors import BadInput, MissingExtra

Dtype = Literal["auto", "bf16", "fp32"]
Device = Literal["auto", "cpu", "cuda"]


@cache
def torch() -> Any:
    """The torch module. Raises MissingExtra."""
    # Before torch loads its thread pool: idle threads that spin make a busy machine twenty times slower. A moment of it
    # (some 50 µs) bridges the gap between two operations of one pass: decoding 64 rows takes a fifth less time.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "5000")
    try:
        import torch as module
    except ImportError as error:
        raise _missing("torch") from error
    return module


@cache
def transformers() -> Any:
    """The transformers module, told to send nothing anywhere. Raises MissingExtra."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    torch()
    try:
        import transformers as module
    except ImportError as error:
        raise _missing("transformers") from error
    log: Any = module.utils.logging
    log.set_verbosity_error()
    log.disable_progress_bar()
    return module


def _missing(name: str) -> MissingExtra:
    return MissingExtra(
        f"{name} is not installed.",
        expected="the training extra",
        remedy="Run `pip install 'tutelage[train]'`.",
    )


def choose_device(wanted: Device) -> str:
    """`cuda` where there is one, else `cpu`; raises BadInput where the wanted one is absent."""
    available = torch().cuda.is_available()
    if wanted == "cuda" and not available:
        raise BadInput("There is no CUDA device.", expected="a GPU", remedy="Use `device: cpu` or `auto`.")
    return "cuda" if available and wanted != "cpu" else "cpu"


def choose_dtype(wanted: Dtype, device: str) -> Any:
    """bf16 where the hardware multiplies it natively (elsewhere it is slower than fp32), else fp32.

    Asks for the capability, not for a timing, so that the answer is the same on a busy machine.
    """
    t = torch()
    named = {"bf16": t.bfloat16, "fp32": t.float32}
    if wanted in named:
        return named[wanted]
    cpu_has = t.cpu._is_avx512_bf16_supported() or t.cpu._is_amx_tile_supported()
    native = t.cuda.is_bf16_supported() if device == "cuda" else cpu_has
    return t.bfloat16 if native else t.float32
