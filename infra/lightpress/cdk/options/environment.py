"""The name of an environment, which is that of its file, and what follows from it."""

from __future__ import annotations

LOCAL = "local"
PROD = "prod"


def prefix_of(environment: str) -> str:
    """The beginning of all resource names of an environment, such as "lightpress-dev"."""
    return f"lightpress-{environment}"
