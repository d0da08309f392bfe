"""A tiny model on disk, and rows to train it on."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")
pytest.importorskip("transformers", reason="the training extra is not installed")

_spec = importlib.util.spec_from_file_location("tiny_llama", Path(__file__).with_name("tiny_llama.py"))
assert _spec is not None
assert _spec.loader is not None
_tiny = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_tiny)


@pytest.fixture(scope="session")
def tiny_llama() -> Any:
    """The module that builds tiny models."""
    torch.set_num_threads(1)
    return _tiny


@pytest.fixture(scope="session")
def tiny(tiny_llama: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Hugging Face directory with a two-layer Llama."""
    saved: Path = tiny_llama.save(tmp_path_factory.mktemp("tiny"))
    return saved
