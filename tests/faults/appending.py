"""A process that logs contributions one or three at a time and says after each call what it was promised.

python appending.py ROOT COUNT
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.provenance.people_at_work import KEK, LOG, given

from tutelage.provenance.log import Submission, opened


def main(root: Path, count: int) -> None:
    """Log j0 … j<count−1>, from the start: those that are there keep their leaf."""
    with opened(root, LOG, KEK) as log, (root / "promised").open("a") as promised:
        made = 0
        while made < count:
            step = min(1 + made % 3, count - made)
            names = [f"j{i}" for i in range(made, made + step)]
            leaves = log.add([Submission(n, f"p{made % 4}", given(f"p{made % 4}", n)) for n in names])
            promised.writelines(f"{name} {leaf}\n" for name, leaf in zip(names, leaves, strict=True))
            promised.flush()
            made += step


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
