"""`python -m tools.lints src tests`: findings to stdout, exit 1 if there are any."""

from __future__ import annotations

import sys

from tools.lints import RULES, check, sources
from tools.lints.base import length

LONG = 40


def main(roots: list[str]) -> int:
    """Print all findings and the share of long functions; 1 if anything was found."""
    files = list(sources(roots or ["src", "tests"]))
    findings = [finding for source in files for finding in check(source, RULES)]
    for finding in findings:
        print(finding)
    lengths = [length(f) for source in files if source.room and not source.is_test for f in source.functions]
    over = sum(n > LONG for n in lengths)
    share = f"{over} of {len(lengths)} library functions over {LONG} lines ({100 * over / max(1, len(lengths)):.1f} %)"
    print(f"{len(files)} files, {len(RULES)} rules, {len(findings)} findings; {share}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
