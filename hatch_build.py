"""The wheel carries the built front end; nobody who installs it needs Node. Editable installs build when asked."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class FrontEnd(BuildHookInterface):  # type: ignore[type-arg]  # the builder's configuration is not ours
    """Builds `frontend/` before a wheel is packed, unless what lies there is fresh."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node itself, where the machine has none and there is something to build."""
        recipe = self._recipe()
        if self.target_name != "wheel" or recipe.is_fresh() or recipe.node_on_path() or recipe.node_from_pip():
            return []
        return [str(recipe.PIP_NODE)]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build for wheels; `version` is "editable" for a working copy, which builds on demand."""
        if self.target_name != "wheel" or version == "editable":
            return
        recipe = self._recipe()
        recipe.build()
        packed = [path.relative_to(self.root).as_posix() for path in recipe.built()]
        build_data["artifacts"] += [f"/{path}" for path in packed]

    def _recipe(self) -> ModuleType:
        path = Path(self.root) / "frontend" / "build.py"
        spec = importlib.util.spec_from_file_location("tutelage_frontend_build", path)
        assert spec and spec.loader, path  # noqa: S101  a file beside this one
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
