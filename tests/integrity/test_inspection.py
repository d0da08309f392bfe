"""Show 7, the short form: lots at 0 and 20 % by kind of cheating keep both risks; real sets are not rejected."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest
from scipy.stats import binom

PROJECT = Path(__file__).parents[2]
DATA = Path(os.environ.get("TUTELAGE_DATA", "../shared/data"))
KINDS = ["random_clicks", "always_left", "alternating", "flipping", "colluding", "too_fast_only", "templated_reasons"]


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("inspection_bench", PROJECT / "benchmarks" / "inspection.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("kind", KINDS)
def test_good_lots_are_not_rejected_and_bad_ones_not_accepted_beyond_the_risks(bench: ModuleType, kind: str) -> None:
    """6 lots each by ordinary and by careful judges: counts within the 99.9 % binomial limits of 5 and 10 %."""
    careful = {"skill": (198, 2), "items": 300, "hard": (1, 60)}
    shapes = [{"items": 300}, *([careful] if kind not in bench.WORDS_ONLY else [])]
    found = [bench.simulated(6, [kind], (0.0, 0.2), seed=11, **shape)[kind] for shape in shapes]
    lots = 6 * len(found)
    assert sum(f["0%"].get("reject", 0) for f in found) <= binom.isf(0.001, lots, 0.05)
    assert sum(f["20%"].get("accept", 0) for f in found) <= binom.isf(0.001, lots, 0.10)


@pytest.mark.real_data
@pytest.mark.skipif(not DATA.is_dir(), reason="neither $TUTELAGE_DATA nor ../shared/data is here")
@pytest.mark.parametrize("name", ["bluebirds", "adult2", "dices_350", "llmfao", "xsum_faithfulness"])
def test_real_sets_drawn_again_are_not_rejected(bench: ModuleType, name: str) -> None:
    """3 redraws of judges and items: at most the 99.9 % binomial limit of 5 %."""
    assert bench.resampled(DATA, name, 3, seed=5).get("reject", 0) <= binom.isf(0.001, 3, 0.05)
