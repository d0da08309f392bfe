"""What a judge that must be asked is given beside its SPEC."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tutelage.judges.asking import Progress, Purse
from tutelage.judges.rubric import Rubric


@dataclass(frozen=True)
class Setting:
    """Judges that compute (rules, reward models, stored verdicts) need none of it.

    purse    how many calls may be made;  memory  directory of replies, by default under $TUTELAGE_HOME
    at_once  requests under way at the same time
    """

    rubric: Rubric = field(default_factory=Rubric)
    purse: Purse = field(default_factory=Purse)
    memory: Path | None = None
    at_once: int = 8
    progress: Progress | None = None
