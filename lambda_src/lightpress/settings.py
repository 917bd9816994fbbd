"""The only reader of the environment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class SettingMissingError(Exception):
    """An environment variable that the stack should have set is not there."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What `process_upload` is told by its stack.

    memory_mb: of the function, as Lambda reports it. attached: of each attached bucket, what `buckets.Attached` holds.
    """

    uploads_bucket: str
    images_bucket: str
    dead_letter_queue_url: str
    memory_mb: int
    attached: tuple[dict[str, Any], ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings; raises SettingMissingError naming the variable."""
        try:
            return cls(
                uploads_bucket=environment["UPLOADS_BUCKET"],
                images_bucket=environment["IMAGES_BUCKET"],
                dead_letter_queue_url=environment["DEAD_LETTER_QUEUE_URL"],
                memory_mb=_memory_mb(environment),
                attached=tuple(json.loads(environment.get("ATTACHED", "[]"))),
            )
        except KeyError as missing:
            raise _missing(missing) from None


@dataclass(frozen=True, slots=True)
class InPlaceSettings:
    """What `compress_in_place` is told by its stack. tables: of each, what `buckets.InPlace` holds."""

    tables: tuple[dict[str, Any], ...]
    images_bucket: str
    dead_letter_queue_url: str
    memory_mb: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> InPlaceSettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        try:
            return cls(
                tables=tuple(json.loads(environment["IN_PLACE"])),
                images_bucket=environment["IMAGES_BUCKET"],
                dead_letter_queue_url=environment["DEAD_LETTER_QUEUE_URL"],
                memory_mb=_memory_mb(environment),
            )
        except KeyError as missing:
            raise _missing(missing) from None


def _memory_mb(environment: Mapping[str, str]) -> int:
    return int(environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769"))


def _missing(variable: KeyError) -> SettingMissingError:
    return SettingMissingError(f"the environment variable {variable} is not set")
