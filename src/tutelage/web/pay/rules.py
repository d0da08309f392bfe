"""What is owed: whole numbers of the currency's smallest unit, rounded once and towards the person."""

from __future__ import annotations

BASIS = 10_000
MARGIN_BP = 1_000  # set aside on top, for paid skips and asked-for rework


def fee(minor: int, fee_bp: int) -> int:
    """The platform's share on top of a person's pay, rounded half up."""
    return (minor * fee_bp + BASIS // 2) // BASIS


def cost(minor: int, fee_bp: int) -> int:
    """What the buyer pays for a person's pay."""
    return minor + fee(minor, fee_bp)


def hourly(piece_minor: int, minutes: float) -> float:
    """Pay an hour at the estimated time; minutes > 0."""
    return piece_minor * 60 / minutes


def for_time(piece_minor: int, minutes: float, active_ms: int) -> int:
    """Pay for time spent without a result (a skip), at the task's own hourly rate and at most a task's pay."""
    due = -(-piece_minor * active_ms // int(minutes * 60_000))
    return min(piece_minor, max(due, 1 if piece_minor else 0))


def needed(slots: int, piece_minor: int, people: int, instruction_minor: int, fee_bp: int) -> int:
    """What must be set aside before anything is offered: all tasks, instructions, and a margin of a tenth."""
    bare = slots * cost(piece_minor, fee_bp) + people * cost(instruction_minor, fee_bp)
    return bare + -(-bare * MARGIN_BP // BASIS)
