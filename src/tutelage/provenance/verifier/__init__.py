"""The verifier of releases: one file of the standard library alone, put into every release.

`verify.py` imports nothing of this package, so that a buyer needs neither it nor trust in it.
"""

from pathlib import Path

SCRIPT = Path(__file__).parent / "verify.py"
