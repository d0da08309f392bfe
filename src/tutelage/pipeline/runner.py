"""Where a stage runs: in this process, or, with `ray_runner`, batch stages on a cluster."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tutelage.pipeline.stage import Stage, StageContext


@dataclass(frozen=True)
class Cost:
    """What a stage took: wall seconds, and the peak of resident memory."""

    seconds: float
    peak_rss_bytes: int


class Runner(Protocol):
    """Runs one stage to its end; what the stage raises, it raises."""

    def run(self, stage: Stage, inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> Cost:
        """Call the stage's function and say what it took."""
        ...


class LocalRunner:
    """Runs a stage in this process: what kills the run kills the stage, so nothing works on unseen."""

    def run(self, stage: Stage, inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> Cost:
        """Call the stage's function and say what it took."""
        _forget_peak()
        started = time.perf_counter()
        try:
            stage.run(inputs, config, out, ctx)
        finally:
            gc.collect()  # models hold themselves in cycles: without this the next stage starts beside the last one's
        return Cost(round(time.perf_counter() - started, 3), peak_rss_bytes())


def _forget_peak() -> None:
    """Start the kernel's high-water mark anew, so that each stage has its own (Linux; elsewhere it only grows)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_rss_bytes() -> int:
    """The peak of this process's resident memory since the mark was last set anew."""
    with contextlib.suppress(OSError, StopIteration):
        status = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
