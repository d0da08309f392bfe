"""The verifier of releases: one file of the standard library alone, put into every release.

It imports nothing of this package, so that a buyer needs neither it nor trust in it. Written in parts here, `script`
joins them into that one file; `receipt_script` those by which people check a receipt.
"""

from __future__ import annotations

import ast
from pathlib import Path

PARTS = ("signatures", "formats", "people", "certificate", "verify")
_OWN = "tutelage.provenance.verifier"


def script() -> bytes:
    """`verify.py` as a release carries it."""
    return _joined(PARTS)


def receipt_script() -> bytes:
    """`check_receipt.py`, for people who check their own receipts."""
    return _joined(("signatures", "formats", "receipt"))


def _joined(parts: tuple[str, ...]) -> bytes:
    here = Path(__file__).parent
    imports: set[str] = set()
    bodies = []
    for part in parts:
        text = (here / f"{part}.py").read_text(encoding="utf-8")
        found = [n for n in ast.parse(text).body if isinstance(n, ast.Import | ast.ImportFrom)]
        named = [n for n in found if not (isinstance(n, ast.ImportFrom) and (n.module or "").startswith(_OWN))]
        imports |= {ast.unparse(n) for n in named if "__future__" not in ast.unparse(n)}
        after = max(n.end_lineno or 0 for n in found)
        bodies.append("\n".join(text.splitlines()[after:]).removeprefix("  # fmt: skip").strip("\n"))
    lead = (ast.get_docstring(ast.parse((here / f"{parts[-1]}.py").read_text(encoding="utf-8"))) or "").strip()
    top = [f'"""{lead}"""', "", "from __future__ import annotations", "", *sorted(imports), "", ""]
    return ("\n".join(top) + "\n\n\n".join(bodies) + "\n").encode()
