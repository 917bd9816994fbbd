"""How settings are read from the environment of a function, as the stack sets it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class SettingMissingError(Exception):
    """An environment variable that the stack should have set is not there."""


def dead_letter_queue_url(environment: Mapping[str, str]) -> str:
    """Where a function sends what no retry can help."""
    return text(environment, "DEAD_LETTER_QUEUE_URL")


def text(environment: Mapping[str, str], name: str) -> str:
    """A variable that has to be there; raises SettingMissingError."""
    try:
        return environment[name]
    except KeyError:
        raise SettingMissingError(f"the environment variable {name!r} is not set") from None


def memory_mb(environment: Mapping[str, str]) -> int:
    """Memory of the function, in MB as Lambda reports it."""
    return int(environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769"))


def attached_buckets(environment: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    """Of each attached bucket, what `buckets.Attached` holds."""
    return tuple(json.loads(environment.get("ATTACHED", "[]")))


def uses_pixel_library(environment: Mapping[str, str]) -> bool:
    """Whether the pixel library is used where it can."""
    return environment.get("PIXEL_LIBRARY") != "off"


def cdn_path(environment: Mapping[str, str]) -> str:
    """What the paths of pictures begin with on the CDN; empty where it serves nothing else."""
    return environment.get("CDN_PATH", "")
