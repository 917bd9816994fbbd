"""What a wheel holds besides its package, and the package of a checkout (pip install --editable) does not."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WheelHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the files of the table `packaged`: a checkout has them at its root."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add them, unless the wheel only leads to this checkout."""
        if version != "editable":
            build_data["force_include"].update(self.config["packaged"])
