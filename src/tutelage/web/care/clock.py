"""A clock that nobody can set: what was met is counted by it, so that neither a jump forward nor back changes a dose.

The wall clock moves against the machine's own steady one only when it is set. The first look on each start of a
machine keeps how the two stand to one another; what has moved since is taken off.
"""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timedelta
from pathlib import Path

from tutelage.web.care.models import Anchor

BOOT = Path("/proc/sys/kernel/random/boot_id")
LEAST_S = 5.0  # less is a clock that is kept in step, not one that was set
_PROCESS = f"process-{uuid.uuid4().hex}"  # where no start of a machine is to be had, each process stands for itself


def steady(now: datetime) -> datetime:
    """The time that it would be had nobody set the clock since this machine started."""
    return now - timedelta(seconds=ahead_s())


def ahead_s() -> float:
    """Seconds by which the clock was set forward, negative for back; 0 where it is only kept in step."""
    anchor, _new = Anchor.objects.get_or_create(boot=boot(), defaults={"offset_s": offset_s()})
    moved = offset_s() - anchor.offset_s
    return moved if abs(moved) >= LEAST_S else 0.0


def boot() -> str:
    """Which start of which machine this is."""
    return BOOT.read_text(encoding="ascii").strip() if BOOT.exists() else _PROCESS


def offset_s() -> float:
    """The wall clock against the steady one, which goes on while a machine sleeps."""
    return time.time() - time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
