"""The models that whoever runs this installation has put at its projects' disposal, by name.

An owner names one; only the installation says what a name stands for, since a SPEC opens files and addresses.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from tutelage.errors import BadInput, Where

VARIABLE = "TUTELAGE_MODELS"
USUAL = {"smollm2": "local:smollm2"}


def specs(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """name -> SPEC of `tutelage.models.load`, from `NAME=SPEC;NAME=SPEC`; the small model where nothing is said."""
    said = environ.get(VARIABLE)
    if said is None:
        return dict(USUAL)
    pairs = (one.strip().partition("=") for one in said.split(";") if one.strip())
    return {name.strip(): spec.strip() for name, _, spec in pairs if name.strip() and spec.strip()}


def check(name: str) -> None:
    """Raises BadInput for a model that is not here; none is fine."""
    if name and name not in specs():
        raise BadInput(
            f"There is no model {name!r} here.",
            expected=", ".join(specs()) or "none",
            remedy=f"Name one of them, or have it added to ${VARIABLE}.",
            where=Where(field="model"),
        )
