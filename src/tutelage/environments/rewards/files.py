"""TOML files of rewards."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from tutelage.errors import BadInput, Where


def read_toml(path: Path) -> dict[str, Any]:
    """The values of a TOML file. Raises BadInput."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError:
        seen, remedy = "There is no such file.", "Check the path."
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        seen, remedy = f"The TOML cannot be read: {error}.", "Correct it."
    raise BadInput(seen, expected="a TOML file", remedy=remedy, where=Where(str(path)))
