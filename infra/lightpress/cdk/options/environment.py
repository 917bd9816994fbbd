"""What every topic of options is about: one environment."""

from __future__ import annotations

from dataclasses import dataclass

LOCAL = "local"


@dataclass(frozen=True)
class Environment:
    """An environment by its name, which is that of its file."""

    environment: str

    @property
    def prefix(self) -> str:
        """What the names of an environment's buckets begin with."""
        return f"lightpress-{self.environment}"
